"""Writes the page that is made from the code: what each adapter can do. Run it after a change of what they declare."""

from __future__ import annotations

from pathlib import Path

from govcomponents.contracts.capability_proofs import PROOFS
from govcomponents.identity.adapters.login_gov.adapter import LoginGov
from govcomponents.identity.adapters.one_login.adapter import OneLogin
from govcomponents.identity.port import IdentityCapability

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

Made from what the adapters declare; everything else is refused unsent, with `NotSupported`, which the contract proves.
What is declared is proved by the test of the contract that is named. What the
`oidc` adapter can do is what its settings say of the provider.

"""


def capabilities() -> str:
    """The capability table."""
    columns = {"GOV.UK One Login": OneLogin.capabilities, "Login.gov": LoginGov.capabilities}
    lines = [f"| capability | {' | '.join(columns)} | proved by |", f"| --- |{' --- |' * len(columns)} --- |"]
    for capability, meaning in MEANINGS.items():
        cells = tuple("yes" if capability in declared else "" for declared in columns.values())
        proof = f"`{PROOFS[capability]}`" if "yes" in cells else ""
        lines.append(f"| {meaning} | {' | '.join(cells)} | {proof} |")
    return HEAD + "\n".join(lines) + "\n"


PAGES = {"capabilities.md": capabilities}

if __name__ == "__main__":
    for name, make in PAGES.items():
        Path(__file__).with_name(name).write_text(make(), encoding="utf-8")
