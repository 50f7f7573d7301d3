"""The pace of a bulk send: as fast as it may be, and slower where the provider shows that its limit is lower.

Refused requests count at GOV.UK Notify, and its answer does not say when the next is let in. So all workers pause
together after a refusal, and then go on more slowly (multiplicative decrease); while nothing is refused, the pace rises
again, evenly (additive increase). Between two refusals the provider let through exactly what its limit gives to this
process, whatever other processes take: that is the rate to go on with.
"""

from __future__ import annotations

import threading
from random import Random
from typing import Final, NamedTuple

_KEPT: Final = 0.5
"""The part of the pace that is kept after a refusal, if nothing better is known."""
_BELOW_MEASURED: Final = 0.95
"""The part of the measured rate that is gone on with, so that the provider's bucket fills again."""
_RISES_IN: Final = 150.0
"""Seconds in which the pace would rise from nothing to the whole, were nothing refused."""
_FIRST_PAUSE: Final = 3.0
_LONGEST_PAUSE: Final = 60.0
_SHORTEST_HOLD: Final = 0.01
_SLOWEST: Final = 1 / 60
_IN_A_BURST: Final = 0.5
"""Seconds of the pace that may be caught up at once, when workers were late."""


class Turn(NamedTuple):
    """A place in the queue: how long to wait for it, and the pause that was the last when it was given."""

    wait: float
    pause: int


class Pace:
    """The pace that all workers of one bulk send share. Threads and tasks may use it at once.

    `most` is the highest rate in requests a second.
    """

    def __init__(self, most: float, *, random: Random | None = None) -> None:
        self._most = most
        self._rate = most
        self._random = random or Random()  # noqa: S311  # it keeps processes apart, and no secret
        self._lock = threading.Lock()
        self._next: float | None = None
        self._pauses = 0
        self._resumes_at = 0.0
        self._rises_from = 0.0
        self._refused_at: float | None = None
        self._passed = 0
        self._fruitless = 0

    @property
    def rate(self) -> float:
        """The present rate in requests a second."""
        return self._rate

    @property
    def fruitless_pauses(self) -> int:
        """The number of pauses in a row after which nothing was let through."""
        return self._fruitless

    def take(self, now: float) -> Turn:
        """Take the next place in the queue. After the wait, ask `holds` whether it may still be used."""
        with self._lock:
            self._rise(now)
            interval = 1 / self._rate
            start = now if self._next is None else max(self._next, now - max(0.0, _IN_A_BURST - interval))
            self._next = start + interval
            return Turn(max(0.0, start - now), self._pauses)

    def holds(self, turn: Turn) -> bool:
        """Whether there was no pause since a place was taken: otherwise another is to be taken."""
        return turn.pause == self._pauses

    def passed(self) -> None:
        """Count a request that the provider did not refuse for its pace."""
        with self._lock:
            self._passed += 1
            self._fruitless = 0

    def refused(self, turn: Turn, now: float, retry_after: float | None = None) -> float | None:
        """Pause, and slow down, after a refusal; a request that was on its way at the last pause changes nothing.

        `retry_after` is the wait in seconds that the provider asked for. Returns how long the pause is, if there is
        one.
        """
        with self._lock:
            if turn.pause != self._pauses:
                return None
            self._slow_down(now)
            pause = min(_FIRST_PAUSE * 2 ** min(self._fruitless, 10), _LONGEST_PAUSE)
            seconds: float = max(pause, retry_after or 0.0) * self._random.uniform(1.0, 1.5)
            self._hold(now, seconds)
            return seconds

    def hold(self, turn: Turn, now: float, seconds: float) -> None:
        """Let all wait, at the same pace, because a shared limiter has nothing to give."""
        with self._lock:
            if turn.pause == self._pauses:
                self._hold(now, max(seconds, _SHORTEST_HOLD))

    def _hold(self, now: float, seconds: float) -> None:
        self._pauses += 1
        self._next = self._rises_from = now + seconds

    def _slow_down(self, now: float) -> None:
        measured = None
        if self._refused_at is not None:
            if self._passed:
                measured = self._passed / max(now - self._refused_at, 1e-3)
            else:
                self._fruitless += 1
        kept = self._rate * _KEPT
        if measured is not None:
            kept = max(kept, min(measured, self._rate) * _BELOW_MEASURED)
        self._rate = max(kept, min(_SLOWEST, self._most))
        self._refused_at = now
        self._passed = 0

    def _rise(self, now: float) -> None:
        if self._rate < self._most and now > self._rises_from:
            self._rate = min(self._most, self._rate + self._most * (now - self._rises_from) / _RISES_IN)
            self._rises_from = now
