"""The gauges of the store show what is in it: rows by state, lag, callbacks, payments by status, budgets, data keys."""

from __future__ import annotations

import base64
import hashlib
import time
from typing import Any

import sqlalchemy as sa

from govcomponents import Money
from govcomponents.durable import Durable
from govcomponents.durable.audit.chain import seal_entries
from govcomponents.durable.operating.gauges import read_store
from govcomponents.durable.storage.schema import AUDIT, AUDIT_SEAL, BUDGET, INBOX, OUTBOX, PAUSE, PAYMENT, State
from govcomponents.durable.storage.sealing import PayloadKeys

from .world import EMAIL, VALUES, World

BACK = "https://service.example.gov.uk/back"
OLD, NEW = (base64.b64encode(hashlib.sha256(name).digest()).decode() for name in (b"old", b"new"))
Shown = dict[tuple[str, ...], float]


def shown(world: World) -> Shown:
    return {(one.metric.name, *one.labels): one.value for one in read_store(world.engine)}


def test_an_empty_store_has_an_empty_outbox_that_can_be_asked_for(world: World) -> None:
    found = shown(world)
    for state in ("pending", "sending", "in_doubt", "refused", "dead"):
        assert found["govcomponents.outbox.rows", "default", state] == 0
    assert found["govcomponents.outbox.lag", "default"] == 0


def test_the_outbox_is_counted_by_its_states(world: World) -> None:
    for number, state in enumerate(
        [State.PENDING, State.PENDING, State.IN_DOUBT, State.DONE, State.REFUSED, State.DEAD]
    ):
        world.email(f"R-{number}")
        with world.engine.begin() as connection:
            values = {"state": int(state), "due_at": time.time() - 90 + number}
            connection.execute(sa.update(OUTBOX).where(OUTBOX.c.reference == f"R-{number}").values(values))
    with world.engine.begin() as connection:
        pause = {"account": "default", "scope": "notify.", "until": time.time() + 600, "problem": "CredentialsRefused"}
        connection.execute(sa.insert(PAUSE).values(pause))
        connection.execute(sa.insert(BUDGET).values(account="default", scope="notify", next_at=time.time() + 30))
    found = shown(world)
    counts = {name[2]: value for name, value in found.items() if name[0] == "govcomponents.outbox.rows"}
    assert counts == {"pending": 2, "sending": 0, "in_doubt": 1, "refused": 1, "dead": 1}
    assert 89 <= found["govcomponents.outbox.lag", "default"] <= 120
    assert 500 <= found["govcomponents.outbox.paused", "default", "notify."] <= 600
    assert 1 <= found["govcomponents.budget.booked", "default", "notify"] <= 30


def test_callbacks_are_counted_by_their_source(world: World) -> None:
    now = time.time()
    event = {"account": "default", "kind": "k", "subject": "s"}
    rows = [
        {"source": "pay", "key": "1", "is_open": 1, "due_at": now - 50, "created_at": now - 60, "problem": None},
        {"source": "pay", "key": "2", "is_open": 1, "due_at": now + 50, "created_at": now - 40, "problem": None},
        {"source": "notify", "key": "3", "is_open": 0, "due_at": now, "created_at": now - 500, "problem": "KeyError"},
        {"source": "notify", "key": "4", "is_open": 0, "due_at": now, "created_at": now - 400, "problem": None},
    ]
    with world.engine.begin() as connection:
        connection.execute(sa.insert(INBOX), [event | row for row in rows])
    found = shown(world)
    assert found["govcomponents.inbox.rows", "pay", "waiting"] == 2
    assert found["govcomponents.inbox.rows", "pay", "gave_up"] == 0
    assert found["govcomponents.inbox.rows", "notify", "waiting"] == 0
    assert found["govcomponents.inbox.rows", "notify", "gave_up"] == 1
    assert 50 <= found["govcomponents.inbox.lag", "pay"] <= 90
    assert 40 <= found["govcomponents.inbox.quiet", "pay"] <= 90
    assert 400 <= found["govcomponents.inbox.quiet", "notify"] <= 450


