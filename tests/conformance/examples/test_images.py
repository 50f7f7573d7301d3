"""What the images of the example services hold serves pages, with the server and the commands that each image has.

Here and not in `make test`, because it is gunicorn, uvicorn and the frameworks that start and serve.
"""

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
from pathlib import Path

import pytest

from examples.test_images import NAMES, copied, of
from govcomponents.sandbox.control.client_environment import environment
from govcomponents.testing import serving

PATIENCE = 240.0  # for a machine that is very busy


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
