"""`govcomponents notify`: locks a service's templates, and sends one template to everybody in a CSV file.

Both use the settings of the environment (GOVCOMPONENTS_NOTIFY__...).
"""

from __future__ import annotations

import csv
import errno
import os
import sys
from contextlib import suppress
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

from govcomponents.cli.outcome import Status, add_json, report
from govcomponents.errors import ConfigurationError

if TYPE_CHECKING:
    import argparse
    from typing import Self, TextIO

    from govcomponents.components import GovComponents
    from govcomponents.notify.bulk.results import BulkProgress, RowResult

_DONE = ("accepted", "refused", "duplicate")
_LONGEST_LINE = 65_536
_HEADING = ("row", "outcome", "notification id", "reference", "problem")


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
    add_json(lock)
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
    bulk.add_argument("--result", metavar="FILE", help="add what became of each row to this CSV file")
    bulk.add_argument(
        "--resend-unknown",
        action="store_true",
        help="send rows of unknown outcome again where the provider cannot be asked, as by SMTP: some may come twice",
    )
    bulk.add_argument("--encoding", metavar="NAME", help="of the CSV file, such as cp1252 (default: UTF-8 or UTF-16)")
    bulk.add_argument("--per-minute", type=float, metavar="N", help="the pace (default: that of the provider)")
    bulk.add_argument("--concurrency", type=int, default=96, metavar="N", help="at once (default: %(default)s)")
    add_json(bulk)
    bulk.set_defaults(run=run_bulk)


def _components() -> GovComponents:
    from govcomponents.components import GovComponents

    return GovComponents.from_settings()


def run_lock(options: argparse.Namespace) -> int:
    """Write the lock of the templates, or compare it with what the provider has."""
    from govcomponents.notify.templates.registry import LOCK_NAME, TemplateRegistry, write_lock

    path = Path(options.file)
    registry = TemplateRegistry.from_toml(path, environment=options.environment)
    wanted = {choice.id for choice in registry.choices()}
    if not wanted:
        raise ConfigurationError(
            f"{path} has no id of a template for the environment {options.environment!r}; nothing was locked",
            fix="name an environment whose ids it has, with --environment",
        )
    with _components() as gov:
        present = [template for template in gov.notify.list_templates() if template.id in wanted]
    if options.check:
        problems = registry.compare(present)
        last = f"{len(problems)} changed." if problems else "Everything is as it was locked."
        report(options, {"changed": [str(problem) for problem in problems]}, [*map(str, problems), last])
        return Status.NOT_ALL if problems else Status.DONE
    lock = path.with_name(LOCK_NAME)
    write_lock(lock, present)
    absent = sorted(wanted - {template.id for template in present})
    report(
        options,
        {"file": str(lock), "locked": sorted(template.id for template in present), "absent": absent},
        [
            *(f"The provider has no template {one}." for one in absent),
            f"Locked {len(present)} of {len(wanted)} templates in {lock}.",
        ],
    )
    return Status.NOT_ALL if absent else Status.DONE


