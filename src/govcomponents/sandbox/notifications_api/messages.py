"""The messages that a stub keeps, each of which moves on as the clock goes on."""

from __future__ import annotations

import threading
from typing import Generic, Protocol, TypeVar


class Moving:
    """The base of a message. `steps` is what its status becomes after so many seconds, the first one at once."""

    __slots__ = ()
    created_at: float
    steps: tuple[tuple[float, str], ...]

    def step(self, now: float) -> tuple[float, str]:
        """The status by the clock, and when it came."""
        at, status = self.created_at, self.steps[0][1]
        for after, name in self.steps:
            if self.created_at + after <= now:
                at, status = self.created_at + after, name
        return at, status


class _HasId(Protocol):
    @property
    def id(self) -> str: ...


M = TypeVar("M", bound=_HasId)


class KeptMessages(Generic[M]):
    """All messages of a stub. Safe to share between threads. `hidden` are the ids of those taken off the outbox."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self._by_id: dict[str, M] = {}
        self.hidden: set[str] = set()

    def add(self, message: M) -> None:
        """Keep one."""
        with self.lock:
            self._by_id[message.id] = message

    def get(self, message_id: str) -> M | None:
        """One message, whosever it is."""
        return self._by_id.get(message_id)

    def __len__(self) -> int:
        """How many are on the outbox."""
        return len(self._by_id) - len(self.hidden)

    def all(self) -> list[M]:
        """All messages, oldest first."""
        with self.lock:
            return list(self._by_id.values())
