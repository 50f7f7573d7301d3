"""The command that shows how everything stands on one screen, drawn again every few seconds, or as JSON."""

from __future__ import annotations

import argparse
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from govcomponents.cli.outcome import STATUSES, Status, add_json, printable, report
from govcomponents.cli.store import add_database, opened

if TYPE_CHECKING:
    from govcomponents.durable.operating.board import Board


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add this subcommand to the command line."""
    told = "show the outbox, callbacks, budgets and data keys; exits with 1 if something needs somebody"
    parser = commands.add_parser("status", help=told, description=f"{told[0].upper()}{told[1:]}.", epilog=STATUSES)
    add_database(parser)
    add_json(parser)
    parser.add_argument("--every", type=_seconds, metavar="SECONDS", help="draw it again every so many seconds")
    parser.set_defaults(run=show)


def _seconds(text: str) -> float:
    with suppress(ValueError):
        if 0.1 <= float(text) <= 3600:
            return float(text)
    raise argparse.ArgumentTypeError("it is no number of seconds from 0.1 to 3600")


def show(options: argparse.Namespace) -> int:
    """Show how everything stands: once, or again and again until it is interrupted."""
    from govcomponents.durable.operating.board import board

    with opened(options) as engine:
        found = board(engine)
        if options.every is None or options.json:
            facts = _facts(found)
            report(options, facts, [f"{name}: {value}" for name, value in _shown(facts)])
            return Status.NOT_ALL if found.needs_somebody else Status.DONE
        from rich.console import Console
        from rich.live import Live
        from rich.table import Table
        from rich.text import Text

        def screen(current: Board) -> Table:
            table = Table("what", "now", title=f"govcomponents, {time.strftime('%H:%M:%S')}")
            for name, value in _shown(_facts(current)):
                table.add_row(Text(printable(name)), Text(printable(value)))
            return table

        with Live(screen(found), console=Console(), auto_refresh=False) as live:
            while True:
                time.sleep(options.every)
                live.update(screen(board(engine)), refresh=True)


def _facts(found: Board) -> dict[str, object]:
    outbox = found.outbox
    return {
        "outbox": {
            "pending": outbox.pending,
            "sending": outbox.sending,
            "in_doubt": outbox.in_doubt,
            "refused": outbox.refused,
            "dead": outbox.dead,
            "late_by": round(outbox.late_by, 1),
            "paused": list(outbox.paused),
        },
        "callbacks": {
            "waiting": found.waiting,
            "late_by": round(found.late_by, 1),
            "gave_up": found.gave_up,
            "last": {source: at.isoformat(timespec="seconds") for source, at in found.last.items()},
        },
        "payments": {"looked_for": found.looked_for},
        "budgets": {name: round(seconds, 1) for name, seconds in found.booked.items()},
        "data_keys": {
            key.id: {"age": None if key.age is None else round(key.age, 1), "rows": key.rows} for key in found.keys
        },
        "needs_somebody": found.needs_somebody,
    }


def _shown(facts: dict[str, object], before: str = "") -> list[tuple[str, str]]:
    """Return each fact with its name, for people."""
    lines: list[tuple[str, str]] = []
    for name, value in facts.items():
        whole = f"{before} {name.replace('_', ' ')}".strip()
        if isinstance(value, dict):
            lines += _shown(value, whole)
        elif isinstance(value, bool):
            lines.append((whole, "yes" if value else "no"))
        else:
            lines.append((whole, ", ".join(map(str, value)) if isinstance(value, list) else str(value)))
    return lines
