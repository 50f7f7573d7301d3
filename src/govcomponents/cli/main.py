# PYTHON_ARGCOMPLETE_OK
"""Reads the command line and hands over to the module of the subcommand; a user's mistake is one line, no traceback."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING

from govcomponents.cli import check, contract, identity, migrate, new_adapter, notify, sandbox
from govcomponents.cli.outcome import INTERRUPTED, STATUSES, Status, printable
from govcomponents.cli.store import durable, journey, reconcile, rows, status, work
from govcomponents.core.http.runtime import VERSION
from govcomponents.errors import GovComponentsError

if TYPE_CHECKING:
    from collections.abc import Sequence

_COMMANDS = (
    *(sandbox, identity, notify, durable, work, rows, status, journey, reconcile),
    *(new_adapter, contract, check, migrate),
)


@cache
def parser() -> argparse.ArgumentParser:
    """The whole command line; each subcommand's module adds its own part.

    Made once, which takes 10 ms: a command needs it once, but tests, and the pages that are made from it, many times.
    """
    whole = argparse.ArgumentParser(
        prog="govcomponents",
        description="Payments, notifications and identity for government services.",
        epilog=STATUSES,
    )
    whole.add_argument("--version", action="version", version=f"govcomponents {VERSION}")
    commands = whole.add_subparsers(title="commands", dest="command", required=True, metavar="COMMAND")
    for command in _COMMANDS:
        command.add_to(commands)
    return whole


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command, and return its exit status (`cli/outcome.py`). A user's mistake is one line on stderr."""
    whole = parser()
    _open_what_is_closed()
    if "_ARGCOMPLETE" in os.environ:
        _complete(whole)
    options = whole.parse_args(arguments)
    try:
        ended: int = options.run(options)
    except GovComponentsError as error:
        print(printable(f"govcomponents: {error}"), file=sys.stderr)
        return Status.COULD_NOT_RUN
    except OSError as error:
        where = f"{error.filename}: " if error.filename is not None else ""
        print(printable(f"govcomponents: {where}{error.strerror or error}"), file=sys.stderr)
        return Status.COULD_NOT_RUN
    except KeyboardInterrupt:
        with suppress(ValueError):  # it is the main thread's to set
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # the end is near: a second one would only show a traceback
        print("govcomponents: interrupted", file=sys.stderr)
        return INTERRUPTED
    return ended


def _open_what_is_closed() -> None:
    """Let a command that was started without an output, as by `>&-`, print to nowhere."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_WRONLY), "w", encoding="utf-8"))


def _complete(whole: argparse.ArgumentParser) -> None:
    """Answer a shell that asks how a command line goes on, if the package for that is installed."""
    try:
        import argcomplete
    except ImportError:
        return
    argcomplete.autocomplete(whole)


if __name__ == "__main__":
    sys.exit(main())
