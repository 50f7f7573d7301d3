"""Reads single claims of a token or an answer. What is missing, empty, null or of another type is None."""

from __future__ import annotations

from datetime import UTC, date, datetime

from govcomponents.privacy import Personal


def text(value: object) -> Personal[str] | None:
    """A text that is not empty."""
    return Personal(value) if isinstance(value, str) and value else None


def day(value: object) -> Personal[date] | None:
    """A date as OpenID Connect Core 5.1 writes it: YYYY-MM-DD. A year alone, or one left out as 0000, is no date."""
    if not isinstance(value, str) or not value.isascii() or len(value) != 10:
        return None
    try:
        return Personal(date.fromisoformat(value))
    except ValueError:
        return None


def moment(value: object) -> datetime | None:
    """A time in seconds since the epoch."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        return datetime.fromtimestamp(value, UTC)
    except (OverflowError, ValueError, OSError):
        return None
