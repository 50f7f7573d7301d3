"""`govcomponents contract run` reports what an installed adapter claims and proves, as text, JSON and JUnit."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from junitparser import Failure, JUnitXml

from govcomponents.contracts.capability_proofs import PROOFS
from govcomponents.identity import IdentityCapability
from govcomponents.notify import NotifyCapability
from govcomponents.pay import PayCapability
from govcomponents.testing import IdentitySuite, NotifySuite, PaySuite
from plain_pytest import PLAIN

PACKAGE = Path(__file__).parents[3] / "examples" / "adapters" / "county_id"
TESTS = Path(__file__).parents[2]
WITHOUT_KEYS = """
from govcomponents.pay.adapters.stripe import wire

post = wire.post

def without_key(operation, *arguments, **options):
    return post(operation, *arguments, **options | ({"key": None} if operation == "pay.refund" else {}))

wire.post = without_key
"""
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
                "FORCE_COLOR": "1",  # as pipelines ask
            },
        )  # fmt: skip

    return go


def test_what_is_claimed_and_proved_is_reported_as_json(run):
    ran = run("county_id", "test_county_id.py", "--format", "json", only="")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    told = json.loads(ran.stdout)
    assert told["class"] == "county_id.adapter:CountyId"
    assert {"sign_in", "two_factor", "sign_out"} <= set(told["claimed"])
    assert told["proved"] == told["claimed"]
    assert (told["not_proved"], told["not_proved_because"]) == ([], None)
    assert (told["disproved"], told["passed"], told["strict"]) == ([], True, False)
    assert "high_confidence" in told["refused"]
    assert told["failed"] == []
    assert told["versions"]["county_id"] == "1.0.0"
    assert told["seconds"] > 0


OLDER = "test_a_sign_in_that_is_older_than_was_asked_is_rejected"
# How the first, second ... of its cases is left out, which are six: one run with all ways takes the time of one.
LEFT_OUT = """
import pytest

def pytest_collection_modifyitems(items, config):
    cases = [item for item in items if "OLDER" in item.name]
    cases[0].add_marker(pytest.mark.xfail(run=False))
    cases[1].runtest = lambda: pytest.skip("not here")
    cases[2].add_marker(pytest.mark.skip)
    cases[3].add_marker(pytest.mark.skipif(True, reason="not now"))
    items.remove(cases[4])
    config.hook.pytest_deselected(items=[cases[4]])
    items.remove(cases[5])  # and nobody is told
