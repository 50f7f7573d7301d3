"""Runs a coroutine for a blocking caller, on the caller's own thread and without an event loop.

Every operation is written once, as a coroutine that awaits nothing but its transport. A blocking transport never
suspends, so the first step runs the coroutine to its end. It works inside a running loop, in threads and in
prefork workers alike.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, TypeVar

from govcomponents.errors import AdapterSuspended
from govcomponents.frames import leave_frames_behind

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Coroutine, Iterator

T = TypeVar("T")

_STEPS_TO_END = 100


class _Driving(threading.local):
    """How many coroutines this thread is running for blocking callers, one within another."""

    depth = 0


_driving = _Driving()


def is_driven() -> bool:
    """Whether this code runs for a blocking caller, who can wait for no task: also where a loop runs around them."""
    return _driving.depth > 0


def drive(coroutine: Coroutine[object, None, T]) -> T:
    """Run a coroutine that never suspends, and return its result.

    Raises AdapterSuspended if it suspends; the coroutine is ended first, so nothing of it stays behind.
    """
    _driving.depth += 1
    try:
        coroutine.send(None)
    except StopIteration as stop:
        result: T = stop.value
        return result
    finally:
        _driving.depth -= 1
    _abandon(coroutine)
    raise AdapterSuspended("the operation awaited something that a blocking caller cannot wait for")


def _abandon(coroutine: Coroutine[object, None, object]) -> None:
    """End a suspended coroutine, also one that suspends again in its own clean-up.

    Not by `close`: before Python 3.13 that leaves an async generator behind which says that it is still running.
    """
    for _ in range(_STEPS_TO_END):
        try:
            coroutine.throw(GeneratorExit)
        except (GeneratorExit, Exception):  # noqa: BLE001  # whatever its clean-up raises, it has ended
            return


def drive_iterator(items: AsyncGenerator[T, None]) -> Iterator[T]:
    """Step an async generator that never suspends, item by item, as a plain iterator."""
    try:
        while True:
            try:
                item = drive(items.__anext__())
            except StopAsyncIteration:
                return
            except BaseException as error:
                leave_frames_behind(error)
                raise
            yield item
    finally:
        drive(items.aclose())
