"""The database's clock is set forward and back: what a worker has in hand is not sent twice, and nothing is lost."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from durable.world import World
from govcomponents.core.http.messages import Request, Response
from govcomponents.durable import Durable, WorkerOptions, WorkReport
from govcomponents.durable.storage.schedule import is_turn
from govcomponents.durable.storage.schema import SCHEDULE, State

HOUR = 3600.0


def test_a_clock_that_is_set_forward_lets_nobody_send_what_another_one_is_sending(world: World) -> None:
    reports: list[WorkReport] = []
    others = Durable(world.gov, world.engine, worker=WorkerOptions(concurrency=2))

    def meanwhile(request: Request) -> Response | None:
        """The clock is set forward while the request is on its way; another worker looks at what is due."""
        world.let_pass(HOUR)
        reports.extend(others.run_due() for _ in range(3))
        return None

    world.email()
    world.wire.faults = [meanwhile]
    world.later.run_due()
    # Whichever worker sees first that the lease is over puts it in doubt, and nobody looks before it can be seen.
    assert [report for report in reports if report.ended or report.waiting] == []
    assert (world.row().state, world.held()) == (State.IN_DOUBT, 1)
    world.let_pass(60 + 36)
    assert world.later.run_due() == WorkReport(done=1)
    assert world.held() == 1


def test_a_clock_that_is_set_back_makes_rows_wait_and_loses_none(world: World) -> None:
    world.email("R-1")
    world.let_pass(-HOUR)
    world.email("R-2")
    assert world.later.run_due() == WorkReport(done=1)
    assert (world.row("R-1").state, world.row("R-2").state) == (State.PENDING, State.DONE)
    world.let_pass(HOUR)
    assert world.later.run_due() == WorkReport(done=1)
    assert (world.held("R-1"), world.held("R-2")) == (1, 1)


def test_a_job_does_not_wait_for_a_clock_that_was_set_back(world: World) -> None:
    def taken() -> Any:
        return is_turn(world.engine, "job", HOUR)

    assert (taken(), taken()) == (True, False)
    with world.engine.begin() as connection:
        connection.execute(sa.update(SCHEDULE).values(next_at=SCHEDULE.c.next_at + 24 * HOUR))
    assert (taken(), taken()) == (True, False)
