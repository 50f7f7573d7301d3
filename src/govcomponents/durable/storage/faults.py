"""The errors of a database as ours: what is wrong with the store, and the command or the step that mends it."""

from __future__ import annotations

import re
import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, NamedTuple

import sqlalchemy as sa

from govcomponents.errors import ConfigurationError, GovComponentsError, InvalidInput, Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterator

MIGRATE_FIX: Final = "run `govcomponents durable migrate`, or `later.migrate()` once where the service is deployed"

KEYS_FIX: Final = "run `govcomponents durable migrate`, which makes it again"


class _Kind(NamedTuple):
    """One kind of fault: how the database's codes for it begin, and words of the driver's text where it gives none.

    Words are regular expressions: so much of a sentence that no other can be meant, such as one about a certificate.
    """

    codes: tuple[str, ...] = ()
    words: tuple[str, ...] = ()

    def is_of(self, error: BaseException) -> bool:
        """Whether the error is of this kind. A code is never looked for in the text, which holds ports and names."""
        code, text = _told(error)
        return code.startswith(self.codes) or any(re.search(one, text) for one in self.words)


_READ_ONLY: Final = _Kind(("SQLITE_READONLY", "25006"))
_FULL: Final = _Kind(("SQLITE_FULL", "53100"))
_NO_TABLES: Final = _Kind(("42P01", "42703"), ("no such table", "no such column", "has no column named"))
_NO_KEY: Final = _Kind(("42P10",), ("ON CONFLICT clause does not match",))
_NO_DATABASE: Final = _Kind(("SQLITE_NOTADB", "SQLITE_CORRUPT"))
_LOCKED: Final = _Kind(("SQLITE_BUSY", "SQLITE_LOCKED", "55P03"))
_SLOW: Final = _Kind(("57014",))
_UNDONE: Final = _Kind(("40001", "40P01"))
_FORBIDDEN: Final = _Kind(
    ("42501", "28P01", "28000"),
    # libpq gives no code for what ends the greeting
    (
        "no password supplied|authentication failed|no pg_hba.conf entry|pg_hba.conf rejects|permission denied for",
        'role ".*" (?:does not exist|is not permitted)',
    ),
)
_CROWDED: Final = _Kind(("53300",), ("too many (?:clients|connections)|remaining connection slots are reserved",))
_CANNOT_OPEN: Final = _Kind(("SQLITE_CANTOPEN",))
_UNKNOWN_NAME: Final = _Kind(("3D000",), ('database ".*" does not exist',))
_FAILED_BEFORE: Final = _Kind(("25P02",), ("current transaction is aborted",))
_AWAY: Final = (
    *("Connection refused", "Name or service not known", "Temporary failure in name resolution", "No route to host"),
    *("Network is unreachable", "timeout expired", "Connection timed out", "Connection reset by peer"),
)  # the system's own reasons, which hold nothing of a row
_CLOSED: Final = (
    "connection is closed",
    "connection already closed",
    "closed database",
    "closed connection",
    "permanently closed",
    "created in a thread",
)
_IN_USE: Final = "isce"
"""SQLAlchemy's own code for a session that is used by two at once."""
_OF_DJANGO: Final = "TransactionManagementError"
"""What Django raises for every statement of an atomic block in which one has failed, or that is to be rolled back."""
_ENDED_INSIDE: Final = "closed transaction inside context manager"
_ON_FIX: Final = "give a connection or session that is open, in the transaction of the service's own work"
_AGAIN: Final = "roll back, and do the whole transaction again"


@contextmanager
def store_faults(operation: str = "") -> Iterator[None]:
    """Raise what the database of the store raises as an error of ours: ConfigurationError or Unavailable.

    The database's own error is left behind: its text and its parameters hold what the row holds.
    """
    try:
        yield
    except (sa.exc.SQLAlchemyError, sqlite3.Error) as error:
        raise store_fault(error, operation) from None


