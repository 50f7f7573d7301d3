"""A run of the contract of one adapter outside its own test suite, and the report of what it proved."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, packages_distributions, version
from importlib.util import find_spec
from typing import Final
from xml.etree import ElementTree as ET

import pytest

from govcomponents.contracts.capability_proofs import PROOFS, REFUSALS
from govcomponents.contracts.suite import Subject
from govcomponents.core.http.runtime import VERSION, Runtime
from govcomponents.core.transports.scripted import ScriptedTransport

_QUIET: Final = ("-W", "ignore::pytest.PytestAssertRewriteWarning")
"""This process has imported the suites already, and nothing is wrong with that."""


@dataclass(frozen=True)
class Case:
    """One test that ran: its name, how long it took in seconds, and the last line of its failure, if it failed.

    `proves` are the capabilities that it proves, where its name does not tell.
    """

    name: str
    seconds: float
    failure: str | None = None
    proves: frozenset[str] = frozenset()

    @property
    def test(self) -> str:
        """The name of the test without its parameters."""
        return self.name.rpartition("::")[2].partition("[")[0]


@dataclass
class ContractReport:
    """Report of a contract run: what the adapter claims, what was proved of it, and what it refuses as it should."""

    name: str
    adapter: type
    claimed: frozenset[str] = frozenset()
    undeclared: frozenset[str] = frozenset()
    cases: list[Case] = field(default_factory=list)
    seconds: float = 0.0
    against: str = "the double of its tests"

    @property
    def failed(self) -> list[Case]:
        """The tests that failed."""
        return [case for case in self.cases if case.failure is not None]

    @property
    def proved(self) -> list[str]:
        """The capabilities whose positive test ran, and did not fail."""
        ran, failed = {case.test for case in self.cases}, {case.test for case in self.failed}
        good = {str(one) for one, test in PROOFS.items() if test in ran - failed}
        good = good.union(*(case.proves for case in self.cases)).difference(*(case.proves for case in self.failed))
        return sorted(self.claimed & good)

    @property
    def refused(self) -> list[str]:
        """The capabilities that are not declared, if each was seen to be refused before anything was sent."""
        seen = [case for case in self.cases if case.test == REFUSALS]
        return sorted(self.undeclared) if seen and all(case.failure is None for case in seen) else []

    def facts(self) -> dict[str, object]:
        """The whole report, for JSON."""
        package = self.adapter.__module__.partition(".")[0]
        return {
            "adapter": self.name,
            "class": f"{self.adapter.__module__}:{self.adapter.__qualname__}",
            "against": self.against,
            "claimed": sorted(self.claimed),
            "proved": self.proved,
            "not_proved": sorted(self.claimed - set(self.proved)),
            "refused": self.refused,
            "tests": len(self.cases),
            "failed": [{"test": case.name, "failure": case.failure} for case in self.failed],
            "seconds": round(self.seconds, 3),
            "versions": {"govcomponents": VERSION, package: _version(package), "pytest": pytest.__version__},
        }

    def lines(self) -> Iterable[str]:
        """The report as text."""
        facts = self.facts()
        counted = f"{len(self.cases)} tests, {len(self.failed)} failed, {self.seconds:.1f} s"
        yield f"{self.name}: {counted}, against {self.against}"
        for what in ("claimed", "proved", "not_proved", "refused"):
            names = facts[what]
            assert isinstance(names, list)
            yield f"  {what.replace('_', ' ')}: {', '.join(names) or 'nothing'}"
        versions = facts["versions"]
        assert isinstance(versions, dict)
        yield f"  with: {', '.join(f'{package} {number}' for package, number in versions.items())}"
        for case in self.failed:
            yield f"  failed: {case.name}: {case.failure}"

    def junit(self) -> str:
        """The report as JUnit's XML."""
        facts = self.facts()
        numbers = {"tests": str(len(self.cases)), "failures": str(len(self.failed)), "time": f"{self.seconds:.3f}"}
        suite = ET.Element("testsuite", {"name": f"govcomponents contract {self.name}", **numbers})
        properties = ET.SubElement(suite, "properties")
        ET.SubElement(properties, "property", name="against", value=self.against)
        for what in ("claimed", "proved", "not_proved", "refused"):
            names = facts[what]
            assert isinstance(names, list)
            ET.SubElement(properties, "property", name=what, value=",".join(names))
        versions = facts["versions"]
        assert isinstance(versions, dict)
        for package, number in versions.items():
            ET.SubElement(properties, "property", name=f"version.{package}", value=number)
        for case in self.cases:
            one = ET.SubElement(suite, "testcase", name=case.name, classname=self.name, time=f"{case.seconds:.3f}")
            if case.failure is not None:
                ET.SubElement(one, "failure", message=case.failure)
        whole = ET.Element("testsuites", numbers)
        whole.append(suite)
        return ET.tostring(whole, encoding="unicode", xml_declaration=True)


class _Collector:
    """A plugin of pytest that keeps to the suites of one adapter, and notes what becomes of their tests."""

    def __init__(self, report: ContractReport) -> None:
        self._report = report

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = [item for item in items if self._is_of_the_adapter(item)]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" or report.failed:
            last = (report.longreprtext.strip().splitlines() or [""])[-1] if report.failed else None
            message = getattr(getattr(report.longrepr, "reprcrash", None), "message", last) if report.failed else None
            told = message.splitlines()[0] if message else last
            self._report.cases.append(Case(report.nodeid, report.duration, told))

    def _is_of_the_adapter(self, item: pytest.Item) -> bool:
        subject = getattr(getattr(item, "cls", None), "subject", None)
        if not isinstance(subject, Subject):
            return False
        try:
            port = subject.build(Runtime(ScriptedTransport()))
        except Exception:  # noqa: BLE001  # whatever an adapter's author got wrong: its tests say it
            return True
        if type(port) is not self._report.adapter:
            return False
        known = {str(one) for one in type(next(iter(port.capabilities)))} if port.capabilities else set()
        self._report.claimed |= {str(one) for one in port.capabilities}
        self._report.undeclared = frozenset(known) - self._report.claimed
        return True


def run_contract(name: str, adapter: type, places: Sequence[str]) -> ContractReport:
    """Run the suites of an adapter that are found in these files and folders."""
    report = ContractReport(name, adapter)
    began = time.monotonic()
    # The collector is a plugin of this process, so that the tests must run in it too.
    alone = ["-n0"] if find_spec("xdist") else []
    with redirect_stdout(sys.stderr):  # standard output is the report's alone
        pytest.main(["-q", "-p", "no:cacheprovider", *_QUIET, *alone, *places], plugins=[_Collector(report)])
    report.seconds = time.monotonic() - began
    return report


def _version(package: str) -> str:
    try:
        return version(packages_distributions().get(package, [package])[0])
    except PackageNotFoundError:
        return "unknown"
