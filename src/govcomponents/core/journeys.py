"""A journey: the opaque id of one person's case, under which sign-in, payments and messages are found together."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Final

from govcomponents.core.inputs import flag_argument, text_argument
from govcomponents.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MAX_JOURNEY: Final = 64
_NEEDED: Final = f"give 1 to {MAX_JOURNEY} characters without personal data"
_FIX: Final = f"{_NEEDED}, or leave it out"
_NAME: Final = "journey"

_current: ContextVar[tuple[str, bool] | None] = ContextVar("govcomponents_journey", default=None)


def current_journey() -> str | None:
    """Return the id of the journey in which this code runs; None if it is in none."""
    found = _current.get()
    return None if found is None else found[0]


def with_journey(
    metadata: Mapping[str, str | int | float | bool] | None,
) -> Mapping[str, str | int | float | bool] | None:
    """Return a payment's metadata with the journey in it, if that was asked for."""
    found = _current.get()
    if found is None or not found[1]:
        return metadata
    return {_NAME: found[0], **(metadata or {})}


@contextmanager
def within_journey(journey: str, *, in_metadata: bool) -> Iterator[str]:
    """Let what is called within belong to a journey. Raises InvalidInput for what can be no id of one."""
    check_journey(journey, "journey")
    token = _current.set((journey, flag_argument(in_metadata, field="in_metadata", operation="journey")))
    try:
        yield journey
    finally:
        _current.reset(token)


@contextmanager
def belonging_to(journey: str | None) -> Iterator[None]:
    """Let what is called within belong to the journey that a row was put down for, or to none."""
    token = _current.set(None if journey is None else (journey, False))
    try:
        yield
    finally:
        _current.reset(token)


def check_journey(journey: object, operation: str, *, is_needed: bool = False) -> None:
    """Raise InvalidInput unless it can be the id of a journey, or is None where none is needed."""
    if journey is None and not is_needed:
        return
    fix = _NEEDED if is_needed else _FIX
    text = text_argument(journey, field=_NAME, fix=fix, operation=operation)
    if not text.strip() or len(text) > MAX_JOURNEY or not text.isprintable():
        problem = f"it is blank, longer than {MAX_JOURNEY} characters, or has characters that cannot be seen"
        raise InvalidInput(field=_NAME, problem=problem, fix=fix, operation=operation)
