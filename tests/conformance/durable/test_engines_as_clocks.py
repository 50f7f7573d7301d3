"""Engines as clocks, with their real workers and brokers: both are killed, and nothing is lost or sent twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from durable.servers.postgres import NoPostgres, Postgres, remove, start
from durable.servers.rabbitmq_server import NoRabbit
from durable.servers.rabbitmq_server import serving as serving_rabbitmq
from durable.servers.redis_server import NoRedis, _free_port
from durable.servers.redis_server import serving as serving_redis
from durable.test_inbox import EMAIL, KEY, PERSON, VALUES
from govcomponents import GovComponents
from govcomponents.durable import Durable
from govcomponents.durable.storage.migrating import migrate
from govcomponents.durable.storage.schema import OUTBOX, State
from govcomponents.integrations.clocks.turns import NAME
from govcomponents.sandbox.control.client_environment import environment
from govcomponents.testing import serving as serving_sandbox

HERE = Path(__file__).parents[2]
ROWS = 60


def wait_for(is_so: Callable[[], bool], what: str) -> None:
    until = time.monotonic() + 300  # it ends as soon as it is so; this is for a machine that is very busy
    while not is_so():
        assert time.monotonic() < until, f"never came: {what}"
        time.sleep(0.1)


def held_by_redis(url: str, _folder: Path) -> bytes:
    import redis

    with redis.Redis.from_url(url) as client:
        return b"".join(client.dump(key) or b"" for key in client.scan_iter())


def held_by_rabbitmq(_url: str, folder: Path) -> bytes:
    """Everything that it keeps: its messages are in files, as Celery's are kept."""
    return b"".join(file.read_bytes() for file in folder.glob("rabbitmq-*/mnesia/**/*") if file.is_file())


def held_by_procrastinate(dsn: str, _folder: Path) -> bytes:
    import psycopg

    with psycopg.connect(dsn) as connection:
        return repr(connection.execute("SELECT * FROM procrastinate_jobs").fetchall()).encode()


@contextmanager
def serving_procrastinate(_folder: Path, _port: int, *, database: Postgres) -> Iterator[str]:
    """Its broker is the database of the service."""
    import psycopg
    from procrastinate import App, SyncPsycopgConnector

    with psycopg.connect(database.dsn) as connection:
        is_made = connection.execute("SELECT to_regclass('procrastinate_jobs')").fetchone() != (None,)
    if not is_made:
        with App(connector=SyncPsycopgConnector(conninfo=database.dsn)).open() as app:
            app.schema_manager.apply_schema()
    yield database.dsn


BEAT = ("durable.processes.clock_service", "beat")
CELERY = ("celery", "--app", "durable.processes.clock_service", "worker", "--beat", "--schedule", "schedule")
CELERY += ("--concurrency", "2", "--loglevel", "INFO", "--without-gossip", "--without-mingle")
ENGINES = {
    "celery over redis": (serving_redis, held_by_redis, [CELERY]),
    "celery over rabbitmq": (serving_rabbitmq, held_by_rabbitmq, [CELERY]),
    "rq over redis": (serving_redis, held_by_redis, [("durable.processes.clock_service", "work"), BEAT]),
    "dramatiq over redis": (
        serving_redis,
        held_by_redis,
        [("dramatiq", "durable.processes.clock_service", "--processes", "2", "--threads", "2"), BEAT],
    ),
    "procrastinate": (
        serving_procrastinate,
        held_by_procrastinate,
        [("procrastinate", "--verbose", "--app", "durable.processes.clock_service.app", "worker")],
    ),
}
"""How each broker is started and looked into, and the modules that are its workers and whatever gives their beat."""


@pytest.mark.parametrize("name", ENGINES)
def test_workers_and_broker_of_an_engine_are_killed_and_every_message_is_sent_once(name: str, tmp_path: Path) -> None:
    engine_name = name.partition(" ")[0]
    pytest.importorskip(engine_name)
    serving, held_by, modules = ENGINES[name]
    with ExitStack() as stack:
        try:
            database = start()
            stack.callback(remove, database)
            port = _free_port()
            more = {"database": database} if serving is serving_procrastinate else {}
            broker = stack.enter_context(ExitStack())
            url = broker.enter_context(serving(tmp_path, port, **more))
        except (NoPostgres, NoRabbit, NoRedis) as error:
            pytest.skip(str(error))
        sandbox = stack.enter_context(serving_sandbox())
        settings = sandbox.sandbox.settings()
        engine = sa.create_engine(database.url)
        stack.callback(engine.dispose)
        migrate(engine)
        gov = stack.enter_context(GovComponents.from_settings(settings))
        later = Durable(gov, engine, keys=[KEY])
        variables = os.environ | dict(environment(settings)) | {"PYTHONPATH": str(HERE)}
        variables |= {"SERVICE_ENGINE": engine_name, "SERVICE_DATABASE": database.url, "SERVICE_BROKER": url}
        log = stack.enter_context((tmp_path / "log").open("ab"))

        def work() -> list[subprocess.Popen[bytes]]:
            made = []
            for module in modules:
                command = [sys.executable, "-m", *module]
                process = subprocess.Popen(
                    command, cwd=tmp_path, env=variables, stdout=log, stderr=log, start_new_session=True
                )
                stack.callback(end, [process])
                made.append(process)
            return made

        def end(processes: list[subprocess.Popen[bytes]]) -> None:
            for process in processes:
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)
                    process.wait()

        def put_down(first: int) -> None:
            with engine.begin() as connection:
                for number in range(first, first + ROWS):
                    later.notify.send_email(PERSON, EMAIL, VALUES, reference=f"R-{number}", on=connection)

        def ended() -> int:
            with engine.connect() as connection:
                return connection.scalar(sa.select(sa.func.count()).where(OUTBOX.c.state > State.IN_DOUBT)) or 0

        put_down(0)
        workers = work()
        wait_for(lambda: ended() > 0, "the first message")
        end(workers)  # the workers, their children and their beat, while they send
        put_down(ROWS)
        workers = work()
        wait_for(lambda: ended() > ROWS, "messages of the second worker")
        wait_for(lambda: bool(held_by(url, tmp_path)), "anything in the broker")
        held = held_by(url, tmp_path)
        broker.close()  # with all that is in it
        put_down(2 * ROWS)
        broker.enter_context(serving(tmp_path, port, **more))

        def is_over() -> bool:
            """Start again what ended with its broker, as whatever supervises it does."""
            nonlocal workers
            if any(one.poll() is not None for one in workers):
                end(workers)
                workers = work()
            return ended() == 3 * ROWS

        wait_for(is_over, "the end of all messages")
        end(workers)
        sent = Counter(str(one.reference) for one in gov.notify.search(channel="email"))
        with engine.connect() as connection:
            states = Counter(connection.scalars(sa.select(OUTBOX.c.state)))
    assert sent == {f"R-{number}": 1 for number in range(3 * ROWS)}
    assert states == {State.DONE: 3 * ROWS}
    told = (tmp_path / "log").read_text(errors="replace")
    if engine_name == "celery":
        assert f"Task {NAME}" in told
    assert PERSON not in told
    assert PERSON.encode() not in held
