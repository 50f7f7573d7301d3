"""`govcomponents check`: looks at a service's settings, templates, code and deployment, and says what is wrong."""

from __future__ import annotations

import sys
from inspect import isfunction
from pathlib import Path
from typing import TYPE_CHECKING

from govcomponents.cli.outcome import Status, printable, tell
from govcomponents.errors import ConfigurationError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from govcomponents.check.report import CheckReport

_STATUSES = (
    "Exit status: 0 nothing was found; 1 something was, or a file could not be read; 2 it could not run, or no file is "
    "there that a rule looks at."
)
_APP_FIX = (
    "give module:name of a Flask, Starlette or FastAPI application, or of the function that makes it; "
    "with Django: python manage.py govcomponents_check"
)
_HERE = [Path()]
_FORMATS = ("text", "json", "junit", "sarif", "github")


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add this subcommand to the command line."""
    parser = commands.add_parser(
        "check",
        help="look for mistakes in settings, templates, code and deployment",
        description="Looks for mistakes in a service's settings, templates, code and files of deployment. It runs "
        "none of the code, and sends nothing; with --live it asks the providers by reads that change nothing.",
        epilog=_STATUSES,
    )
    parser.add_argument("paths", nargs="*", type=Path, default=_HERE, help="files and folders (default: here)")
    parser.add_argument("--format", choices=_FORMATS, default="text", help="default: %(default)s")
    parser.add_argument("--json", dest="format", action="store_const", const="json", help="the same as --format json")
    parser.add_argument("--baseline", type=Path, metavar="FILE", help="findings that are accepted")
    parser.add_argument("--write-baseline", type=Path, metavar="FILE", help="accept what is found now, and end with 0")
    parser.add_argument("--live", action="store_true", help="ask the providers of this environment's settings, too")
    parser.add_argument("--no-environment", action="store_true", help="leave this process's own variables alone")
    explained = "print the page of this rule, by its id or name, and look at nothing; without one, list all rules"
    parser.add_argument("--explain", nargs="?", const="", metavar="RULE", help=explained)
    told = (
        "ask this Flask, Starlette or FastAPI application instead: its providers, routes, secrets and access logs. "
        "It tells as text, and takes none of the others"
    )
    parser.add_argument("--app", metavar="MODULE:NAME", help=told)
    told = "with --app: the prefix that a proxy takes off, where only the server is told it (uvicorn --root-path PATH)"
    parser.add_argument("--root-path", metavar="PATH", default="", help=told)
    parser.set_defaults(run=run_it)


def run_it(options: argparse.Namespace) -> int:
    """Check, and report. Raises ConfigurationError, and with --live GovComponentsError if a provider cannot be had."""
    if options.explain is not None:
        return _explain(options.explain)
    if options.app is not None:
        _refuse_others(options)
        return _ask(options.app, options.root_path)
    if options.root_path:
        raise ConfigurationError("--root-path is of an application", fix="give --app too, or leave --root-path out")
    from govcomponents.check.baseline import read_baseline, write_baseline
    from govcomponents.check.project import Project
    from govcomponents.check.reports import FORMATS
    from govcomponents.check.run import check_project
    from govcomponents.check.settings.sources import process_environment

    accepted = read_baseline(options.baseline) if options.baseline is not None else None
    environment = None if options.no_environment else process_environment()
    if options.write_baseline is not None:
        # All that is found, whether it was accepted before or not: the file may be written over the old one.
        report = check_project(Project(options.paths), environment, is_live=options.live)
        _must_have_looked(report, options.paths)
        count = write_baseline(options.write_baseline, report.findings)
        print(printable(f"{count} accepted in {options.write_baseline}."), file=sys.stderr)
        return Status.DONE
    report = check_project(Project(options.paths), environment, accepted=accepted, is_live=options.live)
    _must_have_looked(report, options.paths)
    for line in FORMATS[options.format](report).split("\n"):
        tell(printable(line))
    if options.format in ("junit", "sarif"):  # forms that nobody reads in the log of a pipeline
        for one in report.unread:
            print(printable(f"{one.place}: {one.message}"), file=sys.stderr)
    return Status.NOT_ALL if report.findings else Status.DONE


def _must_have_looked(report: CheckReport, paths: Sequence[Path]) -> None:
    """Refuse to call clean what was not looked at: a pipeline with a wrong path would pass for ever."""
    if not (report.files or report.findings or report.accepted or report.live):
        where = ", ".join("this folder" if one == Path() else str(one) for one in paths)
        raise ConfigurationError(
            f"no file that a rule looks at is in {where}",
            fix="run it in the service's folder, or name its files and folders",
        )


def _explain(written: str) -> int:
    """Print the page of a rule, or the list of all. Raises ConfigurationError if there is no such rule."""
    from govcomponents.check.rules import rule_of, rules, told_of_unknown
    from govcomponents.check.rules.pages import page_of

    if not written:
        for one in rules().values():
            tell(f"{one.id} {one.name}: {one.title}")
        return Status.DONE
    rule = rule_of(written)
    if rule is None:
        raise ConfigurationError(told_of_unknown(written), fix="list them all: govcomponents check --explain")
    tell(page_of(rule), end="")
    return Status.DONE


def _refuse_others(options: argparse.Namespace) -> None:
    """Refuse what --app does not do: a pipeline would take its silence for a report without findings."""
    given = {
        "paths": options.paths != _HERE,
        f"--format {options.format}": options.format != "text",
        "--baseline": options.baseline is not None,
        "--write-baseline": options.write_baseline is not None,
        "--live": options.live,
        "--no-environment": options.no_environment,
    }
    if others := [name for name, is_given in given.items() if is_given]:
        raise ConfigurationError(
            f"--app asks an application and looks at no files, so {', '.join(others)} cannot be given with it",
            fix="run `govcomponents check --app` by itself, and `govcomponents check` beside it",
        )


def _ask(name: str, root: str) -> int:
    """Load the service's own application, or call what makes it, and tell what its check tells."""
    from govcomponents.cli.loading import load, not_had
    from govcomponents.integrations.checking import SHELLS

    app = load(name, _APP_FIX)
    if isfunction(app):
        try:
            app = app()
        except (Exception, SystemExit) as error:  # noqa: BLE001  # whatever the service does when it is made
            module, _, function = name.partition(":")
            raise not_had("made", error, f"python -c 'import {module}; {module}.{function}()'") from None
    shells = list(SHELLS)
    if not shells:
        raise ConfigurationError("--app has no components of this package", fix=_APP_FIX)
    is_all_well = True
    for shell in shells:
        lines, is_well = shell.checked(app, root)
        is_all_well &= is_well
        for line in "\n".join(lines).split("\n"):
            tell(printable(line))
    return Status.DONE if is_all_well else Status.NOT_ALL
