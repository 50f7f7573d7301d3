"""The outcome of a command: the status that it exits with, and the report of what it did, as text or as JSON."""

from __future__ import annotations

import json
import os
import sys
from contextlib import suppress
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


def tell(text: str, *, end: str = "\n") -> None:
    """Print on standard output, as it is. Whoever reads it may leave, as `head` does: the command goes on all the same.

    Raises OSError that names standard output, if that cannot be written for another reason.
    """
    try:
        print(text, end=end, flush=True)
    except BrokenPipeError:
        _say_no_more()
    except OSError as error:
        _say_no_more()  # or what is left in its buffer would fail again at the end
        raise OSError(error.errno, error.strerror, "standard output") from None


def _say_no_more() -> None:
    """Let what is still printed on standard output go nowhere."""
    with suppress(OSError, ValueError):  # ValueError: it is no file, or is closed
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def report(options: argparse.Namespace, facts: Mapping[str, object], lines: Iterable[str]) -> None:
    """Print what was done: the facts as JSON if the command line asks for that, or the lines."""
    if options.json:
        shown = json.dumps(facts, indent=2, ensure_ascii=False)  # no text in it has a line end that is not escaped
        tell("\n".join(map(printable, shown.split("\n"))))
        return
    for line in lines:
        tell(printable(line))
