"""The pages that are made from the code are as the code is now."""

import importlib.util
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs" / "notify"


def test_the_pages_that_are_made_are_up_to_date():
    specification = importlib.util.spec_from_file_location("make_notify_pages", DOCS / "make_pages.py")
    pages = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(pages)
    for name, make in pages.PAGES.items():
        assert (DOCS / name).read_text(encoding="utf-8") == make(), "run docs/notify/make_pages.py"
