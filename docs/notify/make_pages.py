"""Writes the page that is made from the code: the list of refusals.

python docs/notify/make_pages.py
"""

from __future__ import annotations

from pathlib import Path

from govcomponents.notify.adapters.govuk_notify.error_mapping import ERRORS

HERE = Path(__file__).parent


def errors() -> str:
    """What GOV.UK Notify refuses, each with its error and how to fix it."""
    lines = [
        "# What GOV.UK Notify refuses",
        "",
        "Made from the code by `docs/notify/make_pages.py`. What to do about each class of error is on",
        "[the page about sending](send.md#when-it-fails). `error.code` is the provider's type of error. Its messages",
        "may repeat what was sent, so none of them shows; one that is not in this list is a `RequestRefused`, or what",
        "follows from its status.",
        "",
        "| Error | What happened | To fix |",
        "| --- | --- | --- |",
    ]
    rows = [(one.kind.__name__, one.happened, one.fix) for one in ERRORS.catalogue]
    rows += [("CredentialsRefused", happened, fix) for _, happened, fix in ERRORS.credentials]
    lines += [f"| `{kind}` | {happened} | {fix} |" for kind, happened, fix in sorted(rows)]
    return "\n".join(lines) + "\n"


PAGES = {"errors.md": errors}


def main() -> None:
    """Write all of them."""
    for name, make in PAGES.items():
        (HERE / name).write_text(make(), encoding="utf-8")


if __name__ == "__main__":
    main()
