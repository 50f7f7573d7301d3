"""The timeline: what happened in the sandbox, in order, tied together by the services' own references."""

from __future__ import annotations

import threading
from collections import deque
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from govcomponents.sandbox.state.clock import SandboxClock


class Event(NamedTuple):
    """One thing that happened: when, to which component, under which reference, and what, in words for people."""

    at: datetime
    component: str
    reference: str | None
    happened: str


class Timeline:
    """Keeps the newest events, up to a limit. Safe to share between threads."""

    def __init__(self, clock: SandboxClock, limit: int = 10_000) -> None:
        self._clock = clock
        self._events: deque[tuple[float, str, str | None, str]] = deque(maxlen=limit)
        self._lock = threading.Lock()
        self.recorded = 0
        """Number of events ever recorded."""

    def record(self, component: str, happened: str, reference: str | None = None) -> None:
        """Add an event at the present time of the clock."""
        event = (self._clock.time(), component, reference, happened)
        with self._lock:
            self.recorded += 1
            self._events.append(event)

    def events(self, reference: str | None = None) -> list[Event]:
        """The events in order; with `reference`, those whose reference is it or starts with it."""
        with self._lock:
            kept = list(self._events)
        if reference is not None:
            kept = [one for one in kept if one[2] is not None and one[2].startswith(reference)]
        return [Event(datetime.fromtimestamp(at, UTC), component, of, told) for at, component, of, told in kept]

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._events.clear()
