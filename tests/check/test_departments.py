"""Files as departments write them, by somebody who had not read the rules: all mistakes are found, and no others."""

import tomllib
from pathlib import Path

import pytest

from .service import checked, written

CASES = tomllib.loads((Path(__file__).parent / "departments.toml").read_text(encoding="utf-8"))["case"]


@pytest.mark.parametrize("case", range(len(CASES)), ids=lambda case: f"{case}-{CASES[case]['rule'] or 'clean'}")
def test_a_departments_file(case, tmp_path):
    written(tmp_path, CASES[case]["files"])
    found = {one.rule_id for one in checked(tmp_path).findings}
    assert CASES[case]["rule"] in found if CASES[case]["rule"] else not found


def test_a_key_in_a_file_of_deployment_is_not_shown(tmp_path):
    written(tmp_path, next(case["files"] for case in CASES if "docker-compose.yml" in case["files"]))
    (found,) = checked(tmp_path).findings
    assert found.message == "a live API key is written into GOVCOMPONENTS_PAY__API_KEY"
    assert "api_live" not in repr(found)
