"""The lanes of the outbox: what of one account and operation waits. A lane that is paused costs the others nothing."""

from __future__ import annotations

from typing import Any, Final, TypeAlias

import sqlalchemy as sa

from govcomponents.durable.storage.schema import IS_OPEN, OUTBOX, PAUSE, database_time

Lane: TypeAlias = tuple[str, str]
"""An account and an operation."""


def _first(*where: sa.ColumnElement[bool]) -> sa.ScalarSelect[Any]:
    """The first open row in the order of the index of lanes: one step in it."""
    order = (OUTBOX.c.account, OUTBOX.c.operation, OUTBOX.c.due_at, OUTBOX.c.id)
    return sa.select(OUTBOX.c.id).where(IS_OPEN, *where).order_by(*order).limit(1).scalar_subquery()


def _lanes() -> sa.Select[Any]:
    """The lanes that have open rows and are not paused, by a few steps in an index: it jumps from one to the next.

    Each step finds the first row of the next lane, and says which lane the row of the step before was of. It is one
    recursion, with no join beside it: of two PostgreSQL thinks so much that it compiles them first, which takes a
    hundred times as long, and for a join SQLite may read the whole table.
    """
    # Nothing, of the column's own type and order.
    unknown = (
        sa.select(column).where(sa.false()).scalar_subquery().label(column.name)
        for column in (OUTBOX.c.account, OUTBOX.c.operation)
    )
    lanes = sa.select(_first().label("next"), *unknown).cte("lanes", recursive=True)
    at = OUTBOX.alias("at")
    same = _first(OUTBOX.c.account == at.c.account, OUTBOX.c.operation > at.c.operation)
    later = sa.func.coalesce(same, _first(OUTBOX.c.account > at.c.account))
    step = sa.select(later, at.c.account, at.c.operation).select_from(lanes.join(at, at.c.id == lanes.c.next))
    lanes = lanes.union_all(step)
    paused = sa.exists().where(
        PAUSE.c.account == lanes.c.account,
        PAUSE.c.until > database_time(),
        lanes.c.operation.startswith(PAUSE.c.scope),
    )
    return sa.select(lanes.c.account, lanes.c.operation).where(lanes.c.account.is_not(None), ~paused)


_OPEN: Final = _lanes()


def open_lanes(connection: sa.Connection) -> list[Lane]:
    """Return the lanes in which something waits, due or not, and that are not paused."""
    return [(account, operation) for account, operation in connection.execute(_OPEN)]
