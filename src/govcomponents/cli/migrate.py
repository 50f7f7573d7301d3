"""`govcomponents migrate`: rewrites code that uses notifications-python-client, and marks what it cannot."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import TYPE_CHECKING

from govcomponents.cli.outcome import STATUSES, Status, add_json, report
from govcomponents.errors import ConfigurationError

if TYPE_CHECKING:
    import argparse

_SKIPPED = {
    ".git",
    ".hg",
    ".nox",
    ".tox",
    ".venv",
    "venv",
    "__pycache__",
    "build",
    "dist",
    "node_modules",
    "site-packages",
}


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add this subcommand to the command line."""
    parser = commands.add_parser(
        "migrate",
        help="rewrite code that uses notifications-python-client",
        description="Rewrites calls of notifications-python-client as calls of gov.notify, and marks with a comment "
        "what it cannot. Without --write nothing is changed: it prints the difference and the report. Needs the "
        'extra "migrate".',
        epilog=STATUSES,
    )
    parser.add_argument("paths", nargs="+", metavar="PATH", help="a file of Python, or a folder to look through")
    parser.add_argument("--write", action="store_true", help="change the files (default: print what would change)")
    add_json(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Rewrite the files, or show how; NOT_ALL if something is left for somebody to do."""
    try:
        from govcomponents.cli.migration.rewriting import NotPython, rewritten
    except ImportError:
        raise ConfigurationError("libcst is not installed", fix='pip install "govcomponents[migrate]"') from None

    changes: list[dict[str, object]] = []
    lines: list[str] = []
    unread: list[str] = []
    for file in _files(options.paths):
        try:
            before = file.read_bytes().decode("utf-8")
            after, tally = rewritten(before)
        except (NotPython, UnicodeDecodeError) as error:
            unread.append(f"{file}: cannot be read as Python ({error})")
            continue
        if after == before and not tally.marked:
            continue
        if options.write:
            file.write_bytes(after.encode("utf-8"))
        else:
            lines += difflib.unified_diff(
                before.splitlines(), after.splitlines(), f"{file}", f"{file} (rewritten)", lineterm=""
            )
        marked = [{"line": line, "advice": advice} for line, advice in tally.marked]
        notes = [{"line": line, "note": note} for line, note in tally.notes]
        changes.append({"file": str(file), "rewritten": tally.rewritten, "marked": marked, "notes": notes})
        lines.append(f"{file}: {tally.rewritten} rewritten, {len(marked)} marked")
        lines += [f"  line {line}: to do: {advice}" for line, advice in tally.marked]
        lines += [f"  line {line}: {note}" for line, note in tally.notes]
    done = sum(int(str(one["rewritten"])) for one in changes)
    left = sum(len(one["marked"]) for one in changes if isinstance(one["marked"], list))
    how = "written" if options.write else "nothing is written without --write"
    lines += [*unread, f"{done} rewritten, {left} marked, in {len(changes)} files; {how}"]
    facts = {"files": changes, "unread": unread, "rewritten": done, "marked": left, "written": options.write}
    report(options, facts, lines)
    return Status.NOT_ALL if left or unread else Status.DONE


def _files(paths: list[str]) -> list[Path]:
    """The files of Python that the paths name. Raises ConfigurationError for a path at which there is nothing."""
    found: list[Path] = []
    for text in paths:
        path = Path(text)
        if path.is_dir():
            inside = (one for one in path.rglob("*.py") if _SKIPPED.isdisjoint(one.relative_to(path).parts))
            found += sorted(one for one in inside if one.is_file() and not one.is_symlink())
        elif path.is_file():
            found.append(path)
        else:
            raise ConfigurationError(f"there is no file and no folder {path}", fix="name what is to be rewritten")
    return list(dict.fromkeys(found))
