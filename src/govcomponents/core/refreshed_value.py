"""A value that is fetched when needed, refreshed in time and shared: provider's documents, key sets, access tokens.

One implementation serves blocking threads and asyncio tasks. Its lock is held only while state is read or changed,
never during a request. When the value has gone stale, one caller refreshes it and the others go on with the stale one.
When there is none at all, one caller fetches and the others wait for it (single flight). For asyncio the fetch is a
task of its own: a caller who is cancelled takes it from nobody else.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from govcomponents.core.deadline import seconds_left, unlimited_context
from govcomponents.core.driver import is_driven
from govcomponents.errors import GovComponentsError
from govcomponents.frames import leave_frames_behind

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Awaitable, Callable

    from govcomponents.core.times import Clock

T = TypeVar("T")

log = logging.getLogger("govcomponents")

_FIRST_BACK_OFF: Final = 5
_MAX_BACK_OFF: Final = 300
_WAIT_FOR_OTHER: Final = 60.0


class NothingToUse(Exception):
    """There is no value: none could be fetched, or the kept one is too old. It says why; safe to log."""


class Unusable(ValueError):
    """The error for fetched content that is not what it should be; the message says how, and is safe to log."""


@dataclass(slots=True)
class _Flight:
    """One refresh that is under way: on which thread, and in which loop as which task."""

    thread: int
    loop: asyncio.AbstractEventLoop | None
    previous_attempt: float = -float("inf")
    landed: threading.Event = field(default_factory=threading.Event)
    task: asyncio.Task[None] | None = None


class RefreshedValue(Generic[T]):
    """One value that is fetched and kept. Safe to share between threads and between tasks of a loop.

    `fetch` returns the value and for how many seconds it is fresh, and raises a GovComponentsError or Unusable; `name`
    is for logs. Each good refresh replaces what was kept; one that fails, however it fails, changes nothing, is tried
    again with back-off, and what was kept serves for `stale_limit` seconds more.
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
            raise self._nothing()
        return kept

    async def renewed(self) -> T:
        """Fetch the value now, whatever is kept, and return it. Raises NothingToUse unless that succeeds."""
        await self._refresh_if(lambda _now: True, wait=True)
        kept = self._kept
        if kept is None or self.failure is not None:
            raise self._nothing()
        return kept

    def _nothing(self) -> NothingToUse:
        failure = self.failure
        if failure is None:
            return NothingToUse(f"the {self._name} was not fetched")
        verb = "used" if isinstance(failure, Unusable) else "fetched"
        return NothingToUse(f"the {self._name} cannot be {verb}: {_reason(failure)}")

    def _is_due(self, now: float) -> bool:
        if self._fetched_at is not None and now < self._fresh_until:
            return False
        longest = _FIRST_BACK_OFF if self._fetched_at is None else _MAX_BACK_OFF
        back_off = min(_FIRST_BACK_OFF * 2 ** min(self._failures - 1, 10), longest) if self._failures else 0
        return now >= self._last_attempt + back_off

    async def _refresh_if(self, due: Callable[[float], bool], *, wait: bool) -> None:
        """Refresh if that is due; if another caller is at it, `wait` for that one or go on."""
        loop = _loop_of_task()
        mine = _Flight(threading.get_ident(), loop)
        with self._lock:
            other = self._flight
            if other is None:
                now = self._clock()
                if not due(now):
                    return
                mine.previous_attempt = self._last_attempt
                self._flight, self._last_attempt = mine, now
        if other is not None:
            if wait:
                await self._wait(other)
        elif loop is None:
            await self._fly(mine)
        else:
            mine.task = loop.create_task(self._fly(mine), context=unlimited_context())
            await _landing(mine.task)

    async def _fly(self, flight: _Flight) -> None:
        """Fetch, and keep what came or why nothing did. A fetch that was stopped counts as none."""
        try:
            value, fresh_for = await self._fetch()
        except Exception as error:  # noqa: BLE001  # whatever it is, those who have a copy go on with it
            self._failed(error)
        except BaseException:
            with self._lock:
                self._last_attempt = flight.previous_attempt
            raise
        else:
            self._landed(value, fresh_for)
        finally:
            self._abandon(flight)
            flight.landed.set()

    def _abandon(self, flight: _Flight) -> None:
        """Let others fetch: this one has ended, or nobody is left who could end it, as in a forked process."""
        with self._lock:
            if self._flight is flight:
                self._flight = None

    async def _wait(self, flight: _Flight) -> None:
        """Wait until another caller's fetch has ended, whatever came of it.

        A fetch under way on this same thread is a task of this thread's event loop. On another thread it is a blocking
        caller's, and so is this one.
        """
        if flight.thread != threading.get_ident():
            left = _patience()
            if not flight.landed.wait(_WAIT_FOR_OTHER if left is None else min(left, _WAIT_FOR_OTHER)) and left is None:
                self._abandon(flight)
            return
        loop = _loop_of_task()
        if loop is None or loop is not flight.loop or flight.task is None:
            self._abandon(flight)
            return
        await _landing(flight.task)

    def _landed(self, value: T, fresh_for: float) -> None:
        with self._lock:
            self.failure = None
            self._kept = value
            self._fetched_at = self._clock()
            self._fresh_until = self._fetched_at + fresh_for
            self._failures = 0

    def _failed(self, error: Exception) -> None:
        leave_frames_behind(error)  # it is kept
        with self._lock:
            self._failures += 1
            self.failure = error
            age = None if self._fetched_at is None else int(self._clock() - self._fetched_at)
        kept = "there is no older copy" if age is None else f"a copy of {age} seconds ago is used"
        log.warning("the %s could not be refreshed (%s); %s", self._name, _reason(error), kept)


def _reason(failure: Exception) -> str:
    """Why a fetch failed, as far as it is safe to show."""
    if isinstance(failure, GovComponentsError):
        return failure.happened
    return str(failure) if isinstance(failure, (Unusable, NothingToUse)) else type(failure).__name__


async def _landing(task: asyncio.Task[None]) -> None:
    """Wait for a fetch, which goes on when the one who waits is cancelled."""
    from asyncio import wait

    await wait((task,), timeout=_patience())


def _patience() -> float | None:
    """How long this call may wait for a fetch that another one makes."""
    left = seconds_left()
    return None if left is None else max(left, 0.0)


def _loop_of_task() -> asyncio.AbstractEventLoop | None:
    """Return the loop that this code can wait in, or None for a blocking caller."""
    if is_driven():
        return None
    from asyncio import get_running_loop  # blocking callers do without asyncio, which is slow to import

    try:
        return get_running_loop()
    except RuntimeError:
        return None
