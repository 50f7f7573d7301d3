"""The page of security checks names tests that are there, and every row that the hostile tokens say they test."""

import re
from pathlib import Path

from govcomponents.contracts.identity.hostile_tokens import CLAIMS, FORMS, PROOFS
from govcomponents.contracts.identity.suite import IdentitySuite

HERE = Path(__file__).parent
PAGES = [
    HERE.parents[1] / "docs" / "identity" / f"{name}.md" for name in ("security-checks", "security-checks-of-flows")
]
PAGE = "".join(page.read_text(encoding="utf-8") for page in PAGES)
ROWS = dict(re.findall(r"^\| ([A-Z]\d+) \| (.*) \|$", PAGE, flags=re.MULTILINE))
EXPECTED = {"A": 20, "B": 21, "K": 23, "C": 26, "M": 2, "T": 25, "L": 21, "P": 9, "H": 25}


def test_every_row_is_there():
    assert set(ROWS) == {f"{letter}{number}" for letter, last in EXPECTED.items() for number in range(1, last + 1)}


def test_every_test_that_is_named_exists():
    for file, name in re.findall(r"`([a-z_/]+\.py)::(\w+)`", PAGE):
        path = HERE / file if (HERE / file).exists() else HERE.parent / file
        assert f"def {name}(" in path.read_text(encoding="utf-8"), f"{file}::{name}"
    for name in re.findall(r"contract `(\w+)`", PAGE):
        assert hasattr(IdentitySuite, name), name
    for path in re.findall(r"`((?:tests|oidc)/[a-z_/]+\.py)`", PAGE):
        base = HERE.parents[1] if path.startswith("tests/") else HERE
        assert (base / path).exists(), path
    for page in re.findall(r"\]\(([a-z-]+\.md)\)", PAGE):
        assert (HERE.parents[1] / "docs" / "identity" / page).exists(), page


def test_hostile_tokens_name_rows_and_recipes_of_the_page():
    named = {row for case in (*FORMS, *CLAIMS, *PROOFS) for row in case.rows.split()}
    assert named <= set(ROWS)
    assert {f"H{number}" for number in range(1, 21)} <= named
    for row in (row for row in named if row[0] in "AB"):
        assert "contract `test_a_hostile" in ROWS[row], row
