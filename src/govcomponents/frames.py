"""Clears what a failed public call leaves behind: every frame, and every other error, that holds what it was given.

An error carries its traceback, a traceback carries frames, and a frame its local variables: the API key in a header,
the card number, the whole of who somebody is. Error trackers send them by default. So what fails inside a public call
leaves it without the frames inside and without the errors that it was made of: the traceback goes on at the caller's
own line. Our own errors say in their text what happened; to any other, the way that it came is added as a note.
"""

from __future__ import annotations

import inspect
import os
import sys
import sysconfig
import traceback
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from types import TracebackType
from typing import Any, Final, TypeVar, cast

from govcomponents.errors import GovComponentsError

KindT = TypeVar("KindT")
CallT = TypeVar("CallT", bound=Callable[..., Any])

_MARK: Final = "__leaves_frames_behind__"
_OWN: Final = (
    f"{Path(__file__).parent}{os.sep}",
    *{f"{sysconfig.get_path(name)}{os.sep}" for name in ("stdlib", "platstdlib")},
    "<",  # what is no file, such as frozen modules
)
_HOLDING: Final = ("obj", "object", "doc")  # the value with which AttributeError, UnicodeError, JSONDecodeError came
_INSTALLED: Final = (f"{os.sep}site-packages{os.sep}", f"{os.sep}dist-packages{os.sep}")


def leaving_frames_behind(call: CallT) -> CallT:
    """Make a public function or coroutine function whose failures hold nothing of what it was called with."""
    if hasattr(call, _MARK):
        return call
    outer = _leaving(call, leave_frames_behind)
    setattr(outer, _MARK, True)
    return outer


def leaving_own_frames_behind(call: CallT) -> CallT:
    """Make a function of ours, within which the service's own code runs, whose failures lack our frames alone.

    What failed is the service's: the frames of its libraries and the errors that led to it stay, to be looked into.
    """
    return _leaving(call, _leave_own_frames_behind)


def _leaving(call: CallT, leave: Callable[[BaseException, BaseException | None], None]) -> CallT:
    """Make a function that calls another one, and treats what it raises."""
    if inspect.iscoroutinefunction(call):

        @wraps(call)
        async def awaited(*args: Any, **kwargs: Any) -> Any:
            outside = sys.exception()
            try:
                return await call(*args, **kwargs)
            except BaseException as error:
                del args, kwargs
                leave(error, outside)
                raise

        return cast("CallT", awaited)

    @wraps(call)
    def called(*args: Any, **kwargs: Any) -> Any:
        outside = sys.exception()
        try:
            return call(*args, **kwargs)
        except BaseException as error:
            del args, kwargs
            leave(error, outside)
            raise

    return cast("CallT", called)


def shield(kind: type[KindT]) -> type[KindT]:
    """Make the making of a class and each of its public methods leave their frames behind when they fail.

    Gives the class, as decorators do. It goes above `@dataclass`, whose `__init__` it wraps too.
    """
    for name, member in inspect.getmembers_static(kind):
        if name.startswith("_") and name != "__init__":
            continue
        if inspect.isfunction(member):
            setattr(kind, name, leaving_frames_behind(member))
        elif isinstance(member, (classmethod, staticmethod)):
            setattr(kind, name, type(member)(leaving_frames_behind(member.__func__)))
    return kind


def leave_frames_behind(error: BaseException, outside: BaseException | None = None) -> None:
    """Take from an error the frames that it came through, and the errors that led to it.

    `outside` is what the caller was handling before the call: that is the caller's own, and stays. Frames of code
    that belongs to no installed library stay too: a function that the caller gave may have failed.
    """
    trace = error.__traceback__
    error.__traceback__ = _without(trace, _is_library)
    if isinstance(error, GovComponentsError):
        error.__cause__ = None
        error.__context__ = outside
        error.__suppress_context__ = False
        return
    for name in _HOLDING:
        held = getattr(error, name, None)
        if held is not None and _is_library(_last(trace) if trace else None):
            setattr(error, name, type(held)() if isinstance(held, (str, bytes)) else None)
    if isinstance(error, Exception) and trace is not None and trace.tb_next is not None and _is_library(_last(trace)):
        way = "".join(traceback.format_tb(trace))
        error.add_note(f"It came this way; the frames are left out, since they can hold what nobody may see:\n{way}")
    if isinstance(error, BaseExceptionGroup):
        for part in error.exceptions:
            leave_frames_behind(part, outside)
    for link in ("__cause__", "__context__"):
        _leave_behind_in_chain(error, link, outside)


def _leave_behind_in_chain(error: BaseException, link: str, outside: BaseException | None) -> None:
    """Keep an earlier error only if it was raised in the caller's own code."""
    earlier: BaseException | None = getattr(error, link)
    if earlier is None or earlier is outside:
        return
    suppressed = error.__suppress_context__
    if (
        isinstance(earlier, GovComponentsError)
        or earlier.__traceback__ is None
        or _is_library(_last(earlier.__traceback__))
    ):
        setattr(error, link, outside if link == "__context__" else None)
    else:
        leave_frames_behind(earlier, outside)
    error.__suppress_context__ = suppressed


def _leave_own_frames_behind(error: BaseException, outside: BaseException | None) -> None:
    seen: list[BaseException | None] = [outside]  # the caller's own
    waiting: list[BaseException | None] = [error]
    while waiting:
        one = waiting.pop()
        if one is not None and not any(one is other for other in seen):
            seen.append(one)
            waiting += [one.__cause__, one.__context__, *getattr(one, "exceptions", ())]
            one.__traceback__ = _without(one.__traceback__, _is_own)


def _is_own(trace: TracebackType) -> bool:
    return trace.tb_frame.f_code.co_filename.startswith(_OWN[0])


def _without(trace: TracebackType | None, is_left: Callable[[TracebackType], bool]) -> TracebackType | None:
    """Return a traceback without some of its entries."""
    entries = []
    while trace is not None:
        if not is_left(trace):
            entries.append(trace)
        trace = trace.tb_next
    kept: TracebackType | None = None
    for entry in reversed(entries):
        kept = TracebackType(kept, entry.tb_frame, entry.tb_lasti, entry.tb_lineno)
    return kept


def _last(trace: TracebackType) -> TracebackType:
    while trace.tb_next is not None:
        trace = trace.tb_next
    return trace


def _is_library(trace: TracebackType | None) -> bool:
    if trace is None:
        return True
    file = trace.tb_frame.f_code.co_filename
    return file.startswith(_OWN) or any(part in file for part in _INSTALLED)
