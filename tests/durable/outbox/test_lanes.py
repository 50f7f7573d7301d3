"""Claims go by lanes, of one account and operation each: what is paused or long keeps nothing else waiting."""

from __future__ import annotations

import time
from collections import Counter
from typing import Any

import pytest
import sqlalchemy as sa

from durable.world import World
from govcomponents.durable.outbox import claims
from govcomponents.durable.storage.schema import OUTBOX, PAUSE, State

MANY = 20_000


def fill(engine: sa.Engine, rows: int, *, account: str = "council-1", operation: str = "notify.send_email") -> None:
    """Put down many rows that are due, as a bulk of messages leaves them."""
    text = f"'{account}', '{operation}', 'B-' || n, 0, 0, 0, n / 1e6, 1e12, 0"
    columns = "account, operation, reference, state, attempts, claims, due_at, give_up_at, created_at"
    series = f"WITH RECURSIVE series(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM series WHERE n < {rows})"
    with engine.begin() as connection:
        connection.exec_driver_sql(f"INSERT INTO gov_outbox ({columns}) {series} SELECT {text} FROM series")
    with engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql("ANALYZE gov_outbox")


def pause(engine: sa.Engine, account: str, scope: str) -> None:
    values = {"account": account, "scope": scope, "until": time.time() + 600, "problem": "CredentialsRefused"}
    with engine.begin() as connection:
        connection.execute(sa.insert(PAUSE).values(values))


def claimed(engine: sa.Engine, most: int = 100, **more: Any) -> Counter[tuple[str, str]]:
    rows = claims.turn(engine, [], most=most, lease=60.0, me="me", **more)
    return Counter((row.account, row.operation) for row in rows)


def work_of(engine: sa.Engine, statements: list[tuple[str, Any]]) -> int:
    """How much the database does for statements: pages that PostgreSQL touches, or hundreds of SQLite's own steps."""
    with engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            found = 0
            for text, values in statements:
                explained = f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {text}"
                (plan,) = connection.exec_driver_sql(explained, values).scalar_one()
                found += plan["Plan"]["Shared Hit Blocks"] + plan["Plan"]["Shared Read Blocks"]
            connection.rollback()
            return found
        steps = 0

        def step() -> int:
            nonlocal steps
            steps += 1
            return 0

        bare: Any = connection.connection.dbapi_connection
        bare.set_progress_handler(step, 100)
        for text, values in statements:
            connection.exec_driver_sql(text, values)
        bare.set_progress_handler(None, 0)
        connection.rollback()
        return steps


def statements_of_a_claim(engine: sa.Engine) -> list[tuple[str, Any]]:
    """The statements by which rows are found, with their values."""
    asked: list[tuple[str, Any]] = []
    sa.event.listen(engine, "before_cursor_execute", lambda _c, _k, text, given, *_: asked.append((text, given)))
    claimed(engine, most=3)
    return [one for one in asked if "gov_outbox" in one[0]]


def test_other_lanes_of_the_same_account_are_found_without_reading_a_long_one(engine: sa.Engine) -> None:
    fill(engine, MANY)
    fill(engine, 3, operation="notify.send_sms")
    (lanes, _) = statements_of_a_claim(engine)[:2]
    assert work_of(engine, [lanes]) < 100


def test_postgresql_compiles_no_statement_of_a_claim(engine: sa.Engine) -> None:
    """To compile one takes a hundred times as long as to run it, and PostgreSQL does so for what it thinks is long."""
    if engine.dialect.name != "postgresql":
        pytest.skip("SQLite compiles nothing")
    fill(engine, MANY)
    for account in range(50):
        fill(engine, 3, account=f"council-{account}", operation="notify.send_sms")
    with engine.connect() as connection:
        limit = float(connection.exec_driver_sql("SHOW jit_above_cost").scalar_one())
        connection.rollback()
        for text, values in statements_of_a_claim(engine):
            (plan,) = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {text}", values).scalar_one()
            assert plan["Plan"]["Total Cost"] < limit / 2


