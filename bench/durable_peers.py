"""Delivers emails over HTTP by the durable layer and by peers, two processes each: `python -m bench.durable_peers`.

The provider is a loopback server that costs little, in a process of its own; it tells how long the messages took from
the first to the last, so that nobody's start counts. Ours and each peer's turn follow each other, and the ratio is of
medians. django-govuk-notify-outbox needs Django 6 and Python 3.12: it takes part where `--django` names an interpreter
that has it (`bench.django_outbox_peer` says what is in there).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from bench.durable import KEY as _A_KEY
from bench.durable import at_least, row
from bench.stage import SENT_EMAIL
from durable.servers.postgres import Postgres, remove, start
from durable.servers.redis_server import serving
from govcomponents import AsyncGovComponents, GovComponents, Settings
from govcomponents.durable import AsyncDurable, Durable
from govcomponents.durable.storage.migrating import migrate
from govcomponents.durable.storage.schema import OUTBOX, State

EMAIL = "5ab1ec0d-0000-4000-8000-000000000101"
VALUES = {"name": "Sam", "amount": "£145.00", "payment": "RENEW-7", "refund": "no"}
API_KEY = "test-5ab1ec0d-5ec2-4000-8000-000000000001-5ab1ec0d-5ec2-4000-8000-000000000002"
PROCESSES = 2
AT_ONCE = 64
PEERS = {
    "celery": ("Celery, Redis and the official client", 6),
    "procrastinate": ("procrastinate with our adapter", 5),
    "django": ("django-govuk-notify-outbox", 12),
}
"""What each is called, and how many times its pace ours must be."""
DATA_KEY = os.environ.get("PEERS_KEY", _A_KEY)


def settings() -> Settings:
    return Settings(notify={"api_key": API_KEY, "base_url": os.environ["PEERS_PROVIDER"]})


def celery_app() -> Any:
    """A task for each message, with the official client: as its page shows it, one client for a process."""
    from celery import Celery
    from notifications_python_client.notifications import NotificationsAPIClient

    made = Celery("peer", broker=os.environ["PEERS_BROKER"])
    made.conf.task_ignore_result = True
    client = NotificationsAPIClient(API_KEY, base_url=os.environ["PEERS_PROVIDER"])

    @made.task(name="send", acks_late=True)  # as a worker that is killed must not lose it
    def send(reference: str) -> None:
        client.send_email_notification("sam@example.com", EMAIL, personalisation=VALUES, reference=reference)

    return made


def __getattr__(name: str) -> Any:
    """The application that Celery's own command looks for, made only where it does."""
    if name == "app":
        return celery_app()
    raise AttributeError(name)


def procrastinate_app(gov: AsyncGovComponents | None = None) -> Any:
    """A job for each message, with our adapter."""
    from procrastinate import App, PsycopgConnector

    made = App(connector=PsycopgConnector(conninfo=os.environ["PEERS_DSN"], min_size=2, max_size=10))

    @made.task(name="send")
    async def send(reference: str) -> None:
        await gov.notify.send_email("sam@example.com", EMAIL, VALUES, reference)

    return made


async def work_of_ours() -> None:
    async with AsyncGovComponents.from_settings(settings()) as gov:
        await AsyncDurable(gov, os.environ["PEERS_DATABASE"], keys=[DATA_KEY]).run_due()


async def work_of_procrastinate() -> None:
    async with AsyncGovComponents.from_settings(settings()) as gov, procrastinate_app(gov).open_async() as made:
        await made.run_worker_async(wait=False, concurrency=AT_ONCE, install_signal_handlers=False, listen_notify=False)


