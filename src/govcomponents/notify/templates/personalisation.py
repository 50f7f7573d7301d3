"""The rules of personalisation: what a placeholder may be given, and how names of placeholders are compared."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from functools import lru_cache
from typing import TYPE_CHECKING, Final, TypeAlias

from govcomponents.core.validation import is_plain_name, is_text
from govcomponents.money import Money
from govcomponents.notify.templates.attachments import Attachment

if TYPE_CHECKING:
    from govcomponents.notify.templates.formats import Language

Scalar: TypeAlias = str | int | float | bool | Decimal | Money | date | time
Value: TypeAlias = Scalar | Sequence[Scalar] | AbstractSet[Scalar] | Attachment
Personalisation: TypeAlias = Mapping[str, Value]
"""The values of a template's placeholders: texts, numbers, true and false, dates, times, lists of those, and files."""

MAX_LENGTH: Final = 200_000
"""How many characters one value may have, or the items of a list together: more is no part of a letter to a person."""

_NOT_LISTS: Final = (str, int, float, bytes, bytearray, Mapping, Enum)
_MAX_BITS: Final = 4096
_MANY_MARKS: Final = 31  # Unicode's own limit for text that is read as a stream (UAX 15, "Stream-Safe Text Format")
_FIRST_MARK: Final = "\u0300"  # all characters before the first combining one are in NFC as they are
_BLIND = str.maketrans("", "", " _-")


@lru_cache(maxsize=2048)  # a service's templates use the same few names again and again
def placeholder_key(name: str) -> str:
    """Return the form in which two placeholder names are compared: case, spaces, `_` and `-` do not count.

    Neither does it whether accents are joined with their letters, as they are sent. Source:
    alphagov/notifications-utils, `insensitive_dict.py`.
    """
    key = name.translate(_BLIND).lower()
    return key if key.isascii() else composed(key)


def shown_values(values: object, language: Language = "en") -> Mapping[str, object]:
    """Return values that a provider can show: true and false as "yes" and "no", dates and times in GOV.UK style.

    Members of an Enum give their value, sets are sorted, and letters whose accents are characters of their own are
    joined (NFC): a text message would lose them. Raises ValueError for a value that a template cannot show or that
    is longer than `MAX_LENGTH`, and for two names of the same placeholder.
    """
    if not isinstance(values, Mapping):
        raise ValueError("it is not a mapping")  # noqa: TRY004  # what callers turn into InvalidInput
    seen: dict[str, str] = {}
    written: dict[str, object] = {}
    for name, value in values.items():
        if not isinstance(name, str):
            raise ValueError(f"the name of a placeholder is a {type(name).__name__}, not a text")  # noqa: TRY004  # as above
        if not is_text(name):
            raise ValueError("the name of a placeholder holds half of a surrogate pair, which no template can hold")
        if "\0" in name:
            raise ValueError("the name of a placeholder holds a null character, which no template can hold")
        sent = name if name.isascii() else composed(name)
        written[sent] = _text(name, value) if type(value) is str else _checked(name, value, language)
        if (same := seen.setdefault(placeholder_key(name), name)) is not name:
            raise ValueError(f"{shown_name(same)} and {shown_name(name)} name the same placeholder")
    return written


def _checked(name: str, value: object, language: Language) -> object:
    if value is None:
        raise ValueError(f"the value of {shown_name(name)} is None, which counts as missing")
    if isinstance(value, Attachment):
        return value
    if not isinstance(value, _NOT_LISTS) and isinstance(value, Iterable):
        items = [_scalar(name, item, language) for item in value]
        if sum(len(item) if isinstance(item, str) else 1 for item in items) > MAX_LENGTH:
            raise ValueError(_too_long(name))
        return sorted(items, key=str) if isinstance(value, (set, frozenset)) else items
    return _scalar(name, value, language)


def _scalar(name: str, value: object, language: Language) -> object:
    if isinstance(value, Enum):
        value = value.value
    if isinstance(value, str):
        return _text(name, value)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"the value of {shown_name(name)} is not a finite number")
        return float(value)
    if isinstance(value, (bool, date, time)):
        if isinstance(value, datetime) and value.tzinfo is None:
            raise ValueError(f"the time {shown_name(name)} has no time zone")
        from govcomponents.notify.templates.formats import written

        return written(value, language)
    if isinstance(value, int):
        if value.bit_length() > _MAX_BITS:
            raise ValueError(f"the value of {shown_name(name)} is a number of too many digits")
        return int(value)
    if isinstance(value, Money):
        return format(value)
    if isinstance(value, Decimal):
        if not value.is_finite() or abs(value.adjusted()) > _MAX_BITS:
            raise ValueError(f"the value of {shown_name(name)} is not a finite number")
        return format(value, "f")
    raise ValueError(f"{shown_name(name)} has a value of the type {type(value).__name__}, which a template cannot show")


def _text(name: str, value: str) -> str:
    """A text of at most MAX_LENGTH characters, as a plain str, its letters joined with their accents."""
    if len(value) > MAX_LENGTH:
        raise ValueError(_too_long(name))
    text = str.__str__(value)
    if "\0" in text:
        raise ValueError(f"the value of {shown_name(name)} holds a null character, which no message can hold")
    if text.isascii() or max(text) < _FIRST_MARK:
        return text
    if not is_text(text):
        raise ValueError(f"the value of {shown_name(name)} holds half of a surrogate pair, which no message can hold")
    return composed(text)


def shown_name(name: str) -> str:
    """The name of a placeholder for an error: a caller may have taken a person's text for one."""
    return repr(name) if is_plain_name(name) else "a placeholder whose name is not shown"


def _too_long(name: str) -> str:
    return f"the value of {shown_name(name)} is longer than {MAX_LENGTH:,} characters"


def composed(text: str) -> str:
    """Put a text into Unicode's form NFC, but for a letter with so many accents that it would take too long."""
    marks = "".join(character for character in set(text) if unicodedata.combining(character))
    if not marks:
        return unicodedata.normalize("NFC", text)
    parts = re.split(f"([{re.escape(marks)}]{{{_MANY_MARKS},}})", text)
    return "".join(part if at % 2 else unicodedata.normalize("NFC", part) for at, part in enumerate(parts))


def has_file(values: Mapping[str, object]) -> bool:
    """Whether a placeholder is given a file."""
    for value in values.values():  # noqa: SIM110  # a generator for `any` takes three times as long
        if isinstance(value, Attachment):
            return True
    return False
