"""Writes the page of what each adapter can do, from the runs of the contract that tools/run_contracts.py made."""

from __future__ import annotations

import json
from pathlib import Path

from govcomponents.contracts.capability_proofs import PROOFS
from govcomponents.identity.capabilities import IdentityCapability

MEANINGS = {
    IdentityCapability.SIGN_IN: "sign people in",
    IdentityCapability.SINGLE_FACTOR: "with a password alone",
    IdentityCapability.TWO_FACTOR: "with two factors",
    IdentityCapability.LOW_CONFIDENCE: "prove identity: low confidence",
    IdentityCapability.MEDIUM_CONFIDENCE: "prove identity: medium confidence",
    IdentityCapability.HIGH_CONFIDENCE: "prove identity: high confidence",
    IdentityCapability.PHONE: "phone number",
    IdentityCapability.WALLET_SUBJECT: "GOV.UK Wallet subject",
    IdentityCapability.ADDRESS: "addresses",
    IdentityCapability.PASSPORT: "passport",
    IdentityCapability.DRIVING_PERMIT: "driving licence",
    IdentityCapability.RETURN_CODES: "return codes",
    IdentityCapability.MAX_AGE: "`max_age`",
    IdentityCapability.REAUTHENTICATION: "`sign_in_again`",
    IdentityCapability.LOGIN_HINT: "`login_hint`",
    IdentityCapability.SIGN_OUT: "sign out",
    IdentityCapability.LOGOUT_NOTICES: "logout notices",
    IdentityCapability.ACCOUNT_EVENTS: "events about accounts",
    IdentityCapability.CHECK: "`check()`",
}
HEAD = """# What each provider can do

Made from runs of the contract by `docs/identity/make_pages.py`. **Proved**: declared, and the test that is named
passed, and so did each other test about it. **Refused**: not declared, and seen to raise `NotSupported` before anything
was sent. What the `oidc` adapter can do is what its settings say of the provider: here it is what those of its tests
say.

"""
RUNS = Path(__file__).parents[1] / "reference" / "contract_runs.json"
COLUMNS = {"GOV.UK One Login": "one_login", "Login.gov": "login_gov", "`oidc`, as set in its tests": "oidc"}


def capabilities() -> str:
    """The table of what the last runs of the contract proved of each adapter, and saw refused."""
    runs = json.loads(RUNS.read_text(encoding="utf-8"))
    lines = [HEAD + f"| capability | {' | '.join(COLUMNS)} | proved by |", f"| --- |{' --- |' * len(COLUMNS)} --- |"]
    for capability, meaning in MEANINGS.items():
        cells = [told(runs[name], capability) for name in COLUMNS.values()]
        proof = f"`{PROOFS[capability]}`" if "proved" in cells else ""
        lines.append(f"| {meaning} | {' | '.join(cells)} | {proof} |")
    lines += [
        "",
        "## The runs",
        "",
        "Each against a fake provider, in both modes, blocking and asyncio, with every token that is refused. To run",
        "one again, in a clone of the source; or one of an adapter of yours, [anywhere](../proving-an-adapter.md):",
        "",
        "| run | tests | failed | Python |",
        "| --- | --- | --- | --- |",
    ]
    for one in (runs[name] for name in COLUMNS.values()):
        lines.append(f"| `{one['command']}` | {one['tests']} | {one['failed']} | {one['python']} |")
    return "\n".join(lines) + "\n"


def told(run: dict[str, list[str]], capability: IdentityCapability) -> str:
    """Say what a run tells of a capability."""
    words = {"proved": "proved", "disproved": "**disproved**", "not_proved": "not proved", "refused": "refused"}
    return next((word for key, word in words.items() if capability.value in run[key]), "not tried")


PAGES = {"capabilities.md": capabilities}

if __name__ == "__main__":
    for name, make in PAGES.items():
        Path(__file__).with_name(name).write_text(make(), encoding="utf-8")
