"""Formats of GOV.UK style in English and Welsh: dates, times, lists, yes and no.

Source: GOV.UK style guide, "Dates" and "Times"; GOV.UK Welsh language style, "Dyddiadau".
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time
from functools import cache
from typing import TYPE_CHECKING, Final, Literal

from govcomponents.core.inputs import flag_argument, text_argument
from govcomponents.errors import InvalidInput
from govcomponents.frames import leaving_frames_behind

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

_OPERATION: Final = "notify.formats"
Language = Literal["en", "cy"]
"""The language of what is written for a person: English or Welsh."""

_MONTHS: Final = {
    "en": (
        *("January", "February", "March", "April", "May", "June", "July", "August", "September", "October"),
        *("November", "December"),
    ),
    "cy": (
        *("Ionawr", "Chwefror", "Mawrth", "Ebrill", "Mai", "Mehefin", "Gorffennaf", "Awst", "Medi", "Hydref"),
        *("Tachwedd", "Rhagfyr"),
    ),
}
_DAYS: Final = {
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    "cy": (*("Dydd Llun", "Dydd Mawrth", "Dydd Mercher", "Dydd Iau", "Dydd Gwener", "Dydd Sadwrn", "Dydd Sul"),),
}
_WORDS: Final = {
    "en": {"yes": "yes", "no": "no", "and": "and", "at": "at", "midnight": "midnight", "midday": "midday"},
    "cy": {"yes": "ie", "no": "na", "and": "a", "at": "am", "midnight": "hanner nos", "midday": "hanner dydd"},
}
_HALVES: Final = {"en": ("am", "pm"), "cy": ("yb", "yp")}
_VOWELS: Final = frozenset("aeiouwyâêîôûŵŷáéíóúàèìòùäëïöü")


@cache
def _london() -> ZoneInfo:
    from zoneinfo import ZoneInfo

    return ZoneInfo("Europe/London")


@leaving_frames_behind
def yes_no(value: object, language: Language = "en") -> str:
    """Format true and false as "yes" and "no". Welsh has no one word for either; "ie" and "na" answer a question.

    Templates decide what to show by English words: give a conditional `yes_no(value)`, in a Welsh template too.
    """
    return _WORDS[_checked(language)]["yes" if value else "no"]


@leaving_frames_behind
def day(value: date, language: Language = "en", *, weekday: bool = False) -> str:
    """Format a date, such as "3 March 2026", or "Tuesday 3 March 2026"; a time is taken in London."""
    flag_argument(weekday, field="weekday", operation=_OPERATION)
    language = _checked(language)
    if not isinstance(value, date):
        raise _wrong("value", f"it is not a date, but of the type {type(value).__name__}", "give a date or a datetime")
    if isinstance(value, datetime):
        value = _local(value)
    written = f"{value.day} {_MONTHS[language][value.month - 1]} {value.year}"
    return f"{_DAYS[language][value.weekday()]} {written}" if weekday else written


@leaving_frames_behind
def clock(value: datetime | time, language: Language = "en") -> str:
    """Format a time of day, such as "10:15am", "5pm", "midday" or "midnight", in London."""
    words = _WORDS[_checked(language)]
    if isinstance(value, datetime):
        value = _local(value).time()
    elif not isinstance(value, time):
        raise _wrong("value", f"it is not a time, but of the type {type(value).__name__}", "give a time or a datetime")
    if (value.hour, value.minute) == (0, 0):
        return words["midnight"]
    if (value.hour, value.minute) == (12, 0):
        return words["midday"]
    minutes = f":{value.minute:02d}" if value.minute else ""
    return f"{value.hour % 12 or 12}{minutes}{_HALVES[language][value.hour >= 12]}"


@leaving_frames_behind
def moment(value: datetime, language: Language = "en", *, weekday: bool = False) -> str:
    """Format a date and time, such as "3 March 2026 at 10:15am", in London. Raises InvalidInput without a time zone."""
    if not isinstance(value, datetime):
        raise _wrong("value", f"it is not a datetime, but of the type {type(value).__name__}", "give a datetime")
    return f"{day(value, language, weekday=weekday)} {_WORDS[language]['at']} {clock(value, language)}"


@leaving_frames_behind
def listed(items: Iterable[object], language: Language = "en") -> str:
    """Format a list as "a, b and c"; in Welsh with "a", or "ac" before a vowel. Raises InvalidInput for no list."""
    language = _checked(language)
    if isinstance(items, (str, bytes)) or not hasattr(items, "__iter__"):
        raise _wrong("items", f"it is not a list, but of the type {type(items).__name__}", "give a list of texts")
    texts = [
        text_argument(str(item), field="items", fix="give texts that can be sent", operation=_OPERATION)
        for item in items
    ]
    if len(texts) < 2:
        return "".join(texts)
    conjunction = _WORDS[language]["and"]
    if language == "cy" and texts[-1][:1].lower() in _VOWELS:
        conjunction = "ac"
    return f"{', '.join(texts[:-1])} {conjunction} {texts[-1]}"


def written(value: object, language: Language = "en") -> object:
    """Format a value of personalisation that a template would not show well: true, false, dates and times.

    True and false become "yes" and "no" in every language, because templates decide by those words.
    """
    if isinstance(value, bool):
        return yes_no(value)
    if isinstance(value, datetime):
        return moment(value, language)
    if isinstance(value, date):
        return day(value, language)
    if isinstance(value, time):
        return clock(value, language)
    return value


def _local(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise _wrong("value", "the time has no time zone", "give an aware datetime, such as datetime.now(UTC)")
    return value.astimezone(_london())


def _checked(language: object) -> Language:
    if language == "en":
        return "en"
    if language == "cy":
        return "cy"
    raise _wrong("language", "it is not a language that is written here", 'give "en" or "cy"')


def _wrong(field: str, problem: str, fix: str) -> InvalidInput:
    return InvalidInput(field=field, problem=problem, fix=fix, operation=_OPERATION)