"""


@pytest.mark.parametrize(
    ("hook", "in_the_class", "count"),
    [
        (LEFT_OUT.replace("OLDER", OLDER), "", "6 tests"),
        ("", f"def {OLDER}(self) -> None:\n        pass", "1 test"),
        ("", f"{OLDER} = None", "1 test"),
    ],
    ids=["expected to fail, skipped, deselected or taken out", "written anew", "set to nothing"],
)
def test_what_is_claimed_is_not_proved_while_a_test_about_it_is_left_out(run, tmp_path, hook, in_the_class, count):
    """Its positive test passes all the same: an author who leaves out what fails proves nothing by it."""
    (tmp_path / "conftest.py").write_text(hook, "utf-8")
    the_class = "class TestCountyId(IdentitySuite):\n"
    ran = run(
        "county_id", "test_county_id.py", "--strict", "--format", "json",
        only="", change=(the_class, f"{the_class}    {in_the_class}\n\n"),
    )  # fmt: skip
    assert ran.returncode == 1, ran.stdout + ran.stderr
    told = json.loads(ran.stdout)
    assert told["not_proved"] == ["max_age"]
    assert told["proved"] == sorted({*told["claimed"]} - {"max_age"})
    because = told["not_proved_because"]
    assert because.startswith(f"{count} skipped, expected to fail, deselected or written anew: ")
    assert OLDER in because
    assert told["failed"] == []


@pytest.mark.parametrize(
    "named", ["TestCountyId::test_a_person_signs_in", "TestCountyId::test_a_person_signs_in[blocking]"]
)
def test_what_is_claimed_is_not_proved_by_one_of_its_tests(run, named):
    ran = run("county_id", f"test_county_id.py::{named}", "--format", "json", only="")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    told = json.loads(ran.stdout)
    assert told["proved"] == []
    assert told["not_proved"] == told["claimed"]
    assert told["tests"] == (1 if "[" in named else 2)
    assert "deselected or written anew: test_county_id.py::TestCountyId::test_" in told["not_proved_because"]


def test_an_id_that_no_test_has_is_told(run):
    ran = run("county_id", "test_county_id.py::TestCountyId::test_nothing")
    assert ran.returncode == 2
    assert "no contract suite of county_id was found in test_county_id.py::TestCountyId::test_nothing" in ran.stderr


def test_a_failure_is_reported_as_junit_and_as_text(run):
    broken = ('{"acr": query["acr_values"]}', '{"acr": "county:password"}')
    ran = run("county_id", "test_county_id.py", "--format", "junit", change=broken)
    assert ran.returncode == 1, ran.stdout + ran.stderr
    whole = JUnitXml.fromstring(ran.stdout.encode())
    (suite,) = whole
    properties = {one.name: one.value for one in suite.properties()}
    assert suite.failures > 0
    assert suite.failures == sum(isinstance(one, Failure) for case in suite for one in case.result)
    assert suite.skipped == len(properties["not_proved"].split(",")) > 0
    assert "sign_in" in properties["disproved"].split(",")
    assert suite.tests == len(list(suite))
    assert "sign_in" in properties["claimed"].split(",")
    assert "sign_in" not in properties["proved"].split(",")
    assert properties["version.county_id"] == "1.0.0"
    ran = run("county_id", "test_county_id.py", only="blocking and signs_in", change=broken)
    assert ran.returncode == 1
    assert "1 test, 1 failed" in ran.stdout
    assert "failed: test_county_id.py::TestCountyId::test_a_person_signs_in" in ran.stdout
    assert "\n  disproved: sign_in (1 test)" in ran.stdout
    assert "SignInRejected" in ran.stdout


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("nobody", "test_county_id.py"), "no package that is installed has an adapter called nobody"),
        (("county_id", "nowhere"), "there is no file or folder nowhere here. To fix: name the file that subclasses"),
        (
            ("county_id", "setup.cfg"),
            "pytest could not begin, and says above why. To fix: run pytest setup.cfg",
        ),
        (("county_id", "test_broken.py"), "imported: test_broken.py: ModuleNotFoundError: No module named 'nowhere'"),
        (("county_id", "test_other.py"), "no contract suite of county_id was found in test_other.py"),
        (("govuk_pay",), "and the contract suites of govuk_pay are no part of the package. To fix: use --sandbox"),
        (
            ("openid",),
            "govuk_pay, stripe, govuk_notify, gc_notify, smtp, login_gov, oidc, one_login, county_id",
        ),
        (("county_id", "--component", "pay"), "no package that is installed"),
    ],
)
def test_what_cannot_run_says_why(run, tmp_path, arguments, told):
    (tmp_path / "setup.cfg").write_text("", "utf-8")
    (tmp_path / "test_broken.py").write_text("import nowhere\n", "utf-8")
    (tmp_path / "test_other.py").write_text("def test_one(): pass\n", "utf-8")
    ran = run(*arguments)
    assert ran.returncode == 2, ran.stdout + ran.stderr
    assert told in ran.stderr
    assert ran.stdout == ""


def test_a_capability_of_which_one_test_fails_is_disproved_for_all_that_its_positive_test_passes(tmp_path):
    """A refund without its idempotency key pays back what it should, until an answer is lost."""
    (tmp_path / "without_keys.py").write_text(WITHOUT_KEYS, "utf-8")
    chosen = "blocking and (a_lost_answer_to_a_refund or a_refund_gives_back or a_created_payment)"
    ran = subprocess.run(
        [sys.executable, "-m", "govcomponents.cli.main", "contract", "run", "stripe", "pay/stripe", "--json"],
        cwd=TESTS, capture_output=True, text=True, timeout=200, check=False,
        env={
            **os.environ, "PYTHONPATH": str(tmp_path),
            "PYTEST_ADDOPTS": f'-p without_keys -k "{chosen}" {" ".join(PLAIN)}',
        },
    )  # fmt: skip
    assert ran.returncode == 1, ran.stdout + ran.stderr
    told = json.loads(ran.stdout)
    assert told["disproved"] == ["idempotency_keys_for_new_payments_and_refunds", "refunds"]
    assert told["proved"] == []
    assert "creating_payments" in told["not_proved"]  # of its tests, most are not among those chosen
    (failed,) = told["failed"]
    assert "test_a_lost_answer_to_a_refund_tells_its_key" in failed["test"]
    assert failed["disproves"] == told["disproved"]


@pytest.mark.parametrize("capabilities", SUITES, ids=lambda one: one.__name__)
def test_each_capability_has_its_positive_test(capabilities):
    for one in capabilities:
        assert callable(getattr(SUITES[capabilities], PROOFS[one])), one
