"""Runs the contract suite of adapters over each mistake in their lists: `python -m mutants.run [ADAPTER ...] [--find]`.

The sandbox is imported first, and then the adapters again: what a mistake changes is the adapter's alone, although the
two share code. Each mistake has a process of its own, forked from one that has imported all that stays as it is, and
there the test that is said to catch it runs; with `--find`, the whole suite up to the first test that fails.
"""

from __future__ import annotations

import argparse
import importlib.abc
import importlib.util
import json
import os
import resource
import signal
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

import pytest

from mutants.mistakes import ROOT, Adapter, Mistake, adapters

# Imported before any mistake is made, and kept: the kit, and the sandbox with what it shares with the adapters.
KEPT = (
    "hypothesis",
    *(f"govcomponents.contracts.{name}" for name in ("fixtures", "pay.suite", "notify.suite", "identity.suite")),
    "govcomponents.sandbox.app",
)
AGAIN = tuple(
    f"govcomponents.{name}"
    for name in ("pay.adapters", "notify.adapters", "identity.adapters", "identity.protocol", "identity.jose")
)
KIT = "govcomponents.contracts.fixtures"
CPU_SECONDS = 120
SECONDS = 900


@dataclass(frozen=True)
class Outcome:
    """What became of a run: the test that failed, if one did, and how many ran. `broken` says why there was no run."""

    mistake: Mistake | None
    failed: str | None
    ran: int
    broken: str | None = None


class _Seeded(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Loads one module with a mistake in it."""

    def __init__(self, module: str, source: str, path: Path) -> None:
        self._module = module
        self._code = compile(source, str(path), "exec")

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        return importlib.util.spec_from_loader(name, self) if name == self._module else None

    def exec_module(self, module: ModuleType) -> None:
        exec(self._code, module.__dict__)  # our own source, changed at one place


class _Watch:
    """A plugin of pytest that runs only some tests of a suite, and notes the first that fails."""

    def __init__(self, only: frozenset[str]) -> None:
        self._only = only
        self.failed: str | None = None
        self.ran = 0

    def pytest_pycollect_makeitem(self, name: str, obj: object) -> list[pytest.Item] | None:
        is_left_out = self._only and name.startswith("test_") and name not in self._only
        return [] if is_left_out else None

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Leave out the file's own tests, as the kit is to catch it; put first what takes little.

        That is for blocking callers, the tests with the fewest cases, such as no faults.
        """
        items[:] = [item for item in items if _is_of_the_kit(item)]
        cases = Counter(item.location[:2] for item in items)
        items.sort(key=lambda item: ("asyncio" in item.name, cases[item.location[:2]]))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.ran += report.when == "call"
        if report.failed and self.failed is None:
            self.failed = report.nodeid.rpartition("::")[2].partition("[")[0]


def _is_of_the_kit(item: pytest.Item) -> bool:
    return isinstance(item, pytest.Function) and item.function.__module__.startswith("govcomponents.contracts.")


def _run(suite: str, only: frozenset[str], mistake: Mistake | None) -> dict[str, object]:
    """Run a suite in this process, which is of no use after it."""
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    signal.alarm(SECONDS)
    if mistake is not None:
        sys.meta_path.insert(0, _Seeded(mistake.module, mistake.source(), ROOT / mistake.file))
    watch = _Watch(only)
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # the kit needs none but its own, and others take seconds
    plugins = ["-p", KIT, "-p", "no:cacheprovider", "-p", "no:unraisableexception"]
    options = ["-x", "-q", *plugins, "-W", "ignore", "-o", "addopts=", "--rootdir", str(ROOT)]
    status = pytest.main([*options, str(ROOT / suite)], plugins=[watch])
    is_run = status in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)
    is_seeded = mistake is None or mistake.module in sys.modules
    broken = None if is_run and is_seeded else f"pytest ended with {status!r}, module imported: {is_seeded}"
    return {"failed": watch.failed, "ran": watch.ran, "broken": broken}


