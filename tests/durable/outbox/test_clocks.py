"""Engines as clocks: each calls `run_due`, holds nothing of what is due, and loses nothing when its broker is away."""

from __future__ import annotations

import sys
import types
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from durable.servers.redis_server import NoRedis, serving
from durable.world import World
from govcomponents.integrations.clocks import dramatiq_clock, lambda_clock, procrastinate_clock, rq_clock, turn
from govcomponents.integrations.clocks.turns import NAME

PERSON = b"canary"


class Context:
    """Lambda's context, with 40 seconds left."""

    def get_remaining_time_in_millis(self) -> int:
        return 40_000


def test_lambda_does_a_turn_within_its_time_and_tells_what_became_of_it(world: World) -> None:
    world.email()
    done = lambda_clock(lambda: world.later)({"source": "aws.events"}, Context())
    assert (done["done"], world.held()) == (1, 1)


def test_a_turn_does_not_fail_because_the_database_is_away(world: World, caplog: Any, monkeypatch: Any) -> None:
    def away(*_arguments: object, **_more: object) -> None:
        raise sa.exc.OperationalError("SELECT", {}, Exception("the server is gone"))

    monkeypatch.setattr(sa.Engine, "connect", away)
    turn(world.later)()
    assert "the database is away, the next turn does the work" in caplog.text


def test_dramatiq_sends_a_message_without_arguments_and_its_worker_does_a_turn(world: World) -> None:
    dramatiq = pytest.importorskip("dramatiq")
    from dramatiq.brokers.stub import StubBroker

    broker = StubBroker()
    broker.emit_after("process_boot")
    nudge = dramatiq_clock(broker, world.later)
    world.email()
    assert nudge()
    (message,) = (dramatiq.Message.decode(one) for one in list(broker.queues["default"].queue))
    assert (message.actor_name, message.args, message.kwargs) == (NAME, (), {})
    worker = dramatiq.Worker(broker, worker_timeout=100, worker_threads=1)
    worker.start()
    try:
        broker.join("default", timeout=60_000)
        worker.join()
    finally:
        worker.stop()
    broker.close()
    assert world.held() == 1


def test_procrastinate_has_no_more_than_one_turn_waiting(world: World) -> None:
    pytest.importorskip("procrastinate")
    from procrastinate import App
    from procrastinate.testing import InMemoryConnector

    connector = InMemoryConnector()
    app = App(connector=connector)
    nudge = procrastinate_clock(app, world.later, cron="0 0 1 1 *")
    world.email()
    assert (nudge(), nudge()) == (True, True)
    (job,) = connector.jobs.values()
    assert (job["task_name"], job["args"]) == (NAME, {})
    app.run_worker(wait=False, install_signal_handlers=False, listen_notify=False)
    assert world.held() == 1


def test_rq_takes_a_path_and_its_worker_does_a_turn(world: World, tmp_path: Path, monkeypatch: Any) -> None:
    rq = pytest.importorskip("rq")
    import redis

    jobs = types.ModuleType("jobs_of_a_service")
    vars(jobs)["run_due"] = turn(world.later)
    monkeypatch.setitem(sys.modules, "jobs_of_a_service", jobs)
    try:
        with serving(tmp_path) as url, redis.Redis.from_url(url) as client:
            queue = rq.Queue(connection=client)
            nudge = rq_clock(queue, "jobs_of_a_service.run_due")
            world.email()
            assert nudge()
            (job,) = queue.jobs
            assert (job.func_name, job.args, job.kwargs) == ("jobs_of_a_service.run_due", (), {})
            rq.SimpleWorker([queue], connection=client).work(burst=True)
            assert world.held() == 1
    except NoRedis as error:
        pytest.skip(str(error))
    assert not nudge()  # Redis is gone, and the row is there all the same
    world.email("R-2")
    turn(world.later)()
    assert world.held("R-2") == 1
