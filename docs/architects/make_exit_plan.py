"""Writes the exit plan, with the differences between the files of examples/leaving, each of which a test runs.

python docs/architects/make_exit_plan.py
"""

from __future__ import annotations

import difflib
from pathlib import Path

HERE = Path(__file__).parent
LEAVING = HERE.parents[1] / "examples" / "leaving"

BEGINNING = """# How to leave

Made by `docs/architects/make_exit_plan.py` from the files of `examples/leaving`. `tests/examples/test_leaving.py` runs
each version against the sandbox: it takes a payment, is told of it by a webhook, refuses a forged one, and sends one
receipt.

## What ties you

| what | is whose | when you leave |
| --- | --- | --- |
| ids of payments, refunds and messages; your references | the provider's and yours | stay as they are |
| `issuer` and `subject` of people | the provider's | stay, with the same provider |
| templates, keys, webhook secrets, registered addresses | the provider's and yours | stay |
| names of statuses | ours | map the words that you stored; the provider's own are in `raw_status` |
| `gov_*` tables | ours, in your database | let them run empty, then drop them |
| cookies of the web shells | ours | people sign in again |
| types `Money`, `Personal`, `Secret` in your code | ours | take the values out |

## To another provider

The code stays. The settings change, and for that account alone if you have [several](../settings.md#several-accounts):

"""

MOVING = """
1. See what the other cannot do: the [capabilities](../pay/capabilities.md) of both. Run your tests with
   `GOVCOMPONENTS_PAY__PORTABLE=true`, or `pytest --gov-adapter stripe`.
2. Give the new provider an account of its own beside the old one, and begin new payments there.
3. Keep the old account until its last refund and dispute are over: an id is known at its own provider only.
4. Take the old account's settings out.

Messages: [to or from GC Notify](../notify/providers/moving-to-or-from-gc-notify.md). Identity: people have another
`subject` at another provider, so plan how each account is linked:
[moving between providers](../identity/providers/moving-between-providers.md).

## Without the library

The same functions, with `requests` and `PyJWT` alone. The service that uses them does not change:

"""

AFTER = """
What the second version does not do, and you then decide to build or to leave out:

- One limit of time for the whole call. `requests` limits the silence between bytes.
- Retries of what is safe to repeat, waits that the provider asks for, a pace that processes share.
- The refusal of an answer that belongs to another call, holds a member twice, or has no end.
- A provider's failure (5xx) after it acted: only a lost connection is looked up here.
- Errors, logs, traces and dumps without keys and people.
- Refusal of live keys in tests and test keys in production.
- The outbox and inbox: calls and callbacks that outlive the process.
- Other providers, asyncio, the sandbox in your tests. (The sandbox serves any client, so you can keep it for tests.)
- Signing people in. Do not write that by hand: take an OpenID Connect client such as Authlib, and go through
  [what this library checks](../identity/security-checks.md).

## In which order

1. Write the second version beside the first, and run your tests with both.
2. Stop putting calls down (`later.*`); make them at once. Let the workers go on.
3. `govcomponents work --once` until `govcomponents durable status` shows nothing that waits; see to what is
   dead or in doubt with `govcomponents outbox list --state dead`.
4. Point the providers' callbacks at your own routes. Then stop the workers.
5. `govcomponents audit export` if the audit has to be kept. Drop the `gov_*` tables.
6. Take the package out.

Payments that `later.pay.create` began are in your own records by their id. Nothing has to be asked of us: there is no
account and no server of ours.
"""


def difference(before: str, after: str) -> str:
    """The difference between two files, as `diff -u` shows it."""
    texts = [(LEAVING / name).read_text(encoding="utf-8").splitlines(keepends=True) for name in (before, after)]
    return "```diff\n" + "".join(difflib.unified_diff(*texts, before, after, n=1)) + "```\n"


def lines_of(name: str) -> int:
    """How many lines of code a file has, without blank ones."""
    return sum(1 for line in (LEAVING / name).read_text(encoding="utf-8").splitlines() if line.strip())


def page() -> str:
    """The whole page."""
    first, second = "with_the_library.py", "without_the_library.py"
    counted = f"\n{first} has {lines_of(first)} lines that are not blank, {second} {lines_of(second)}.\n"
    return BEGINNING + difference("govuk_pay.env", "stripe.env") + MOVING + difference(first, second) + counted + AFTER


PAGES = {"exit-plan.md": page}

if __name__ == "__main__":
    for name, make in PAGES.items():
        (HERE / name).write_text(make(), encoding="utf-8")