def _fork(suite: str, only: frozenset[str], mistake: Mistake | None) -> tuple[int, int]:
    """Run a suite in a process of its own. Return its id, and the descriptor from which its outcome is read."""
    reading, writing = os.pipe()
    child = os.fork()
    if child:
        os.close(writing)
        return child, reading
    told: dict[str, object] = {}
    try:
        silence = os.open(os.devnull, os.O_WRONLY)
        for descriptor in (1, 2):
            os.dup2(silence, descriptor)
        told = _run(suite, only, mistake)
    except BaseException as error:  # noqa: BLE001  # the parent tells it
        told = {"broken": f"{type(error).__name__}: {error}"}
    finally:
        os.write(writing, json.dumps(told).encode())
        os._exit(0)  # without the ends of what was imported, which are the parent's


def _outcomes(suite: str, runs: Sequence[tuple[Mistake | None, frozenset[str]]], at_once: int) -> Iterator[Outcome]:
    """Run a suite with each mistake, some at once."""
    waiting, running = list(runs), {}
    while waiting or running:
        while waiting and len(running) < at_once:
            mistake, only = waiting.pop(0)
            child, reading = _fork(suite, only, mistake)
            running[child] = mistake, reading
        child, status = os.wait()
        mistake, reading = running.pop(child)
        with os.fdopen(reading) as pipe:
            told = json.loads(pipe.read() or "{}")
        if not told:
            told["broken"] = f"it hung, and was ended by signal {os.waitstatus_to_exitcode(status)}"
        yield Outcome(mistake, told.get("failed"), told.get("ran", 0), told.get("broken"))


def run(adapter: Adapter, *, find: bool, at_once: int) -> Iterator[tuple[str, Outcome]]:
    """Run an adapter's mistakes. Yield what is wrong with each, "" for one that was caught as its list says.

    First the same tests run over the source as it is: they must pass.
    """
    for name in KEPT:
        import_module(name)
    for name in [name for name in sys.modules if name.startswith(AGAIN)]:
        del sys.modules[name]
    if not find:
        named = frozenset(one.caught_by for one in adapter.mistakes)
        (control,) = _outcomes(adapter.suite, [(None, named)], 1)
        if control.failed or control.broken or not control.ran:
            yield (
                f"without a mistake {control.failed or 'nothing'} failed, {control.ran} ran: {control.broken}",
                control,
            )
            return
    runs = [(one, frozenset() if find else frozenset({one.caught_by})) for one in adapter.mistakes]
    for outcome in _outcomes(adapter.suite, runs, at_once):
        if outcome.broken:
            yield outcome.broken, outcome
        else:
            problem = "" if outcome.failed else f"survived {outcome.ran} tests"
            yield problem, outcome


def _tell(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> int:
    """Run the mistakes of the adapters that are named, or of all."""
    parser = argparse.ArgumentParser(description=__doc__)
    known = adapters()
    parser.add_argument("adapter", nargs="*", choices=[*known, []], help="default: all")
    parser.add_argument("--find", action="store_true", help="run whole suites, and tell which test fails first")
    parser.add_argument("--only", default="", help="only mistakes with this in what is told of them")
    parser.add_argument("--at-once", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    wrong = 0
    for name in options.adapter or known:
        adapter, caught = known[name], 0
        listed = adapter.mistakes if options.find else adapter.tried
        chosen = tuple(one for one in listed if options.only in one.told)
        sys.path[:0] = [str(path) for path in (ROOT / "examples" / "adapters").glob("*/src")]
        for problem, outcome in run(Adapter(name, adapter.suite, chosen), find=options.find, at_once=options.at_once):
            told = outcome.mistake.told if outcome.mistake else "control"
            if problem or options.find:
                _tell(f"{name}: {told}: {problem or outcome.failed}")
            caught += not problem
            wrong += bool(problem)
        _tell(f"{name}: {caught} of {len(chosen)} mistakes caught")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
