"""Two workers, or a worker and an operator, at the same rows: one of them acts between two statements of the other."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa

from durable.outbox.test_payments import let_pass, make, rows
from durable.world import World
from govcomponents import GovComponents, NotSent, OutcomeUnknown
from govcomponents.durable import Durable
from govcomponents.durable.audit.chain import seal_entries, verify_audit
from govcomponents.durable.audit.entries import Entry, note
from govcomponents.durable.outbox.claims import turn
from govcomponents.durable.outbox.outcomes import dead, done
from govcomponents.durable.retention.tidying import Retention, tidy
from govcomponents.durable.storage.schema import INBOX, OUTBOX, State
from govcomponents.durable.storage.sealing import PayloadKeys

ENTRY = {"account": "default", "journey": "J-1", "what": "pay.create", "outcome": "made", "item": "payment 1"}


@contextmanager
def after_first(engine: sa.Engine, begins: str, act: Callable[[], object]) -> Iterator[list[str]]:
    """Let `act` happen once, after the first statement of this thread that begins so."""
    seen: list[str] = []
    here = threading.get_ident()

    def look(_c: object, _cursor: object, statement: str, *_: object) -> None:
        if not seen and threading.get_ident() == here and statement.startswith(begins):
            seen.append(statement)
            other = threading.Thread(target=act)
            other.start()
            other.join()

    sa.event.listen(engine, "after_cursor_execute", look)
    try:
        yield seen
    finally:
        sa.event.remove(engine, "after_cursor_execute", look)


@pytest.mark.parametrize("at", ["SELECT gov_audit.", "SELECT gov_audit_seal."])
def test_two_workers_that_seal_at_once_leave_a_chain_that_holds(engine: sa.Engine, at: str) -> None:
    if engine.dialect.name == "sqlite":
        pytest.skip("a transaction of SQLite sees one state of its file")
    keys, other = PayloadKeys(), sa.create_engine(engine.url)
    with engine.begin() as connection:
        note(connection, [Entry(**ENTRY)] * 3)
    with after_first(engine, at, lambda: seal_entries(other, keys, settled=-1.0)) as seen:
        seal_entries(engine, keys, settled=-1.0)
    assert seen
    verdict = verify_audit(engine, keys)
    assert (verdict.problems, verdict.entries, verdict.unsealed) == ((), 3, 0)
    other.dispose()


def test_a_worker_whose_row_is_anothers_by_now_adds_nothing_to_its_journey(world: World) -> None:
    """It was held up for longer than its lease: what it found out is told by the one that has the row."""
    world.email(journey="J-1")
    (slow,) = turn(world.engine, (), most=9, lease=60.0, me="slow:1")
    world.let_pass(61)
    (other,) = turn(world.engine, (), most=9, lease=60.0, me="other:1")
    assert (other.id, other.state) == (slow.id, State.IN_DOUBT)
    turn(world.engine, [(slow, dead("TooLate"))], most=0, lease=60.0, me="slow:2")
    assert [step.outcome for step in world.later.journey("J-1")] == ["queued"]
    turn(world.engine, [(other, done("n-1"))], most=0, lease=60.0, me="other:2")
    assert [step.outcome for step in world.later.journey("J-1")] == ["queued", "accepted"]


@pytest.mark.parametrize("table", [OUTBOX, INBOX])
def test_what_an_operator_tries_again_keeps_what_it_says(world: World, table: sa.Table) -> None:
    if world.engine.dialect.name == "sqlite":
        pytest.skip("SQLite has one writer")
    old: dict[str, Any] = {
        "account": "default",
        "payload": b"sealed",
        "due_at": 0.0,
        "created_at": 0.0,
        "ended_at": 1.0,
    }
    if table is OUTBOX:
        old |= {"operation": "notify.send_sms", "reference": "R-1", "state": int(State.DEAD), "give_up_at": 9e9}
        again = {"state": int(State.PENDING), "ended_at": None}
    else:
        old |= {"source": "pay", "key": "k", "kind": "PaymentChanged", "subject": "p-1", "is_open": 0}
        again = {"is_open": 1, "ended_at": None}
    with world.engine.begin() as connection:
        connection.execute(sa.insert(table).values(old))
    with world.engine.begin() as operator:
        operator.execute(sa.update(table).values(again))
        tidying = threading.Thread(target=tidy, args=(world.engine, Retention(), ["PaymentChanged"]))
        tidying.start()
        waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
        while tidying.is_alive():
            with world.engine.connect() as looks:
                if looks.exec_driver_sql(waiting).scalar():
                    break
    tidying.join()
    with world.engine.connect() as connection:
        assert connection.execute(sa.select(table.c.payload)).scalars().all() == [b"sealed"]


def test_two_lost_payments_of_one_reference_are_found_as_two(world: World) -> None:
    """One worker could not ask about the first, and finds for the second what another is to note for the first."""
    for _ in range(2):
        world.wire.faults = [world.wire.lost]
        with pytest.raises(OutcomeUnknown):
            make(world)
    let_pass(world, 301)
    send, asked = world.wire.send, []

    async def searched(request: Any) -> Any:
        asked.append(request.method)
        if len(asked) == 2:
            raise NotSent("no connection", operation=request.operation)
        answer = await send(request)
        if len(asked) == 1:
            other = threading.Thread(target=Durable(world.gov, world.engine).run_due)
            other.start()
            other.join()
        return answer

    world.wire.send = searched
    world.later.run_due()
    world.wire.send = send
    let_pass(world, 2000)
    world.later.run_due()
    assert set(asked) == {"GET"}
    assert len(asked) >= 3
    assert len({row.payment_id for row in rows(world)} - {None}) == 2


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_a_process_that_was_forked_opens_the_file_anew(tmp_path: Any) -> None:
    """SQLite forbids to carry an open file over a fork: gunicorn's workers come about so, after `--preload`."""
    url = f"sqlite:///{tmp_path / 'store.db'}"
    opened: list[int] = []
    with GovComponents.sandbox() as gov:
        later = Durable(gov, url)
        sa.event.listen(later.engine, "connect", lambda *_: opened.append(os.getpid()))
        later.check()
        if (child := os.fork()) == 0:
            try:
                later.check()
                os._exit(0 if os.getpid() in opened else 1)
            finally:
                os._exit(2)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        later.check()
        assert sqlite3.connect(tmp_path / "store.db").execute("PRAGMA integrity_check").fetchone() == ("ok",)
