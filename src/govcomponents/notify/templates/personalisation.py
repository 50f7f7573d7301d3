"""The rules of personalisation: what a placeholder may be given, and how names of placeholders are compared."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from functools import lru_cache
from typing import TYPE_CHECKING, TypeAlias

from govcomponents.notify.templates.attachments import Attachment

if TYPE_CHECKING:
    from govcomponents.notify.templates.formats import Language

Scalar: TypeAlias = str | int | float | bool | date | time
Value: TypeAlias = Scalar | Sequence[Scalar] | Attachment
Personalisation: TypeAlias = Mapping[str, Value]
"""The values of a template's placeholders: texts, numbers, true and false, dates, times, lists of those, and files."""

_BLIND = str.maketrans("", "", " _-")


@lru_cache(maxsize=2048)  # a service's templates use the same few names again and again
def placeholder_key(name: str) -> str:
    """Return the form in which two placeholder names are compared: case, spaces, `_` and `-` do not count.

    Source: alphagov/notifications-utils, `insensitive_dict.py`.
    """
    return name.translate(_BLIND).lower()


def checked_values(values: Mapping[str, object], language: Language = "en") -> Mapping[str, object]:
    """Return values that a provider can show: true and false as "yes" and "no", dates and times in GOV.UK style.

    Raises ValueError for one that a template cannot show, and for two names of the same placeholder.
    """
    seen: dict[str, str] = {}
    written: dict[str, object] = {}
    for name, value in values.items():
        kind = type(value)
        written[name] = value if kind is str or kind is int else _checked(name, value, language)
        if (same := seen.setdefault(placeholder_key(name), name)) is not name:
            raise ValueError(f"{same!r} and {name!r} name the same placeholder")
    return written


def _checked(name: str, value: object, language: Language) -> object:
    if value is None:
        raise ValueError(f"the value of {name!r} is None, which counts as missing")
    if isinstance(value, (list, tuple)):
        return [_scalar(name, item, language) for item in value]
    if isinstance(value, Attachment):
        return value
    return _scalar(name, value, language)


def _scalar(name: str, value: object, language: Language) -> object:
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"the value of {name!r} is not a finite number")
        return value
    if isinstance(value, (bool, date, time)):
        if isinstance(value, datetime) and value.tzinfo is None:
            raise ValueError(f"the time {name!r} has no time zone")
        from govcomponents.notify.templates.formats import written

        return written(value, language)
    if isinstance(value, (str, int)):
        return value
    problem = f"the value of {name!r} is or holds a {type(value).__name__}, which a template cannot show"
    raise ValueError(problem)


def has_file(values: Mapping[str, object]) -> bool:
    """Whether a placeholder is given a file."""
    return any(isinstance(value, Attachment) for value in values.values())
