"""`govcomponents contract run` reports what an installed adapter claims and proves, as text, JSON and JUnit."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from junitparser import JUnitXml

from govcomponents.contracts.capability_proofs import PROOFS
from govcomponents.identity import IdentityCapability
from govcomponents.notify import NotifyCapability
from govcomponents.pay import PayCapability
from govcomponents.testing import IdentitySuite, NotifySuite, PaySuite
from plain_pytest import PLAIN

PACKAGE = Path(__file__).parents[3] / "examples" / "adapters" / "county_id"
SUITES = {PayCapability: PaySuite, NotifyCapability: NotifySuite, IdentityCapability: IdentitySuite}


@pytest.fixture
def run(tmp_path):
    """Run the command where the example adapter is installed, on chosen tests of it."""
    about = tmp_path / "county_id-1.0.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: county-id\nVersion: 1.0.0\n", "utf-8")
    (about / "top_level.txt").write_text("county_id\n", "utf-8")
    entry = "[govcomponents.identity]\ncounty_id = county_id.adapter:CountyId\n"
    (about / "entry_points.txt").write_text(entry, "utf-8")

    def go(*arguments, only="blocking and (signs_in or declared or sign_out or expected)", change=("", "")):
        source = (PACKAGE / "tests" / "test_county_id.py").read_text("utf-8").replace(*change)
        (tmp_path / "test_county_id.py").write_text(source, "utf-8")
        return subprocess.run(
            [sys.executable, "-m", "govcomponents.cli.main", "contract", "run", *arguments],
            cwd=tmp_path, capture_output=True, text=True, timeout=200, check=False,
            env={
                **os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{PACKAGE / 'src'}",
                "PYTEST_ADDOPTS": f'-k "{only}" {" ".join(PLAIN)}',
            },
        )  # fmt: skip

    return go


def test_what_is_claimed_and_proved_is_reported_as_json(run):
    ran = run("county_id", "test_county_id.py", "--format", "json")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    told = json.loads(ran.stdout)
    assert told["class"] == "county_id.adapter:CountyId"
    assert {"sign_in", "two_factor", "sign_out"} <= set(told["claimed"])
    assert {"sign_in", "sign_out", "check"} <= set(told["proved"])
    assert told["not_proved"] == ["max_age", "single_factor", "two_factor"]  # their tests are not among those chosen
    assert "high_confidence" in told["refused"]
    assert told["failed"] == []
    assert told["versions"]["county_id"] == "1.0.0"
    assert told["seconds"] > 0


def test_a_failure_is_reported_as_junit_and_as_text(run):
    broken = ('{"acr": query["acr_values"]}', '{"acr": "county:password"}')
    ran = run("county_id", "test_county_id.py", "--format", "junit", change=broken)
    assert ran.returncode == 1, ran.stdout + ran.stderr
    whole = JUnitXml.fromstring(ran.stdout.encode())
    (suite,) = whole
    properties = {one.name: one.value for one in suite.properties()}
    assert suite.failures > 0
    assert suite.failures == sum(bool(case.result) for case in suite)
    assert suite.tests == len(list(suite))
    assert "sign_in" in properties["claimed"].split(",")
    assert "sign_in" not in properties["proved"].split(",")
    assert properties["version.county_id"] == "1.0.0"
    ran = run("county_id", "test_county_id.py", only="blocking and signs_in", change=broken)
    assert ran.returncode == 1
    assert "1 tests, 1 failed" in ran.stdout
    assert "failed: test_county_id.py::TestCountyId::test_a_person_signs_in" in ran.stdout
    assert "SignInRejected" in ran.stdout


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("nobody", "test_county_id.py"), "no package that is installed has an adapter called nobody"),
        (("county_id", "nowhere"), "no contract suite of county_id"),
        (("county_id", "--component", "pay"), "no package that is installed"),
    ],
)
def test_what_cannot_run_says_why(run, arguments, told):
    ran = run(*arguments)
    assert ran.returncode == 2
    assert told in ran.stderr
    assert ran.stdout == ""


@pytest.mark.parametrize("capabilities", SUITES, ids=lambda one: one.__name__)
def test_each_capability_has_its_positive_test(capabilities):
    for one in capabilities:
        assert callable(getattr(SUITES[capabilities], PROOFS[one])), one
