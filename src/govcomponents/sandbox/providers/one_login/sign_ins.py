"""What the sandbox keeps of sign-ins: requests that wait for a person, codes, and access tokens, until they expire."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from govcomponents.sandbox.clock import SandboxClock
from govcomponents.sandbox.providers.one_login.requests import AuthorizationRequest
from govcomponents.sandbox.providers.one_login.world import Person

_KEPT = 10_000
T = TypeVar("T")


class Outcome(StrEnum):
    """How a sign-in ends, as the sign-in page offers it and tests choose it.

    SUCCESS: the person signs in, and is proved as far as the world says. NOT_PROVED: they sign in, and identity is not
    proved. LEFT: they end the journey. LOST_SESSION: the provider lost its own session. UNAVAILABLE and SERVER_ERROR:
    the provider cannot. CLOSED: the browser is closed; nobody comes back. IN_PERSON: they go to a Post Office and come
    back days later.
    """

    SUCCESS = "success"
    NOT_PROVED = "not_proved"
    LEFT = "left"
    LOST_SESSION = "lost_session"
    UNAVAILABLE = "unavailable"
    SERVER_ERROR = "server_error"
    IN_PERSON = "in_person"
    CLOSED = "closed"


@dataclass(frozen=True)
class Grant:
    """What a code, and then an access token, stands for."""

    request: AuthorizationRequest
    person: Person
    signed_in_at: int
    session: str
    confidence: str | None
    return_codes: tuple[str, ...]


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
