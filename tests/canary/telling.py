"""What an error and a result tell to whoever takes them apart, as error trackers, loggers and caches do."""

from __future__ import annotations

import dataclasses
import json
import pickle
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import TracebackType

CALLERS_OWN = (str(Path(__file__).parents[1]), "/contracts/modes.py", "/asyncio/")
"""Frames of the caller: it holds what it gives, whatever we do."""
_DEEP = 5


def frames(error: BaseException) -> Iterator[TracebackType]:
    trace = error.__traceback__
    while trace is not None:
        if not any(part in trace.tb_frame.f_code.co_filename for part in CALLERS_OWN):
            yield trace
        trace = trace.tb_next


def walked(value: object, depth: int = _DEEP) -> Iterator[str]:
    """What a tool shows that goes into mappings, sequences and the attributes of objects."""
    yield repr(value)
    if depth == 0 or isinstance(value, (str, bytes, int, float, type)):
        return
    if isinstance(value, Mapping):
        for key, part in value.items():
            yield repr(key)
            yield from walked(part, depth - 1)
    elif isinstance(value, (list, tuple, set, frozenset)):
        for part in value:
            yield from walked(part, depth - 1)


def chain(error: BaseException) -> Iterator[BaseException]:
    """An error and every error that it leads to, also where that is not shown."""
    seen: list[BaseException] = []
    waiting: list[BaseException | None] = [error]
    while waiting:
        one = waiting.pop()
        if one is not None and not any(one is other for other in seen):
            seen.append(one)
            waiting += [one.__cause__, one.__context__]
            yield one


def told_by_error(error: BaseException) -> Iterator[str]:
    """All that can be learnt of an error by whoever catches it, but for the caller's own frames."""
    for one in chain(error):
        yield from (str(one), repr(one), repr(one.args), repr(getattr(one, "__notes__", "")))
        yield from walked(vars(one))
        for name in ("request", "response", "doc", "object", "request_info"):
            held = getattr(one, name, None)
            yield from walked(getattr(held, "__dict__", held))
        for trace in frames(one):
            yield from walked(trace.tb_frame.f_locals)
    yield pickle.dumps(error).decode("latin-1")


def told_by_result(value: object) -> Iterator[str]:
    """All that can be learnt of a result without asking it to reveal anything."""
    if isinstance(value, (list, tuple)):
        for part in value:
            yield from told_by_result(part)
        return
    yield from walked(value)
    yield f"{value} {value!r}"
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        plain = dataclasses.asdict(value)
        yield from walked(plain)
        yield json.dumps(plain, default=str)
        yield repr(dataclasses.astuple(value))
        yield pickle.dumps(value).decode("latin-1")
        if hasattr(value, "to_dict"):
            yield json.dumps(value.to_dict())
    if hasattr(value, "__dict__"):
        yield from walked(vars(value))
