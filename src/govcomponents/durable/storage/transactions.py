"""The caller's own transaction, whoever owns it: one statement on the connection that it is given."""

from __future__ import annotations

import sqlite3
import sys
from contextlib import closing
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol, TypeAlias, Union

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, scoped_session

from govcomponents.core.driver import is_driven
from govcomponents.durable.storage.faults import transaction_fault
from govcomponents.errors import ConfigurationError, GovComponentsError, InvalidInput

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import psycopg
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession


class DjangoConnection(Protocol):
    """The part of `django.db.connection` that is used here."""

    vendor: str
    in_atomic_block: bool

    def get_autocommit(self) -> bool:
        """Whether each statement is a transaction of its own."""
        ...

    def cursor(self) -> Any:  # Django has no types of its own
        """Return a cursor."""
        ...


Transaction: TypeAlias = Union[
    sa.Connection,
    Session,
    scoped_session[Any],
    "AsyncConnection",
    "AsyncSession",
    "psycopg.Connection[Any]",
    "psycopg.AsyncConnection[Any]",
    sqlite3.Connection,
    DjangoConnection,
]
"""A transaction of the caller's: the row is committed and rolled back together with the caller's own work."""

Row: TypeAlias = "tuple[Any, ...] | None"
Values: TypeAlias = "dict[str, Any]"
Style: TypeAlias = Literal["named", "pyformat"]
Statements: TypeAlias = "Mapping[str, Any]"
"""One statement in each dialect: "postgresql" and "sqlite"."""

_FIX: Final = (
    "give the SQLAlchemy Connection or Session (AsyncConnection, AsyncSession), the psycopg or sqlite3 connection, or "
    "Django's connection, in which the service's own work is done; or leave `on` out for a transaction of its own"
)
_NO_TRANSACTION: Final = (
    "begin a transaction on it first (Django: transaction.atomic(); psycopg: connection.transaction()), or leave `on` "
    "out for a transaction of its own"
)


async def first_row(on: Transaction, statements: Statements, values: Values, operation: str) -> Row:
    """Run a statement in the caller's transaction, and return its first row. Nothing is committed.

    Raises InvalidInput for what is no transaction, one that is closed or has failed before, or one of asyncio under a
    blocking caller; ConfigurationError if the tables are not there; Unavailable for what else the database raises.
    """
    try:
        return await _first_row(on, statements, values, operation)
    except GovComponentsError:
        raise
    except Exception as error:
        if (ours := transaction_fault(error, operation)) is not None:
            raise ours from None  # the database's own error holds the values
        raise


async def _first_row(on: Any, statements: Statements, values: Values, operation: str) -> Row:
    if isinstance(on, scoped_session):
        on = on()
    if isinstance(on, Session):
        on = on.connection()  # without the ORM: nothing waits for a flush
    if isinstance(on, sa.Connection):
        _refuse_autocommit(_commits_each(on), operation)
        statement = _for(statements, on.dialect.name, operation)
        if (cursor := _driver_cursor(on)) is not None:
            return _at_the_driver(cursor, statement, on.dialect.name, values)
        return _plain(on.execute(statement, values).first())
    if isinstance(on, sqlite3.Connection):
        # The attribute is there from Python 3.12 on, and then the level says nothing.
        commits_each = on.isolation_level is None or getattr(on, "autocommit", None) is True
        _refuse_autocommit(commits_each and not on.in_transaction, operation)
        cursor = on.cursor()
        cursor.row_factory = None
        return _plain(
            cursor.execute(driver_text(_for(statements, "sqlite", operation), "sqlite", "named"), values).fetchone()
        )
    if hasattr(on, "vendor") and hasattr(on, "in_atomic_block"):
        _refuse_autocommit(on.get_autocommit() and not on.in_atomic_block, operation)
        with on.cursor() as django_cursor:
            django_cursor.execute(driver_text(_for(statements, on.vendor, operation), on.vendor, "pyformat"), values)
            return _plain(django_cursor.fetchone())
    if "sqlalchemy.ext.asyncio" in sys.modules:  # it needs greenlet, which a blocking service may not have
        from sqlalchemy.ext import asyncio as of_asyncio

        if isinstance(on, (of_asyncio.AsyncConnection, of_asyncio.AsyncSession)):
            _refuse_asyncio(operation)
            connection = await on.connection() if isinstance(on, of_asyncio.AsyncSession) else on
            return await _on_asyncio(connection, statements, values, operation)
    if "psycopg" in sys.modules:
        import psycopg

        if isinstance(on, (psycopg.Connection, psycopg.AsyncConnection)):
            return await _on_psycopg(on, statements, values, operation)
    problem = f"it is no transaction, but of the type {type(on).__name__}"
    raise InvalidInput(field="on", problem=problem, fix=_FIX, operation=operation)


