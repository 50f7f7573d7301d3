"""`govcomponents reconcile DAY`: what was recorded of a day's payments and refunds against what the providers say."""

from __future__ import annotations

import argparse
import sys
from datetime import date
from typing import TYPE_CHECKING

from govcomponents.cli.outcome import STATUSES, Status, printable, tell
from govcomponents.cli.store import add_database, opened

if TYPE_CHECKING:
    from collections.abc import Callable


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add this subcommand to the command line."""
    told = "compare a day's payments and refunds with what the providers say; exits with 1 if anything differs"
    parser = commands.add_parser("reconcile", help=told, description=f"{told[0].upper()}{told[1:]}.", epilog=STATUSES)
    parser.add_argument("day", type=_day, help="the day, in UTC, such as 2026-03-01")
    add_database(parser)
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="report as one JSON object, for programs")
    form.add_argument("--csv", action="store_true", help="print the differences as CSV, for spreadsheets")
    parser.set_defaults(run=reconcile_day)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError("it is no day, such as 2026-03-01") from None


def reconcile_day(options: argparse.Namespace) -> int:
    """Compare a day."""
    from govcomponents.components import GovComponents
    from govcomponents.core.driver import drive
    from govcomponents.durable.payments.reconciling import GOES_ON, compare_day

    with opened(options) as engine, GovComponents.from_settings() as gov:
        found = drive(compare_day(engine, gov.over(lambda port: port, ()), gov.runtime, options.day))
    form: Callable[[], str] = found.to_json if options.json else found.to_csv if options.csv else found.__str__
    tell("\n".join(map(printable, form().splitlines())))
    if options.csv and not found.is_over:  # which has a line for each difference, and no other
        print(GOES_ON, file=sys.stderr)
    return Status.NOT_ALL if found.differences else Status.DONE
