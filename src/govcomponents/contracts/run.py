"""A run of the contract of one adapter outside its own test suite."""

from __future__ import annotations

import re
import sys
import time
from contextlib import redirect_stdout
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from govcomponents.contracts.capability_proofs import PROOFS, REFUSALS
from govcomponents.contracts.report import Case, ContractReport
from govcomponents.contracts.suite import NEEDS, Subject, Suite, applies
from govcomponents.core.http.runtime import Runtime
from govcomponents.core.transports.scripted import ScriptedTransport
from govcomponents.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator, Sequence

_SUITES: Final = "govcomponents.contracts."
_QUIET: Final = (
    *("-W", "ignore::pytest.PytestAssertRewriteWarning"),  # this process has imported the suites already, as it may
    *("-q", "--tb=short", "--no-summary"),  # the report tells what failed, and each cause once
)
_COLOUR: Final = re.compile(r"\x1b\[[0-9;]*m")  # which pytest puts into causes where a pipeline asks for it


class _Collector:
    """A plugin of pytest that keeps to the suites of one adapter, and notes what becomes of their tests."""

    def __init__(self, report: ContractReport, places: Sequence[str]) -> None:
        self._report = report
        self._places = [(Path(place).resolve(), ids) for place, _, ids in (one.partition("::") for one in places)]
        self._proves: dict[str, frozenset[str]] = {}
        self._about: dict[str, frozenset[str]] = {}
        self.uncollected: dict[str, str] = {}

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.uncollected[report.nodeid] = _last_line(report.longreprtext)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> Generator[None]:
        """Note what there is before options and the author's own hooks take anything out, and what they took."""
        whole = [item for item in items if applies(item) and self._is_of_the_adapter(item)]
        self._note(whole)
        yield
        chosen = [item for item in items if item in whole and self._is_named(item)]
        self._report.left_out |= {item.nodeid: self._about[item.nodeid] for item in whole if item not in chosen}
        self._report.left_out |= dict(_set_to_something_else(whole))
        items[:] = chosen
        for item in items:
            if _is_written_anew(item):
                self._proves[item.nodeid] = frozenset()
                self._report.left_out[item.nodeid] = self._about[item.nodeid]

    def _is_named(self, item: pytest.Item) -> bool:
        """Whether a test is below one of the places, which may be the id of a test or of a class."""
        own = item.nodeid.partition("::")[2]
        return any(
            item.path.is_relative_to(path) and (not ids or own == ids or own.startswith((f"{ids}::", f"{ids}[")))
            for path, ids in self._places
        )

    def _note(self, items: Sequence[pytest.Item]) -> None:
        """Note of each test what it proves, and what it is about."""
        named = {item.nodeid: _named(item) for item in items}
        of_a_test: dict[str, frozenset[str]] = {}
        for item in items:
            test = _test(item)
            of_a_test[test] = of_a_test.get(test, frozenset()) | named[item.nodeid]
        for item in items:
            test, own = _test(item), named[item.nodeid]
            # Where a test is one of several for capabilities of the same kind, it proves its own alone.
            proves = {str(one) for one, proof in PROOFS.items() if proof == test}
            self._proves[item.nodeid] = frozenset(one for one in proves if one in own or one not in of_a_test[test])
            about = own | self._proves[item.nodeid]
            self._about[item.nodeid] = about or (frozenset() if test == REFUSALS else _always(item))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when != "call" and report.passed:
            return
        failure = whole = None
        if report.failed:
            whole = _COLOUR.sub("", report.longreprtext).strip()
            message = getattr(getattr(report.longrepr, "reprcrash", None), "message", None)
            failure = message.splitlines()[0] if message else _last_line(whole)
        about, proves = self._about[report.nodeid], self._proves[report.nodeid]
        self._report.cases.append(
            Case(report.nodeid, report.duration, failure, about, proves, whole, skipped=report.skipped)
        )

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


def _test(item: pytest.Item) -> str:
    return item.name.partition("[")[0]


