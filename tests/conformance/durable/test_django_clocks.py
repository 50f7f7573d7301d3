"""The Django example with Celery and with Django's tasks as its clock, by their real workers."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from durable.servers.redis_server import NoRedis, serving
from govcomponents.sandbox.control.client_environment import environment
from govcomponents.testing import SandboxServer
from govcomponents.testing import serving as serving_sandbox

SERVICE = Path(__file__).parents[3] / "examples" / "services" / "django"
SEND = """
from django.db import connection, transaction
from govcomponents.integrations.django import gov
from renewal.components import FEE, RECEIPT
values = {"name": "Sam", "amount": FEE, "reference": "LIC-1", "refund": False}
with transaction.atomic():
    gov.later.notify.send_email("sam@example.com", RECEIPT["en"], values, reference="LIC-1-receipt", on=connection)
"""
NUDGE = """
    from renewal.components import nudge
    transaction.on_commit(nudge)
"""


class Service:
    """The example on a database of its own, beside a sandbox."""

    def __init__(self, server: SandboxServer, folder: Path) -> None:
        self.server, self.log = server, folder / "worker.log"
        self.variables = os.environ | dict(environment(server.sandbox.settings()))
        self.variables |= {
            "RENEWAL_SECRET_KEY": "a secret of the tests, of forty characters",
            "RENEWAL_DATABASE_NAME": str(folder / "renewal.db"),
            "PYTHONPATH": str(folder),
        }

    def run(self, *command: str) -> None:
        done = subprocess.run(
            [sys.executable, "-m", *command],
            cwd=SERVICE,
            env=self.variables,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr

    @contextmanager
    def working(self, *command: str) -> Iterator[None]:
        """Let a worker run, and end it with all of its processes."""
        with self.log.open("wb") as log:
            worker = subprocess.Popen(
                [sys.executable, "-m", *command],
                cwd=SERVICE,
                env=self.variables,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        try:
            yield
        finally:
            os.killpg(worker.pid, signal.SIGKILL)
            worker.wait()

    def wait_until(self, is_so: Callable[[], bool]) -> None:
        until = time.monotonic() + 300  # it ends as soon as it is so; this is for a machine that is very busy
        while not is_so():
            assert time.monotonic() < until, self.log.read_text(errors="replace")[-3000:]
            time.sleep(0.1)

    def wait_for_the_receipt(self) -> None:
        self.wait_until(lambda: [one.to for one in self.server.sandbox.messages()] == ["sam@example.com"])
        told = self.log.read_text(errors="replace")
        assert "Traceback" not in told, told
        assert "sam@example.com" not in told


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    pytest.importorskip("django")
    with serving_sandbox(redirect_to="http://localhost:8000/gov/callback") as server:
        yield Service(server, tmp_path)


def test_celery_does_the_work_of_the_service(service: Service, tmp_path: Path) -> None:
    pytest.importorskip("celery")
    try:
        with serving(tmp_path) as url:
            service.variables["RENEWAL_BROKER"] = f"{url}/0"
            service.run("manage", "migrate", "--verbosity", "0")
            service.run("manage", "shell", "-c", SEND)
            worker = ("celery", "--app", "renewal.celery", "worker", "--concurrency", "1", "--without-gossip")
            with service.working(*worker, "--beat", "--schedule", str(tmp_path / "schedule")):
                service.wait_for_the_receipt()
    except NoRedis as error:
        pytest.skip(str(error))


def test_djangos_tasks_do_the_work_of_the_service(service: Service) -> None:
    pytest.importorskip("django_tasks_db")
    service.variables["RENEWAL_TASKS"] = "1"
    service.run("manage", "migrate", "--verbosity", "0")
    service.run("manage", "shell", "-c", SEND + NUDGE)
    assert service.server.sandbox.messages() == []  # it is put down, and a worker has to come
    with service.working("manage", "db_worker"):
        service.wait_for_the_receipt()
