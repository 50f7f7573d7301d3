"""`govcomponents durable` and `govcomponents work`: make the tables, tell how the outbox stands, and be a worker."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from govcomponents.cli.outcome import Status, add_json, printable, report
from govcomponents.errors import ConfigurationError, Unavailable

if TYPE_CHECKING:
    import argparse

    from govcomponents.durable.outbox.worker import WorkReport

_DATABASE = "DATABASE_URL"
_TURN = 5.0
_IDLE = 1.0


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add these subcommands to the command line."""
    parser = commands.add_parser("durable", help="look after the tables of the durable layer", description=__doc__)
    actions = parser.add_subparsers(title="actions", dest="action", required=True, metavar="ACTION")
    for name, run, told in (
        ("migrate", migrate_tables, "create the tables, or bring them up to date"),
        ("status", show_status, "count what is open, refused and dead; exits with 1 if anything is dead or paused"),
    ):
        action = actions.add_parser(name, help=told, description=told[0].upper() + told[1:] + ".")
        _add_database(action)
        add_json(action)
        action.set_defaults(run=run)
    worker = commands.add_parser(
        "work",
        help="make the calls that are due, until it is stopped",
        description="Makes the calls that `govcomponents.durable` has put down, by the environment's settings. Any "
        "number of workers may be at it at once. SIGTERM and Ctrl-C let it finish what is under way.",
    )
    _add_database(worker)
    worker.add_argument("--keys-file", type=Path, help="data keys in base64, one a line, newest first")
    worker.add_argument("--once", action="store_true", help="end when nothing is due any more, for cron")
    worker.set_defaults(run=work)


def _add_database(parser: argparse.ArgumentParser) -> None:
    told = f"the database's URL (default: {_DATABASE} of the environment, or the file govcomponents.db)"
    parser.add_argument("--database", metavar="URL", help=told)


def _url(options: argparse.Namespace) -> str | None:
    url: str | None = options.database or os.environ.get(_DATABASE) or None
    return url


def migrate_tables(options: argparse.Namespace) -> int:
    """Create the tables, or bring them up to date."""
    from govcomponents.durable.storage.engines import engine_for
    from govcomponents.durable.storage.migrating import migrate
    from govcomponents.durable.storage.schema import VERSION

    engine = engine_for(_url(options))
    migrate(engine)
    report(options, {"version": VERSION}, [f"the tables are of version {VERSION}"])
    return Status.DONE


def show_status(options: argparse.Namespace) -> int:
    """Tell how the outbox stands."""
    from govcomponents.durable.outbox.status import outbox_status
    from govcomponents.durable.storage.engines import engine_for
    from govcomponents.durable.storage.migrating import check_version

    engine = engine_for(_url(options), is_made=False)
    check_version(engine)
    found = outbox_status(engine)
    facts = asdict(found)
    report(options, facts, [f"{name.replace('_', ' ')}: {value}" for name, value in facts.items()])
    return Status.NOT_ALL if found.dead or found.paused else Status.DONE


def work(options: argparse.Namespace) -> int:
    """Be a worker until a signal comes, or nothing is due."""
    asyncio.run(_work(_url(options), _keys(options.keys_file), is_once=options.once))
    return Status.DONE


def _keys(file: Path | None) -> list[str]:
    if file is None:
        return []
    try:
        return [line.strip() for line in file.read_text(encoding="ascii").splitlines() if line.strip()]
    except (OSError, ValueError):
        raise ConfigurationError("the file of data keys cannot be read", fix="give one key in base64 a line") from None


async def _work(url: str | None, keys: list[str], *, is_once: bool) -> None:
    from govcomponents.components import AsyncGovComponents
    from govcomponents.durable.async_service import AsyncDurable
    from govcomponents.durable.outbox.worker import WorkReport

    is_stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, is_stopped.set)
    async with AsyncGovComponents.from_settings() as gov:
        later = AsyncDurable(gov, url, keys=keys)
        while not is_stopped.is_set():
            try:
                done = await later.run_due(seconds=None if is_once else _TURN)
            except Unavailable as error:
                if is_once:
                    raise
                print(printable(str(error)), file=sys.stderr, flush=True)  # a database that is restarted comes back
                done = WorkReport()
            if done.ended or done.in_doubt or done.waiting:
                _tell(done)
                continue
            if is_once:
                return
            try:
                await asyncio.wait_for(is_stopped.wait(), _IDLE)
            except TimeoutError:
                continue


def _tell(done: WorkReport) -> None:
    """One line on a terminal, and JSON for whatever collects logs."""
    facts = asdict(done)
    text = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in facts.items() if count)
    print(printable(text) if sys.stdout.isatty() else json.dumps(facts), flush=True)
