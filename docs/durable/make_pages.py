"""Writes the page of states and doubts from the code.

python docs/durable/make_pages.py
"""

from __future__ import annotations

import inspect
import math
import re
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from govcomponents.durable.storage import schema
from govcomponents.notify.adapters import BUILT_IN as NOTIFY
from govcomponents.pay.adapters import BUILT_IN as PAY

if TYPE_CHECKING:
    from govcomponents.core.ports.port import Port

HERE = Path(__file__).parent
OPERATIONS = {
    "notify": ("notify.send_email", "notify.send_sms", "notify.send_letter"),
    "pay": ("pay.refund", "pay.capture", "pay.cancel"),
}


def adapters() -> list[tuple[str, type[Port[Any]]]]:
    """Every built-in adapter of messages and payments, with its component."""
    found = []
    for component, built_in in (("notify", NOTIFY), ("pay", PAY)):
        for place in built_in.values():
            module, _, attribute = place.partition(":")
            found.append((component, getattr(import_module(module), attribute)))
    return found


def states() -> list[str]:
    """The table of states, with what the code says of each."""
    told = re.findall(r'    (\w+) = \d\n    """(.+?)"""', inspect.getsource(schema.State), re.DOTALL)
    lines = ["| state | number | what it says |", "| --- | --- | --- |"]
    return lines + [
        f"| {name.replace('_', ' ').lower()} | {int(schema.State[name])} | {' '.join(text.split())} |"
        for name, text in told
    ]


