"""The command that shows how everything stands on one screen, drawn again every few seconds, or as JSON."""

from __future__ import annotations

import argparse
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from govcomponents.cli.outcome import STATUSES, Status, add_json, printable, report
from govcomponents.cli.store import add_database, opened
from govcomponents.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from govcomponents.durable.operating.board import Board


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add this subcommand to the command line."""
    told = "show the outbox, callbacks, budgets and keys; exits with 1 if something needs somebody"
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
            report(options, _facts(found), [f"{name}: {value}" for name, value, _ in _lines(found)])
            return Status.NOT_ALL if found.needs_somebody else Status.DONE
        from rich.console import Console
        from rich.live import Live
        from rich.table import Table
        from rich.text import Text

        def screen(lines: Iterable[tuple[str, str, bool]]) -> Table:
            table = Table("what", "now", title=f"govcomponents, {time.strftime('%H:%M:%S')}")
            for name, value, is_trouble in lines:
                style = "bold red" if is_trouble else ""
                table.add_row(Text(printable(name), style), Text(printable(value), style))
            return table

        with Live(screen(_lines(found)), console=Console(), auto_refresh=False) as live:
            last = time.strftime("%H:%M:%S")
            while True:
                time.sleep(options.every)
                try:
                    found = board(engine)
                except Unavailable as error:  # a database that is restarted comes back
                    away = [("the database", error.happened, True), ("what follows", f"as it was at {last}", True)]
                    live.update(screen([*away, *_lines(found)]), refresh=True)
                else:
                    last = time.strftime("%H:%M:%S")
                    live.update(screen(_lines(found)), refresh=True)


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
            "without_key": outbox.without_key,
        },
        "callbacks": {
            "waiting": found.waiting,
            "without_key": found.without_key,
            "late_by": round(found.late_by, 1),
            "gave_up": found.gave_up,
            "last": {source: at.isoformat(timespec="seconds") for source, at in found.last.items()},
        },
        "payments": {"looked_for": found.looked_for},
        "budgets": {name: round(seconds, 1) for name, seconds in found.booked.items()},
        "data_keys": {
            key.id: {"age": None if key.age is None else round(key.age, 1), "rows": key.rows} for key in found.keys
        },
        "provider_keys": [
            {"kind": one.kind, "name": one.name, "age": round(one.age, 1), "is_stale": one.is_stale}
            for one in found.documents
        ],
        "needs_somebody": found.needs_somebody,
    }


def _lines(found: Board) -> list[tuple[str, str, bool]]:
    """Return what people read, what needs somebody first: a low terminal shows the first lines only."""
    outbox = found.outbox
    return [
        ("needs somebody", "yes" if found.needs_somebody else "no", found.needs_somebody),
        ("outbox dead", str(outbox.dead), outbox.dead > 0),
        ("outbox paused", ", ".join(outbox.paused) or "nothing", bool(outbox.paused)),
        ("outbox without key", str(outbox.without_key), outbox.without_key > 0),
        ("callbacks gave up", str(found.gave_up), found.gave_up > 0),
        ("callbacks without key", str(found.without_key), found.without_key > 0),
        ("outbox in doubt", str(outbox.in_doubt), False),
        ("outbox pending", str(outbox.pending), False),
        ("outbox late by", _time(outbox.late_by), False),
        ("outbox sending", str(outbox.sending), False),
        ("outbox refused", str(outbox.refused), False),
        ("callbacks waiting", str(found.waiting), False),
        ("callbacks late by", _time(found.late_by), False),
        *(
            (f"callbacks last {source}", at.isoformat(sep=" ", timespec="seconds"), False)
            for source, at in found.last.items()
        ),
        ("payments looked for", str(found.looked_for), False),
        *((f"budget {name}", f"booked for {_time(seconds)}", False) for name, seconds in found.booked.items()),
        *((f"data key {key.id}", f"{_age(key.age)}, {key.rows} rows need it", False) for key in found.keys),
        *(
            (f"{one.kind} {one.name}", _age(one.age) + (", due to be fetched again" if one.is_stale else ""), False)
            for one in found.documents
        ),
    ]


def _age(seconds: float | None) -> str:
    return "no age known" if seconds is None else f"{_time(seconds)} old"


def _time(seconds: float) -> str:
    """Write a time with its two largest units."""
    left = round(seconds)
    written = []
    for unit, size in (("d", 86_400), ("h", 3600), ("min", 60), ("s", 1)):
        if left >= size:
            written.append(f"{left // size} {unit}")
            left %= size
    return " ".join(written[:2]) or "0 s"
