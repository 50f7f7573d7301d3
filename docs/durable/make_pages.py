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
        "```",
        "pending --claimed--> sending --answer--> done | refused | pending, with a wait",
        "                        |",
        "                        | lease over, answer lost",
        "                        v",
        "                     in doubt --looked up--> done | pending, if it is certainly not there | dead",
        "```",
        "",
        *states(),
        "",
        "A row is claimed, and that is committed, before anything is sent. A worker that is killed leaves it sending;",
        "when its lease is over it is in doubt. It is looked up then, and never sent from there.",
        "",
        "`problem` holds the class of the last error and the provider's code. `TooLate` passed its `give_up_after`;",
        "`InDoubt` cannot be found out any more; `Poison` brought its workers down six times, the last three alone;",
        "`PayloadLost` has a payload that no data key opens. `gov_pause` holds the accounts and operations of which",
        "nothing is tried for now: after a refused credential 5 minutes, after a limit as long as the provider says.",
        "",
        "## What is known after a lost answer",
        "",
        *doubts(),
        "",
        "A refund carries what was left to refund when it was put down, and is refused if less is left. If somebody",
        "else refunded meanwhile, nobody can tell which refund was whose: it is given up, for a person to decide.",
    ]
    return "\n".join(lines) + "\n"


PAGES = {"states.md": page}

if __name__ == "__main__":
    for name, make in PAGES.items():
        (HERE / name).write_text(make(), encoding="utf-8")
