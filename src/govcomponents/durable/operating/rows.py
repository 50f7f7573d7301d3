"""The rows as people on call see them: listed, shown, tried again and given up, without anything about a person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa

from govcomponents.durable.audit.entries import Entry, note
from govcomponents.durable.inbox.events import GaveUp
from govcomponents.durable.inbox.store import insert_event
from govcomponents.durable.storage.faults import store_faults
from govcomponents.durable.storage.schema import (
    HAS_FAILED,
    INBOX,
    IS_OPEN,
    LARGEST_ID,
    OUTBOX,
    PAYMENT,
    State,
    database_time,
)
from govcomponents.durable.storage.sealing import PayloadKeys
from govcomponents.durable.storage.writing import writing
from govcomponents.money import Money

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

Facts = dict[str, object]
"""A row for people and programs: plain values, and none about a person."""

GIVEN_UP: Final = "GivenUp"
"""The problem of what an operator gave up."""
_AT_ONCE: Final = 5000
_PATIENCE: Final = 7 * 86_400.0
_NO_KEYS: Final = PayloadKeys()  # what is told of a row holds nothing about people
_NOW: Final = database_time()
_CALENDAR_BEGINS: Final = datetime.min.replace(tzinfo=UTC).timestamp()
_CALENDAR_ENDS: Final = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC).timestamp()


@dataclass(frozen=True, slots=True)
class Table:
    """A table for operators: the columns that are shown, and how its states are named."""

    name: str
    table: sa.Table
    columns: tuple[str, ...]
    states: Mapping[str, sa.ColumnElement[bool]]
    times: tuple[str, ...]
    reference: str


def _names(columns: str) -> tuple[str, ...]:
    return tuple(columns.split())


def _is(state: State) -> sa.ColumnElement[bool]:
    """Whether a row is in a state, said so that the small index of what has failed, or is open, can find it."""
    by = HAS_FAILED if state > State.DONE else IS_OPEN if state < State.DONE else sa.true()
    return by & (OUTBOX.c.state == int(state))


TABLES: Final = {
    "outbox": Table(
        "outbox",
        OUTBOX,
        _names(
            "id account operation reference journey attempts due_at give_up_at provider_id problem created_at ended_at"
        ),
        {state.name.lower().replace("_", "-"): _is(state) for state in State},
        ("due_at", "give_up_at", "created_at", "ended_at"),
        "reference",
    ),
    "inbox": Table(
        "inbox",
        INBOX,
        ("id", "account", "source", "kind", "claims", "due_at", "problem", "created_at", "ended_at"),
        {
            "waiting": (INBOX.c.is_open == 1) & INBOX.c.owner.is_(None),
            "handling": (INBOX.c.is_open == 1) & INBOX.c.owner.is_not(None),
            "handled": (INBOX.c.is_open == 0) & INBOX.c.problem.is_(None),
            "given-up": (INBOX.c.is_open == 0) & INBOX.c.problem.is_not(None),
        },
        ("due_at", "created_at", "ended_at"),
        "kind",
    ),
    "payments": Table(
        "payments",
        PAYMENT,
        _names("id account reference journey minor currency payment_id looks look_at problem created_at"),
        {
            "unknown": PAYMENT.c.is_open == 1,
            "made": (PAYMENT.c.is_open == 0) & PAYMENT.c.payment_id.is_not(None),
            "not-made": (PAYMENT.c.is_open == 0) & PAYMENT.c.payment_id.is_(None),
        },
        ("look_at", "created_at"),
        "reference",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The rows that are asked for: all that agree with what is given."""

    ids: tuple[int, ...] = ()
    state: str | None = None
    problem: str | None = None
    reference: str | None = None
    journey: str | None = None
    limit: int | None = None


def found(engine: sa.Engine, table: Table, wanted: Wanted) -> list[Facts]:
    """Return the rows that are asked for, the newest first."""
    state = sa.case(*((condition, name) for name, condition in table.states.items()), else_="").label("state")
    query = sa.select(state, *(table.table.c[name] for name in table.columns)).where(*_conditions(table, wanted))
    query = query.order_by(table.table.c.id.desc()).limit(wanted.limit)
    with store_faults(), engine.connect() as connection:
        return [_facts(table, row) for row in connection.execute(query).mappings()]


def ids_of(engine: sa.Engine, table: Table, wanted: Wanted) -> list[int]:
    """Return the ids of the rows that are asked for."""
    query = sa.select(table.table.c.id).where(*_conditions(table, wanted))
    with store_faults(), engine.connect() as connection:
        return sorted(connection.scalars(query))


def retry(engine: sa.Engine, table: Table, ids: Sequence[int], *, send_again: bool = False) -> list[int]:
    """Let rows be tried again now; returns the ids of those for which that can be done.

    A call of the outbox that may have been made is looked up first; `send_again` makes it although it may have been
    made. What was done, or holds nothing any more because it was erased or is too old, cannot be tried again.
    """
    return _in_parts(engine, table, ids, partial(_retry, table, send_again=send_again))


def give_up(engine: sa.Engine, table: Table, ids: Sequence[int]) -> list[int]:
    """Give rows up that wait; returns the ids of those that were. What a worker has right now is left."""
    return _in_parts(engine, table, ids, partial(_give_up, table))


def _in_parts(
    engine: sa.Engine,
    table: Table,
    ids: Sequence[int],
    work: Callable[[sa.Connection, sa.ColumnElement[bool]], list[int]],
) -> list[int]:
    """Work on rows some thousands a commit: no database takes any number of parameters, and workers get in between."""
    done: list[int] = []
    for first in range(0, len(ids), _AT_ONCE):
        with writing(engine, "") as connection:
            done += work(connection, _among(table, ids[first : first + _AT_ONCE]))
    return done


