"""The images of the example services, without an engine that builds them: what is copied is there, and it serves."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fnmatch import fnmatch
from pathlib import Path

import pytest

from govcomponents.sandbox.control.client_environment import environment
from govcomponents.testing import serving

ROOT = Path(__file__).parents[2]
SERVICES = ROOT / "examples" / "services"
NAMES = sorted(one.parent.name for one in SERVICES.glob("*/Dockerfile"))
PATIENCE = 240.0  # for a machine that is very busy


def steps(service: str) -> list[tuple[str, str]]:
    """Return the instructions of a Dockerfile, of which each is a line."""
    lines = (SERVICES / service / "Dockerfile").read_text(encoding="utf-8").splitlines()
    assert not any(line.endswith("\\") for line in lines)
    return [tuple(line.split(" ", 1)) for line in lines if line and not line.startswith("#")]


def of(service: str, name: str) -> list[str]:
    return [value for step, value in steps(service) if step == name]


def copied(service: str) -> Iterator[tuple[Path, str]]:
    """Yield the files and folders that the image takes, with where they come to."""
    for line in of(service, "COPY"):
        *sources, target = line.split()
        for source in sources:
            found = list((SERVICES / service).glob(source))
            assert found or source == "*.whl", source  # whoever builds it may have an index in the place of wheels
            yield from ((one, one.name if target == "./" else target) for one in found)


@pytest.mark.parametrize("file", [ROOT / "docker" / "Dockerfile", *(SERVICES / one / "Dockerfile" for one in NAMES)])
def test_a_linter_finds_nothing(file: Path) -> None:
    hadolint = Path(sys.executable).with_name("hadolint")
    if not hadolint.exists():
        pytest.skip("hadolint is not installed")
    done = subprocess.run([hadolint, file], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("service", NAMES)
def test_an_image_is_pinned_runs_as_nobody_and_says_whether_it_is_well(service: str) -> None:
    sandboxs = re.findall(r"^FROM (\S+)", (ROOT / "docker" / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE)
    assert of(service, "FROM") == [sandboxs[-1]]
    names = [name for name, _ in steps(service)]
    assert int(*of(service, "USER")) > 0
    assert names.index("RUN") < names.index("USER") < names.index("ENTRYPOINT")
    (health,) = of(service, "HEALTHCHECK")
    for command in (health.partition("CMD ")[2], *of(service, "ENTRYPOINT"), *of(service, "CMD")):
        assert json.loads(command)  # without a shell, so that signals come to the server
    given = " ".join((*of(service, "ENV"), *of(service, "ARG"), *of(service, "RUN")))
    assert not re.search("SECRET|PASSWORD|_KEY|TOKEN", given)


@pytest.mark.parametrize("service", NAMES)
def test_what_is_sent_to_the_engine_is_what_the_image_takes(service: str) -> None:
    first, *kept = [
        line
        for line in (SERVICES / service / ".dockerignore").read_text(encoding="utf-8").splitlines()
        if not line.startswith("#")
    ]
    assert first == "*"
    allowed = [line.removeprefix("!") for line in kept if line.startswith("!")]
    sources = [source for line in of(service, "COPY") for source in line.split()[:-1]]
    assert sorted(allowed) == sorted(sources)
    assert not [name for name in (".env", "renewal.db", "tests", ".venv") if any(fnmatch(name, one) for one in allowed)]


@contextmanager
def running(folder: Path, variables: dict[str, str], *command: str) -> Iterator[subprocess.Popen[bytes]]:
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, env=variables, stdout=log, stderr=log)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def wait_until(is_so: Callable[[], bool], folder: Path) -> None:
    until = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < until, (folder / "log").read_text()
        time.sleep(0.1)


@pytest.mark.parametrize("service", NAMES)
def test_what_the_image_holds_serves_pages_and_their_style_and_ends_when_it_is_told(
    service: str, tmp_path: Path
) -> None:
    servers = {"django": ("gunicorn", "whitenoise"), "flask": ("gunicorn",), "fastapi": ("uvicorn",)}
    for package in (service, *servers[service]):
        pytest.importorskip(package)
    folder = tmp_path / "service"
    folder.mkdir()
    for source, target in copied(service):
        if source.is_dir():
            shutil.copytree(source, folder / target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder / target)
    with socket.create_server(("localhost", 0)) as free:
        port = free.getsockname()[1]
    database = tmp_path / "renewal.db"
    kind = "sqlite+aiosqlite" if service == "fastapi" else "sqlite"
    with serving(redirect_to="http://localhost:8000/gov/callback") as server:
        variables = dict(environment(server.sandbox.settings())) | {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            **{name: value for name, value in os.environ.items() if name == "PYTHONPATH"},
            "PORT": str(port),
            "RENEWAL_SECRET_KEY": "a secret of the tests, of forty characters",
            "RENEWAL_DATABASE": f"{kind}:///{database}",
            "RENEWAL_DATABASE_NAME": str(database),
        }
        start = json.loads(*of(service, "ENTRYPOINT"))
        if service == "django":
            subprocess.run([*start, "migrate"], cwd=folder, env=variables, check=True, capture_output=True)
        health = json.loads(of(service, "HEALTHCHECK")[0].partition("CMD ")[2])

        def is_well() -> bool:
            return subprocess.run(health, cwd=folder, env=variables, capture_output=True, check=False).returncode == 0

        assert not is_well()
        with running(folder, variables, *start, *json.loads(*of(service, "CMD"))) as process:
            wait_until(is_well, folder)
            with urllib.request.urlopen(f"http://localhost:{port}/", timeout=60) as answer:
                page = answer.read().decode()
            sheet = re.search(r'href="(/static/[^"]+)"', page)
            assert sheet
            with urllib.request.urlopen(f"http://localhost:{port}{sheet[1]}", timeout=60) as answer:
                assert "text/css" in answer.headers["Content-Type"]
            process.terminate()
            assert process.wait(timeout=PATIENCE) in (0, -15)
    told = (folder / "log").read_text()
    assert "Traceback" not in told, told


@pytest.mark.parametrize("service", NAMES)
def test_a_word_that_starts_nothing_is_told(service: str) -> None:
    done = subprocess.run(
        ["./entrypoint.sh", "dance"], cwd=SERVICES / service, capture_output=True, text=True, check=False
    )
    assert (done.returncode, "not dance" in done.stderr) == (2, True)
