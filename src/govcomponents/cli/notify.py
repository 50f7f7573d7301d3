"""`govcomponents notify`: locks a service's templates, and sends one template to everybody in a CSV file.

Both use the settings of the environment (GOVCOMPONENTS_NOTIFY__...).
"""

from __future__ import annotations

import csv
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

    from govcomponents.components import GovComponents
    from govcomponents.notify.bulk.results import BulkProgress, RowResult


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add this subcommand to the command line."""
    parser = commands.add_parser("notify", help="lock templates, or send to many")
    parts = parser.add_subparsers(title="commands", dest="part", required=True, metavar="COMMAND")
    lock = parts.add_parser(
        "lock",
        help="write down what the provider has under each template's id",
        description="Writes templates.lock.json beside the file: id, version, type, placeholders and a checksum of "
        "every template. With --check it writes nothing, and fails if the provider has something else now.",
    )
    lock.add_argument("file", nargs="?", default="templates.toml", help="the file of names (default: %(default)s)")
    lock.add_argument("--environment", default="test", help="whose ids are looked at (default: %(default)s)")
    lock.add_argument("--check", action="store_true", help="compare only; the exit status is 1 if something changed")
    lock.set_defaults(run=run_lock)
    bulk = parts.add_parser(
        "bulk",
        help="send one template to everybody in a CSV file",
        description="Sends one template to everybody in a CSV file with a column 'email address' or 'phone number' and "
        "one for each placeholder. Stopped at any moment, it goes on where it was with the same checkpoint.",
    )
    bulk.add_argument("file", help="the CSV file")
    bulk.add_argument(
        "--template", required=True, metavar="ID", help="the template's id, or its name in templates.toml"
    )
    bulk.add_argument("--channel", required=True, choices=("email", "sms"), help="how it is sent")
    bulk.add_argument("--batch", required=True, metavar="NAME", help="the name of this send, which no other one has")
    bulk.add_argument(
        "--checkpoint", metavar="FILE", help="what was done (default: the CSV file's name with .checkpoint)"
    )
    bulk.add_argument("--result", metavar="FILE", help="write what became of each row as CSV")
    bulk.add_argument("--per-minute", type=float, default=3000, metavar="N", help="the pace (default: %(default)s)")
    bulk.add_argument("--concurrency", type=int, default=96, metavar="N", help="at once (default: %(default)s)")
    bulk.set_defaults(run=run_bulk)


def _components() -> GovComponents:
    from govcomponents.components import GovComponents

    return GovComponents.from_settings()


def run_lock(options: argparse.Namespace) -> int:
    """Write the lock of the templates, or compare it with what the provider has."""
    from govcomponents.notify.templates.registry import LOCK_NAME, TemplateRegistry, write_lock

    path = Path(options.file)
    registry = TemplateRegistry.from_toml(path, environment=options.environment)
    with _components() as gov:
        wanted = {choice.id for choice in registry.choices()}
        present = [template for template in gov.notify.list_templates() if template.id in wanted]
    if options.check:
        problems = registry.compare(present)
        for problem in problems:
            print(problem)
        print("Everything is as it was locked." if not problems else f"{len(problems)} changed.")
        return 1 if problems else 0
    lock = path.with_name(LOCK_NAME)
    write_lock(lock, present)
    for absent in sorted(wanted - {template.id for template in present}):
        print(f"The provider has no template {absent}.")
    print(f"Locked {len(present)} of {len(wanted)} templates in {lock}.")
    return 0 if len(present) == len(wanted) else 1


class _Bar:
    """One line that is written over while it goes on; nothing but the end where nobody watches."""

    def __init__(self) -> None:
        self._watched = sys.stderr.isatty()

    def show(self, progress: BulkProgress) -> None:
        """Show how far the send is, every 25 rows."""
        if self._watched and progress.seen % 25 == 0:
            print(f"\r{describe(progress)}", end="", file=sys.stderr, flush=True)

    def end(self) -> None:
        """End the line that was written over."""
        if self._watched:
            print(file=sys.stderr)


def describe(progress: BulkProgress) -> str:
    """Return the counts of a bulk send in words."""
    parts = [f"{progress.accepted} accepted"]
    for count, words in (
        (progress.earlier, "done earlier"),
        (progress.refused, "refused"),
        (progress.duplicates, "repeated rows left out"),
        (progress.not_sent, "not sent"),
        (progress.unknown, "of unknown outcome"),
    ):
        if count:
            parts.append(f"{count} {words}")
    return ", ".join(parts)


def run_bulk(options: argparse.Namespace) -> int:
    """Send to everybody, and say how it ended. The exit status is 1 if rows are left."""
    checkpoint = options.checkpoint or f"{options.file}.checkpoint"
    bar = _Bar()
    with _components() as gov, ExitStack() as stack:
        on_result = None
        if options.result:
            file = stack.enter_context(Path(options.result).open("w", newline="", encoding="utf-8"))
            writer = csv.writer(file)
            writer.writerow(["row", "outcome", "notification id", "reference", "problem"])

            def on_result(one: RowResult) -> None:
                outcome = one.state.name.lower().replace("_", " ")
                writer.writerow([one.row, outcome, one.notification_id or "", one.reference, one.problem])

        result = gov.notify.send_many(
            options.file,
            options.template,
            channel=options.channel,
            batch=options.batch,
            checkpoint=checkpoint,
            per_minute=options.per_minute,
            concurrency=options.concurrency,
            on_progress=bar.show,
            on_result=on_result,
        )
    bar.end()
    print(describe(result.progress) + ".")
    if result.stopped_by is not None:
        print(f"It stopped early: {result.stopped_by}")
    if not result.is_complete:
        print("Rows are left: start the same command again.")
    return 0 if result.is_complete else 1
