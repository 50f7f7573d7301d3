"""The report of a contract run: each cause is told once as text, and every test in JSON and JUnit."""

from __future__ import annotations

from junitparser import Failure, JUnitXml, Skipped

from govcomponents.contracts.report import Case, ContractReport

REFUNDS = frozenset({"refunds"})


def reported(*cases: Case, **more: object) -> ContractReport:
    return ContractReport("own_pay", Case, frozenset({"refunds", "search"}), cases=list(cases), **more)


def failing(number: int, failure: str) -> Case:
    return Case(f"test_own.py::TestOwn::test_{number}", 0.1, failure, REFUNDS, whole=f"the whole of {number}")


def test_a_cause_is_told_once_with_the_first_tests_that_failed_for_it():
    same = [failing(number, f"NotImplementedError: <Own at 0x7f1234567{number:03}>") for number in range(130)]
    report = reported(*same, failing(130, "AssertionError: another"))
    lines = list(report.lines())
    told = lines[lines.index("  failed: 130 tests: NotImplementedError: <Own at 0x…>") :]
    assert told == [
        "  failed: 130 tests: NotImplementedError: <Own at 0x…>",
        "    test_own.py::TestOwn::test_0",
        "    test_own.py::TestOwn::test_1",
        "    test_own.py::TestOwn::test_2",
        "    and 127 more, which --format json and junit name",
        "  failed: test_own.py::TestOwn::test_130: AssertionError: another",
    ]
    failed = report.facts()["failed"]
    assert [one["test"] for one in failed] == [f"test_own.py::TestOwn::test_{number}" for number in range(131)]
    (suite,) = JUnitXml.fromstring(report.junit().encode())
    assert [case.result[0].text for case in suite if isinstance(case.result[0], Failure)] == [
        f"the whole of {number}" for number in range(131)
    ]


def test_what_failed_is_disproved_and_what_was_skipped_or_never_tried_is_not_proved():
    good = Case("test_good", 0.1, None, REFUNDS, REFUNDS)
    assert reported(good).proved == ["refunds"]
    assert reported(good).not_proved == ["search"]
    bad = Case("test_bad", 0.1, "no", REFUNDS)
    report = reported(good, bad)
    assert (report.proved, report.disproved, report.not_proved) == ([], {"refunds": [bad]}, ["search"])
    skipped = reported(Case("test_good", 0.0, None, REFUNDS, REFUNDS, skipped=True))
    assert (skipped.proved, skipped.not_proved) == ([], ["refunds", "search"])
    (suite,) = JUnitXml.fromstring(skipped.junit().encode())
    assert suite.skipped == sum(isinstance(case.result[0], Skipped) for case in suite) == 3


def test_a_run_fails_for_what_failed_and_a_strict_one_for_what_is_not_proved():
    good = Case("test_good", 0.1, None, REFUNDS, REFUNDS)
    assert reported(good).has_passed
    assert not reported(good, is_strict=True).has_passed
    assert reported(Case("test_all", 0.1, None, proves=frozenset({"refunds", "search"})), is_strict=True).has_passed
    assert not reported(good, failing(1, "no")).has_passed
    about_nothing_claimed = Case("test_other", 0.1, "no")
    assert not reported(good, about_nothing_claimed).has_passed


def test_what_xml_cannot_hold_is_written_out():
    (suite,) = JUnitXml.fromstring(reported(failing(1, "\x1b[31mred\x00")).junit().encode())
    assert next(iter(suite)).result[0].message == "\\x1b[31mred\\x00"
