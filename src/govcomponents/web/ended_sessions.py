"""Stores of the sessions that ended before their time: people who signed out, here or at the provider.

A session is over if it, or its person, ended after it began. That is one look-up by a key, whatever number of sessions
there is: none of them is read to end those of one person.
"""

from __future__ import annotations

import threading
from contextlib import closing
from typing import TYPE_CHECKING, Protocol, TypeVar, runtime_checkable

from govcomponents.core.inputs import number_argument, path_argument
from govcomponents.errors import GovComponentsError, Unavailable
from govcomponents.frames import shield
from govcomponents.identity.replay_stores import key_hash

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from govcomponents.web.person import Person


T = TypeVar("T")


def in_store(work: Callable[[], T]) -> T:
    """Ask a store of sessions. Raises Unavailable for whatever it raises: it may be of the service's own."""
    try:
        return work()
    except GovComponentsError as error:
        problem = error.happened
    except Exception as error:  # noqa: BLE001  # stores raise what their databases do
        problem = type(error).__name__
    raise Unavailable(f"the store of sessions failed: {problem}", fix="mend the store", operation="web.sessions")


@runtime_checkable
class EndedSessions(Protocol):
    """A store of ends, each under a key and for a time. Must be safe to share between threads.

    Several processes need one that they share. Times are in seconds since the epoch.
    """

    def end(self, key: str, at: float, until: float) -> None:
        """Keep that what the key names ended at a time; it may be forgotten after `until`. The latest end counts."""
        ...

    def ended_at(self, keys: tuple[str, ...]) -> float | None:
        """Return the latest end of any of the keys, or None."""
        ...


@shield
class MemoryEndedSessions:
    """A store of ends in this process: for development, and for a service that is one process.

    Times are in seconds since the epoch.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ends: dict[str, tuple[float, float]] = {}  # in the order of the calls, which is nearly that of `until`

    def end(self, key: str, at: float, until: float) -> None:
        """Keep an end."""
        with self._lock:
            before = self._ends.pop(key, (at, until))
            self._ends[key] = (max(at, before[0]), max(until, before[1]))
            while self._ends and self._ends[first := next(iter(self._ends))][1] <= at:
                del self._ends[first]

    def ended_at(self, keys: tuple[str, ...]) -> float | None:
        """Return the latest end of any of the keys, or None."""
        with self._lock:
            return max((self._ends[key][0] for key in keys if key in self._ends), default=None)


@shield
class FileEndedSessions:
    """A store of ends in an SQLite file, shared by the processes of one machine. Only hashes of keys are written.

    Times are in seconds since the epoch, `timeout` in seconds.
    """

    def __init__(self, path: Path | str, *, timeout: float = 5.0) -> None:
        fix = "give the path of a file; it is made if there is none"
        self._path = path_argument(path, field="path", fix=fix, operation="FileEndedSessions")
        number_argument(timeout, field="timeout", fix="give seconds", operation="FileEndedSessions")
        self._timeout = timeout

    def end(self, key: str, at: float, until: float) -> None:
        """Keep an end. Raises sqlite3.Error if the file cannot be used."""
        import sqlite3

        with closing(sqlite3.connect(self._path, timeout=self._timeout, isolation_level=None)) as file:
            file.execute("CREATE TABLE IF NOT EXISTS ends (key BLOB PRIMARY KEY, at REAL, until REAL) WITHOUT ROWID")
            file.execute("BEGIN IMMEDIATE")
            file.execute("DELETE FROM ends WHERE until <= ?", (at,))
            file.execute(
                "INSERT INTO ends VALUES (?, ?, ?) ON CONFLICT (key) DO UPDATE"
                " SET at = max(at, excluded.at), until = max(until, excluded.until)",
                (key_hash(key), at, until),
            )
            file.execute("COMMIT")

    def ended_at(self, keys: tuple[str, ...]) -> float | None:
        """Return the latest end of any of the keys, or None. Raises sqlite3.Error if the file cannot be used."""
        import sqlite3

        if not self._path.exists():
            return None
        marks = ", ".join("?" * len(keys))
        with closing(sqlite3.connect(self._path, timeout=self._timeout, isolation_level=None)) as file:
            query = f"SELECT max(at) FROM ends WHERE key IN ({marks})"  # noqa: S608  # question marks only
            try:
                found: float | None = file.execute(query, [key_hash(key) for key in keys]).fetchone()[0]
            except sqlite3.OperationalError as error:
                if "no such table" in str(error):
                    return None
                raise
        return found


def keys_of(person: Person) -> tuple[str, ...]:
    """Return the keys under which the session of a person may have been ended."""
    keys = (session_key(person), person_key(person.issuer, person.subject.reveal()))
    if person.provider_session is None:
        return keys
    return (*keys, provider_session_key(person.issuer, person.provider_session.reveal()))


def session_key(person: Person) -> str:
    """Return the key of one session."""
    return f"session {person.session.reveal()}"


def person_key(issuer: str, subject: str) -> str:
    """Return the key of all sessions of a person."""
    return f"person {issuer} {subject}"


def provider_session_key(issuer: str, session: str) -> str:
    """Return the key of the sessions that began in one session at the provider."""
    return f"provider's session {issuer} {session}"