@pytest.mark.parametrize("why", ["paused", "budget used up"])
def test_a_claim_beside_many_rows_that_may_not_be_sent_reads_none_of_them(engine: sa.Engine, why: str) -> None:
    fill(engine, MANY)
    fill(engine, 3, account="default", operation="pay.refund")
    without = [] if why == "paused" else [("council-1", "notify.")]
    if why == "paused":
        pause(engine, "council-1", "notify.")
    asked: list[tuple[str, Any]] = []
    sa.event.listen(engine, "before_cursor_execute", lambda _c, _k, text, given, *_: asked.append((text, given)))
    assert claimed(engine, without=without) == {("default", "pay.refund"): 3}
    of_outbox = [one for one in asked if "gov_outbox" in one[0]]
    assert len(of_outbox) == 2
    assert work_of(engine, of_outbox) < 300  # of 20,000 rows; a page holds a hundred of their index


def test_a_claim_is_found_by_the_index_of_its_lane(engine: sa.Engine) -> None:
    fill(engine, MANY)
    asked: list[tuple[str, Any]] = []
    sa.event.listen(engine, "before_cursor_execute", lambda _c, _k, text, given, *_: asked.append((text, given)))
    assert claimed(engine) == {("council-1", "notify.send_email"): 100}
    explain = "EXPLAIN QUERY PLAN" if engine.dialect.name == "sqlite" else "EXPLAIN"
    with engine.begin() as connection:
        for text, values in [one for one in asked if "gov_outbox" in one[0]]:
            plan = str(connection.exec_driver_sql(f"{explain} {text}", values).all())
            assert "gov_outbox_lane" in plan, plan
        connection.rollback()


def test_a_long_lane_keeps_no_other_waiting(engine: sa.Engine) -> None:
    fill(engine, 500)
    fill(engine, 2, operation="notify.send_sms")
    fill(engine, 2, account="default", operation="pay.refund")
    assert claimed(engine, most=50) == {
        ("council-1", "notify.send_email"): 46,
        ("council-1", "notify.send_sms"): 2,
        ("default", "pay.refund"): 2,
    }


def test_hundreds_of_accounts_do_not_cost_a_statement_each(engine: sa.Engine) -> None:
    for number in range(40):
        fill(engine, 20, account=f"council-{number}")
    asked: list[str] = []
    sa.event.listen(engine, "before_cursor_execute", lambda _c, _k, text, *_: asked.append(text))
    assert set(claimed(engine, most=128).values()) == {16}
    assert len([text for text in asked if "UPDATE gov_outbox" in text]) == 8
    assert claimed(engine, most=1000).total() == 40 * 20 - 128


def test_as_many_are_claimed_as_there_is_room_for_in_the_order_in_which_they_are_due(engine: sa.Engine) -> None:
    fill(engine, 500)
    for number in range(7):
        fill(engine, 1, account=f"council-{number + 2}")
    with engine.connect() as connection:
        first = sa.select(OUTBOX.c.id).where(OUTBOX.c.account == "council-1").order_by(OUTBOX.c.due_at)
        expected = list(connection.scalars(first.limit(293)))
    found = claims.turn(engine, [], most=300, lease=60.0, me="me")
    assert len(found) == 300
    assert sorted(row.id for row in found if row.account == "council-1") == expected


def test_a_pause_of_one_operation_lets_the_others_go_on(engine: sa.Engine) -> None:
    fill(engine, 5)
    fill(engine, 5, operation="notify.send_sms")
    fill(engine, 5, account="council-2")
    pause(engine, "council-1", "notify.send_email")
    assert claimed(engine) == {("council-1", "notify.send_sms"): 5, ("council-2", "notify.send_email"): 5}
    assert claimed(engine) == {}


def test_all_that_is_due_is_done_however_it_is_spread(world: World) -> None:
    world.later.notify.send_sms("07700900123", "5ab1ec0d-0000-4000-8000-000000000102", {"name": "Sam"}, reference="S")
    for number in range(30):
        world.email(f"R-{number}")
    report = world.later.run_due()
    assert report.ended == 31
    with world.engine.connect() as connection:
        still_open = sa.select(sa.func.count()).where(OUTBOX.c.state <= State.IN_DOUBT)
        assert connection.scalar(still_open) == 0