def _named(item: pytest.Item) -> frozenset[str]:
    """The capabilities that a test says that it needs, or the one says in whose place it stands."""
    marks: Iterable[pytest.Mark] = item.iter_markers(NEEDS)
    if _is_written_anew(item):
        marks = getattr(_of_the_contract(item), "pytestmark", [])
    return _capabilities(marks)


def _capabilities(marks: Iterable[pytest.Mark]) -> frozenset[str]:
    conditions = (one for mark in marks if mark.name == NEEDS for one in mark.args)
    return frozenset(str(one) for one in conditions if isinstance(one, StrEnum))


def _of_the_contract(item: pytest.Item) -> object | None:
    """The test of the contract that has the name of this one; None if there is none."""
    return _in_the_contract(getattr(item, "cls", None), _test(item))


def _in_the_contract(cls: type | None, name: str) -> object | None:
    bases = getattr(cls, "__mro__", ())
    return next((vars(one)[name] for one in bases if one.__module__.startswith(_SUITES) and name in vars(one)), None)


def _is_written_anew(item: pytest.Item) -> bool:
    """Whether an author's own test stands in the place of one of the contract."""
    own = getattr(getattr(item, "cls", None), _test(item), None)
    return _of_the_contract(item) not in (None, own)


def _set_to_something_else(items: Sequence[pytest.Item]) -> Iterator[tuple[str, frozenset[str]]]:
    """The tests of the contract that are none in an author's class, as `test_it = None` is, and what each is about."""
    for cls, item in {getattr(item, "cls", None): item for item in items}.items():
        for name in sorted(dir(cls)):
            found = _in_the_contract(cls, name) if name.startswith("test_") else None
            if found is not None and not callable(getattr(cls, name)):
                proves = {str(one) for one, proof in PROOFS.items() if proof == name}
                about = _capabilities(getattr(found, "pytestmark", [])) | proves
                yield f"{item.nodeid.rpartition('::')[0]}::{name}", frozenset(about or _always(item))


def _always(item: pytest.Item) -> frozenset[str]:
    """What a test is about that names no capability: what every adapter of the component does."""
    suite = getattr(item, "cls", None)
    return suite.always if isinstance(suite, type) and issubclass(suite, Suite) else frozenset()


def _last_line(text: str) -> str:
    plain = _COLOUR.sub("", text).strip()
    return (plain.splitlines() or [""])[-1].removeprefix("E ").strip()


def run_contract(name: str, adapter: type, places: Sequence[str]) -> ContractReport:
    """Run the suites of an adapter that are found in these files and folders, or those of them that ids name.

    What ids leave out is collected all the same: a capability is not proved by one of its tests.
    Raises ConfigurationError if pytest cannot begin or cannot import the files, and KeyboardInterrupt if it is stopped.
    """
    report = ContractReport(name, adapter, versions={"pytest": pytest.__version__})
    collector = _Collector(report, places)
    files = dict.fromkeys(place.partition("::")[0] for place in places)
    began = time.monotonic()
    # The collector is a plugin of this process, so that the tests must run in it too.
    alone = ["-n0"] if find_spec("xdist") else []
    with redirect_stdout(sys.stderr):  # standard output is the report's alone
        ended = pytest.main(["-p", "no:cacheprovider", *_QUIET, *alone, *files], plugins=[collector])
    report.seconds = time.monotonic() - began
    by_hand = f"run pytest {' '.join(places)} by hand, which shows more of it"
    if collector.uncollected:
        told = "; ".join(f"{place}: {line}" for place, line in collector.uncollected.items())
        raise ConfigurationError(f"the tests cannot be imported: {told}", fix=by_hand)
    if ended in (pytest.ExitCode.USAGE_ERROR, pytest.ExitCode.INTERNAL_ERROR):
        raise ConfigurationError("pytest could not begin, and says above why", fix=by_hand)
    if ended == pytest.ExitCode.INTERRUPTED:
        raise KeyboardInterrupt
    return report