def doubts() -> list[str]:
    """The table of doubts, for each adapter and operation."""
    lines = [
        "| provider | operation | looked up | not before | a key acts once for | if the provider does not know it |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for component, kind in adapters():
        for operation in OPERATIONS[component]:
            doubt = kind.doubts.get(operation)
            cells = ["not at all", "", "", "it is given up"]
            if doubt is not None:
                within = "" if math.isinf(doubt.kept_for) else f", within {doubt.kept_for / 86_400:g} days"
                key = f"{doubt.key_lifetime / 3600:g} hours" if doubt.key_lifetime else ""
                cells = [f"{doubt.look_up}{within}", f"{doubt.visible_after:g} s", key, str(doubt.on_absent)]
            lines.append(f"| {kind.provider} | `{operation}` | {' | '.join(cells)} |")
    return lines


def page() -> str:
    """The whole page."""
    lines = [
        "# States and doubts",
        "",
        "Made from the code by `docs/durable/make_pages.py`.",
        "",
        "## The states of a row",
        "",
        "[A diagram of them](../reference/states.md#a-row-of-the-outbox).",
        "",
        *states(),
        "",
        "A row is claimed, and that is committed, before anything is sent. A worker that is killed leaves it sending;",
        "when its lease is over it is in doubt. It is looked up then, and never sent from there.",
        "",
        "`problem` holds the class of the last error and the provider's code. `TooLate` passed its `give_up_after`;",
        "`InDoubt` cannot be found out any more; `Poison` brought its workers down ten times, the last seven alone;",
        "`PayloadLost` has a payload that was changed since it was sealed. `KeyMissing` waits for a worker that has",
        "its data key, until its `give_up_after`. `gov_pause` holds the accounts and operations of which nothing is",
        "tried for now: after a refused credential 5 minutes, after a limit as long as the provider says.",
        "",
        "## What is known after a lost answer",
        "",
        *doubts(),
        "",
        "A refund carries what was left to refund when it was put down, and is refused if less is left. If somebody",
        "else refunded meanwhile, nobody can tell which refund was whose: it is given up, for a person to decide.",
    ]
    return "\n".join(lines) + "\n"


RUNBOOK = {
    "outbox": {
        "pending": (
            "waits for its time, or to be tried again",
            "nothing; `govcomponents outbox retry ID` tries it now",
        ),
        "sending": ("a worker has it", "nothing: if the worker is gone, the lease ends, and it is in doubt"),
        "in-doubt": ("it may have been made, and is looked up", "nothing; `govcomponents outbox retry ID` looks now"),
        "done": ("the provider has accepted it", "nothing"),
        "refused": ("the provider said no", "mend what `problem` names, then `govcomponents outbox retry ID`"),
        "dead": ("given up", "see the problems below; `govcomponents outbox retry ID`"),
    },
    "inbox": {
        "waiting": ("waits for a handler, or to be tried again", "run a worker that has the handler (`work --app`)"),
        "handling": ("a worker has it", "nothing: if the worker is gone, the lease ends, and another one takes it"),
        "handled": ("its handlers' work is committed", "nothing"),
        "given-up": ("ten tries failed", "mend the handler, then `govcomponents inbox retry ID`"),
    },
    "payments": {
        "unknown": ("nobody knows yet whether it was made", "nothing; `govcomponents payments retry ID` looks now"),
        "made": ("its id is recorded", "nothing"),
        "not-made": (
            "the provider refused it, or does not know it",
            "nothing; `govcomponents payments retry ID` looks again",
        ),
    },
}
PROBLEMS = {
    "TooLate": ("its `give_up_after` was over", "`govcomponents outbox retry ID` gives it seven more days"),
    "InDoubt": (
        "it may have been made, and cannot be found out any more",
        "look at the provider's pages; then `govcomponents outbox retry ID --send-again`, or leave it",
    ),
    "Poison": (
        "it took its workers down ten times",
        "read the workers' logs, then `govcomponents outbox retry ID`",
    ),
    "KeyMissing": (
        "the worker that had it lacks its data key; it waits for one that has it, until its `give_up_after`",
        "give every worker the key; it goes on within 5 minutes, or now by `govcomponents outbox retry ID`",
    ),
    "PayloadLost": (
        "its data key does not open it: it was changed, or is another row's",
        "see who writes to the tables; put the row back from a backup, then `govcomponents outbox retry ID`",
    ),
    "Erased": ("it was erased on request", "nothing can be done, nor should it"),
    "GivenUp": ("an operator gave it up", "`govcomponents outbox retry ID`"),
    "Unhandled": (
        "no worker had a handler of it for 30 days",
        "run a worker with the handler (`work --app`), then `govcomponents inbox retry ID` within 7 days",
    ),
    "TooManyTries": ("the handler failed ten times", "mend the handler, then `govcomponents inbox retry ID`"),
    "RolledBack": (
        "its handler rolled its transaction back, or went on after a statement in it had failed; it is tried again",
        "let the handler raise, or put what may fail in `transaction.begin_nested()`",
    ),
    "NoTransaction": (
        "each statement of the engine, or of `handle_in`, is committed by itself; it waits",
        'give an engine without `isolation_level="AUTOCOMMIT"`; it goes on by itself',
    ),
    "NotConfigured": (
        "the worker that had it lacks the settings of its account; it waits as with `KeyMissing`",
        "give the settings to a worker; it goes on within 5 minutes, or now by `govcomponents outbox retry ID`",
    ),
    "CredentialsRefused": (
        "the key was refused; its account is paused",
        "give a good key; it goes on within 5 minutes",
    ),
    "NotMade": ("no payment was found for a record", "nothing: nobody can pay what was not made"),
    "Superseded": ("another payment of its reference was begun in its place", "nothing: nobody was given its page"),
}


def runbook() -> str:
    """The page for operators: each state, what it means, and the command that mends it."""
    from govcomponents.durable.operating.rows import TABLES

    lines = [
        "# Runbook",
        "",
        "Made from the code by `docs/durable/make_pages.py`. All commands take `--database` and `--json`, and",
        "exit with 0 if all was done, 1 if something is left, 2 if they could not run. None of them shows anything",
        "about a person.",
        "",
        "```sh",
        "govcomponents status",
        "govcomponents durable status",
        "govcomponents outbox list --state dead",
        "govcomponents outbox retry --problem NotFound",
        "govcomponents inbox list --state given-up",
        "```",
        "",
    ]
    for name, table in TABLES.items():
        lines += [
            f"## The states of `govcomponents {name} list`",
            "",
            "| state | meaning | what to do |",
            "| --- | --- | --- |",
        ]
        lines += [f"| {state} | {' | '.join(RUNBOOK[name][state])} |" for state in table.states]
        lines.append("")
    lines += [
        "## Problems",
        "",
        "Others are the class of the provider's error, with its code: see [every error](../errors.md).",
        "",
    ]
    lines += ["| problem | meaning | what to do |", "| --- | --- | --- |"]
    lines += [f"| `{name}` | {' | '.join(told)} |" for name, told in PROBLEMS.items()]
    lines += [
        "",
        "A retry of what may have been made looks it up first. Only `--send-again` makes it again without that.",
    ]
    return "\n".join(lines) + "\n"


_PERSONAL = "personal, sealed"
_PSEUDONYM = "pseudonymous"
_OPAQUE = "opaque id"
_NONE = "none"
DATA = {
    "payload": _PERSONAL,
    "content": "keyed fingerprint",
    "subject": _PSEUDONYM,
    "reference": "the service's own id; must hold nothing personal",
    "journey": _OPAQUE,
    "provider_id": _OPAQUE,
    "payment_id": _OPAQUE,
    "key": "hash",
    "browser": "hash of a browser's id, which is random",
    "sealed": "the secrets of a sign-in, sealed; the person who is expected, if the service names one",
    "hash": "hash",
    "previous": "hash",
    "body": "none: what a provider publishes for everybody",
}
PLAIN = (
    *("id", "seq", "number", "name", "version", "account", "operation", "source", "kind", "state", "status", "scope"),
    *("attempts", "claims", "looks", "entries", "is_open", "owner", "problem", "minor", "currency", "what", "outcome"),
    *("item", "seal", "at", "until", "due_at", "doubt_since", "give_up_at", "created_at", "ended_at", "look_at"),
    *("watch_at", "next_at", "fetched_at", "fresh_until", "fetching_until", "began_at"),
)
RETENTION = {
    "gov_outbox": "30 days after its end",
    "gov_inbox": "30 days after its end",
    "gov_payment": "7 years after its making, once nothing more is seen of it",
    "gov_audit": "7 years after it was sealed; never changed",
    "gov_audit_seal": "7 years; the newest for ever; never changed",
    "gov_pause": "until it is over",
    "gov_budget": "one row for each limit",
    "gov_schedule": "one row for each job",
    "gov_schema": "one row",
    "gov_once": "until it may be forgotten",
    "gov_ended": "until it may be forgotten",
    "gov_signing_in": "until the person is back, or an hour",
    "gov_cache": "until it is too old to be used",
}
SOONER = {
    ("gov_outbox", "payload"): "gone when it is done; 7 days after it was refused or given up",
    ("gov_outbox", "content"): "7 days after it was refused or given up",
    (
        "gov_inbox",
        "payload",
    ): "gone when it is handled; 7 days after it was given up; given up when nothing handled its kind for 30 days",
}


def columns() -> str:
    """The page of columns: what each holds about people, and how long it is kept."""
    lines = [
        "# What is kept about people",
        "",
        "Made from the tables by `docs/durable/make_pages.py`. Sealed is encrypted under your data keys (AES-256-GCM).",
        "What is erased on request (`later.erase`) is gone at once. The times are the defaults of `Retention`.",
        "",
        "| table | column | about people | kept |",
        "| --- | --- | --- | --- |",
    ]
    for table in schema.METADATA.sorted_tables:
        for column in table.columns:
            told = DATA.get(column.name, _NONE if column.name in PLAIN else None)
            if told is None:
                raise LookupError(f"say in {Path(__file__).name} what {table.name}.{column.name} holds about people")
            kept = SOONER.get((table.name, column.name), RETENTION[table.name])
            lines.append(f"| `{table.name}` | `{column.name}` | {told} | {kept} |")
    lines += [
        "",
        "## Keep it for longer, or not so long",
        "",
        "```python",
        "from datetime import timedelta",
        "",
        "from govcomponents import GovComponents",
        "from govcomponents.durable import Durable, Retention",
        "",
        "keep = Retention(payloads=timedelta(days=3), payments=timedelta(days=400), audit=None)",
        'later = Durable(GovComponents.sandbox(), "sqlite:///service.db", keep=keep)',
        "```",
        "",
        "`payments=None` and `audit=None` keep them for ever. Give all workers the same. They go in `run_due`,",
        "a thousand at a time. Of the audit the oldest seals go with their entries, and an entry says which they were:",
        "`govcomponents audit verify` verifies the rest on from there.",
    ]
    return "\n".join(lines) + "\n"


PAGES = {"states.md": page, "runbook.md": runbook, "data.md": columns}

if __name__ == "__main__":
    for name, make in PAGES.items():
        (HERE / name).write_text(make(), encoding="utf-8")
