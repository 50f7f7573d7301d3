"""Keeps codes, tokens and waiting requests until they expire."""

from __future__ import annotations

import threading
from typing import Generic, TypeVar

from govcomponents.sandbox.state.clock import SandboxClock

_KEPT = 10_000
T = TypeVar("T")


class ExpiringStore(Generic[T]):
    """Keeps things under unguessable names for a time. Safe to share between threads."""

    def __init__(self, clock: SandboxClock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[float, T]] = {}

    def put(self, name: str, thing: T, seconds: float) -> None:
        """Keep a thing; the oldest go when there are too many."""
        with self._lock:
            self._kept[name] = (self._clock.time() + seconds, thing)
            while len(self._kept) > _KEPT:
                del self._kept[next(iter(self._kept))]

    def look(self, name: str) -> T | None:
        """The thing, if it is there and has not expired."""
        with self._lock:
            return self._good(self._kept.get(name))

    def take(self, name: str) -> T | None:
        """The thing, which is then gone: only one caller gets it."""
        with self._lock:
            return self._good(self._kept.pop(name, None))

    def _good(self, found: tuple[float, T] | None) -> T | None:
        return found[1] if found is not None and self._clock.time() < found[0] else None

    def __len__(self) -> int:
        return len(self._kept)
