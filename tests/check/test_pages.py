"""The pages of the rules are made from them."""

import importlib.util
from pathlib import Path

from govcomponents.check.rules import rules

DOCS = Path(__file__).parents[2] / "docs" / "check"


def test_each_page_is_as_the_rules_are():
    specification = importlib.util.spec_from_file_location("make_check_pages", DOCS / "make_pages.py")
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    for name, make in module.PAGES.items():
        assert (DOCS / name).read_text(encoding="utf-8") == make(), "run docs/check/make_pages.py"
    assert {page.stem for page in (DOCS / "rules").iterdir()} == set(rules())
