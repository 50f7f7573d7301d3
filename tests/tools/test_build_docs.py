"""The pages as the site has them: their links, their place in the navigation, and what they load."""

from __future__ import annotations

import hashlib
import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]


def _tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("build_docs", ROOT / "tools" / "build_docs.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("written", "on_the_site"),
    [
        ("[Refund](refund.md#limits)", "[Refund](refund.md#limits)"),
        ("[Errors](../errors.md)", "[Errors](../errors.md)"),
        ("[Start](../../README.md)", "[Start](../index.md)"),
        ("[Report](../../SECURITY.md#scope)", "[Report](../project/security.md#scope)"),
        ("[Identity](../identity/)", "[Identity](../identity/README.md)"),
        ("[a test](../../tests/conftest.py)", "a test"),
        ("[the maker](make_pages.py)", "the maker"),
        ("[elsewhere](https://www.gov.uk/), [here](#limits)", "[elsewhere](https://www.gov.uk/), [here](#limits)"),
        ("![a picture](../sandbox/images/home.png)", "![a picture](../sandbox/images/home.png)"),
        ("```python\nparts[0](../../x)\n```", "```python\nparts[0](../../x)\n```"),
    ],
)
def test_links_lead_where_they_led_in_the_repository(written: str, on_the_site: str) -> None:
    assert _tool().on_the_site(written, ROOT / "docs" / "pay" / "page.md", "pay/page.md") == on_the_site


def test_a_first_page_of_the_project_links_into_the_site() -> None:
    text = _tool().on_the_site("[Privacy](docs/privacy.md)", ROOT / "SECURITY.md", "project/security.md")
    assert text == "[Privacy](../privacy.md)"


def test_every_page_has_its_place_in_the_navigation_and_one_only() -> None:
    named = re.findall(r"^ +- (?:[^:\n]+: )?([\w./-]+\.md)$", (ROOT / "mkdocs.yml").read_text("utf-8"), re.MULTILINE)
    pages = {page.relative_to(ROOT / "docs").as_posix() for page in (ROOT / "docs").rglob("*.md")}
    pages |= set(_tool().FIRST_PAGES.values())
    assert sorted(named) == sorted(pages)


def test_what_a_page_loads_from_elsewhere_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text(
        '<link rel="canonical" href="https://docs.example/"><a href="https://www.gov.uk/">said</a><img src="own.png">'
        '<script src="//cdn.example/x.js"></script><link rel="stylesheet" href="https://fonts.example/css">'
    )
    (tmp_path / "a.css").write_text('@import "https://fonts.example/a.css"; a { background: url(own.png) }')
    assert _tool().from_other_hosts(tmp_path) == [
        "a.html: //cdn.example/x.js",
        "a.html: https://fonts.example/css",
        "a.css: https://fonts.example/a.css",
    ]


def test_the_program_that_draws_diagrams_is_the_one_that_npm_has() -> None:
    program = (ROOT / "docs" / "assets" / "mermaid.tiny.js").read_bytes()
    drawn_by = hashlib.sha256(program).hexdigest()
    assert drawn_by == "7a644017d37f93c8359790884e6b67fb1f747c78eb20475952404bd87190a3f8"  # @mermaid-js/tiny 11.17.2
