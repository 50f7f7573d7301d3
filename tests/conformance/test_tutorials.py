"""Each tutorial does what it says: its files are written, its commands run, and a person goes through the service."""

from __future__ import annotations

from pathlib import Path

import pytest

from .tutorial import BLOCK, Reader

TUTORIALS = sorted((Path(__file__).parents[2] / "docs" / "tutorials").glob("[a-z]*.md"))


@pytest.mark.parametrize("page", TUTORIALS, ids=lambda page: page.stem)
def test_a_reader_comes_from_an_empty_folder_to_a_service(page: Path, tmp_path: Path) -> None:
    pytest.importorskip(page.stem)
    reader = Reader(page, tmp_path)
    reader.follow()
    assert reader.has_renewed  # the page told where a person goes through the service


@pytest.mark.parametrize("page", TUTORIALS, ids=lambda page: page.stem)
def test_no_block_of_a_tutorial_is_left_out(page: Path) -> None:
    blocks = list(BLOCK.finditer(page.read_text(encoding="utf-8")))
    assert page.read_text(encoding="utf-8").count("\n```") == 2 * sum(not one["person"] for one in blocks)
    assert all(one["person"] or one["title"] or one["language"] == "sh" for one in blocks)
