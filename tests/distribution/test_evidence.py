"""The pages for architects rest on tests: each test that a page names is in the file that it links, by that name."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from govcomponents.sandbox.providers import fault_catalogue
from govcomponents.sandbox.scenarios.files import built_in

from .sources import ROOT

PAGES = sorted((ROOT / "docs" / "architects").glob("*.md"))
NAMED = re.compile(r"\[`(test_\w+)`\]\(([^)]+\.py)\)")
WITH_A_TEST_IN_EACH_ROW = ("failure-modes.md", "threat-model.md")
"""Pages whose every row of a table has to be proved by a test."""


def proofs(page: Path) -> list[tuple[str, Path]]:
    return [(name, (page.parent / place).resolve()) for name, place in NAMED.findall(page.read_text(encoding="utf-8"))]


def test_every_fault_and_scenario_is_a_failure_mode_and_can_be_played() -> None:
    told = (ROOT / "docs" / "architects" / "failure-modes.md").read_text(encoding="utf-8")
    played = {
        name
        for row in told.splitlines()
        if row.startswith("| ") and len(cells := row.split(" | ")) == 6
        for name in re.findall(r"`([a-z_-]+)`", cells[4])
    }
    assert played == {*fault_catalogue(), *built_in()}


@pytest.mark.parametrize("page", [page for page in PAGES if proofs(page)], ids=lambda page: page.name)
def test_each_test_that_a_page_names_is_there(page: Path) -> None:
    for name, file in proofs(page):
        assert re.search(rf"^\s*(?:async )?def {name}\(", file.read_text(encoding="utf-8"), re.MULTILINE), (name, file)


@pytest.mark.parametrize("name", WITH_A_TEST_IN_EACH_ROW)
def test_each_row_is_proved(name: str) -> None:
    page = ROOT / "docs" / "architects" / name
    lines = page.read_text(encoding="utf-8").splitlines()
    heads = {
        index for index, line in enumerate(lines) if index + 1 < len(lines) and lines[index + 1].startswith("| ---")
    }
    rows = [
        line
        for index, line in enumerate(lines)
        if line.startswith("|") and index not in heads and not line.startswith("| ---")
    ]
    assert len(rows) > 20
    assert [row for row in rows if not NAMED.search(row)] == []
