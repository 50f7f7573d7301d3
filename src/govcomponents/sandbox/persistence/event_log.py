"""Keeps the steps that changed a sandbox, in order: in a file over restarts (SQLite), or in memory for snapshots."""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from govcomponents.core.inputs import reason_of
from govcomponents.errors import ConfigurationError
from govcomponents.private_files import make_private

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_TABLES = """
CREATE TABLE IF NOT EXISTS about (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS steps (
    number INTEGER PRIMARY KEY, at REAL NOT NULL, callers_at REAL NOT NULL, kind TEXT NOT NULL, data TEXT NOT NULL
);
"""


@dataclass(frozen=True, slots=True)
class Step:
    """One step: when it was, by the sandbox's clock and by its callers', what it was, and what redoing it needs."""

    number: int
    at: float
    callers_at: float
    kind: str
    data: Mapping[str, Any]


class Log(Protocol):
    """The steps of one sandbox in order, and a few values beside them."""

    def about(self, name: str) -> str | None:
        """Return one value that is kept beside the steps."""
        ...

    def keep(self, name: str, value: str) -> None:
        """Keep one value beside the steps."""
        ...

    def add(self, at: float, callers_at: float, kind: str, data: Mapping[str, object]) -> None:
        """Add a step at the end."""
        ...

    def steps(self) -> Iterable[Step]:
        """Return all steps, in order."""
        ...

    def clear(self) -> None:
        """Forget all steps."""
        ...

    def close(self) -> None:
        """Keep nothing more. Closing twice does nothing."""
        ...


class MemoryLog:
    """The steps of one sandbox that lives no longer than its process."""

    def __init__(self) -> None:
        self._steps: list[Step] = []
        self._about: dict[str, str] = {}

    def about(self, name: str) -> str | None:
        """Return one value that is kept beside the steps."""
        return self._about.get(name)

    def keep(self, name: str, value: str) -> None:
        """Keep one value beside the steps."""
        self._about[name] = value

    def add(self, at: float, callers_at: float, kind: str, data: Mapping[str, object]) -> None:
        """Add a step at the end."""
        self._steps.append(Step(len(self._steps) + 1, at, callers_at, kind, data))

    def steps(self) -> Iterable[Step]:
        """Return all steps, in order."""
        return tuple(self._steps)

    def clear(self) -> None:
        """Forget all steps."""
        self._steps.clear()

    def close(self) -> None:
        """Do nothing: the steps go with their process."""


class EventLog:
    """The steps of one sandbox. Only one sandbox may have the file; only its owner may read it.

    `made_by` names what the steps can be redone on: the version, the world and the seed. Raises ConfigurationError if
    the file is another's, is in use, or is no event log.
    """

    def __init__(self, path: Path | str, made_by: str) -> None:
        self._path = Path(path)
        try:
            # SQLite would make the file readable by everybody.
            make_private(self._path)
            os.close(os.open(self._path, os.O_RDWR))  # SQLite does not tell the system's reason
            self._file = sqlite3.connect(self._path, timeout=0, isolation_level=None, check_same_thread=False)
        except (OSError, sqlite3.Error) as error:
            raise ConfigurationError(
                f"the state file {path} cannot be opened: {_why(error)}", fix="check the path given with --state"
            ) from None
        try:
            self._file.execute("PRAGMA locking_mode = EXCLUSIVE")
            self._file.execute("PRAGMA journal_mode = WAL")
            self._file.execute("PRAGMA synchronous = NORMAL")
            self._file.executescript(_TABLES)
            self._file.execute("INSERT OR IGNORE INTO about VALUES ('made_by', ?)", (made_by,))
        except sqlite3.OperationalError as error:
            self._file.close()
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                raise ConfigurationError(
                    f"the state file {path} cannot be used: {_why(error)}", fix="let this process write to its folder"
                ) from None
            raise ConfigurationError(
                f"the state file {path} is in use", fix="stop the other sandbox, or give this one a file of its own"
            ) from None
        except sqlite3.DatabaseError:
            self._file.close()
            raise ConfigurationError(
                f"the state file {path} is not a sandbox's",
                fix="give --state a new path, or that of an earlier sandbox",
            ) from None
        if self.about("made_by") != made_by:
            self._file.close()
            raise ConfigurationError(
                "the state file was made by another version, or with another world, seed or way to sign in",
                fix="start with what it was made with, or delete it",
            )

    def about(self, name: str) -> str | None:
        """One value that is kept beside the steps."""
        row = self._file.execute("SELECT value FROM about WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def keep(self, name: str, value: str) -> None:
        """Keep one value beside the steps."""
        self._file.execute("INSERT OR REPLACE INTO about VALUES (?, ?)", (name, value))

    def add(self, at: float, callers_at: float, kind: str, data: Mapping[str, object]) -> None:
        """Add a step at the end."""
        row = (at, callers_at, kind, json.dumps(data))
        self._file.execute("INSERT INTO steps (at, callers_at, kind, data) VALUES (?, ?, ?, ?)", row)

    def steps(self) -> Iterator[Step]:
        """All steps, in order."""
        rows = self._file.execute("SELECT number, at, callers_at, kind, data FROM steps ORDER BY number")
        for number, at, callers_at, kind, data in rows:
            yield Step(number, at, callers_at, kind, json.loads(data))

    def clear(self) -> None:
        """Forget all steps."""
        self._file.execute("DELETE FROM steps")

    def close(self) -> None:
        """Close the file. Closing twice does nothing."""
        with suppress(sqlite3.Error):
            self._file.close()


def _why(error: OSError | sqlite3.Error) -> str:
    """The system's reason, or SQLite's name of it."""
    return reason_of(error) if isinstance(error, OSError) else getattr(error, "sqlite_errorname", type(error).__name__)
