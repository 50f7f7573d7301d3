"""Pacers, which keep one process at a rate, and limiters, which keep several that share a key within one limit.

from govcomponents.notify import LimitsLimiter

limiter = LimitsLimiter.from_url("redis://cache:6379", per_minute=3000)
gov.notify.send_many(rows, template, channel="email", batch="renewals", limiter=limiter)
"""

from __future__ import annotations

import math
import threading
import time
from typing import TYPE_CHECKING, Final, Protocol, runtime_checkable

from govcomponents.core.inputs import text_argument
from govcomponents.errors import ConfigurationError, InvalidInput, NotSent
from govcomponents.frames import shield

if TYPE_CHECKING:
    from typing import Self

    from limits import RateLimitItem
    from limits.strategies import RateLimiter

_HEADROOM: Final = 0.98
_SHORTEST_WAIT: Final = 0.02
_LONGEST_WINDOW: Final = 10
"""Seconds. Two windows' requests may follow each other at once, and the provider's bucket must hold them."""


class Pacer:
    """A token bucket that keeps a process at the rate that the provider permits; threads and tasks may share it.

    It permits so many requests a minute, evenly; after a pause, at most `burst` at once to catch up, none at first.

    `reserve` takes a place in the queue and says how long to wait for it: nothing waits while the lock is held.
    """

    def __init__(self, per_minute: float, *, burst: float = 1.0) -> None:
        self.per_minute = per_minute
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


@runtime_checkable
class Limiter(Protocol):
    """A limiter of requests that several processes share.

    Its methods may block: they are called on a thread of their own where the caller is an event loop. An error that it
    raises ends the send.
    """

    def acquire(self, tokens: int) -> float:
        """Take so many tokens, and return 0; or take none, and return the seconds to wait before asking again."""
        ...


@shield
class LimitsLimiter:
    """A limiter over the library `limits`, whose storage (Redis, Memcached, MongoDB) the processes share.

    `strategy`, `item` and `key` are the library's: how requests are counted, how many are permitted, and under which
    name. Needs the extra `limits`.
    """

    def __init__(self, strategy: RateLimiter, item: RateLimitItem, key: str = "govcomponents-notify") -> None:
        if not hasattr(strategy, "hit") or not hasattr(strategy, "get_window_stats"):
            raise _wrong(
                "strategy", strategy, "give a strategy of the library limits, such as FixedWindowRateLimiter(storage)"
            )
        if not hasattr(item, "get_expiry"):
            raise _wrong("item", item, "give a limit of the library limits, such as RateLimitItemPerSecond(49)")
        self._strategy = strategy
        self._item = item
        self._seconds = 0
        self._key = text_argument(key, field="key", fix="give a name for the provider's key", operation=_OPERATION)

    @classmethod
    def from_url(cls, url: str, *, per_minute: float, key: str = "govcomponents-notify") -> Self:
        """Make a limiter on a storage by its URL, such as "redis://cache:6379", at a little less than a minute's limit.

        Raises ConfigurationError if the library, or its storage, cannot be used.
        """
        url = text_argument(url, field="url", fix="give a URL such as redis://cache:6379", operation=_OPERATION)
        given: object = per_minute
        if isinstance(given, bool) or not isinstance(given, (int, float)) or not 1 <= given <= 1e9:
            raise _wrong("per_minute", given, "give the number of requests that the provider permits in a minute")
        try:
            from limits import RateLimitItemPerSecond
            from limits.errors import ConfigurationError as Unusable
            from limits.storage import storage_from_string
            from limits.strategies import FixedWindowRateLimiter
        except ImportError:
            raise ConfigurationError(
                "a shared limiter needs the package limits, which is not installed",
                fix='pip install "govcomponents[limits]"',
            ) from None
        try:
            strategy = FixedWindowRateLimiter(storage_from_string(url))
        except (Unusable, ValueError) as error:
            raise ConfigurationError(
                f"the storage of the shared limiter cannot be used ({type(error).__name__})",
                fix="check its URL, and that the client library of its kind is installed",
            ) from None
        amount, seconds = _window(per_minute * _HEADROOM / 60)
        limiter = cls(strategy, RateLimitItemPerSecond(amount, seconds), key)
        limiter._seconds = seconds
        return limiter

    def acquire(self, tokens: int) -> float:
        """Take so many tokens, and return 0; or return the seconds until the next window.

        Raises NotSent if the storage does not answer.
        """
        names, resets_at = [self._key], 0.0
        if self._seconds:
            # The library begins a window with its first request, and tells its end in whole seconds: half of one of a
            # second would be lost. These follow each other by the clock, and each has a name of its own.
            number = int(time.time() // self._seconds)
            names, resets_at = [self._key, str(number)], (number + 1.0) * self._seconds
        try:
            if self._strategy.hit(self._item, *names, cost=tokens):
                return 0.0
            resets_at = resets_at or self._strategy.get_window_stats(self._item, *names).reset_time
        except Exception as error:  # noqa: BLE001  # each storage has errors of its own
            raise NotSent(
                f"the storage of the shared limiter did not answer ({type(error).__name__}); nothing was sent",
                operation=_OPERATION,
            ) from None
        return max(resets_at - time.time(), _SHORTEST_WAIT)


_OPERATION: Final = "LimitsLimiter"


def _window(per_second: float) -> tuple[int, int]:
    """Return a whole number of requests and of seconds that come closest to a rate, and not above it."""
    windows = [(math.floor(per_second * seconds + 1e-9), seconds) for seconds in range(1, _LONGEST_WINDOW + 1)]
    amount, seconds = max(windows, key=lambda window: (round(window[0] / window[1], 2), -window[1]))
    return (amount, seconds) if amount else (1, math.ceil(1 / per_second))


def _wrong(field: str, given: object, fix: str) -> InvalidInput:
    problem = f"it cannot be used: it is of the type {type(given).__name__}"
    if isinstance(given, (int, float)) and not isinstance(given, bool):
        problem = "it is not from 1 to 1,000,000,000"
    return InvalidInput(field=field, problem=problem, fix=fix, operation=_OPERATION)
