"""Every example of the documentation runs as it stands; the pages made from the code are up to date."""

import importlib.util
import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs" / "pay"
PAGES = sorted(DOCS.rglob("*.md"))
EXAMPLE = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def maker():
    specification = importlib.util.spec_from_file_location("make_pages", DOCS / "make_pages.py")
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    "page", [page for page in PAGES if EXAMPLE.search(page.read_text())], ids=lambda page: page.stem
)
def test_the_examples_of_a_page_run_one_after_the_other(page):
    names = {}
    for example in EXAMPLE.findall(page.read_text(encoding="utf-8")):
        exec(compile(example, page.name, "exec"), names)


@pytest.mark.parametrize("file", ["errors.md", "providers/stripe-errors.md"])
def test_the_pages_made_from_the_code_are_up_to_date(file):
    assert (DOCS / file).read_text(encoding="utf-8") == maker().PAGES[file](), "run docs/pay/make_pages.py"


def test_every_page_is_listed_and_every_link_leads_somewhere():
    listed = set(re.findall(r"\]\(([a-z-]+(?:/[a-z-]+)?\.md)\)", (DOCS / "README.md").read_text(encoding="utf-8")))
    assert listed == {page.relative_to(DOCS).as_posix() for page in PAGES} - {"README.md"}
    for page in PAGES:
        for link in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text(encoding="utf-8")):
            assert (page.parent / link).is_file(), f"{page.name}: {link}"
