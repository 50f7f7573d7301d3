"""Stores of the keys of events that are done, so that none is acted on twice: in memory, or in a file.

A service that runs in several processes needs a store that they share: the file, or its own implementation of
`ReplayStore` on its database.
"""

from __future__ import annotations

import hashlib
import threading
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from govcomponents.core.inputs import number_argument, path_argument
from govcomponents.frames import shield
from govcomponents.private_files import make_private

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path


@runtime_checkable
class ReplayStore(Protocol):
    """A store of the keys of what is done, each for a time. Must be safe to share between threads."""

    def has(self, key: str, now: float) -> bool:
        """Whether a key is kept now (seconds since the epoch)."""
        ...

    def add(self, key: str, until: float, now: float) -> bool:
        """Keep a key until a time (seconds since the epoch). Returns False if it is kept already, atomically."""
        ...


@shield
class MemoryReplayStore:
    """A store of keys in this process. It holds at most `limit`; the oldest go first.

    Times are in seconds since the epoch.
    """

    def __init__(self, limit: int = 100_000) -> None:
        fix = "give how many keys it may hold"
        number_argument(limit, field="limit", fix=fix, operation="MemoryReplayStore", least=1)
        self._limit = limit
        self._lock = threading.Lock()
        self._until: dict[str, float] = {}

    def has(self, key: str, now: float) -> bool:
        """Whether a key is kept now."""
        with self._lock:
            return self._until.get(key, now) > now

    def add(self, key: str, until: float, now: float) -> bool:
        """Keep a key until a time."""
        with self._lock:
            if self._until.get(key, now) > now:
                return False
            self._until.pop(key, None)
            self._until[key] = until
            if len(self._until) > self._limit:
                del self._until[next(iter(self._until))]
            return True


@shield
class FileReplayStore:
    """A store of keys in an SQLite file, shared by the processes of one machine. Only hashes of keys are written.

    Times are in seconds since the epoch, `timeout` in seconds.
    """

    def __init__(self, path: Path | str, *, timeout: float = 5.0) -> None:
        fix = "give the path of a file; it is made if there is none"
        self._path = path_argument(path, field="path", fix=fix, operation="FileReplayStore")
        number_argument(timeout, field="timeout", fix="give seconds", operation="FileReplayStore")
        self._timeout = timeout

    def has(self, key: str, now: float) -> bool:
        """Whether a key is kept now. Raises sqlite3.Error if the file cannot be used."""
        with closing(self._opened()) as file:
            found = file.execute("SELECT 1 FROM notices WHERE key = ? AND until > ?", (key_hash(key), now)).fetchone()
            return found is not None

    def add(self, key: str, until: float, now: float) -> bool:
        """Keep a key until a time. Raises sqlite3.Error if the file cannot be used."""
        with closing(self._opened()) as file:
            file.execute("BEGIN IMMEDIATE")
            file.execute("DELETE FROM notices WHERE until <= ?", (now,))
            is_new = file.execute("INSERT OR IGNORE INTO notices VALUES (?, ?)", (key_hash(key), until)).rowcount == 1
            file.execute("COMMIT")
            return is_new

    def _opened(self) -> sqlite3.Connection:
        import sqlite3

        with suppress(OSError):  # SQLite says what is wrong
            make_private(self._path)
        file = sqlite3.connect(self._path, timeout=self._timeout, isolation_level=None)
        try:
            file.execute("CREATE TABLE IF NOT EXISTS notices (key BLOB PRIMARY KEY, until REAL) WITHOUT ROWID")
        except sqlite3.Error:
            file.close()
            raise
        return file


def key_hash(key: str) -> bytes:
    """Return what stores keep in the place of a key: a key may name a person, and none is to be read in a store."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()