async def _on_asyncio(on: AsyncConnection, statements: Statements, values: Values, operation: str) -> Row:
    _refuse_autocommit(on.sync_connection is not None and _commits_each(on.sync_connection), operation)
    return _plain((await on.execute(_for(statements, on.dialect.name, operation), values)).first())


async def _on_psycopg(on: Any, statements: Statements, values: Values, operation: str) -> Row:
    import psycopg

    is_idle = on.info.transaction_status is psycopg.pq.TransactionStatus.IDLE
    _refuse_autocommit(on.autocommit and is_idle, operation)
    text = driver_text(_for(statements, "postgresql", operation), "postgresql", "pyformat")
    cursor = on.cursor(row_factory=psycopg.rows.tuple_row)
    if isinstance(on, psycopg.Connection):
        return _plain(cursor.execute(text, values).fetchone())
    _refuse_asyncio(operation)
    return _plain(await (await cursor.execute(text, values)).fetchone())


def _driver_cursor(on: sa.Connection) -> Any:
    """A cursor of the driver where SQLAlchemy has begun a transaction: a fifth of what its own way to it takes.

    None for drivers other than sqlite3 and psycopg, and where SQLAlchemy has to begin the transaction itself.
    """
    bare = on.connection.dbapi_connection if on.in_transaction() else None
    if isinstance(bare, sqlite3.Connection):
        cursor = bare.cursor()
        cursor.row_factory = None
        return cursor
    if bare is not None and "psycopg" in sys.modules:
        import psycopg

        if isinstance(bare, psycopg.Connection):
            return bare.cursor(row_factory=psycopg.rows.tuple_row)
    return None


def _at_the_driver(cursor: Any, statement: Any, dialect: str, values: Values) -> Row:
    style: Style = "named" if dialect == "sqlite" else "pyformat"
    with closing(cursor):
        cursor.execute(driver_text(statement, dialect, style), values)
        return _plain(cursor.fetchone())


def _plain(row: Sequence[Any] | None) -> Row:
    return None if row is None else tuple(row)


def _commits_each(connection: sa.Connection) -> bool:
    """Whether each statement is a transaction of its own. Of SQLite's driver the attribute of that name is a number."""
    is_asked_for = connection.get_execution_options().get("isolation_level") == "AUTOCOMMIT"
    return is_asked_for or getattr(connection.connection.dbapi_connection, "autocommit", False) is True


def _refuse_autocommit(commits_each: object, operation: str) -> None:
    if commits_each is True:
        problem = "it is in no transaction: each statement on it is committed by itself"
        raise InvalidInput(field="on", problem=problem, fix=_NO_TRANSACTION, operation=operation)


def _refuse_asyncio(operation: str) -> None:
    if is_driven():
        problem = "it is a connection of asyncio, and this caller is blocking"
        raise InvalidInput(
            field="on", problem=problem, fix="use AsyncDurable, or a blocking connection", operation=operation
        )


def _for(statements: Statements, dialect: str, operation: str) -> Any:
    try:
        return statements[dialect]
    except KeyError:
        raise ConfigurationError(
            f"the durable layer does not work on {dialect}", fix="use PostgreSQL or SQLite", operation=operation
        ) from None


@lru_cache(maxsize=64)
def driver_text(statement: Any, dialect: str, style: Style) -> str:
    """The text of a statement, for a driver that is used without SQLAlchemy."""
    kind = postgresql if dialect == "postgresql" else sqlite
    return str(statement.compile(dialect=kind.dialect(paramstyle=style)))
