"""What is held about people is sealed, is gone when it is not needed, and nothing of it is in a dump of the tables."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import timedelta
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

from durable.world import EMAIL, VALUES, World
from govcomponents import GovComponents, InvalidInput, ReferenceReused
from govcomponents.durable import Durable, Erasure, Retention
from govcomponents.durable.retention.tidying import tidy
from govcomponents.durable.storage.schema import INBOX, METADATA, OUTBOX, PAYMENT, State, database_time

KEY, NEWER = "vXWHLtgmN9E1fxoj//TA+q6dIU+2g4rcoiekqT+KcDc=", "FmBKk3psLTPEQ2cpv8IkXd6lay1WrVqUehEPOXbhJko="


def dumped(engine: sa.Engine) -> bytes:
    """Every value of every table."""
    found = b""
    with engine.connect() as connection:
        for table in METADATA.tables.values():
            for row in connection.execute(sa.select(table)):
                found += b"".join(
                    bytes(part) if isinstance(part, (bytes, memoryview)) else str(part).encode() for part in row
                )
    return found


def put(later: Durable, reference: str, **more: Any) -> None:
    later.notify.send_email("canary.person@example.com", EMAIL, VALUES, reference=reference, **more)


def test_nothing_about_people_can_be_read_in_the_tables(engine: sa.Engine) -> None:
    with GovComponents.sandbox() as gov:
        put(Durable(gov, engine), "R-open")
        assert b"canary.person" in dumped(engine)  # without a key, which production does not allow
        with engine.begin() as connection:
            connection.execute(sa.delete(OUTBOX))
        put(Durable(gov, engine, keys=[KEY]), "R-sealed")
        assert b"canary.person" not in dumped(engine)
        assert b"Nightingale" not in dumped(engine)


def test_a_key_that_is_newer_seals_and_the_older_one_still_opens(engine: sa.Engine) -> None:
    with GovComponents.sandbox() as gov:
        put(Durable(gov, engine, keys=[KEY]), "R-1")
        put(Durable(gov, engine, keys=[NEWER, KEY]), "R-2")
        assert Durable(gov, engine, keys=[NEWER, KEY]).run_due().done == 2


def test_a_payload_opens_for_its_own_row_only(world: World) -> None:
    later = Durable(world.gov, world.engine, keys=[KEY])
    put(later, "R-1")
    put(later, "R-2")
    with world.engine.begin() as connection:
        other = sa.select(OUTBOX.c.payload).where(OUTBOX.c.reference == "R-1").scalar_subquery()
        connection.execute(sa.update(OUTBOX).where(OUTBOX.c.reference == "R-2").values(payload=other))
    assert (later.run_due().dead, world.row("R-2").problem) == (1, "PayloadLost")


def test_a_journey_is_erased_and_what_was_not_sent_is_cancelled(world: World) -> None:
    put(world.later, "R-1", journey="J-1")
    world.later.run_due()
    put(world.later, "R-2", journey="J-1")
    put(world.later, "R-3", journey="J-1")
    put(world.later, "R-4", journey="J-2")
    with world.engine.begin() as connection:
        connection.execute(sa.update(OUTBOX).where(OUTBOX.c.reference == "R-3").values(state=State.IN_DOUBT))
    assert world.later.erase(journey="J-1") == Erasure(erased=2, cancelled=1, left=1)
    assert (world.row("R-2").state, world.row("R-2").problem, world.row("R-2").payload) == (State.DEAD, "Erased", None)
    assert world.row("R-4").payload is not None


@pytest.mark.parametrize("journey", ["", None])
def test_nothing_is_erased_without_a_journey_and_it_is_not_said_that_it_may_be_left_out(
    world: World, journey: str
) -> None:
    put(world.later, "R-1")
    with pytest.raises(InvalidInput, match="journey") as refused:
        world.later.erase(journey=journey)
    assert "leave it out" not in str(refused.value)
    assert world.row("R-1").payload is not None


def test_a_journey_is_erased_in_a_transaction_of_the_drivers_own(world: World) -> None:
    put(world.later, "R-1", journey="J-1")
    url = world.engine.url
    if url.get_backend_name() == "sqlite":
        bare: Any = sqlite3.connect(url.database or "")
    else:
        bare = psycopg.connect(url.set(drivername="postgresql").render_as_string())
    with closing(bare):
        erasure = Erasure(erased=1, cancelled=1, left=0)
        assert world.later.erase(journey="J-1", on=bare) == erasure
        bare.rollback()
        assert world.row("R-1").payload is not None
        assert world.later.erase(journey="J-1", on=bare) == erasure
        bare.commit()
    assert (world.row("R-1").state, world.row("R-1").payload) == (State.DEAD, None)
    with pytest.raises(InvalidInput, match="on"):
        world.later.erase(journey="J-1", on=world.engine)


@pytest.mark.parametrize("is_sent", [True, False])
def test_a_call_under_the_reference_of_an_erased_one_is_refused_whatever_it_says(world: World, is_sent: bool) -> None:
    put(world.later, "R-1", journey="J-1")
    if is_sent:
        assert world.later.run_due().done == 1
        put(world.later, "R-1", journey="J-1")  # the same, and it is known to be
    world.later.erase(journey="J-1")
    for name in ("canary.person@example.com", "another@example.com"):
        with pytest.raises(ReferenceReused, match=r"content was erased.* a reference of its own") as caught:
            world.later.notify.send_email(name, EMAIL, VALUES, reference="R-1")
        assert "canary.person" not in str(caught.value)
    with world.engine.begin() as connection, pytest.raises(ReferenceReused, match="erased"):
        put(world.later, "R-1", on=connection)
    put(world.later, "R-2", journey="J-1")
    assert world.later.run_due().done == 1


def test_what_was_given_up_is_kept_for_a_week_and_the_row_for_a_month(world: World) -> None:
    put(world.later, "R-1")
    with world.engine.begin() as connection:
        connection.execute(sa.update(OUTBOX).values(give_up_at=0.0))
    assert world.later.run_due().dead == 1
    assert world.row("R-1").payload is not None
    with world.engine.begin() as connection:
        connection.execute(sa.update(OUTBOX).values(ended_at=OUTBOX.c.ended_at - 8 * 86_400))
    world.later.run_due()
    assert (world.row("R-1").payload, world.row("R-1").content) == (None, None)
    with pytest.raises(ReferenceReused, match="erased"):
        put(world.later, "R-1")
    with world.engine.begin() as connection:
        connection.execute(sa.update(OUTBOX).values(ended_at=OUTBOX.c.ended_at - 30 * 86_400))
    world.later.run_due()
    with world.engine.connect() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(OUTBOX)) == 0


def test_a_worker_that_is_never_idle_lets_go_of_all_that_is_old(world: World) -> None:
    old = {"account": "default", "operation": "notify.send_email", "state": int(State.DONE), "due_at": 0.0}
    old |= {"give_up_at": 0.0, "created_at": 0.0, "ended_at": 1.0, "attempts": 0, "claims": 0}
    with world.engine.begin() as connection:
        connection.execute(sa.insert(OUTBOX), [old | {"reference": f"R-{number}"} for number in range(2500)])
    world.later.run_due()
    with world.engine.connect() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(OUTBOX)) == 0


def test_what_is_let_go_of_is_found_by_an_index(engine: sa.Engine) -> None:
    asked: list[tuple[str, object]] = []
    sa.event.listen(engine, "before_cursor_execute", lambda _c, _k, text, given, *_: asked.append((text, given)))
    tidy(engine, Retention())
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":  # a table that is empty is read whole otherwise
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        for text, given in [one for one in asked if one[0].startswith(("UPDATE", "DELETE"))]:
            explain = "EXPLAIN QUERY PLAN" if connection.dialect.name == "sqlite" else "EXPLAIN"
            plan = str(connection.exec_driver_sql(f"{explain} {text}", given).all())
            assert any(name in plan for name in LET_GO_BY), (text, plan)
            assert "SCAN gov_" not in plan or "USING" in plan.partition("SCAN gov_")[2], (text, plan)


LET_GO_BY = (
    *("gov_outbox_kept", "gov_outbox_ended", "gov_inbox_kept", "gov_inbox_ended", "gov_inbox_due"),
    *("gov_payment_created", "gov_inbox_subject"),  # an empty table's planner takes either index of what is open
)


def test_an_event_that_nobody_handles_is_given_up_and_what_it_says_is_gone(world: World) -> None:
    insert = {"account": "default", "source": "notify", "kind": "notify.DeliveryReceipt", "is_open": 1, "claims": 0}
    insert |= {"payload": b"\x00canary.person", "created_at": 0.0}
    with world.engine.begin() as connection:
        ago = [connection.scalar(sa.select(database_time())) - days * 86_400 for days in (29, 31)]
        for number, due in enumerate(ago):
            values = insert | {"key": str(number), "subject": str(number), "due_at": due}
            connection.execute(sa.insert(INBOX), values)
    world.later.run_due()

    def held() -> list[tuple[object, ...]]:
        with world.engine.connect() as connection:
            query = sa.select(INBOX.c.is_open, INBOX.c.problem, INBOX.c.payload.is_(None)).order_by(INBOX.c.id)
            return [tuple(row) for row in connection.execute(query)]

    assert held() == [(1, None, False), (0, "Unhandled", False)]
    with world.engine.begin() as connection:
        connection.execute(sa.update(INBOX).values(ended_at=INBOX.c.ended_at - 8 * 86_400))
    world.later.run_due()
    assert held() == [(1, None, False), (0, "Unhandled", True)]


def test_payments_are_kept_as_long_as_the_service_says_and_never_gone_while_they_are_watched(world: World) -> None:
    with world.engine.begin() as connection:
        for number, (is_open, watch_at) in enumerate(((0, None), (1, None), (0, 9e9))):
            values = {"account": "default", "reference": f"R-{number}", "minor": 1, "currency": "GBP", "looks": 0}
            values |= {"look_at": 9e9, "created_at": 1.0, "is_open": is_open, "watch_at": watch_at}
            connection.execute(sa.insert(PAYMENT), values)

    def left() -> list[str]:
        with world.engine.connect() as connection:
            return list(connection.scalars(sa.select(PAYMENT.c.reference).order_by(PAYMENT.c.id)))

    Durable(world.gov, world.engine, keep=Retention(payments=None)).run_due()
    assert left() == ["R-0", "R-1", "R-2"]
    world.later.run_due()
    assert left() == ["R-1", "R-2"]


@pytest.mark.parametrize("field", ["payloads", "ended", "unhandled", "payments", "audit"])
def test_a_retention_that_is_none_is_refused(field: str) -> None:
    for wrong in (
        timedelta(0),
        timedelta(days=-1),
        30,
        "30",
        *([None] if field[0] in "eu" or field == "payloads" else []),
    ):
        with pytest.raises(InvalidInput, match=field):
            Retention(**{field: wrong})
    assert Retention(payments=None, audit=None).audit is None
