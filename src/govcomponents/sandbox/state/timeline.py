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
        self._events: deque[tuple[float, str, str | None, str, str | None]] = deque(maxlen=limit)
        self._lock = threading.Lock()
        self.recorded = 0
        """Number of events ever recorded."""

    def record(self, component: str, happened: str, reference: str | None = None, person: str | None = None) -> None:
        """Add an event at the present time of the clock. `person` is the address by which the person is known."""
        event = (self._clock.time(), component, reference, happened, person)
        with self._lock:
            self.recorded += 1
            self._events.append(event)

    def events(self, reference: str | None = None) -> list[Event]:
        """The events in order; with `reference`, those whose reference is it or starts with it."""
        with self._lock:
            kept = list(self._events)
        if reference is not None:
            kept = [one for one in kept if one[2] is not None and one[2].startswith(reference)]
        return [_shown(one) for one in kept]

    def thread(self, reference: str) -> list[Event]:
        """The events of a journey in order: those of the reference, and the sign-ins of the same person.

        A sign-in has no reference of the service's. The person is known by the address to which the service sent
        something under the reference, or that it gave with a payment.
        """
        with self._lock:
            kept = list(self._events)
        own = [one for one in kept if one[2] is not None and one[2].startswith(reference)]
        people = {one[4].casefold() for one in own if one[4] is not None}
        return [
            _shown(one)
            for one in kept
            if (one[2] is not None and one[2].startswith(reference))
            or (one[2] is None and one[4] is not None and one[4].casefold() in people)
        ]

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._events.clear()


def _shown(event: tuple[float, str, str | None, str, str | None]) -> Event:
    at, component, reference, happened, _ = event
    return Event(datetime.fromtimestamp(at, UTC), component, reference, happened)
