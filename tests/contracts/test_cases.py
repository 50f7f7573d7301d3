"""An adapter's tests are made from what it declares: what it does not declare is neither a failure nor a skip."""

from __future__ import annotations

import pytest

pytest_plugins = ["pytester"]

HEAD = """
from govcomponents.contracts.pay.suite import PayDouble, PaySubject, PaySuite
from govcomponents.core.transports.scripted import ScriptedTransport
from govcomponents.pay.capabilities import PayCapability as Can
from govcomponents.pay.port import PayPort

class Adapter(PayPort):
    provider = "Example Pay"
    capabilities = frozenset({{{declared}}})

def connect():
    raise NotImplementedError

class TestAdapter(PaySuite):
    subject = PaySubject(
        build=lambda runtime: {build}, connect=connect, create={{}}, canaries=(), webhooks_hold_for=300
    )
"""


def collected(pytester: pytest.Pytester, declared: str, build: str = "Adapter()") -> tuple[list[str], pytest.RunResult]:
    pytester.makepyfile(HEAD.format(declared=declared, build=build))
    result = pytester.runpytest("--collect-only", "-q", "--strict-markers")
    return [line.partition("::")[2] for line in result.outlines if "::" in line], result


def test_what_is_not_declared_has_no_tests(pytester):
    few, result = collected(pytester, "Can.CREATE, Can.GET")
    more, _ = collected(pytester, "Can.CREATE, Can.GET, Can.REFUND")

    added = set(more) - set(few)
    assert set(few) < set(more)
    assert any("test_a_refund_gives_back_no_more_than_is_left" in name for name in added)
    assert any("test_a_fault_that_stays" in name and "refund" in name for name in added)
    assert all("refund" in name for name in added)
    assert "deselected" not in result.stdout.str()


def test_a_question_about_the_subject_decides_too(pytester):
    names, _ = collected(pytester, "Can.CREATE, Can.GET")
    assert not any("expires" in name or "means_of_payment" in name for name in names)


def test_an_adapter_that_cannot_be_built_gets_every_test(pytester):
    names, _ = collected(pytester, "Can.CREATE, Can.GET", build="undefined")
    assert set(names) == set(collected(pytester, "*Can")[0])
