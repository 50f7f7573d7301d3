"""Writes the pages that are made from the code: the table of capabilities and the list of refusals.

python docs/notify/make_pages.py
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from govcomponents.contracts.capability_proofs import PROOFS
from govcomponents.notify.adapters import BUILT_IN
from govcomponents.notify.adapters.govuk_notify.error_mapping import ERRORS
from govcomponents.notify.capabilities import NotifyCapability
from govcomponents.notify.port import NotifyPort

HERE = Path(__file__).parent


def adapters() -> dict[str, type[NotifyPort]]:
    """Every built-in adapter, by name."""
    found: dict[str, type[NotifyPort]] = {}
    for name, place in BUILT_IN.items():
        module, _, attribute = place.partition(":")
        found[name] = getattr(import_module(module), attribute)
    return found


def capabilities() -> str:
    """The table of what each adapter declares; the contract proves what is declared and that the rest is refused."""
    columns = adapters()
    lines = [
        "# What each adapter can do",
        "",
        "Made from the adapters' declarations by `docs/notify/make_pages.py`. What is not declared raises",
        "`NotSupported` before anything is sent: `test_what_is_not_declared_is_refused_unsent` proves it.",
        "What is declared is proved by the test of the contract that is named, for each adapter that declares it.",
        "`govcomponents contract run NAME` reports the same of an adapter of yours.",
        "",
        "| capability | "
        + " | ".join(f"{kind.provider} (`{name}`)" for name, kind in columns.items())
        + " | proved by |",
        "| --- | " + " | ".join("---" for _ in columns) + " | --- |",
    ]
    for capability in NotifyCapability:
        marks = tuple("yes" if capability in kind.capabilities else "no" for kind in columns.values())
        proof = f"`{PROOFS[capability]}`" if "yes" in marks else ""
        lines.append(f"| {capability.value.replace('_', ' ')} | {' | '.join(marks)} | {proof} |")
    return "\n".join(lines) + "\n"


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


PAGES = {"capabilities.md": capabilities, "errors.md": errors}


def main() -> None:
    """Write all of them."""
    for name, make in PAGES.items():
        (HERE / name).write_text(make(), encoding="utf-8")


if __name__ == "__main__":
    main()
