"""The list of areas whose lines are changed one by one: it fits the sources, and its figures are what they must be."""

from __future__ import annotations

import pytest

from mutation.areas import AT_LEAST, ROOT, areas

AREAS = areas()


def test_the_areas_are_what_decides():
    assert set(AREAS) == {"ports", "durable", "retries", "tokens"}


@pytest.mark.parametrize("area", AREAS.values(), ids=AREAS)
def test_its_files_and_tests_are_there(area):
    assert all(list(ROOT.glob(one)) for one in area.files)
    assert all((ROOT / one).exists() for one in area.tests)


@pytest.mark.parametrize("area", AREAS.values(), ids=AREAS)
def test_each_explanation_fits_a_line_of_today(area):
    lines = {line.strip() for line in area.source().splitlines()}
    for one in area.explained:
        assert set(one.was.splitlines()) <= lines, one
        assert one.was != one.now
        assert one.why


@pytest.mark.parametrize("area", AREAS.values(), ids=AREAS)
def test_enough_was_noticed_when_all_changes_were_made(area):
    assert area.changes >= 200
    assert area.noticed <= area.changes
    assert area.noticed >= area.changes * AT_LEAST / 100
