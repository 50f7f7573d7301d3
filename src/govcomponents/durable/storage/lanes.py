"""The lanes of the outbox: what of one account and operation waits. A lane that is paused costs the others nothing."""

from __future__ import annotations

from typing import Any, Final, TypeAlias

import sqlalchemy as sa

from govcomponents.durable.storage.schema import IS_OPEN, OUTBOX, PAUSE, database_time

Lane: TypeAlias = tuple[str, str]
"""An account and an operation."""


def _least(column: sa.Column[Any], *where: sa.ColumnElement[bool]) -> sa.ScalarSelect[Any]:
    return sa.select(sa.func.min(column)).where(IS_OPEN, *where).scalar_subquery()


def _lanes() -> sa.Select[Any]:
    """The lanes that have open rows and are not paused, by a few steps in an index: it jumps from one to the next."""
    accounts = sa.select(_least(OUTBOX.c.account).label("account")).cte("accounts", recursive=True)
    accounts = accounts.union_all(
        sa.select(_least(OUTBOX.c.account, OUTBOX.c.account > accounts.c.account)).where(
            accounts.c.account.is_not(None)
        )
    )
    first = _least(OUTBOX.c.operation, OUTBOX.c.account == accounts.c.account).label("operation")
    lanes = sa.select(accounts.c.account, first).where(accounts.c.account.is_not(None)).cte("lanes", recursive=True)
    is_later = (OUTBOX.c.account == lanes.c.account, OUTBOX.c.operation > lanes.c.operation)
    lanes = lanes.union_all(
        sa.select(lanes.c.account, _least(OUTBOX.c.operation, *is_later)).where(lanes.c.operation.is_not(None))
    )
    paused = sa.exists().where(
        PAUSE.c.account == lanes.c.account,
        PAUSE.c.until > database_time(),
        lanes.c.operation.startswith(PAUSE.c.scope),
    )
    return sa.select(lanes.c.account, lanes.c.operation).where(lanes.c.operation.is_not(None), ~paused)


_OPEN: Final = _lanes()


def open_lanes(connection: sa.Connection) -> list[Lane]:
    """Return the lanes in which something waits, due or not, and that are not paused."""
    return [(account, operation) for account, operation in connection.execute(_OPEN)]