def _retry(table: Table, connection: sa.Connection, mine: sa.ColumnElement[bool], *, send_again: bool) -> list[int]:
    if table.name == "outbox":
        return _again_in_outbox(connection, mine, send_again=send_again)
    if table.name == "inbox":
        values: Facts = {"is_open": 1, "claims": 0, "due_at": _NOW, "ended_at": None}
        can: sa.ColumnElement[bool] = INBOX.c.owner.is_(None) & INBOX.c.payload.is_not(None)
    else:
        values = {"is_open": 1, "looks": 0, "look_at": _NOW, "problem": None}
        can = PAYMENT.c.payment_id.is_(None)
    return _changed(connection, table.table, (mine, can), values)


def _give_up(table: Table, connection: sa.Connection, mine: sa.ColumnElement[bool]) -> list[int]:
    if table.name == "inbox":
        can = (INBOX.c.is_open == 1, INBOX.c.owner.is_(None))
        ended: Facts = {"is_open": 0, "problem": GIVEN_UP, "ended_at": _NOW}
        return _changed(connection, INBOX, (mine, *can), ended)
    if table.name == "payments":
        return _changed(connection, PAYMENT, (mine, PAYMENT.c.is_open == 1), {"is_open": 0, "problem": GIVEN_UP})
    can = (OUTBOX.c.state.in_((int(State.PENDING), int(State.IN_DOUBT))), OUTBOX.c.owner.is_(None))
    ended = {"state": int(State.DEAD), "problem": GIVEN_UP, "ended_at": _NOW}
    done = _changed(connection, OUTBOX, (mine, *can), ended)
    _note(connection, done, "given up by an operator")
    for row in connection.execute(sa.select(OUTBOX).where(OUTBOX.c.id.in_(done))).all():
        insert_event(connection, _gave_up(row), "outbox", _NO_KEYS)
    return done


def _again_in_outbox(connection: sa.Connection, mine: sa.ColumnElement[bool], *, send_again: bool) -> list[int]:
    can = (mine, OUTBOX.c.owner.is_(None), OUTBOX.c.payload.is_not(None), OUTBOX.c.state != int(State.DONE))
    is_doubtful = OUTBOX.c.doubt_since.is_not(None) & (OUTBOX.c.state != int(State.REFUSED))
    values: Facts = {"attempts": 0, "claims": 0, "due_at": _NOW, "give_up_at": _NOW + _PATIENCE, "ended_at": None}
    if send_again:
        values |= {"state": int(State.PENDING), "doubt_since": None}
    else:
        values["state"] = sa.case((is_doubtful, int(State.IN_DOUBT)), else_=int(State.PENDING))
        values["doubt_since"] = sa.case((is_doubtful, OUTBOX.c.doubt_since), else_=None)
    done = _changed(connection, OUTBOX, can, values)
    _note(connection, done, "sent again by an operator" if send_again else "tried again by an operator")
    return done


def _note(connection: sa.Connection, ids: Sequence[int], outcome: str) -> None:
    """Put on the journeys of calls that a person, and no worker, did something to them."""
    of_journeys = sa.select(OUTBOX).where(OUTBOX.c.id.in_(ids), OUTBOX.c.journey.is_not(None))
    note(
        connection,
        [
            Entry(
                journey=row.journey, account=row.account, what=row.operation, outcome=outcome, item=f"outbox {row.id}"
            )
            for row in connection.execute(of_journeys)
        ],
    )


def _changed(connection: sa.Connection, table: sa.Table, where: Sequence[Any], values: Facts) -> list[int]:
    return sorted(connection.scalars(sa.update(table).where(*where).values(values).returning(table.c.id)))


def _gave_up(row: Any) -> GaveUp:
    return GaveUp(
        key=f"{row.id} {row.attempts} {row.ended_at}",
        operation=row.operation,
        account=row.account,
        reference=row.reference,
        journey=row.journey,
        is_refused=False,
        problem=GIVEN_UP,
    )


def _conditions(table: Table, wanted: Wanted) -> list[sa.ColumnElement[bool]]:
    conditions = [table.states[wanted.state]] if wanted.state is not None else []
    if wanted.ids:
        conditions.append(_among(table, wanted.ids))
    if wanted.problem is not None:  # the class of the error alone finds it with every code
        same = table.table.c.problem == wanted.problem
        conditions.append(same | table.table.c.problem.startswith(f"{wanted.problem} ", autoescape=True))
    if wanted.reference is not None and "reference" in table.columns:
        conditions.append(table.table.c.reference == wanted.reference)
    if wanted.journey is not None and "journey" in table.columns:
        conditions.append(table.table.c.journey == wanted.journey)
    return conditions


def _among(table: Table, ids: Sequence[int]) -> sa.ColumnElement[bool]:
    return table.table.c.id.in_([one for one in ids if 0 < one <= LARGEST_ID])


def _facts(table: Table, row: Any) -> Facts:
    facts: Facts = {"id": row["id"], "state": row["state"]}
    for name in table.columns:
        if name == "minor":
            facts["amount"] = str(Money(row["minor"], row["currency"]))
        elif name != "currency":
            facts[name] = told_time(row[name]) if name in table.times else row[name]
    return facts


def told_time(seconds: float | None) -> str | None:
    """Return a time of the tables as people and programs read it: in UTC, to the second.

    One that no calendar has, such as the end of a patience that lasts for ever, is the calendar's first or last.
    """
    if seconds is None:
        return None
    within = min(max(seconds, _CALENDAR_BEGINS), _CALENDAR_ENDS)
    return datetime.fromtimestamp(within, UTC).isoformat(timespec="seconds")
