"""Writes the pages that are made from the code: the table of capabilities and the list of refusals.

python docs/notify/make_pages.py
"""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path

from govcomponents.contracts.capability_proofs import PROOFS
from govcomponents.notify.adapters import BUILT_IN
from govcomponents.notify.adapters.govuk_notify.error_mapping import ERRORS
from govcomponents.notify.capabilities import NotifyCapability
from govcomponents.notify.port import NotifyPort

HERE = Path(__file__).parent
RUNS = HERE.parent / "reference" / "contract_runs.json"


def adapters() -> dict[str, type[NotifyPort]]:
    """Every built-in adapter, by name."""
    found: dict[str, type[NotifyPort]] = {}
    for name, place in BUILT_IN.items():
        module, _, attribute = place.partition(":")
        found[name] = getattr(import_module(module), attribute)
    return found


def capabilities() -> str:
    """The table of what the last runs of the contract proved of each adapter, and saw refused."""
    columns = adapters()
    runs = json.loads(RUNS.read_text(encoding="utf-8"))
    lines = [
        "# What each adapter can do",
        "",
        "Made from runs of the contract by `docs/notify/make_pages.py`. **Proved**: declared, and the test that is",
        "named passed, and so did each other test about it. **Refused**: not declared, and seen to raise",
        "`NotSupported` before anything was sent (`test_what_is_not_declared_is_refused_unsent`).",
        "",
        "| capability | "
        + " | ".join(f"{kind.provider} (`{name}`)" for name, kind in columns.items())
        + " | proved by |",
        "| --- | " + " | ".join("---" for _ in columns) + " | --- |",
    ]
    for capability in NotifyCapability:
        marks = [told(runs[name], capability) for name in columns]
        proof = f"`{PROOFS[capability]}`" if "proved" in marks else ""
        lines.append(f"| {capability.value.replace('_', ' ')} | {' | '.join(marks)} | {proof} |")
    lines += [
        "",
        "## The runs",
        "",
        "Each against the double of its tests, in both modes, blocking and asyncio. To run one again, in a clone of",
        "the source; or one of an adapter of yours, [anywhere](../proving-an-adapter.md):",
        "",
        "| run | tests | failed | Python |",
        "| --- | --- | --- | --- |",
    ]
    for one in (runs[name] for name in columns):
        lines.append(f"| `{one['command']}` | {one['tests']} | {one['failed']} | {one['python']} |")
    return "\n".join(lines) + "\n"


def told(run: dict[str, list[str]], capability: NotifyCapability) -> str:
    """Say what a run tells of a capability."""
    words = {"proved": "proved", "disproved": "**disproved**", "not_proved": "not proved", "refused": "refused"}
    return next((word for key, word in words.items() if capability.value in run[key]), "not tried")


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
