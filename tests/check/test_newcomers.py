"""Services in the styles of departments, by somebody who came new to the check: each mistake is found, and no other."""

import tomllib
from pathlib import Path

import pytest

from .service import checked, written

CASES = tomllib.loads((Path(__file__).parent / "newcomers.toml").read_text(encoding="utf-8"))["case"]


def test_there_are_as_many_as_are_promised():
    assert sum(not case["rule"] for case in CASES) >= 20
    assert sum(bool(case["rule"]) for case in CASES) >= 20


@pytest.mark.parametrize("case", range(len(CASES)), ids=lambda case: f"{case}-{CASES[case]['rule'] or 'clean'}")
def test_a_newcomers_service(case, tmp_path):
    written(tmp_path, CASES[case]["files"])
    assert {one.rule_id for one in checked(tmp_path).findings} == ({CASES[case]["rule"]} - {""})
