"""A value that is fetched when needed, refreshed in time and shared: provider's documents, key sets, access tokens.

One implementation serves blocking threads and asyncio tasks. Its lock is held only while state is read or changed,
never during a request. When the value has gone stale, one caller refreshes it and the others go on with the stale one.
When there is none at all, one caller fetches and the others wait for it (single flight).
"""

from __future__ import annotations

import asyncio
import logging
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from govcomponents.errors import GovComponentsError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from govcomponents.core.runtime import Clock

T = TypeVar("T")

log = logging.getLogger("govcomponents")

_FIRST_BACK_OFF: Final = 5
_MAX_BACK_OFF: Final = 300
_WAIT_FOR_OTHER: Final = 60.0


class NothingToUse(Exception):
    """There is no value: none could be fetched, or the kept one is too old. Safe to log."""


class Unusable(ValueError):
    """What was fetched is not what it should be; the message says how, and is safe to log."""


@dataclass(slots=True)
class _Flight:
    """One refresh that is under way, and who waits for it."""

    thread: int
    loop: asyncio.AbstractEventLoop | None
    landed: threading.Event = field(default_factory=threading.Event)
    waiters: list[asyncio.Future[None]] = field(default_factory=list)


class RefreshedValue(Generic[T]):
    """One value that is fetched and kept. Safe to share between threads and between tasks of a loop.

    `fetch` returns the value and for how many seconds it is fresh, and raises a GovComponentsError or Unusable; `name`
    is for logs. Each good refresh replaces what was kept; a failed one changes nothing, is tried again with back-off,
    and what was kept serves for `stale_limit` seconds more.
    """

    def __init__(
        self, fetch: Callable[[], Awaitable[tuple[T, float]]], clock: Clock, *, name: str, stale_limit: float
    ) -> None:
        self._fetch = fetch
        self._clock = clock
        self._name = name
        self._stale_limit = stale_limit
        self._lock = threading.Lock()
        self._kept: T | None = None
        self._fetched_at: float | None = None
        self._fresh_until = 0.0
        self._last_attempt = -float("inf")
        self._failures = 0
        self._flight: _Flight | None = None
        self.failure: Exception | None = None
        """Why the last refresh failed; None if it did not."""

    async def current(self) -> T:
        """Return the value. Raises NothingToUse if there is none that may be used."""
        if self._kept is None or self._clock() >= self._fresh_until:
            await self._refresh_if(self._is_due, wait=self._kept is None)
        kept = self._kept
        if kept is None or self._clock() >= self._fresh_until + self._stale_limit:
            raise NothingToUse(f"the {self._name} cannot be fetched")
        return kept

    def _is_due(self, now: float) -> bool:
        if self._fetched_at is not None and now < self._fresh_until:
            return False
        longest = _FIRST_BACK_OFF if self._fetched_at is None else _MAX_BACK_OFF
        back_off = min(_FIRST_BACK_OFF * 2 ** min(self._failures - 1, 10), longest) if self._failures else 0
        return now >= self._last_attempt + back_off

    async def _refresh_if(self, due: Callable[[float], bool], *, wait: bool) -> None:
        """Refresh if that is due; if another caller is at it, `wait` for that one or go on."""
        mine = _Flight(threading.get_ident(), _running_loop())
        with self._lock:
            other = self._flight
            if other is None:
                now = self._clock()
                if not due(now):
                    return
                self._flight, self._last_attempt = mine, now
        if other is not None:
            if wait:
                await self._wait(other)
            return
        try:
            value, fresh_for = await self._fetch()
        except (GovComponentsError, Unusable) as error:
            self._failed(error)
        else:
            self._landed(value, fresh_for)
        finally:
            self._abandon(mine)
            with self._lock:
                waiters = list(mine.waiters)
            mine.landed.set()
            for waiter in waiters:
                if not waiter.done():
                    waiter.set_result(None)

    def _abandon(self, flight: _Flight) -> None:
        """Let others fetch: this one has ended, or nobody is left who could end it, as in a forked process."""
        with self._lock:
            if self._flight is flight:
                self._flight = None

    async def _wait(self, flight: _Flight) -> None:
        """Wait until another caller's fetch has ended, whatever came of it.

        A fetch under way on this same thread is a suspended task of this thread's event loop: only a future lets it
        go on. On another thread it is a blocking caller's, and so is this one.
        """
        if flight.thread != threading.get_ident():
            if not flight.landed.wait(_WAIT_FOR_OTHER):
                self._abandon(flight)
            return
        loop = _running_loop()
        if loop is None or loop is not flight.loop:
            self._abandon(flight)
            return
        waiter: asyncio.Future[None] = loop.create_future()
        with self._lock:
            if self._flight is not flight:
                return
            flight.waiters.append(waiter)
        await waiter

    def _landed(self, value: T, fresh_for: float) -> None:
        with self._lock:
            self.failure = None
            self._kept = value
            self._fetched_at = self._clock()
            self._fresh_until = self._fetched_at + fresh_for
            self._failures = 0

    def _failed(self, error: Exception) -> None:
        with self._lock:
            self._failures += 1
            self.failure = error
            age = None if self._fetched_at is None else int(self._clock() - self._fetched_at)
        kept = "there is no older copy" if age is None else f"a copy of {age} seconds ago is used"
        why = str(error) if isinstance(error, Unusable) else type(error).__name__
        log.warning("the %s could not be refreshed (%s); %s", self._name, why, kept)


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
