"""The end of a whole call: when all its requests, their attempts and the waits between them must have ended."""

from __future__ import annotations

import time
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextvars import Context

_ENDS: Final[ContextVar[float | None]] = ContextVar("call_ends", default=None)


@contextmanager
def limited(seconds: float | None) -> Iterator[None]:
    """Let what runs inside end within so many seconds; a call inside another ends with that one at the latest."""
    outer = _ENDS.get()
    if seconds is None:
        yield
        return
    ends = time.monotonic() + seconds
    token = _ENDS.set(ends if outer is None else min(ends, outer))
    try:
        yield
    finally:
        _ENDS.reset(token)


def seconds_left() -> float | None:
    """Return the seconds that the call has left, which may be none or fewer; None where nothing limits it."""
    ends = _ENDS.get()
    return None if ends is None else ends - time.monotonic()


def unlimited_context() -> Context:
    """Return this context for a task that works for others too: the caller's end is not theirs."""
    context = copy_context()
    context.run(_ENDS.set, None)
    return context
