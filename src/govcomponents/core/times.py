"""Clocks, and times and dates as providers write them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime

Clock = Callable[[], float]
"""Gives the time as seconds since the epoch."""


def utc_time(text: str) -> datetime:
    """Read a time in ISO 8601; one without a zone is in UTC. Raises ValueError."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def time_or_none(text: str | None) -> datetime | None:
    """Read a time with its zone; None where there is none, or it is malformed, as some published ones are."""
    try:
        moment = datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
    return moment if moment is None or moment.tzinfo is not None else None


def date_or_none(text: str | None) -> date | None:
    """Read a date; None where there is none, or it is malformed."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None


def time_of(seconds: float | None) -> datetime | None:
    """Return the time, in UTC, that is so many seconds after the epoch; None for None."""
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
