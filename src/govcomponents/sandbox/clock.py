"""The sandbox's clock: runs as the real one does, or stands still; can be set and moved."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime


class SandboxClock:
    """A clock that can be set and moved forward. `now` (ISO 8601) stops it there; it moves only when told."""

    def __init__(self, now: str | None = None) -> None:
        self._lock = threading.Lock()
        self._stopped_at: float | None = None
        self._offset = 0.0
        if now is not None:
            self.stop_at(now)

    def time(self) -> float:
        """The time in seconds since the epoch."""
        with self._lock:
            return self._stopped_at if self._stopped_at is not None else time.time() + self._offset

    def now(self) -> datetime:
        """The time as an aware datetime in UTC."""
        return datetime.fromtimestamp(self.time(), UTC)

    def advance(self, seconds: float) -> None:
        """Move the clock forward."""
        with self._lock:
            if self._stopped_at is not None:
                self._stopped_at += seconds
            else:
                self._offset += seconds

    def stop_at(self, moment: str) -> None:
        """Stop the clock at an ISO 8601 time; one without a zone is taken as UTC."""
        parsed = datetime.fromisoformat(moment)
        with self._lock:
            self._stopped_at = (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp()

    def run(self) -> None:
        """Let the clock run on from the time that it shows."""
        with self._lock:
            if self._stopped_at is not None:
                self._offset = self._stopped_at - time.time()
                self._stopped_at = None
