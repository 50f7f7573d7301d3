"""The engine of the store: the caller's own, or one that is made from a URL."""

from __future__ import annotations

import os
import sqlite3
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias
from weakref import WeakSet

import sqlalchemy as sa
from tenacity import Retrying, retry_if_exception, stop_after_delay, wait_random

from govcomponents.core.inputs import instance_argument
from govcomponents.durable.storage.migrating import migrate
from govcomponents.errors import ConfigurationError
from govcomponents.private_files import make_private

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

EngineLike: TypeAlias = "sa.Engine | AsyncEngine | str"
"""An engine of SQLAlchemy, or the URL of a database."""

DEFAULT_URL: Final = "sqlite:///govcomponents.db"
_DRIVERS: Final = {"postgresql": "postgresql+psycopg", "sqlite": "sqlite"}
_FIX: Final = 'give an Engine, an AsyncEngine, or a URL such as "postgresql+psycopg://user@host/database"'
_BUSY: Final = 30.0
"""Seconds for which SQLite's one place of a writer is waited for, in a file that is the durable layer's own."""
_BUSY_BESIDE: Final = 5.0
"""The same beside an engine of asyncio: as long as that waits itself, so that nobody waits longer for a page."""


_MADE: Final[WeakSet[sa.Engine]] = WeakSet()
_PARENTS: Final[list[sa.Pool]] = []
"""Pools of the process that this one was forked from: its connections are neither used here nor closed."""


def _leave_to_parent() -> None:
    """Have a forked process, such as a worker of `gunicorn --preload`, open connections of its own."""
    for engine in tuple(_MADE):
        _PARENTS.append(engine.pool)
        engine.dispose(close=False)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_leave_to_parent)


def engine_argument(given: object, operation: str) -> sa.Engine:
    """Return an engine that a store of the service's database is given. Raises InvalidInput for what is none."""
    fix = "give what sqlalchemy.create_engine(url) returned: it is used on threads, under asyncio too"
    return store_engine(instance_argument(given, sa.Engine, field="engine", fix=fix, operation=operation))


def store_engine(given: sa.Engine) -> sa.Engine:
    """Return the engine for transactions of our own: the pool is the service's, and how they behave is not.

    They read what was committed before each statement, whatever the service, the role or the server prefers: one that
    waited for a lock would not see what was done under it, and would do it again. Each is one transaction, even where
    the service has every statement commit by itself. The tables are not those of a tenant's schema.
    """
    if given.dialect.name == "postgresql":
        return given.execution_options(isolation_level="READ COMMITTED", schema_translate_map=None)
    return given.execution_options(schema_translate_map=None)  # SQLite's begin in `begin_writing`


def engine_for(given: EngineLike | None, *, is_made: bool = True) -> sa.Engine:
    """Return the engine of the store. The drivers of asyncio have their blocking twin here: workers use threads.

    A SQLite file that is given by its URL is set so that a commit survives a loss of power, and has its tables made:
    without `is_made` it has to be there already. Raises ConfigurationError for what is no engine and no URL, for a
    database other than SQLite and PostgreSQL, and if its driver is not installed.
    """
    if isinstance(given, sa.Engine):
        return _supported(given)
    url: Any = getattr(given, "url", given)
    if isinstance(url, str) and url.startswith("postgres://"):  # as platforms write it
        url = url.replace("postgres://", "postgresql://", 1)
    try:
        parsed = sa.make_url(DEFAULT_URL if url is None else url)
    except (sa.exc.ArgumentError, AttributeError, TypeError):
        raise ConfigurationError("the durable layer got neither an engine nor a URL", fix=_FIX) from None
    name = parsed.get_backend_name()
    if name not in _DRIVERS:
        raise _unsupported(name)
    if name == "sqlite" and parsed.database in (None, "", ":memory:"):
        raise ConfigurationError(
            "the durable layer cannot keep its rows in memory", fix='give a file, such as "sqlite:///govcomponents.db"'
        )
    if name == "sqlite" and not is_made and not Path(parsed.database or "").exists():
        raise ConfigurationError(
            "there is no file of the durable layer at the path that the URL names",
            fix="check the path; `govcomponents durable migrate` makes a new one",
        )
    if name == "sqlite" and not (parsed.database or "").startswith("file:"):
        with suppress(OSError):  # it is said where the file is first used
            make_private(parsed.database or "")
    try:
        engine = sa.create_engine(parsed.set(drivername=_DRIVERS[name]))
        _MADE.add(engine)
    except ModuleNotFoundError:
        raise ConfigurationError(
            "psycopg is not installed", fix="pip install 'govcomponents[durable]' psycopg"
        ) from None
    if name == "sqlite":
        patience = _BUSY if url is given else _BUSY_BESIDE
        sa.event.listen(engine, "connect", lambda connection, _record: _durable_file(connection, patience))
        if is_made:
            try:
                migrate(engine)
            except BaseException:
                engine.dispose()  # nobody else has it, to close what it has opened
                raise
    return engine


def asyncio_engine_of(given: object, gov: object) -> AsyncEngine | None:
    """Return the caller's engine of asyncio, for coroutines to work on, if it and the components are of asyncio."""
    if "sqlalchemy.ext.asyncio" not in sys.modules:
        return None
    from sqlalchemy.ext.asyncio import AsyncEngine

    from govcomponents.components import AsyncGovComponents

    return given if isinstance(given, AsyncEngine) and isinstance(gov, AsyncGovComponents) else None


def _supported(engine: sa.Engine) -> sa.Engine:
    if engine.dialect.name not in _DRIVERS:
        raise _unsupported(engine.dialect.name)
    return engine


def _unsupported(name: str) -> ConfigurationError:
    return ConfigurationError(f"the durable layer does not work on {name}", fix="use PostgreSQL or SQLite")


def _durable_file(connection: sqlite3.Connection, patience: float) -> None:
    """WAL lets readers go on beside the writer; FULL makes a commit outlast a loss of power, and NORMAL may not."""
    connection.execute(f"PRAGMA busy_timeout = {patience * 1000:.0f}")
    # Of several that turn a new file to WAL at once SQLite refuses all but one, and at once, whatever the timeout.
    Retrying(
        retry=retry_if_exception(_is_busy), wait=wait_random(0.0, 0.05), stop=stop_after_delay(_BUSY), reraise=True
    )(connection.execute, "PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")


def _is_busy(error: BaseException) -> bool:
    return getattr(error, "sqlite_errorname", None) == "SQLITE_BUSY"