def store_fault(error: BaseException, operation: str = "") -> ConfigurationError | Unavailable:
    """Return the error of ours that stands for one of the database."""
    name = fault_name(error)
    if _NO_TABLES.is_of(error):
        return ConfigurationError(
            "the database has no tables of the durable layer, or older ones", fix=MIGRATE_FIX, operation=operation
        )
    if _NO_KEY.is_of(error):
        return ConfigurationError(
            f"somebody dropped from the tables of the durable layer what keeps a call from being made twice ({name})",
            fix=KEYS_FIX,
            operation=operation,
        )
    if _NO_DATABASE.is_of(error):
        return ConfigurationError(
            f"the file of the durable layer is no SQLite database, or a damaged one ({name})",
            fix="see that the path is the right one; restore the file from a backup if it is",
            operation=operation,
        )
    if _FORBIDDEN.is_of(error):
        return ConfigurationError(
            f"the database of the durable layer does not let this user in, or to its tables ({name})",
            fix="check user and password; the user needs SELECT, INSERT, UPDATE and DELETE on the tables gov_*",
            operation=operation,
        )
    if _CANNOT_OPEN.is_of(error):
        happened = f"the database of the durable layer cannot be used: its file cannot be opened ({name})"
        fix = "make the folder that the URL names, and see that this user may write to it and to the file"
    elif _READ_ONLY.is_of(error):
        happened = f"the database of the durable layer can be read, but not written to ({name})"
        fix = (
            "see that the file and its folder may be written to, that the transaction is not read-only, and that the "
            "URL is of the primary, not of a replica"
        )
    elif _FULL.is_of(error):
        happened = f"the database of the durable layer is full ({name})"
        fix = "make room on its disk; nothing that was committed is lost, and the work goes on by itself"
    elif _CROWDED.is_of(error) or isinstance(error, sa.exc.TimeoutError):
        happened = f"no connection to the database of the durable layer is free ({name})"
        fix = "give processes pools that together fit the limit of the server, role and database, or raise it"
    elif _LOCKED.is_of(error):
        happened = f"the database of the durable layer is locked by somebody else ({name})"
        fix = (
            "end the transaction that holds the lock, or give it as `on` if it is your own; on SQLite raise the "
            "timeout of the engine"
        )
    elif _SLOW.is_of(error):
        happened = f"the database ended a statement of the durable layer, as it took too long ({name})"
        fix = (
            "see what holds it up, such as a lock, or an index that is gone (`govcomponents durable migrate` makes it "
            "again), or raise statement_timeout for this user"
        )
    elif _UNDONE.is_of(error):
        happened, fix = f"the database undid the transaction because of another one ({name})", _AGAIN
    elif _UNKNOWN_NAME.is_of(error):
        return ConfigurationError(
            f"the database of the durable layer is not on its server ({name})",
            fix="check the URL; make the database, then run `govcomponents durable migrate`",
            operation=operation,
        )
    else:
        _, told = _told(error)
        reason = next((f": {one}" for one in _AWAY if one in told), "")
        happened = f"the database of the durable layer cannot be used ({name}{reason})"
        fix = "see that it is there and can be reached, and that the URL is right; nothing that was committed is lost"
    return Unavailable(happened, fix=fix, operation=operation)


def transaction_fault(error: Exception, operation: str) -> GovComponentsError | None:
    """Return the error of ours for what a caller's own connection raised; None if it is none of a database."""
    _, told = _told(error)
    is_of_session = isinstance(error, sa.exc.InvalidRequestError) and not isinstance(error, sa.exc.NoSuchTableError)
    if is_of_session or any(part in told for part in _CLOSED):
        if isinstance(error, sa.exc.UnboundExecutionError):
            problem = "it is a Session that has no engine for all tables, and which one is meant nobody can tell"
            fix = "give session.connection(bind_arguments={'bind': engine}), with the durable layer's engine"
            return InvalidInput(field="on", problem=problem, fix=fix, operation=operation)
        problem, fix = f"it is closed, or belongs to another thread ({fault_name(error)})", _ON_FIX
        if getattr(error, "code", None) == _IN_USE:
            problem = f"another task is at work on it in the same moment ({fault_name(error)})"
            fix = "use a session in one task at a time: await one call before the next, without gather"
        elif isinstance(error, sa.exc.PendingRollbackError):
            problem, fix = f"its transaction has failed before ({fault_name(error)})", _AGAIN
        elif _ENDED_INSIDE in told:
            problem = "its transaction, or a savepoint of it, was ended inside of its own `with` block"
            fix = "leave that block first, then make the call; or raise in the block, which ends it too"
        elif "transaction" in told:
            problem = f"its transaction is over or has failed before ({fault_name(error)})"
        return InvalidInput(field="on", problem=problem, fix=fix, operation=operation)
    if _FAILED_BEFORE.is_of(error) or type(error).__name__ == _OF_DJANGO:
        problem = f"its transaction has failed before, and takes no more statements ({fault_name(error)})"
        return InvalidInput(field="on", problem=problem, fix=_AGAIN, operation=operation)
    if isinstance(error, UnicodeEncodeError):
        return InvalidInput(
            field="reference",
            problem=f"it holds a character that the database, which is in {error.encoding}, cannot keep",
            fix="give references in ASCII, or use a database in UTF8",
            operation=operation,
        )
    if isinstance(error, (sa.exc.SQLAlchemyError, sqlite3.Error)) or _is_of_a_driver(error):
        return store_fault(error, operation)
    return None


def _is_of_a_driver(error: BaseException) -> bool:
    """Whether a driver or Django raised it: each has an error class of its own that all of its errors are."""
    return any(f"{kind.__module__}.{kind.__name__}" in _DRIVER_ERRORS for kind in type(error).__mro__)


_DRIVER_ERRORS: Final = ("psycopg.Error", "psycopg2.Error", "django.db.utils.Error")
_CODES: Final = ("sqlstate", "pgcode", "sqlite_errorname")
"""Where drivers keep the database's code: psycopg, psycopg2 and sqlite3."""


def _driver_error(error: BaseException) -> BaseException:
    if isinstance(error, sa.exc.StatementError) and error.orig is not None:
        return error.orig
    is_djangos = type(error).__module__ == "django.db.utils"
    return error.__cause__ if is_djangos and error.__cause__ is not None else error


def fault_name(error: BaseException) -> str:
    """The class of the driver's error and the database's code: safe to log, which its text is not."""
    found = _driver_error(error)
    code = _code(found)
    return f"{type(found).__name__} {code}" if code else type(found).__name__


def _told(error: BaseException) -> tuple[str, str]:
    """The database's code, and the driver's text where it gives none, which goes no further than here."""
    found = _driver_error(error)
    code = _code(found) or "SQLITE_ERROR"
    return code, str(found) if code == "SQLITE_ERROR" else ""


def _code(found: BaseException) -> str | None:
    codes: list[str] = [code for name in _CODES if (code := getattr(found, name, None))]
    return codes[0] if codes else None
