"""One attempt and no more, and none after a deadline: for callers who hold a lease and repeat calls themselves."""

from __future__ import annotations

import time
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Final

from govcomponents.errors import NotSent

if TYPE_CHECKING:
    from collections.abc import Iterator

_deadline: ContextVar[float | None] = ContextVar("govcomponents_deadline", default=None)
_CLOCK: Final = getattr(time, "CLOCK_BOOTTIME", None)


def steady_time() -> float:
    """Return seconds of a clock that is never set, and goes on while the machine sleeps where the system has one."""
    return time.monotonic() if _CLOCK is None else time.clock_gettime(_CLOCK)


@contextmanager
def single_attempt(deadline: float) -> Iterator[None]:
    """Let no call in here be repeated, and none begin after `deadline`, a time of `steady_time`."""
    token = _deadline.set(deadline)
    try:
        yield
    finally:
        _deadline.reset(token)


def is_single() -> bool:
    """Whether calls are made once only."""
    return _deadline.get() is not None


def check_deadline(operation: str = "", provider: str = "") -> None:
    """Raise NotSent if the deadline is over: right before a request leaves, as this process may have been asleep."""
    deadline = _deadline.get()
    if deadline is not None and steady_time() > deadline:
        raise NotSent(
            "the time in which this call may be made is over; nothing was sent", operation=operation, provider=provider
        )
