"""Writes the pages that are made from the code: the lists of errors.

python docs/pay/make_pages.py
"""

from __future__ import annotations

from pathlib import Path

from govcomponents.pay.adapters.govuk_pay.error_mapping import MEANINGS
from govcomponents.pay.adapters.stripe.error_mapping import MEANINGS as STRIPE_MEANINGS

HERE = Path(__file__).parent


def errors() -> str:
    """The list of GOV.UK Pay's codes, each with its error and how to fix it."""
    lines = [
        "# Errors",
        "",
        "Every error says what happened and how to fix it; catch it by what you would do about it. None of them holds",
        "a key or anything about a person. `error.code` is the provider's, for its support desk.",
        "",
        "| Error | What you do |",
        "| --- | --- |",
        "| `InvalidInput` | mend the argument that it names; nothing was sent |",
        "| `NotSent`, `RateLimited`, `Unavailable` | call again later; nothing was changed |",
        "| `OutcomeUnknown` | do what its `lookup` says before anything else: the provider may have acted |",
        "| `CardDeclined` | tell the person, and make a new payment |",
        "| `Conflict` | get the thing again and decide from its state |",
        "| `NotFound` | check the id and the key's account |",
        "| `RequestRefused` | mend what `field` names |",
        "| `CredentialsRefused`, `PermissionRefused` | mend the set-up; no call will succeed until then |",
        "| `UnreadableItems` | all else that a search found was given; look at each of `ids` at the provider |",
        "| `WrongAnswer` | look it up as its `lookup` says; another call's answer came: look at proxies and caches |",
        "| `UnexpectedReply` | do what its `lookup` says; look at what is between you and the provider |",
        "",
        "A failure of GOV.UK Pay (status 5xx) is `Unavailable` where nothing can have been changed, and",
        "`OutcomeUnknown` for a call that may have acted.",
        "",
        "Stripe's codes are on [a page of their own](providers/stripe-errors.md).",
        "",
        "## GOV.UK Pay's codes",
        "",
        "Made from the code by `docs/pay/make_pages.py`.",
        "",
        "| Code | Error | What happened | To fix |",
        "| --- | --- | --- | --- |",
    ]
    for code, meaning in sorted(MEANINGS.items()):
        fix = meaning.fix.replace("|", "\\|")
        lines.append(f"| {code} | `{meaning.kind.__name__}` | {meaning.happened} | {fix} |")
    return "\n".join(lines) + "\n"


def stripe_errors() -> str:
    """The list of Stripe's codes, each with its error and how to fix it."""
    lines = [
        "# Stripe's codes",
        "",
        "Made from the code by `docs/pay/make_pages.py`. Where Stripe gives no code, the status tells the error, as",
        "[the errors of payments](../errors.md) say.",
        "",
        "| Code | Error | What happened | To fix |",
        "| --- | --- | --- | --- |",
    ]
    for code, known in STRIPE_MEANINGS.items():
        lines.append(f"| `{code}` | `{known.kind.__name__}` | {known.happened} | {known.fix} |")
    return "\n".join(lines) + "\n"


PAGES = {"errors.md": errors, "providers/stripe-errors.md": stripe_errors}

if __name__ == "__main__":
    for file, make in PAGES.items():
        (HERE / file).write_text(make(), encoding="utf-8")
