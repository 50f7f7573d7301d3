"""The outcome of a command: the status that it exits with, and the report of what it did, as text or as JSON."""

from __future__ import annotations

import json
from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Mapping


class Status(IntEnum):
    """The exit status of every command."""

    DONE = 0
    """Everything that was asked for was done."""
    NOT_ALL = 1
    """It ran, and something was refused, is left, or is not as it was."""
    COULD_NOT_RUN = 2
    """It could not run, or not to its end: a wrong command line, setting or file, or a provider that cannot be had."""


STATUSES = "Exit status: 0 everything was done; 1 something was refused, is left, or has changed; 2 it could not run."
INTERRUPTED = 130
"""The exit status after Ctrl-C, as shells have it."""


def add_json(parser: argparse.ArgumentParser) -> None:
    """Add the option --json to a command that reports."""
    parser.add_argument("--json", action="store_true", help="report as one JSON object, for programs")
    parser.epilog = STATUSES


def printable(text: str) -> str:
    """Write out what a terminal would obey or hide: control characters, marks of direction, halves of pairs.

    They are written as JSON writes them, so that they may stand in its texts too; what comes out is one line.
    """
    if text.isprintable():
        return text
    return "".join(letter if letter.isprintable() else _escaped(letter) for letter in text)


def _escaped(letter: str) -> str:
    return json.dumps(letter)[1:-1] if letter != "\x7f" else "\\u007f"


def report(options: argparse.Namespace, facts: Mapping[str, object], lines: Iterable[str]) -> None:
    """Print what was done: the facts as JSON if the command line asks for that, or the lines."""
    if options.json:
        shown = json.dumps(facts, indent=2, ensure_ascii=False)  # no text in it has a line end that is not escaped
        print("\n".join(map(printable, shown.split("\n"))), flush=True)
        return
    for line in lines:
        print(printable(line), flush=True)
