"""`govcomponents contract run`: runs the contract of an installed adapter, and reports what it claims and proves."""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import TYPE_CHECKING

from govcomponents.cli.outcome import Status, printable, report, tell
from govcomponents.errors import ConfigurationError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping, Sequence

    from govcomponents.contracts.report import ContractReport

_COMPONENTS = ("pay", "notify", "identity")


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add this subcommand to the command line."""
    parser = commands.add_parser("contract", help="run the contract of an adapter")
    parts = parser.add_subparsers(title="commands", dest="part", required=True, metavar="COMMAND")
    run = parts.add_parser(
        "run",
        help="prove what an installed adapter declares",
        description="Runs the contract suites of an adapter that is installed, against the double of its tests: that "
        "sends nothing to a provider. With --sandbox a fixed list of calls is made in a sandbox of this process, "
        "which needs neither tests nor an account. With --live the same calls are made with the account of the "
        "environment's settings: it says first what it will do, sends to the provider's own addresses for tests only, "
        "and refuses live keys. Of each capability that is claimed it says whether it was proved (a test that shows it "
        "passed, and so did each about it), disproved (a test about it failed), or not proved (a test about it did not "
        "run: --sandbox and --live make few calls).",
        epilog="Exit status: 0 nothing failed; 1 a test failed or, with --strict, something that is claimed was not "
        "proved; 2 it could not run.",
    )
    run.add_argument("name", help="the adapter's name, as in the setting ADAPTER")
    run.add_argument("tests", nargs="*", default=["tests"], help="its contract tests (default: %(default)s)")
    run.add_argument("--component", choices=_COMPONENTS, help="where several components have an adapter of this name")
    where = run.add_mutually_exclusive_group()
    where.add_argument("--sandbox", action="store_true", help="ask a sandbox of this process")
    where.add_argument(
        "--live", action="store_true", help="ask the account for tests that the environment's settings name"
    )
    run.add_argument("--strict", action="store_true", help="fail too if something that is claimed was not proved")
    run.add_argument("--format", choices=("text", "json", "junit"), default="text", help="default: %(default)s")
    run.add_argument("--json", dest="format", action="store_const", const="json", help="the same as --format json")
    run.set_defaults(run=run_it)


def run_it(options: argparse.Namespace) -> int:
    """Run the contract. Raises ConfigurationError if there is no such adapter, or no suite of it in the tests."""
    if sys.flags.optimize:
        raise ConfigurationError(
            "this Python leaves assertions out, and without them everything would seem proved",
            fix="run it without -O and PYTHONOPTIMIZE",
        )
    done = _account(options) if options.live or options.sandbox else _suites(options)
    done.is_strict = options.strict
    if options.format == "junit":
        tell(done.junit())
    else:
        options.json = options.format == "json"
        report(options, done.facts(), done.lines())
    return Status.DONE if done.has_passed else Status.NOT_ALL


def _suites(options: argparse.Namespace) -> ContractReport:
    component, adapter = _adapter(options.name, options.component)
    of_ours = _built_in(options.name, component) is not None
    fix = "name the file that subclasses PaySuite, NotifySuite or IdentitySuite"
    if of_ours:
        fix = (
            "use --sandbox, which needs no tests; or, in a clone of the source, pip install -e '.[dev]' and name "
            f"tests/{component}/{options.name}"
        )
    whose = f"the contract suites of {options.name}"
    missing = [place for place in options.tests if not Path(place.partition("::")[0]).exists()]
    if missing:
        told = f"there is no file or folder {', '.join(missing)} here"
        raise ConfigurationError(f"{told}, and {whose} are no part of the package" if of_ours else told, fix=fix)
    try:
        from govcomponents.contracts.run import run_contract
    except ImportError as error:
        raise ConfigurationError(
            f"{whose} need {error.name}, which is not installed", fix=f"pip install {error.name}"
        ) from None
    done = run_contract(options.name, adapter, options.tests)
    if not done.cases:
        raise ConfigurationError(
            f"no contract suite of {options.name} was found in {', '.join(options.tests)}", fix=fix
        )
    return done


def _account(options: argparse.Namespace) -> ContractReport:
    from govcomponents.contracts.account_run import AccountRun
    from govcomponents.settings import Settings

    if options.sandbox:
        return AccountRun.in_a_sandbox(options.name, options.component).run()
    run = AccountRun.at_the_provider(options.name, options.component, Settings.from_environment())
    for line in ("This will be done, and nothing else:", *run.plan):
        print(printable(line), file=sys.stderr)
    return run.run()


def _built_in(name: str, component: str) -> EntryPoint | None:
    """Return what a built-in adapter's entry point would be, if there is one of that name."""
    names = _names_built_in(component)
    return EntryPoint(name, names[name], f"govcomponents.{component}") if name in names else None


def _names_built_in(component: str) -> Mapping[str, str]:
    names: Mapping[str, str] = import_module(f"govcomponents.{component}.adapters").BUILT_IN
    return names


def _names_installed(components: Sequence[str]) -> list[str]:
    return sorted({entry.name for one in components for entry in entry_points(group=f"govcomponents.{one}")})


def _adapter(name: str, component: str | None) -> tuple[str, type]:
    looked = [component] if component else _COMPONENTS
    found = {one: entry for one in looked for entry in entry_points(group=f"govcomponents.{one}", name=name)}
    found |= {one: entry for one in looked if (entry := _built_in(name, one))}  # as in settings, it is not shadowed
    if len(found) > 1:
        raise ConfigurationError(f"{', '.join(found)} have an adapter called {name}", fix="say which with --component")
    if not found:
        known = (*(one for component in looked for one in _names_built_in(component)), *_names_installed(looked))
        raise ConfigurationError(
            f"no package that is installed has an adapter called {name}",
            fix=f"install its package, which names the adapter by an entry point; there are {', '.join(known)}",
        )
    ((where, entry),) = found.items()
    try:
        adapter = entry.load()
    except Exception as error:  # noqa: BLE001  # whatever the package does when it is imported
        raise ConfigurationError(
            f"the adapter {name} cannot be imported ({type(error).__name__})", fix="import it by hand: that says why"
        ) from None
    if not isinstance(adapter, type):
        raise ConfigurationError(f"the entry point of {name} names no class", fix="let it name the adapter's class")
    return where, adapter
