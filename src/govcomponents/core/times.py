"""Clocks, and times and dates as providers write them."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import MAXYEAR, MINYEAR, UTC, date, datetime
from email.utils import parsedate_to_datetime
from typing import Final

_HTTP_DATE: Final = re.compile(
    r"[A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} [1-9][0-9]{3} [0-9:]{8} GMT"
    r"|[A-Z][a-z]{5,8}, [0-9]{2}-[A-Z][a-z]{2}-[0-9]{2} [0-9:]{8} GMT"
    r"|[A-Z][a-z]{2} [A-Z][a-z]{2} [ 0-9][0-9] [0-9:]{8} [1-9][0-9]{3}"  # `email` takes the year 26 for 2026
)

Clock = Callable[[], float]
"""Gives the time as seconds since the epoch."""


def utc_time(text: str) -> datetime:
    """Read a time in ISO 8601; one without a zone is in UTC. Raises ValueError."""
    moment = _known_everywhere(datetime.fromisoformat(text))
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def time_or_none(text: str | None) -> datetime | None:
    """Read a time with its zone; None where there is none, or it is malformed, as some published ones are."""
    try:
        moment = _known_everywhere(datetime.fromisoformat(text)) if text else None
    except ValueError:
        return None
    return moment if moment is None or moment.tzinfo is not None else None


def _known_everywhere(moment: datetime) -> datetime:
    """Return a time that is one in UTC too, not before the year 1 or after 9999. Raises ValueError."""
    try:
        if moment.tzinfo is not None and moment.year in (MINYEAR, MAXYEAR):
            moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("the time is outside the years 1 to 9999 in UTC") from None
    return moment


def date_or_none(text: object) -> date | None:
    """Read a date, written YYYY-MM-DD; None where there is none, or it is malformed."""
    if not (isinstance(text, str) and len(text) == 10 and text[4] == text[7] == "-"):
        return None  # Python reads dates without hyphens, and of weeks, too
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def http_date(text: str) -> float | None:
    """Read a date of HTTP in any of its three forms (RFC 9110 section 5.6.7), as seconds since the epoch, or None."""
    if not _HTTP_DATE.fullmatch(text):
        return None
    try:
        return parsedate_to_datetime(text).replace(tzinfo=UTC).timestamp()
    except (ValueError, OverflowError):
        return None


def time_of(seconds: object) -> datetime | None:
    """Return the time, in UTC, that is so many seconds after the epoch; None for what is no number of them."""
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)):
        return None
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        return None
