"""The example services pass their own tests and the type checker, each as a project by itself.

Here and not in `make test`, because it is other people's programs that work: three frameworks, their plugins, and a
type checker that reads all of them, for two minutes of CPU.
"""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from govcomponents.sandbox.control.client_environment import environment
from govcomponents.testing import serving
from plain_pytest import PLAIN

ROOT = Path(__file__).parents[3]
SERVICES = ROOT / "examples" / "services"
CONFIGURED = ["--config-file", str(ROOT / "pyproject.toml")]
NAMES = sorted(one.name for one in SERVICES.iterdir() if (one / "README.md").exists())


def run(service: str, *command: str, **variables: str) -> str:
    given = {name: value for name, value in os.environ.items() if not name.startswith(("COVERAGE", "PYTEST"))}
    given |= {"RENEWAL_SECRET_KEY": "for the type checker's plugin of Django"} | variables
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=SERVICES / service,
        env=given,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def needs(service: str, *packages: str) -> None:
    """Skip where what a service is made with is not installed."""
    for package in (service, *(["whitenoise"] if service == "django" else []), *packages):
        pytest.importorskip(package)


@pytest.mark.parametrize("service", NAMES)
def test_a_service_passes_its_own_tests(service: str) -> None:
    needs(service)
    assert " passed" in run(service, "pytest", "-q", *PLAIN)


@pytest.mark.parametrize("service", NAMES)
def test_a_service_passes_its_own_tests_on_other_adapters(service: str) -> None:
    needs(service)
    adapters = [f"--gov-adapter={one}" for one in ("stripe", "oidc", "login_gov")]
    assert " passed" in run(service, "pytest", "-q", *PLAIN, *adapters)


def test_the_django_service_works_with_djangos_tasks() -> None:
    needs("django", "django_tasks_db")
    assert "1 passed" in run("django", "pytest", "-q", *PLAIN, "-k", "djangos_tasks", RENEWAL_TASKS="1")


@pytest.mark.parametrize("service", NAMES)
def test_a_service_passes_the_type_checker(service: str) -> None:
    if service == "fastapi" and version("starlette").startswith("0."):
        pytest.skip("its tests name the types of the test client of a later Starlette")
    # With this package's own settings, under which `make test` has read its modules before this: they are read once.
    # Django's plugin needs the service's own, and reads all anew where it has not run before.
    own = (SERVICES / service / "mypy.ini").is_file()
    cache = ROOT / ".mypy_cache"
    settings = ["--cache-dir", str(cache / service)] if own else ["--cache-dir", str(cache), *CONFIGURED]
    assert "no issues" in run(service, "mypy", "--strict", *settings, ".")


def test_the_django_service_is_ready_to_be_deployed() -> None:
    needs("django")
    site = "https://service.example.gov.uk"
    with serving(redirect_to=f"{site}/gov/callback") as server:
        variables = dict(environment(server.sandbox.settings()))
    variables |= {"RENEWAL_SECRET_KEY": secrets.token_urlsafe(48), "RENEWAL_BEHIND_PROXY": "1"}
    assert "no issues (1 silenced)" in run(
        "django", "manage", "check", "--deploy", "--fail-level", "WARNING", **variables
    )
    assert "No changes" in run("django", "manage", "makemigrations", "--check", **variables)