def test_payments_of_the_last_day_are_counted_by_their_status(world: World) -> None:
    for number in range(4):
        world.later.pay.create(Money.gbp("1.00"), f"R-{number}", "Licence", BACK)
    with world.engine.begin() as connection:
        for number, values in enumerate(
            [{"created_at": time.time() - 90_000}, {"status": "succeeded"}, {"is_open": 1, "payment_id": None}]
        ):
            connection.execute(sa.update(PAYMENT).where(PAYMENT.c.reference == f"R-{number}").values(values))
    found = {name[2]: value for name, value in shown(world).items() if name[0] == "govcomponents.payments"}
    assert found == {"succeeded": 1, "looked_for": 1, "created": 1}


def test_a_data_key_is_told_with_its_age_and_the_rows_that_need_it(world: World) -> None:
    first = Durable(world.gov, world.engine, keys=[OLD])
    first.notify.send_email("sam@example.com", "T", {}, reference="R-old")
    old, new = (PayloadKeys([key]).chain(b"").partition(":")[0] for key in (OLD, NEW))
    second = Durable(world.gov, world.engine, keys=[NEW, OLD])
    second.notify.send_email("sam@example.com", "T", {}, reference="R-new")
    world.email("R-open")  # under no key
    world.let_pass(1000)
    entry = {"account": "default", "journey": "J", "what": "pay.create", "outcome": "made"}
    with world.engine.begin() as connection:
        for number in range(7):
            held = f"{old if number < 3 else new}:{number}"
            seal = {
                "number": number + 1,
                "entries": 1,
                "previous": "",
                "hash": held,
                "at": time.time() - 7000 + 1000 * number,
            }
            connection.execute(sa.insert(AUDIT_SEAL).values(seal))
        connection.execute(sa.insert(AUDIT).values(entry | {"at": time.time() - 100}))
    assert seal_entries(world.engine, PayloadKeys([NEW, OLD])) == 1
    found = shown(world)
    assert found["govcomponents.data_key.rows", old] == 1
    assert found["govcomponents.data_key.rows", new] == 1
    assert found["govcomponents.data_key.rows", "none"] == 1
    assert 1000 <= found["govcomponents.data_key.age", old] <= 1100
    assert 4000 <= found["govcomponents.data_key.age", new] <= 4100  # since the first seal under it


def test_what_waits_for_a_worker_with_its_data_key_is_counted_until_it_ends(world: World) -> None:
    now = time.time()
    first, second = (Durable(world.gov, world.engine, keys=[key]) for key in (OLD, NEW))
    assert shown(world)["govcomponents.data_key.missing", "outbox"] == 0
    for number in range(3):
        first.notify.send_email("sam@example.com", EMAIL, VALUES, reference=f"R-{number}")
    event = {"account": "default", "kind": "k", "subject": "s", "source": "pay", "due_at": now, "created_at": now}
    events = [event | {"key": str(number), "is_open": number, "problem": "KeyMissing"} for number in range(2)]
    with world.engine.begin() as connection:
        connection.execute(sa.insert(INBOX), events)
    second.run_due()
    found = shown(world)
    assert found["govcomponents.data_key.missing", "outbox"] == 3
    assert found["govcomponents.data_key.missing", "pay"] == 1
    with world.engine.begin() as connection:
        connection.execute(sa.update(OUTBOX).where(OUTBOX.c.reference == "R-0").values(give_up_at=0.0))
    world.let_pass(600)
    second.run_due()  # given up, with the same problem
    assert shown(world)["govcomponents.data_key.missing", "outbox"] == 2
    first.run_due()
    world.let_pass(600)
    first.run_due()
    assert shown(world)["govcomponents.data_key.missing", "outbox"] == 0


def test_what_is_open_and_what_was_refused_are_counted_by_their_indexes(world: World) -> None:
    statements: list[tuple[str, Any]] = []

    def note(_connection: object, _cursor: object, statement: str, values: Any, *_rest: object) -> None:
        statements.append((statement, values))

    sa.event.listen(world.engine, "before_cursor_execute", note)
    list(read_store(world.engine))
    sa.event.remove(world.engine, "before_cursor_execute", note)
    is_sqlite = world.engine.dialect.name == "sqlite"
    with world.engine.begin() as connection:
        if not is_sqlite:
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")  # a table that is empty is read whole
        explain = "EXPLAIN QUERY PLAN" if is_sqlite else "EXPLAIN"
        plans = [
            str(connection.exec_driver_sql(f"{explain} {statement}", values).all())
            for statement, values in statements
            if "FROM gov_outbox" in statement
        ]
    assert len(plans) == 4
    assert all("gov_outbox_" in plan for plan in plans), plans
