"""Test sessions for every supported interpreter, for the oldest dependencies and for the built wheel."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import nox

PYPROJECT = tomllib.loads(Path(__file__).with_name("pyproject.toml").read_text(encoding="utf-8"))
PYTHONS = re.findall(r"Python :: (3\.\d+)", "\n".join(PYPROJECT["project"]["classifiers"]))

OLDEST = ("async", "sandbox", "django", "flask", "starlette", "fastapi")  # extras that are tried at their lowest too

# Hostile values through every output, forged callbacks, and secrets that are none: what Python's own parsers
# and writers could let through in one version and not in another.
HOSTILE = (
    "tests/notify/test_hostile.py",
    "tests/notify/smtp/test_hostile_emails.py",
    "tests/notify/smtp/test_properties.py",
    "tests/observability/test_hostile_lines.py",
    "tests/cli/test_hostile_output.py",
    "tests/sandbox/pages/test_hostile_pages.py",
    "tests/core/values/test_validation.py",
    "tests/test_names_in_errors.py",
    "tests/test_secret_checks.py",
    "tests/test_fuzz.py",
)

# What `make conformance` has of ours, and what depends on the versions of others: it runs on every interpreter too.
EXAMPLES = "tests/conformance/examples"
WHEEL = "tests/conformance/test_wheel.py"

# The shells for web frameworks, and the example services on them.
SHELLS = ("tests/web", "tests/core/test_web_frameworks.py", EXAMPLES)
FRAMEWORKS = ("django", "flask", "starlette", "fastapi")

nox.needs_version = ">=2024.10.9"
nox.options.default_venv_backend = "venv"
nox.options.error_on_missing_interpreters = False
nox.options.sessions = ["tests", "oldest", "wheel"]


def oldest_of(requirements: list[str]) -> list[str]:
    """Pin each requirement to the lowest version that it allows."""
    return [
        f"{found['name']}=={found['version']}"
        for found in (re.match(r"(?P<name>[\w.-]+)(\[.*\])?>=(?P<version>[\w.]+)", text) for text in requirements)
        if found and found["name"] != PYPROJECT["project"]["name"]
    ]


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """Run all tests on one interpreter, with the example services but without the wheel."""
    session.install(".[dev]")
    session.run("pytest", *(session.posargs or ("tests", EXAMPLES)))


@nox.session(python=PYTHONS)
def hostile(session: nox.Session) -> None:
    """Run what nobody may get through with on one interpreter: part of `tests`, to be had in two minutes."""
    session.install(".[dev]")
    session.run("pytest", *(session.posargs or HOSTILE))


@nox.session(python=PYTHONS[0])
def oldest(session: nox.Session) -> None:
    """Run the tests with the lowest version of each direct dependency."""
    install_oldest(session, PYPROJECT["project"]["dependencies"], OLDEST)
    session.run("pytest", *(session.posargs or ("tests", EXAMPLES)))


def install_oldest(session: nox.Session, requirements: list[str], extras: tuple[str, ...]) -> None:
    """Install what development needs, with the lowest version of some of it."""
    optional = PYPROJECT["project"]["optional-dependencies"]
    constraints = Path(session.create_tmp()) / "oldest.txt"
    constraints.write_text("\n".join(oldest_of([*requirements, *(one for name in extras for one in optional[name])])))
    session.install("--constraint", str(constraints), ".[dev]")
    session.install("httpx")  # the test client of the oldest Starlette stands on it, and that of the newest on httpx2


@nox.session(python=[PYTHONS[0], PYTHONS[-2]])
@nox.parametrize("age", ["oldest", "newest"])
def frameworks(session: nox.Session, age: str) -> None:
    """Run the tests of the shells with the oldest or the newest frameworks: part of `tests` and `oldest`, but quicker.

    The newest Django needs a Python after the oldest that is supported here.
    """
    if age == "oldest":
        install_oldest(session, [], FRAMEWORKS)
    else:
        session.install(".[dev]")
    session.run("pytest", *(session.posargs or SHELLS))


@nox.session(python=PYTHONS)
def wheel(session: nox.Session) -> None:
    """Build the wheel and try it in fresh environments, with no extra and with each."""
    session.install(".[dev]")
    session.run("pytest", *(session.posargs or (WHEEL,)))
