"""`govcomponents outbox`, `inbox` and `payments`: what is in the tables, tried again or given up by people on call."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Final

from govcomponents.cli.outcome import Status, add_json, report
from govcomponents.cli.store import add_database, opened, whole_number
from govcomponents.errors import ConfigurationError

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from govcomponents.durable.operating.rows import Facts, Table, Wanted

_TOLD: Final = {
    "outbox": "the calls that are made later",
    "inbox": "the callbacks, and what the durable layer tells itself",
    "payments": "the payments whose making was recorded",
}
_STATES: Final = {
    "outbox": ("pending", "sending", "in-doubt", "done", "refused", "dead"),
    "inbox": ("waiting", "handling", "handled", "given-up"),
    "payments": ("unknown", "made", "not-made"),
}
_MOST: Final = 100


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add these subcommands to the command line."""
    for name, told in _TOLD.items():
        parser = commands.add_parser(name, help=f"look after {told}", description=f"Looks after {told}.")
        actions = parser.add_subparsers(title="actions", dest="action", required=True, metavar="ACTION")
        listing = _action(actions, "list", "list rows, the newest first", list_rows)
        _add_filters(listing, name)
        listing.add_argument(
            "--limit", type=whole_number, default=_MOST, metavar="N", help=f"at most so many ({_MOST})"
        )
        showing = _action(actions, "show", "show one row; exits with 1 if there is none", show_row)
        showing.add_argument("id", type=whole_number, help="its number, as `list` shows it")
        again = _action(
            actions, "retry", "try rows again now; exits with 1 if that cannot be done with all", retry_rows
        )
        ended = _action(actions, "give-up", "give up rows that wait; exits with 1 if some were not", give_up_rows)
        for parser in (again, ended):
            parser.add_argument("ids", nargs="*", type=whole_number, metavar="ID", help="their numbers")
            _add_filters(parser, name)
        if name == "outbox":
            told_again = "make it although it may have been made; without this it is looked up first"
            again.add_argument("--send-again", action="store_true", help=told_again)


def _action(
    actions: argparse._SubParsersAction[argparse.ArgumentParser], name: str, told: str, run: object
) -> argparse.ArgumentParser:
    parser = actions.add_parser(name, help=told, description=f"{told[0].upper()}{told[1:]}.")
    add_database(parser)
    add_json(parser)
    parser.set_defaults(run=run)
    return parser


def _add_filters(parser: argparse.ArgumentParser, name: str) -> None:
    parser.add_argument("--state", choices=_STATES[name], help="only those in this state")
    parser.add_argument("--problem", help="only those with this problem, such as NotFound")
    if name != "inbox":
        parser.add_argument("--reference", help="only those with this reference")
        parser.add_argument("--journey", help="only those of this journey")


def _table(options: argparse.Namespace) -> Table:
    from govcomponents.durable.operating.rows import TABLES

    return TABLES[options.command]


def _wanted(options: argparse.Namespace, *, ids: tuple[int, ...] = (), limit: int | None = None) -> Wanted:
    from govcomponents.durable.operating.rows import Wanted

    return Wanted(
        ids=ids,
        state=getattr(options, "state", None),
        problem=getattr(options, "problem", None),
        reference=getattr(options, "reference", None),
        journey=getattr(options, "journey", None),
        limit=limit,
    )


def list_rows(options: argparse.Namespace) -> int:
    """List rows."""
    from govcomponents.durable.operating.rows import found
    from govcomponents.durable.storage.schema import LARGEST_ID

    with opened(options) as engine:
        rows = found(engine, _table(options), _wanted(options, limit=min(options.limit + 1, LARGEST_ID)))
    is_cut = len(rows) > options.limit
    shown = rows[: options.limit]
    report(options, {"rows": shown, "is_cut": is_cut}, map(_line, shown) if rows else ["none"])
    if is_cut and not options.json:
        print(f"these are the newest {options.limit}, and there are more: --limit N shows them", file=sys.stderr)
    return Status.DONE


def show_row(options: argparse.Namespace) -> int:
    """Show one row."""
    from govcomponents.durable.operating.rows import found

    with opened(options) as engine:
        rows = found(engine, _table(options), _wanted(options, ids=(options.id,)))
    if not rows:
        report(options, {"row": None}, [f"there is no row {options.id}"])
        return Status.NOT_ALL
    report(options, {"row": rows[0]}, [f"{name.replace('_', ' ')}: {_shown(value)}" for name, value in rows[0].items()])
    return Status.DONE


def retry_rows(options: argparse.Namespace) -> int:
    """Try rows again."""
    from govcomponents.durable.operating.rows import retry

    with opened(options) as engine:
        ids = _ids(options, engine)
        again = getattr(options, "send_again", False)
        done = retry(engine, _table(options), ids, send_again=again)
        absent = _absent(options, engine, ids)
    return _told(
        options, (ids, absent), done, "tried again", "done already, erased, too old, or with a worker right now"
    )


def give_up_rows(options: argparse.Namespace) -> int:
    """Give rows up."""
    from govcomponents.durable.operating.rows import give_up

    with opened(options) as engine:
        ids = _ids(options, engine)
        done = give_up(engine, _table(options), ids)
        absent = _absent(options, engine, ids)
    return _told(options, (ids, absent), done, "given up", "ended already, or with a worker right now")


def _ids(options: argparse.Namespace, engine: Engine) -> list[int]:
    """The rows that were named, or all that the filters leave; none without either, rather than all there are."""
    from govcomponents.durable.operating.rows import ids_of

    wanted = _wanted(options)
    is_filtered = any((wanted.state, wanted.problem, wanted.reference, wanted.journey))
    if options.ids and is_filtered:
        raise ConfigurationError(
            "rows are named by their numbers and by what they have in common", fix="give either of them"
        )
    if options.ids:
        return sorted(set(options.ids))
    if not is_filtered:
        raise ConfigurationError("no rows are named", fix="give their numbers, or --state or --problem")
    return ids_of(engine, _table(options), wanted)


def _absent(options: argparse.Namespace, engine: Engine, ids: list[int]) -> set[int]:
    from govcomponents.durable.operating.rows import Wanted, ids_of

    return set(ids) - set(ids_of(engine, _table(options), Wanted(ids=tuple(ids)))) if options.ids else set()


def _told(options: argparse.Namespace, asked: tuple[list[int], set[int]], done: list[int], what: str, why: str) -> int:
    ids, absent = asked
    left = sorted(set(ids) - set(done))
    lines = [f"{len(done)} {what}"]
    for which, reason in ((set(left) - absent, why), (set(left) & absent, "there is no such row")):
        if which:
            lines.append(f"left: {', '.join(map(str, sorted(which)))} ({reason})")
    report(options, {"done": done, "left": left}, lines)
    return Status.NOT_ALL if left else Status.DONE


def _line(row: Facts) -> str:
    shown = [row["id"], row["state"], row["created_at"], row.get("operation") or row.get("kind") or row.get("amount")]
    shown += [row[name] for name in ("account", "reference", "problem") if row.get(name)]
    return "  ".join(map(_shown, shown))


def _shown(value: object) -> str:
    return "-" if value is None else str(value)
