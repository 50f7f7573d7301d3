"""Answers of providers in tests: the values that one holds, and what a value that guards itself holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from govcomponents.core.results import Result


def revealed(value: Any) -> Any:
    """Return what a value that guards itself holds; any other is returned as it is."""
    return value.reveal() if hasattr(value, "reveal") else value


def holds(result: Result, text: str) -> bool:
    """Whether the answer that a result was read from holds a text as one of its values."""
    return any(text == value for value in values(result.raw))


def values(raw: Any) -> Iterator[Any]:
    """Yield each value of an answer, from inside of its objects and lists."""
    if isinstance(raw, Mapping):
        for value in raw.values():
            yield from values(value)
    elif isinstance(raw, (list, tuple)):
        for value in raw:
            yield from values(value)
    else:
        yield raw
