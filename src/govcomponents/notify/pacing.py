"""A token bucket that keeps a process at the rate that the provider permits; threads and tasks may share it."""

from __future__ import annotations

import threading


class Pacer:
    """Permits so many requests a minute, evenly; after a pause, at most `burst` at once to catch up, none at first.

    `reserve` takes a place in the queue and says how long to wait for it: nothing waits while the lock is held.
    """

    def __init__(self, per_minute: float, *, burst: float = 1.0) -> None:
        self._interval = 60.0 / per_minute
        self._burst = burst
        self._lock = threading.Lock()
        self._next: float | None = None

    def reserve(self, now: float, tokens: int = 1) -> float:
        """Take so many tokens at the time `now`, in seconds; return the seconds to wait before using them."""
        with self._lock:
            earliest = now if self._next is None else now - (self._burst - 1) * self._interval
            start = earliest if self._next is None else max(self._next, earliest)
            self._next = start + tokens * self._interval
            return max(0.0, start - now)
