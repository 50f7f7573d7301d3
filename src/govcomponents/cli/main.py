"""Reads the command line and hands over to the module of the subcommand; a user's mistake is one line, no traceback."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from govcomponents.cli import identity, notify, sandbox
from govcomponents.core.runtime import VERSION
from govcomponents.errors import GovComponentsError

if TYPE_CHECKING:
    from collections.abc import Sequence

_COMMANDS = (sandbox, identity, notify)


def parser() -> argparse.ArgumentParser:
    """The whole command line; each subcommand's module adds its own part."""
    whole = argparse.ArgumentParser(
        prog="govcomponents", description="Payments, notifications and identity for government services."
    )
    whole.add_argument("--version", action="version", version=f"govcomponents {VERSION}")
    commands = whole.add_subparsers(title="commands", dest="command", required=True, metavar="COMMAND")
    for command in _COMMANDS:
        command.add_to(commands)
    return whole


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status: 0 done, 1 it failed, 2 the command line is wrong."""
    options = parser().parse_args(arguments)
    try:
        status: int = options.run(options)
    except GovComponentsError as error:
        print(f"govcomponents: {error}", file=sys.stderr)
        return 1
    return status


if __name__ == "__main__":
    sys.exit(main())