class _Results:
    """The file of what became of each row. It begins with the first row, and goes on where it was.

    Each row is in it as soon as it is told, and once when it is done, however often the send was stopped.
    """

    def __init__(self, path: str | None, batch: str) -> None:
        self._path = path
        self._batch = batch
        self._file: TextIO | None = None
        self._done: set[int] = set()

    def __enter__(self) -> Self:
        """Check that the file can be written, before anything is sent. Raises OSError."""
        if self._path is not None:
            path = Path(self._path)
            place = path if path.exists() else path.parent
            if not os.access(place, os.W_OK):
                found = errno.EACCES if place.exists() else errno.ENOENT
                raise OSError(found, os.strerror(found), self._path)
            if path.is_file() and path.stat().st_size:
                self._check(path)
                self._read(path)
        return self

    def __exit__(self, *_fault: object) -> None:
        if self._file is not None:
            self._file.close()

    def _check(self, path: Path) -> None:
        """See that it is a file of results, and not the people's own, say, before a line is added to it."""
        with path.open(encoding="utf-8", errors="replace") as lines:
            if lines.readline(_LONGEST_LINE).rstrip("\r\n") != ",".join(_HEADING):
                raise ConfigurationError(
                    f"{path} is no file of results; nothing was sent", fix="give another file with --result"
                )

    def _read(self, path: Path) -> None:
        """Find the rows of this send that the file has; what is no line of ours is left as it is."""
        with path.open(newline="", encoding="utf-8", errors="replace") as lines:
            for line in lines:
                with suppress(csv.Error):
                    row, outcome, _, reference, *_ = [*next(csv.reader([line]), []), "", "", "", ""]
                    if outcome in _DONE and line.endswith("\n") and reference == _cell(f"{self._batch}-{row}"):
                        self._done.update(int(number) for number in [row] if number.isdecimal())

    def _open(self) -> TextIO:
        """Open the file to add lines, each of which is in it at once."""
        assert self._path is not None  # noqa: S101  # it is called only with one
        handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)  # people's references are in it
        with os.fdopen(os.dup(handle), "rb") as file:  # a stop may have cut the last line off
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - _LONGEST_LINE))
            os.ftruncate(handle, size - len(file.read().rpartition(b"\n")[2]))
        opened = os.fdopen(handle, "a", newline="", encoding="utf-8", buffering=1)  # each line when it is whole
        if opened.tell() == 0:
            csv.writer(opened).writerow(_HEADING)
        return opened

    def add(self, one: RowResult) -> None:
        """Write one row, unless it was done earlier and is in the file."""
        if one.is_earlier and one.row in self._done:
            return
        if self._file is None:
            self._file = self._open()
        outcome = one.state.value.replace("_", " ")
        problem = " ".join(one.problem.split())
        texts = (one.notification_id or "", one.reference, problem)
        csv.writer(self._file).writerow([one.row, outcome, *map(_cell, texts)])


def _cell(text: str) -> str:
    """Let no spreadsheet take a text for a formula: an apostrophe before it, which the spreadsheet does not show."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")) else text  # noqa: RUF001  # the wide forms count too


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
        (progress.earlier_refused, "refused earlier"),
        (progress.duplicates, "repeated rows left out"),
        (progress.not_sent, "not sent"),
        (progress.unknown, "of unknown outcome"),
    ):
        if count:
            parts.append(f"{count} {words}")
    return ", ".join(parts)


def _check_apart(*files: tuple[str, str | None]) -> None:
    """See that no file is given twice: each is written to by its own rules. Raises ConfigurationError."""
    for (what, one), (other_what, other) in combinations(files, 2):
        if one is not None and other is not None and Path(one).resolve() == Path(other).resolve():
            raise ConfigurationError(
                f"{one} is given for {what} and for {other_what}; nothing was sent",
                fix="give a file of its own to each",
            )


def run_bulk(options: argparse.Namespace) -> int:
    """Send to everybody, and say how it ended. Rows that were refused earlier are still not done."""
    checkpoint = options.checkpoint or f"{options.file}.checkpoint"
    _check_apart(("the people", options.file), ("--checkpoint", checkpoint), ("--result", options.result))
    bar = _Bar()
    try:
        with _components() as gov, _Results(options.result, options.batch) as results:
            result = gov.notify.send_many(
                options.file,
                options.template,
                channel=options.channel,
                batch=options.batch,
                checkpoint=checkpoint,
                per_minute=options.per_minute,
                resend_unknown=options.resend_unknown,
                encoding=options.encoding,
                concurrency=options.concurrency,
                on_progress=bar.show,
                on_result=results.add if options.result else None,
            )
    except KeyboardInterrupt:
        bar.end()
        print("Rows are left: start the same command again.", file=sys.stderr)
        raise
    bar.end()
    progress = result.progress
    lines = [f"{describe(progress)}."]
    if result.stopped_by is not None:
        lines.append(f"It stopped early: {result.stopped_by}")
    if not result.is_complete:
        lines.append("Rows are left: start the same command again.")
    if progress.unknown and result.stopped_by is None:
        lines.append("Rows of unknown outcome that stay so: look for them yourself, or give --resend-unknown as well.")
    report(options, {**result.to_dict(), "is_complete": result.is_complete}, lines)
    if result.stopped_by is not None:
        return Status.COULD_NOT_RUN
    is_all = result.is_complete and not progress.refused and not progress.earlier_refused
    return Status.DONE if is_all else Status.NOT_ALL
