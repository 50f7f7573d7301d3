"""The sandbox's clock: runs as the real one does, or stands still; can be set and moved."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime

from govcomponents.core.times import utc_time
from govcomponents.errors import ConfigurationError

_LAST = 253_402_300_799.0  # the end of the year 9999, after which no datetime can be made


class SandboxClock:
    """A clock that can be set and moved forward. `now` (ISO 8601) stops it there; it moves only when told.

    Raises ConfigurationError if `now` is not a time.
    """

    def __init__(self, now: str | None = None) -> None:
        self._lock = threading.Lock()
        self._stopped_at: float | None = None
        self._offset = 0.0
        self._held: tuple[float, float] | None = None
        self._listeners: list[Callable[[], None]] = []
        if now is not None:
            self.stop_at(now)

    def time(self) -> float:
        """The time in seconds since the epoch."""
        with self._lock:
            return self._time() if self._held is None else self._held[0]

    def real_time(self) -> float:
        """The time of the machine, in seconds since the epoch."""
        held = self._held
        return time.time() if held is None else held[1]

    def _time(self) -> float:
        return self._stopped_at if self._stopped_at is not None else time.time() + self._offset

    def now(self) -> datetime:
        """The time as an aware datetime in UTC."""
        return datetime.fromtimestamp(self.time(), UTC)

    @property
    def is_running(self) -> bool:
        """Whether it runs by itself."""
        return self._stopped_at is None

    def advance(self, seconds: float) -> None:
        """Move the clock forward. Raises ValueError for a negative number, and beyond the year 9999."""
        with self._lock:
            moved = self._time() + seconds
            if not math.isfinite(seconds) or seconds < 0 or moved > _LAST:
                raise ValueError("the clock moves forward, by a number of seconds, and not beyond the year 9999")
            if self._stopped_at is not None:
                self._stopped_at = moved
            else:
                self._offset += seconds
        self._tell()

    def stop_at(self, moment: str) -> None:
        """Stop the clock at an ISO 8601 time; one without a zone is taken as UTC. It may be in the past.

        Raises ConfigurationError if it is not a time.
        """
        try:
            stopped = utc_time(moment).timestamp()
        except (TypeError, AttributeError, ValueError, OverflowError):
            stopped = -1.0
        if not 0 <= stopped <= _LAST:
            raise ConfigurationError(
                "the time for the sandbox's clock is not an ISO 8601 time from 1970 to 9999",
                fix='write it such as "2026-03-02T09:00:00Z"',
            )
        with self._lock:
            self._stopped_at = stopped
        self._tell()

    def stop(self) -> None:
        """Stop the clock at the time that it shows."""
        with self._lock:
            if self._stopped_at is None:
                self._stopped_at = self._time()

    def run(self) -> None:
        """Let the clock run on from the time that it shows."""
        with self._lock:
            if self._stopped_at is not None:
                self._offset = self._stopped_at - time.time()
                self._stopped_at = None
        self._tell()

    def reset(self, now: str | None) -> None:
        """Begin again: stopped at `now`, or running with the real time if that is None."""
        if now is None:
            with self._lock:
                self._stopped_at, self._offset = None, 0.0
            self._tell()
        else:
            self.stop_at(now)

    def on_move(self, listener: Callable[[], None]) -> None:
        """Call `listener` each time that somebody moves, sets or starts the clock."""
        self._listeners.append(listener)

    @contextmanager
    def held(self, moment: tuple[float, float] | None = None) -> Iterator[tuple[float, float]]:
        """Show one time for the length of a `with` block: (the sandbox's, the machine's), without one the present.

        Whoever moves the clock in the block ends that. Only a sandbox that keeps its state does this.
        """
        before = self._held
        with self._lock:
            self._held = moment or before or (self._time(), time.time())
        try:
            yield self._held
        finally:
            self._held = before

    def settings(self) -> dict[str, float | None]:
        """Settings with which `restore` shows this time again."""
        with self._lock:
            return {"stopped_at": self._stopped_at, "offset": self._offset}

    def restore(self, settings: Mapping[str, float | None]) -> None:
        """Go on as the clock whose `settings` these are."""
        with self._lock:
            self._stopped_at, self._offset = settings["stopped_at"], settings["offset"] or 0.0

    def _tell(self) -> None:
        self._held = None
        for listener in self._listeners:
            listener()
