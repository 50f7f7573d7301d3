"""Transactions of our own that write: SQLite's right to write is taken first, and none waits for a handler's own."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Final

from govcomponents.durable.storage.faults import store_faults
from govcomponents.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterator

    import sqlalchemy as sa

_HANDLING: Final[ContextVar[sa.URL | None]] = ContextVar("govcomponents_handling", default=None)
"""The database in which a handler is at work in this context, with a transaction that has written already."""


@contextmanager
def handling_on(engine: sa.Engine) -> Iterator[None]:
    """Let a handler work, whose transaction is on this engine's database and has written already."""
    token = _HANDLING.set(engine.url)
    try:
        yield
    finally:
        _HANDLING.reset(token)


def refuse_in_handler(engine: sa.Engine, operation: str, *, is_only_for_sqlite: bool = True) -> None:
    """Raise InvalidInput where another transaction would wait for that of the handler that waits for it.

    On SQLite that is every one that writes.
    """
    if _HANDLING.get() == engine.url and (engine.dialect.name == "sqlite" or not is_only_for_sqlite):
        raise InvalidInput(
            field="on",
            problem="it is left out in a handler, for whose own transaction it would wait, and the handler for it",
            fix="give the handler's own transaction: on=transaction; what takes no `on`, such as pay.create, has to be "
            "done outside of handlers on SQLite",
            operation=operation,
        )


@contextmanager
def writing(engine: sa.Engine, operation: str) -> Iterator[sa.Connection]:
    """Begin a transaction of our own that writes, and commit it. Raises Unavailable or ConfigurationError.

    Raises InvalidInput in a handler on SQLite: it would wait for the handler's transaction, and the handler for it.
    """
    refuse_in_handler(engine, operation)
    with store_faults(operation), engine.begin() as connection:
        begin_writing(connection)
        yield connection


def begin_writing(connection: sa.Connection) -> None:
    """Take SQLite's one place of a writer first, so that what a statement reads, its clock too, is not from before."""
    if connection.dialect.name == "sqlite":
        bare = connection.connection.dbapi_connection
        if not getattr(bare, "in_transaction", True):
            connection.exec_driver_sql("BEGIN IMMEDIATE")
