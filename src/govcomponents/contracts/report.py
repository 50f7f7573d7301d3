"""The report of a contract run: what an adapter claims, and what was proved of it, as text, JSON and JUnit."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, packages_distributions, version
from typing import TYPE_CHECKING, Final
from xml.etree import ElementTree as ET

from govcomponents.contracts.capability_proofs import REFUSALS
from govcomponents.core.http.runtime import VERSION

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_NAMED: Final = 3
"""How many of the tests that failed for one cause the text names."""
_ADDRESS: Final = re.compile(r"0x[0-9a-f]{6,}")


@dataclass(frozen=True)
class Case:
    """One test that ran: its name, how long it took in seconds, and the last line of its failure, if it failed.

    `about` are the capabilities that are disproved if it fails, `proves` those that it proves if it does not.
    `whole` is its failure as pytest tells it. One that was skipped proves nothing.
    """

    name: str
    seconds: float
    failure: str | None = None
    about: frozenset[str] = frozenset()
    proves: frozenset[str] = frozenset()
    whole: str | None = None
    skipped: bool = False

    @property
    def test(self) -> str:
        """The name of the test without its parameters."""
        return self.name.rpartition("::")[2].partition("[")[0]


@dataclass
class ContractReport:
    """Report of a contract run.

    `left_out` are tests of the contract that did not run as it has them, each with the capabilities that it is about:
    they were deselected, or the author's own stand in their place. `unproved_because` says why what is claimed and not
    proved is not, where nothing failed and no test was left out. `is_strict`: whether that fails the run too.
    `versions` are those of more packages than govcomponents and the adapter's.
    """

    name: str
    adapter: type
    claimed: frozenset[str] = frozenset()
    undeclared: frozenset[str] = frozenset()
    cases: list[Case] = field(default_factory=list)
    left_out: dict[str, frozenset[str]] = field(default_factory=dict)
    seconds: float = 0.0
    against: str = "the double of its tests"
    unproved_because: str = "no test that proves them ran"
    is_strict: bool = False
    versions: dict[str, str] = field(default_factory=dict)

    @property
    def failed(self) -> list[Case]:
        """The tests that failed."""
        return [case for case in self.cases if case.failure is not None]

    @property
    def disproved(self) -> dict[str, list[Case]]:
        """The capabilities that are claimed and of whose tests some failed, each with these."""
        found = {one: [case for case in self.failed if one in case.about] for one in sorted(self.claimed)}
        return {one: failed for one, failed in found.items() if failed}

    @property
    def proved(self) -> list[str]:
        """The capabilities whose positive test ran, and of whose tests none failed or was left out."""
        good = frozenset[str]().union(*(case.proves for case in self.cases if not (case.failure or case.skipped)))
        return sorted((self.claimed & good).difference(self.disproved, *self._passed_over.values()))

    @property
    def not_proved(self) -> list[str]:
        """The capabilities that are claimed, and of which not all was tried that proves them."""
        return sorted(self.claimed.difference(self.proved, self.disproved))

    @property
    def refused(self) -> list[str]:
        """The capabilities that are not declared, if each was seen to be refused before anything was sent."""
        seen = [case for case in self.cases if case.test == REFUSALS]
        tried = seen and not any(case.failure or case.skipped for case in seen)
        return sorted(self.undeclared) if tried and not any(REFUSALS in name for name in self.left_out) else []

    @property
    def _passed_over(self) -> dict[str, frozenset[str]]:
        """The tests that did not run as the contract has them, each with what it is about."""
        return {case.name: case.about for case in self.cases if case.skipped} | self.left_out

    @property
    def _because(self) -> str:
        """Why what is claimed and not proved is not."""
        unproved = set(self.not_proved)
        passed_over = [name for name, about in self._passed_over.items() if about & unproved]
        if not passed_over:
            return self.unproved_because
        named = ", ".join(passed_over[:_NAMED]) + (", ..." if len(passed_over) > _NAMED else "")
        return f"{_tests(passed_over)} skipped, expected to fail, deselected or written anew: {named}"

    @property
    def has_passed(self) -> bool:
        """Whether nothing failed and, of a strict run, all that is claimed was proved."""
        return not self.failed and not (self.is_strict and self.not_proved)

    def facts(self) -> dict[str, object]:
        """The whole report, for JSON."""
        return {
            "adapter": self.name,
            "class": f"{self.adapter.__module__}:{self.adapter.__qualname__}",
            "against": self.against,
            "passed": self.has_passed,
            "strict": self.is_strict,
            "claimed": sorted(self.claimed),
            "proved": self.proved,
            "disproved": list(self.disproved),
            "not_proved": self.not_proved,
            "not_proved_because": self._because if self.not_proved else None,
            "refused": self.refused,
            "tests": len(self.cases),
            "failed": [
                {"test": case.name, "failure": case.failure, "disproves": sorted(case.about & self.claimed)}
                for case in self.failed
            ],
            "seconds": round(self.seconds, 3),
            "versions": self._versions(),
        }

    def lines(self) -> Iterator[str]:
        """The report as text."""
        counted = f"{_tests(self.cases)}, {len(self.failed)} failed, {self.seconds:.1f} s"
        yield f"{self.name}: {counted}, against {self.against}"
        yield _listed("claimed", sorted(self.claimed))
        yield _listed("proved", self.proved)
        yield _listed("disproved", (f"{one} ({_tests(failed)})" for one, failed in self.disproved.items()))
        yield _listed("not proved", self.not_proved)
        if self.not_proved:
            fails = "; --strict fails for that" if self.is_strict else ""
            yield f"    {self._because}{fails}"
        if self.undeclared:
            yield _listed("refused", self.refused)
        yield f"  with: {', '.join(f'{package} {number}' for package, number in self._versions().items())}"
        yield from self._causes()

    def _causes(self) -> Iterator[str]:
        """What went wrong, each cause once, with the first of the tests that failed for it."""
        causes: dict[str, list[Case]] = {}
        for case in self.failed:
            causes.setdefault(_ADDRESS.sub("0x…", case.failure or ""), []).append(case)
        for cause, cases in causes.items():
            yield f"  failed: {cases[0].name if len(cases) == 1 else _tests(cases)}: {cause}"
            if len(cases) == 1:
                continue
            yield from (f"    {case.name}" for case in cases[:_NAMED])
            if len(cases) > _NAMED:
                yield f"    and {len(cases) - _NAMED} more, which --format json and junit name"

    def junit(self) -> str:
        """The report as JUnit's XML: a case for each test, and one for each capability that was not proved."""
        failed = len(self.failed) + (len(self.not_proved) if self.is_strict else 0)
        left_out = sum(case.skipped for case in self.cases) + (0 if self.is_strict else len(self.not_proved))
        numbers = {
            "tests": str(len(self.cases) + len(self.not_proved)),
            "failures": str(failed),
            "skipped": str(left_out),
            "time": f"{self.seconds:.3f}",
        }
        suite = ET.Element("testsuite", {"name": f"govcomponents contract {self.name}", **numbers})
        properties = ET.SubElement(suite, "properties")
        for name, value in self._properties():
            ET.SubElement(properties, "property", name=name, value=value)
        for case in self.cases:
            one = ET.SubElement(suite, "testcase", name=case.name, classname=self.name, time=f"{case.seconds:.3f}")
            if case.failure is not None:
                ET.SubElement(one, "failure", message=_xml(case.failure)).text = _xml(case.whole or case.failure)
            elif case.skipped:
                ET.SubElement(one, "skipped")
        for capability in self.not_proved:
            one = ET.SubElement(suite, "testcase", name=f"proves {capability}", classname=self.name, time="0")
            outcome = "failure" if self.is_strict else "skipped"
            ET.SubElement(one, outcome, message=f"not proved: {self._because}")
        whole = ET.Element("testsuites", {name: value for name, value in numbers.items() if name != "skipped"})
        whole.append(suite)
        return ET.tostring(whole, encoding="unicode", xml_declaration=True)

    def _properties(self) -> Iterator[tuple[str, str]]:
        yield "against", self.against
        yield "claimed", ",".join(sorted(self.claimed))
        yield "proved", ",".join(self.proved)
        yield "disproved", ",".join(self.disproved)
        yield "not_proved", ",".join(self.not_proved)
        yield "refused", ",".join(self.refused)
        for package, number in self._versions().items():
            yield f"version.{package}", number

    def _versions(self) -> dict[str, str]:
        package = self.adapter.__module__.partition(".")[0]
        return {"govcomponents": VERSION, package: _version(package), **self.versions}


def _listed(what: str, names: Iterable[str]) -> str:
    return f"  {what}: {', '.join(names) or 'nothing'}"


def _tests(cases: Sequence[object]) -> str:
    return f"{len(cases)} test{'' if len(cases) == 1 else 's'}"


def _xml(text: str) -> str:
    """Write out what XML has no form for, such as the colours of a terminal."""
    return re.sub(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", lambda found: ascii(found[0])[1:-1], text)


def _version(package: str) -> str:
    try:
        return version(packages_distributions().get(package, [package])[0])
    except PackageNotFoundError:
        return "unknown"
