"""Values are written as GOV.UK writes them, in English and in Welsh, in London's time."""

from datetime import UTC, date, datetime, time

import pytest

from govcomponents import InvalidInput
from govcomponents.notify.templates import formats
from govcomponents.notify.templates.personalisation import shown_values

WINTER = datetime(2026, 3, 3, 10, 15, tzinfo=UTC)
SUMMER = datetime(2026, 7, 1, 23, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "language", "written"),
    [
        (WINTER, "en", "3 March 2026 at 10:15am"),
        (WINTER, "cy", "3 Mawrth 2026 am 10:15yb"),
        (SUMMER, "en", "2 July 2026 at 12:30am"),
        (datetime(2026, 1, 1, 12, 0, tzinfo=UTC), "en", "1 January 2026 at midday"),
        (datetime(2026, 1, 1, 0, 0, tzinfo=UTC), "cy", "1 Ionawr 2026 am hanner nos"),
        (date(2026, 12, 31), "cy", "31 Rhagfyr 2026"),
        (time(17, 0), "en", "5pm"),
        (time(17, 5), "cy", "5:05yp"),
        (True, "cy", "yes"),
        (False, "en", "no"),
        ("x", "en", "x"),
        (7, "en", 7),
    ],
)
def test_values_of_personalisation(value, language, written):
    assert formats.written(value, language) == written


def test_weekdays_lists_and_answers():
    assert formats.day(SUMMER, weekday=True) == "Thursday 2 July 2026"
    assert formats.day(date(2026, 3, 3), "cy", weekday=True) == "Dydd Mawrth 3 Mawrth 2026"
    assert formats.listed([]) == ""
    assert formats.listed(["a"]) == "a"
    assert formats.listed(["a", 2, "c"]) == "a, 2 and c"
    assert formats.listed(["te", "afal"], "cy") == "te ac afal"
    assert formats.listed(["afal", "te"], "cy") == "afal a te"
    assert (formats.yes_no(1), formats.yes_no(None, "cy")) == ("yes", "na")


def test_a_time_without_a_zone_is_refused():
    with pytest.raises(InvalidInput, match="zone"):
        formats.moment(datetime(2026, 1, 1))  # noqa: DTZ001  # that it has none is what is tested  # that it has none is what is tested
    with pytest.raises(ValueError, match="zone"):
        shown_values({"at": datetime(2026, 1, 1)})  # noqa: DTZ001  # as above  # as above


def test_personalisation_is_written_out():
    assert shown_values({"at": WINTER, "on": date(2026, 3, 3), "ok": True, "all": [True, date(2026, 3, 3), 1.5]}) == {
        "at": "3 March 2026 at 10:15am",
        "on": "3 March 2026",
        "ok": "yes",
        "all": ["yes", "3 March 2026", 1.5],
    }
