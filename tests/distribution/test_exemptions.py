"""Each exemption from the linter or the type checker names its rule, and says why it is there."""

from __future__ import annotations

import re
import tokenize
from typing import TYPE_CHECKING

import pytest

from .sources import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FILES = [
    path for folder in ("src", "tests", "tools", "bench", "examples") for path in sorted((ROOT / folder).rglob("*.py"))
]
EXEMPTION = re.compile(r"# *(noqa|type: *ignore|pragma: no cover)(.*)")
NAMED_AND_TOLD = re.compile(r"(: [A-Z]+\d+(, ?[A-Z]+\d+)*|\[[\w-]+(, ?[\w-]+)*\]|)  # \w")


def unexplained(path: Path) -> Iterator[str]:
    """Give the comments that exempt a line without saying why, or from every rule."""
    if not EXEMPTION.search(path.read_text(encoding="utf-8")):  # to read all files as tokens takes seconds
        return
    with tokenize.open(path) as source:
        for token in tokenize.generate_tokens(source.readline):
            if token.type == tokenize.COMMENT and (found := EXEMPTION.match(token.string)):
                what, rest = found.groups()
                if not NAMED_AND_TOLD.match(rest) or (what != "pragma: no cover" and rest.startswith("  ")):
                    yield f"{path.relative_to(ROOT)}:{token.start[0]}: {token.string}"


def test_each_exemption_says_why() -> None:
    assert [found for path in FILES for found in unexplained(path)] == []


@pytest.mark.parametrize(
    "comment", ["noqa", "noqa: S311", "noqa  # why", "type: ignore[arg-type]", "type: ignore  # why"]
)
def test_an_exemption_without_a_rule_or_a_reason_is_found(
    comment: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"{__name__}.ROOT", tmp_path)
    path = tmp_path / "module.py"
    path.write_text(f"x = 1  # {comment}\ny = 2  # {'noqa: S311  # why'}\n", encoding="utf-8")
    assert list(unexplained(path)) == [f"module.py:1: # {comment}"]


def test_tests_are_not_typed_and_need_no_exemption_from_types() -> None:
    found = [
        path.name
        for path in FILES
        if path.is_relative_to(ROOT / "tests") and "# type: " in path.read_text(encoding="utf-8")
    ]
    assert [name for name in found if name != "test_exemptions.py"] == []
