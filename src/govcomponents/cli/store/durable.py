"""`govcomponents durable`: make the tables, and tell how the outbox stands."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from govcomponents.cli.outcome import Status, add_json, report
from govcomponents.cli.store import add_database, database_url, opened

if TYPE_CHECKING:
    import argparse


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add these subcommands to the command line."""
    parser = commands.add_parser("durable", help="look after the tables of the durable layer", description=__doc__)
    actions = parser.add_subparsers(title="actions", dest="action", required=True, metavar="ACTION")
    for name, run, told in (
        ("migrate", migrate_tables, "create the tables, or bring them up to date"),
        (
            "status",
            show_status,
            "count what is open, refused and dead; exits with 1 if anything is dead, paused or without key",
        ),
    ):
        action = actions.add_parser(name, help=told, description=told[0].upper() + told[1:] + ".")
        add_database(action)
        add_json(action)
        action.set_defaults(run=run)


def migrate_tables(options: argparse.Namespace) -> int:
    """Create the tables, or bring them up to date."""
    from govcomponents.durable.storage.engines import engine_for
    from govcomponents.durable.storage.migrating import migrate
    from govcomponents.durable.storage.schema import VERSION

    engine = engine_for(database_url(options))
    try:
        migrate(engine)
    finally:
        engine.dispose()
    report(options, {"version": VERSION}, [f"the tables are of version {VERSION}"])
    return Status.DONE


def show_status(options: argparse.Namespace) -> int:
    """Tell how the outbox stands."""
    from govcomponents.durable.outbox.status import outbox_status

    with opened(options) as engine:
        found = outbox_status(engine)
    facts = asdict(found)
    lines = [f"{name.replace('_', ' ')}: {value}" for name, value in facts.items() if name != "paused"]
    report(options, facts, [*lines, f"paused: {', '.join(found.paused) or 'none'}"])
    return Status.NOT_ALL if found.dead or found.paused or found.without_key else Status.DONE
