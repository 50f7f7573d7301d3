"""Snapshots of one sandbox by name, for suites that begin many tests from one state."""

from __future__ import annotations

import re
import threading
from typing import TYPE_CHECKING, Final

from govcomponents.errors import ConfigurationError

if TYPE_CHECKING:
    from govcomponents.sandbox.persistence.replay import Snapshot, StateReplayer

NAME: Final = r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"
MAX_SNAPSHOTS: Final = 100


class Snapshots:
    """The snapshots that were taken. Safe to share between threads. Every method raises ConfigurationError."""

    def __init__(self, replayer: StateReplayer | None) -> None:
        self._replayer = replayer
        self._lock = threading.Lock()
        self._taken: dict[str, Snapshot] = {}

    def names(self) -> list[str]:
        """The names of those that were taken, oldest first."""
        with self._lock:
            return list(self._taken)

    def take(self, name: str) -> None:
        """Keep the present state under a name."""
        if not re.fullmatch(NAME, name):
            raise ConfigurationError(
                "that is no name for a snapshot", fix="give letters, digits, dots, hyphens and underscores, at most 64"
            )
        taken = self._noted().snapshot()
        with self._lock:
            if len(self._taken) >= MAX_SNAPSHOTS and name not in self._taken:
                raise ConfigurationError(f"there are {MAX_SNAPSHOTS} snapshots already", fix="forget some of them")
            self._taken.pop(name, None)
            self._taken[name] = taken

    def restore(self, name: str) -> None:
        """Bring the sandbox back to one."""
        replayer = self._noted()
        with self._lock:
            taken = self._taken.get(name)
        if taken is None:
            raise ConfigurationError(
                f"there is no snapshot {name!r}", fix=f"the names are: {', '.join(self.names()) or 'none yet'}"
            )
        replayer.restore(taken)

    def forget(self, name: str) -> None:
        """Let one go."""
        with self._lock:
            if self._taken.pop(name, None) is None:
                raise ConfigurationError(f"there is no snapshot {name!r}", fix="it may be gone already")

    def _noted(self) -> StateReplayer:
        if self._replayer is None:
            raise ConfigurationError(
                "this sandbox takes no snapshots", fix="make it with snapshots=True, or start it with --snapshots"
            )
        return self._replayer
