"""Celery as the clock, with its real worker and a real Redis: both are killed, and nothing is lost or sent twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest
import sqlalchemy as sa

from durable.postgres import NoPostgres, remove, start
from durable.redis_server import NoRedis, _free_port, serving
from durable.test_inbox import EMAIL, KEY, PERSON, VALUES
from govcomponents import GovComponents
from govcomponents.durable import Durable
from govcomponents.durable.storage.migrating import migrate
from govcomponents.durable.storage.schema import OUTBOX, State
from govcomponents.integrations.clocks.turns import NAME
from govcomponents.sandbox.control.client_environment import environment
from govcomponents.testing import serving as serving_sandbox

HERE = Path(__file__).parents[1]
ROWS = 60


def wait_for(is_so: Callable[[], bool], what: str) -> None:
    until = time.monotonic() + 300  # it ends as soon as it is so; this is for a machine that is very busy
    while not is_so():
        assert time.monotonic() < until, f"never came: {what}"
        time.sleep(0.1)


def test_celery_and_redis_are_killed_and_every_message_is_sent_once(tmp_path: Path) -> None:
    pytest.importorskip("celery")
    import redis

    with ExitStack() as stack:
        try:
            database = start()
            stack.callback(remove, database)
            port = _free_port()
            broker = stack.enter_context(ExitStack())
            url = broker.enter_context(serving(tmp_path, port))
        except (NoPostgres, NoRedis) as error:
            pytest.skip(str(error))
        sandbox = stack.enter_context(serving_sandbox())
        settings = sandbox.sandbox.settings()
        engine = sa.create_engine(database.url)
        stack.callback(engine.dispose)
        migrate(engine)
        gov = stack.enter_context(GovComponents.from_settings(settings))
        later = Durable(gov, engine, keys=[KEY])
        variables = os.environ | dict(environment(settings)) | {"PYTHONPATH": str(HERE)}
        variables |= {"SERVICE_DATABASE": database.url, "SERVICE_BROKER": f"{url}/0"}
        log = stack.enter_context((tmp_path / "celery.log").open("ab"))

        def work() -> subprocess.Popen[bytes]:
            beat = ("--beat", "--schedule", str(tmp_path / "schedule"))
            command = [sys.executable, "-m", "celery", "--app", "durable.celery_service", "worker", *beat]
            options = ("--concurrency", "2", "--loglevel", "INFO", "--without-gossip", "--without-mingle")
            process = subprocess.Popen(
                [*command, *options], cwd=HERE, env=variables, stdout=log, stderr=log, start_new_session=True
            )
            stack.callback(end, process)
            return process

        def end(process: subprocess.Popen[bytes]) -> None:
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
        worker = work()
        wait_for(lambda: ended() > 0, "the first message")
        end(worker)  # the worker, its children and its beat, while they send
        put_down(ROWS)
        with redis.Redis.from_url(url) as client:
            worker = work()
            wait_for(lambda: ended() > ROWS, "messages of the second worker")
            held = b"".join(client.dump(key) or b"" for key in client.scan_iter())
        broker.close()  # Redis, with all that is in it
        put_down(2 * ROWS)
        broker.enter_context(serving(tmp_path, port))

        def is_over() -> bool:
            """Start Celery again where it ended with its broker, as whatever supervises it does."""
            if workers[-1].poll() is not None:
                workers.append(work())
            return ended() == 3 * ROWS

        workers = [worker]
        wait_for(is_over, "the end of all messages")
        end(workers[-1])
        sent = Counter(str(one.reference) for one in gov.notify.search(channel="email"))
        with engine.connect() as connection:
            states = Counter(connection.scalars(sa.select(OUTBOX.c.state)))
    assert sent == {f"R-{number}": 1 for number in range(3 * ROWS)}
    assert states == {State.DONE: 3 * ROWS}
    told = (tmp_path / "celery.log").read_text(errors="replace")
    assert f"Task {NAME}" in told
    assert PERSON not in told
    assert PERSON.encode() not in held
