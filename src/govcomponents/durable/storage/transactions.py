"""The caller's own transaction, whoever owns it: one statement on the connection that it is given."""

from __future__ import annotations

import sqlite3
import sys
from contextlib import suppress
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol, TypeAlias, Union

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, scoped_session

from govcomponents.core.driver import is_driven
from govcomponents.durable.storage.faults import transaction_fault
from govcomponents.errors import ConfigurationError, GovComponentsError, InvalidInput

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import psycopg
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, async_scoped_session


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
    "async_scoped_session[Any]",
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

COMMITS_EACH: Final = "it is in no transaction: each statement on it is committed by itself"
_FIX: Final = (
    "give the SQLAlchemy Connection or Session (AsyncConnection, AsyncSession), the psycopg or sqlite3 connection, or "
    "Django's connection, in which the service's own work is done; or leave `on` out for a transaction of its own"
)
_NO_TRANSACTION: Final = (
    "begin a transaction on it first (Django: transaction.atomic(); psycopg: connection.transaction(); SQLAlchemy: an "
    'engine without isolation_level="AUTOCOMMIT"), or leave `on` out for a transaction of its own'
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
        bare = _begun(on, operation)
        # The driver itself takes a fifth of what SQLAlchemy's way to it takes.
        at_driver = _blocking_driver(bare)
        if at_driver is None or _has_ended_inside(on):
            return _by_sqlalchemy(on, statements, values, operation)
        try:
            return at_driver(bare, statements, values, operation)
        except Exception as error:
            _tell_sqlalchemy(on, bare, error)
            raise
    if isinstance(on, sqlite3.Connection):
        # The attribute is there from Python 3.12 on, and then the level says nothing.
        commits_each = on.isolation_level is None or getattr(on, "autocommit", None) is True
        _refuse_autocommit(commits_each and not on.in_transaction, operation)
        return _on_sqlite(on, statements, values, operation)
    if hasattr(on, "vendor") and hasattr(on, "in_atomic_block"):
        _refuse_autocommit(on.get_autocommit() and not on.in_atomic_block, operation)
        with on.cursor() as django_cursor:
            django_cursor.execute(driver_text(_for(statements, on.vendor, operation), on.vendor, "pyformat"), values)
            return _plain(django_cursor.fetchone())
    if "sqlalchemy.ext.asyncio" in sys.modules:  # it needs greenlet, which a blocking service may not have
        from sqlalchemy.ext import asyncio as of_asyncio

        if isinstance(on, of_asyncio.async_scoped_session):
            on = on()
        if isinstance(on, (of_asyncio.AsyncConnection, of_asyncio.AsyncSession)):
            _refuse_asyncio(operation)
            connection = await on.connection() if isinstance(on, of_asyncio.AsyncSession) else on
            return await connection.run_sync(_on_asyncio, statements, values, operation)
    if (psycopg := _psycopg()) and isinstance(on, (psycopg.Connection, psycopg.AsyncConnection)):
        is_idle = on.info.transaction_status is psycopg.pq.TransactionStatus.IDLE
        _refuse_autocommit(on.autocommit and is_idle, operation)
        if isinstance(on, psycopg.Connection):
            return _on_psycopg(on, statements, values, operation)
        _refuse_asyncio(operation)
        return await _on_async_psycopg(on, statements, values, operation)
    problem = f"it is no transaction, but of the type {type(on).__name__}"
    raise InvalidInput(field="on", problem=problem, fix=_FIX, operation=operation)


def _on_asyncio(on: sa.Connection, statements: Statements, values: Values, operation: str) -> Row:
    _begun(on, operation)
    return _by_sqlalchemy(on, statements, values, operation)


def _by_sqlalchemy(on: sa.Connection, statements: Statements, values: Values, operation: str) -> Row:
    """Run it as it is: the tables of the durable layer are never those of a tenant's schema."""
    statement = _for(statements, on.dialect.name, operation)
    return _plain(on.execute(statement, values, execution_options={"schema_translate_map": None}).first())


def _has_ended_inside(on: sa.Connection) -> bool:
    """Whether a transaction or savepoint was ended in its own `with` block, which is still open.

    SQLAlchemy refuses every statement there, and has to be asked: the driver would put it into what is around it.
    """
    block: object = getattr(on, "_trans_context_manager", None)  # a test sees that SQLAlchemy still has it
    return isinstance(block, sa.Transaction) and not block.is_active


def _tell_sqlalchemy(on: sa.Connection, bare: Any, error: Exception) -> None:
    """Let it see that the server is gone, which it has not heard: else its rollback would raise in this one's place."""
    if isinstance(error, on.dialect.loaded_dbapi.Error) and on.dialect.is_disconnect(error, bare, None):
        with suppress(sa.exc.DBAPIError):
            on.exec_driver_sql("SELECT 1")


def _psycopg() -> Any:
    """The module psycopg if this process has it: nobody has a connection of it otherwise."""
    return sys.modules.get("psycopg")


def _blocking_driver(bare: object) -> Callable[[Any, Statements, Values, str], Row] | None:
    """Return what runs a statement on a blocking connection of sqlite3 or psycopg; None for one of another driver."""
    if isinstance(bare, sqlite3.Connection):
        return _on_sqlite
    psycopg = _psycopg()
    return _on_psycopg if psycopg and isinstance(bare, psycopg.Connection) else None


def _on_sqlite(on: Any, statements: Statements, values: Values, operation: str) -> Row:
    cursor = on.cursor()
    cursor.row_factory = None
    text = driver_text(_for(statements, "sqlite", operation), "sqlite", "named")
    found: Row = cursor.execute(text, values).fetchone()
    return found


def _on_psycopg(on: Any, statements: Statements, values: Values, operation: str) -> Row:
    text = driver_text(_for(statements, "postgresql", operation), "postgresql", "pyformat")
    psycopg = _psycopg()  # not by the connection's own class of cursors, which may know no names of parameters
    found: Row = psycopg.Cursor(on, row_factory=psycopg.rows.tuple_row).execute(text, values).fetchone()
    return found


async def _on_async_psycopg(on: Any, statements: Statements, values: Values, operation: str) -> Row:
    text = driver_text(_for(statements, "postgresql", operation), "postgresql", "pyformat")
    psycopg = _psycopg()  # as above
    cursor = await psycopg.AsyncCursor(on, row_factory=psycopg.rows.tuple_row).execute(text, values)
    found: Row = await cursor.fetchone()
    return found


def _plain(row: Sequence[Any] | None) -> Row:
    return None if row is None else tuple(row)


def _begun(on: sa.Connection, operation: str) -> object:
    """Begin a transaction if there is none, as any statement would, and return the driver's own connection.

    Raises InvalidInput if each statement would be a transaction of its own all the same: then a rollback takes nothing
    along. A service may have begun one by a statement, so SQLite is asked after whatever it does at a beginning.
    """
    if not on.in_transaction():
        on.begin()
    bare = on.connection.dbapi_connection
    if on.dialect.name == "sqlite":
        driver = on.connection.driver_connection  # under asyncio another one, which says what the blocking one says
        commits_each = getattr(driver, "isolation_level", "") is None and not getattr(driver, "in_transaction", True)
    else:
        commits_each = getattr(bare, "autocommit", False) is True
    is_asked_for = on.get_execution_options().get("isolation_level") == "AUTOCOMMIT"
    _refuse_autocommit(commits_each or is_asked_for, operation)
    return bare


def _refuse_autocommit(commits_each: object, operation: str) -> None:
    if commits_each is True:
        raise InvalidInput(field="on", problem=COMMITS_EACH, fix=_NO_TRANSACTION, operation=operation)


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