class Stage:
    """The stores that all of them use, and the rows that they are given."""

    def __init__(self, database: Postgres, broker: str, rows: int, interpreter: str | None = None) -> None:
        self.rows = rows
        self.interpreter = interpreter or sys.executable
        self.variables = {"PEERS_DATABASE": database.url, "PEERS_DSN": database.dsn, "PEERS_BROKER": broker}
        self.variables |= {"PEERS_KEY": DATA_KEY, "PEERS_API_KEY": API_KEY, "PEERS_TEMPLATE": EMAIL}
        self.engine = sa.create_engine(database.url)
        migrate(self.engine)
        os.environ |= self.variables

    def ours(self) -> list[list[str]]:
        with GovComponents.from_settings(settings()) as gov, self.engine.begin() as connection:
            later = Durable(gov, self.engine, keys=[DATA_KEY])
            connection.exec_driver_sql("TRUNCATE gov_outbox")
            for number in range(self.rows):
                reference = f"R-{number}"
                later.notify.send_email("sam@example.com", EMAIL, VALUES, reference=reference, on=connection)
        return [[sys.executable, "-m", "bench.durable_peers", "--work", "ours"]] * PROCESSES

    def django(self) -> list[list[str]]:
        subprocess.run([self.interpreter, "-m", "bench.django_outbox_peer", str(self.rows)], check=True)
        command = [self.interpreter, "-m", "celery", "--app", "bench.django_outbox_peer:app", "worker"]
        return [[*command, "--concurrency", str(PROCESSES), "--without-gossip", "--without-mingle"]]

    def check_ours(self) -> None:
        """Our pace counts only if each answer was taken for its message: else a row is in doubt, and is looked up."""
        until = time.monotonic() + 20  # the last are written down after they were sent
        states: dict[State, int] = {}
        while states != {State.DONE: self.rows} and time.monotonic() < until:
            time.sleep(0.05)
            with self.engine.connect() as connection:
                counted = sa.select(OUTBOX.c.state, sa.func.count()).group_by(OUTBOX.c.state)
                states = {State(state): number for state, number in connection.execute(counted)}
        assert states == {State.DONE: self.rows}, f"not all was delivered: {states}"

    def celery(self) -> list[list[str]]:
        made = celery_app()
        for number in range(self.rows):
            made.send_task("send", (f"R-{number}",))
        command = [sys.executable, "-m", "celery", "--app", "bench.durable_peers:app", "worker"]
        return [[*command, "--concurrency", str(PROCESSES), "--without-gossip", "--without-mingle"]]

    def procrastinate(self) -> list[list[str]]:
        async def defer() -> None:
            async with procrastinate_app().open_async() as made:
                if not await made.check_connection_async():
                    await made.schema_manager.apply_schema_async()
                await made.configure_task("send").batch_defer_async(
                    *({"reference": f"R-{number}"} for number in range(self.rows))
                )

        asyncio.run(defer())
        return [[sys.executable, "-m", "bench.durable_peers", "--work", "procrastinate"]] * PROCESSES


@contextmanager
def provider(requests: int) -> Iterator[subprocess.Popen[str]]:
    """Serve a provider; the second line that it prints are the seconds that so many requests took.

    The one answer of it is that of a message that was sent, and of a search that found none.
    """
    with tempfile.TemporaryDirectory() as folder:
        body = Path(folder) / "answer.json"
        body.write_text(
            json.dumps(SENT_EMAIL | {"template": SENT_EMAIL["template"] | {"id": EMAIL}, "notifications": []})
        )
        command = [sys.executable, "-m", "bench.loopback", "--body", str(body), "--count", str(requests)]
        command += ["--echo", "reference"]  # without it our adapter takes the answer for another message's
        server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert server.stdout is not None
        os.environ["PEERS_PROVIDER"] = f"http://127.0.0.1:{int(server.stdout.readline())}"
        try:
            yield server
        finally:
            server.kill()
            server.wait()


def pace(
    rows: int, put_down: Callable[[], list[list[str]]], check: Callable[[], None] | None = None, requests: int = 1
) -> float:
    """Messages a second; some search before they send, and make two requests for each."""
    with provider(rows * requests) as server:
        commands = put_down()
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "start_new_session": True}
        workers = [subprocess.Popen(command, **quiet) for command in commands]
        assert server.stdout is not None
        seconds = float(server.stdout.readline())
        if check is not None:
            check()
        for worker in workers:
            os.killpg(worker.pid, signal.SIGKILL)
            worker.wait()
    return rows / seconds


def main() -> int:
    parser = argparse.ArgumentParser(description="Deliver emails over HTTP, and compare with peers.")
    parser.add_argument("--rows", type=int, default=5000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--django", metavar="PYTHON", help="an interpreter with django-govuk-notify-outbox")
    parser.add_argument("--work", choices=["ours", "procrastinate"], help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work is not None:
        asyncio.run(work_of_ours() if options.work == "ours" else work_of_procrastinate())
        return 0
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}\n")
    with ExitStack() as stack:
        database = start()
        stack.callback(remove, database)
        broker = stack.enter_context(serving(Path(stack.enter_context(tempfile.TemporaryDirectory()))))
        stage = Stage(database, broker, options.rows, options.django)
        stack.callback(stage.engine.dispose)
        found: dict[str, list[float]] = {"ours": [], "celery": [], "procrastinate": []}
        if options.django:
            found["django"] = []
        for _ in range(options.rounds):
            for name, paces in found.items():
                check = stage.check_ours if name == "ours" else None
                paces.append(pace(options.rows, getattr(stage, name), check, 2 if name == "django" else 1))
        medians = {name: statistics.median(paces) for name, paces in found.items()}
        print(", ".join(f"{name} {median:,.0f}/s" for name, median in medians.items()), end="\n\n")
        for name, (peer, least) in PEERS.items():
            if name in medians:
                row(f"delivery over HTTP / {peer}", medians["ours"] / medians[name], least, "", at_least)
    return 0


if __name__ == "__main__":
    sys.exit(main())
