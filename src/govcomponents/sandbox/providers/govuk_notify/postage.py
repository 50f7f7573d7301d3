"""When a letter is expected to arrive.

Source: alphagov/notifications-utils, `letter_timings.py`.
Bank holidays are left out: a sandbox's dates are invented.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

_LONDON = ZoneInfo("Europe/London")
_CUT_OFF = time(17, 30)
_ARRIVAL = time(16, 0)
_SATURDAY = 5
_SUNDAY = 6
# Working days after printing, and the last weekday on which that post is delivered.
_DAYS = {"first": (1, _SATURDAY), "second": (5, _SATURDAY), "economy": (7, _SATURDAY), "europe": (6, 4)}
_REST_OF_WORLD = (8, 4)


def estimated_delivery(created_at: float, postage: str | None) -> datetime:
    """The latest time at which a letter accepted then is expected."""
    created = datetime.fromtimestamp(created_at, _LONDON)
    day = created.date()
    if created.time() >= _CUT_OFF:
        day += timedelta(days=1)
    while day.weekday() >= _SATURDAY:
        day += timedelta(days=1)
    count, last_weekday = _DAYS.get(postage or "second", _REST_OF_WORLD)
    day += timedelta(days=1)
    while day.weekday() >= _SATURDAY:
        day += timedelta(days=1)
    while count:
        day += timedelta(days=1)
        if day.weekday() <= last_weekday:
            count -= 1
    return datetime.combine(day, _ARRIVAL, _LONDON).astimezone(UTC)
