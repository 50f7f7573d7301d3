"""What a worker has no data key of waits for one that has it, and whoever is on call sees that and why."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any

import pytest
import sqlalchemy as sa

from durable.world import EMAIL, VALUES, World
from govcomponents import AsyncGovComponents
from govcomponents.cli.main import main
from govcomponents.durable import AsyncDurable, Durable, GaveUp, WorkReport
from govcomponents.durable.inbox.store import insert_event
from govcomponents.durable.operating.board import board
from govcomponents.durable.storage.schema import INBOX, OUTBOX, State
from govcomponents.durable.storage.sealing import PayloadKeys

OLD, NEW = "vXWHLtgmN9E1fxoj//TA+q6dIU+2g4rcoiekqT+KcDc=", "FmBKk3psLTPEQ2cpv8IkXd6lay1WrVqUehEPOXbhJko="
MINUTES = 300.0
EVENT = GaveUp(
    key="1", operation="pay.refund", account="default", reference="R-9", journey=None, is_refused=True, problem="x"
)


def put(later: Durable, *references: str) -> None:
    for reference in references:
        later.notify.send_email("sam@example.com", EMAIL, VALUES, reference=reference)


@pytest.fixture
def new(world: World) -> Durable:
    """A process with the settings of after a rotation."""
    return Durable(world.gov, world.engine, keys=[NEW, OLD])


@pytest.fixture
def old(world: World) -> Durable:
    """A process that was started with the settings of before it."""
    return Durable(world.gov, world.engine, keys=[OLD])


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [one.getMessage() for one in caplog.records if one.levelno == logging.ERROR]


def test_what_a_worker_has_no_key_of_waits_for_one_that_has_it(
    world: World, new: Durable, old: Durable, caplog: pytest.LogCaptureFixture
) -> None:
    put(new, "R-1", "R-2")
    put(old, "R-3")
    done = old.run_due()
    assert (done.done, done.dead, done.refused) == (1, 0, 0)
    assert done.waiting >= 2
    assert [world.held(reference) for reference in ("R-1", "R-2", "R-3")] == [0, 0, 1]
    row = world.row("R-1")
    assert (row.state, row.problem, row.claims) == (State.PENDING, "KeyMissing", 0)
    assert row.attempts >= 1
    assert lines(caplog) == [
        "this worker lacks the data key of some calls: see `govcomponents outbox list --problem KeyMissing`"
    ]
    world.let_pass(MINUTES)
    assert new.run_due().done == 2
    assert [world.held(reference) for reference in ("R-1", "R-2")] == [1, 1]
    assert new.status().without_key == 0


def test_a_reference_that_cannot_be_compared_is_its_first_calls_and_that_is_logged(
    new: Durable, old: Durable, caplog: pytest.LogCaptureFixture
) -> None:
    put(new, "R-1")
    put(new, "R-1")
    assert caplog.text == ""
    put(old, "R-1")
    assert "whether for the same content cannot be told" in caplog.text
    assert "see `govcomponents outbox show 1`" in caplog.text
    assert new.run_due().done == 1


def test_whoever_is_on_call_sees_it_and_can_let_it_go_on_at_once(
    world: World, new: Durable, old: Durable, url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def told(*arguments: str) -> tuple[int, Any]:
        status = main([*arguments, "--database", url, "--json"])
        return status, json.loads(capsys.readouterr().out)

    put(new, "R-1")
    assert (new.status().without_key, told("durable", "status")[0], told("status")[0]) == (0, 0, 0)
    old.run_due()
    assert new.status().without_key == 1
    assert told("durable", "status")[0] == 1
    status, facts = told("status")
    assert (status, facts["needs_somebody"], facts["outbox"]["without_key"]) == (1, True, 1)
    status, facts = told("outbox", "list", "--problem", "KeyMissing")
    assert [(one["reference"], one["state"]) for one in facts["rows"]] == [("R-1", "pending")]
    assert told("outbox", "retry", "--problem", "KeyMissing")[0] == 0
    assert new.run_due().done == 1
    assert told("status")[0] == 0
    put(new, "R-2")
    old.run_due()
    assert told("outbox", "give-up", "--problem", "KeyMissing")[0] == 0
    row = world.row("R-2")
    assert (row.state, row.problem, new.status().without_key) == (State.DEAD, "GivenUp", 0)


def test_it_is_looked_at_every_few_minutes_however_often_it_was_before(
    world: World, new: Durable, old: Durable
) -> None:
    put(new, *(f"R-{number}" for number in range(40)))
    with world.engine.begin() as connection:
        connection.execute(sa.update(OUTBOX).values(attempts=12))
    old.run_due()
    world.let_pass(MINUTES)
    assert new.run_due().done == 40


def test_what_may_have_been_sent_stays_in_doubt_and_is_looked_up_by_one_that_has_the_key(
    world: World, new: Durable, old: Durable
) -> None:
    put(new, "R-1")
    world.wire.faults.append(world.wire.lost)
    assert new.run_due().in_doubt == 1
    world.let_pass(3600.0)
    old.run_due()
    row = world.row("R-1")
    assert (row.state, row.problem) == (State.IN_DOUBT, "KeyMissing")
    world.let_pass(MINUTES)
    assert (new.run_due().done, world.held("R-1")) == (1, 1)


def test_it_is_given_up_when_its_time_is_over_and_its_handler_hears_why(
    world: World, new: Durable, old: Durable
) -> None:
    heard: list[GaveUp] = []
    old.when(GaveUp)(lambda event, transaction: heard.append(event))
    put(new, "R-1")
    world.let_pass(8 * 86_400.0)
    assert old.run_due() == WorkReport(dead=1, handled=1)
    assert [(one.reference, one.problem) for one in heard] == [("R-1", "KeyMissing")]
    assert old.status().without_key == 0
    assert world.row("R-1").payload is not None


def test_an_event_waits_for_a_worker_that_has_its_key(
    world: World, new: Durable, old: Durable, caplog: pytest.LogCaptureFixture
) -> None:
    with world.engine.begin() as connection:
        insert_event(connection, EVENT, "outbox", PayloadKeys([NEW]))
    heard: list[GaveUp] = []
    for one in (old, new):
        one.when(GaveUp)(lambda event, transaction: heard.append(event))
    assert old.run_due() == WorkReport(failed=1)
    with world.engine.connect() as connection:
        row = connection.execute(sa.select(INBOX)).one()
    assert (row.is_open, row.problem, row.claims, row.owner) == (1, "KeyMissing", 0, None)
    assert (board(world.engine).without_key, board(world.engine).needs_somebody) == (1, True)
    assert lines(caplog) == [
        "the data key of 1 events is not among this worker's: see `govcomponents inbox list --problem KeyMissing`"
    ]
    with world.engine.begin() as connection:
        connection.execute(sa.update(INBOX).values(due_at=INBOX.c.due_at - 30.0))
    assert (new.run_due().handled, heard) == (1, [EVENT])
    assert (board(world.engine).without_key, board(world.engine).needs_somebody) == (0, False)


def test_an_event_whose_key_nobody_has_is_given_up_in_the_end(world: World, old: Durable) -> None:
    with world.engine.begin() as connection:
        insert_event(connection, EVENT, "outbox", PayloadKeys([NEW]))
        connection.execute(sa.update(INBOX).values(created_at=INBOX.c.created_at - 31 * 86_400.0))
    old.when(GaveUp)(lambda event, transaction: None)
    assert old.run_due().events_given_up == 1
    with world.engine.connect() as connection:
        row = connection.execute(sa.select(INBOX)).one()
    assert (row.is_open, row.problem) == (0, "KeyMissing")
    assert row.payload is not None


def test_coroutines_wait_for_it_too(world: World, caplog: pytest.LogCaptureFixture) -> None:
    async def go() -> None:
        async with AsyncGovComponents.sandbox() as gov:
            new, old = (AsyncDurable(gov, world.engine, keys=keys) for keys in ([NEW, OLD], [OLD]))
            heard: list[GaveUp] = []
            for one in (new, old):
                one.when(GaveUp)(lambda event, transaction: heard.append(event))
            await new.notify.send_email("sam@example.com", EMAIL, VALUES, reference="R-1")
            with world.engine.begin() as connection:
                insert_event(connection, EVENT, "outbox", PayloadKeys([NEW]))
            done = await old.run_due()
            assert (done.done, done.dead, done.failed, heard) == (0, 0, 1, [])
            assert (await old.status()).without_key == 1
            world.let_pass(MINUTES)
            with world.engine.begin() as connection:
                connection.execute(sa.update(INBOX).values(due_at=INBOX.c.due_at - 30.0))
            done = await new.run_due()
            assert (done.done, done.handled, heard) == (1, 1, [EVENT])

    asyncio.run(go())
    assert len(lines(caplog)) == 2
