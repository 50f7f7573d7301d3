"""Every example of the docs runs as it stands; links lead somewhere."""

import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs" / "identity"
PAGES = sorted(DOCS.rglob("*.md"))
EXAMPLE = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize(
    "page", [page for page in PAGES if EXAMPLE.search(page.read_text(encoding="utf-8"))], ids=lambda page: page.stem
)
def test_the_examples_of_a_page_run_one_after_the_other(page):
    names = {}
    for example in EXAMPLE.findall(page.read_text(encoding="utf-8")):
        exec(compile(example, page.name, "exec"), names)


def test_every_page_is_listed_and_every_link_leads_somewhere():
    listed = set(re.findall(r"\]\(([a-z-]+(?:/[a-z-]+)?\.md)\)", (DOCS / "README.md").read_text(encoding="utf-8")))
    assert listed == {page.relative_to(DOCS).as_posix() for page in PAGES} - {"README.md"}
    for page in PAGES:
        for link in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text(encoding="utf-8")):
            assert (page.parent / link).is_file(), f"{page.name}: {link}"
