"""The end of a whole call: when all its requests, their attempts and the waits between them must have ended."""

from __future__ import annotations

import time
from contextvars import ContextVar, copy_context
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from contextvars import Context

_ENDS: Final[ContextVar[float | None]] = ContextVar("call_ends", default=None)


class limited:  # noqa: N801  # used as a statement: `with limited(...):`, by every call, so not made of a generator
    """Let what runs inside end within so many seconds; a call inside another ends with that one at the latest."""

    __slots__ = ("_seconds", "_token")

    def __init__(self, seconds: float | None) -> None:
        self._seconds = seconds

    def __enter__(self) -> None:
        outer = _ENDS.get()
        ends = outer if self._seconds is None else time.monotonic() + self._seconds
        self._token = _ENDS.set(ends if outer is None or ends is None else min(ends, outer))

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        _ENDS.reset(self._token)


def seconds_left() -> float | None:
    """Return the seconds that the call has left, which may be none or fewer; None where nothing limits it."""
    ends = _ENDS.get()
    return None if ends is None else ends - time.monotonic()


def unlimited_context() -> Context:
    """Return this context for a task that works for others too: the caller's end is not theirs."""
    context = copy_context()
    context.run(_ENDS.set, None)
    return context
