"""The page of states and doubts is the one that the code makes, and names every operation that is made later."""

from __future__ import annotations

import importlib.util
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs" / "durable"


def test_the_page_of_states_and_doubts_is_up_to_date() -> None:
    specification = importlib.util.spec_from_file_location("make_durable_pages", DOCS / "make_pages.py")
    assert specification is not None
    assert specification.loader is not None
    pages = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(pages)
    for name, make in pages.PAGES.items():
        assert (DOCS / name).read_text(encoding="utf-8") == make(), "run docs/durable/make_pages.py"
