"""Writes the three tables of what each adapter can do, from the runs that `tools/run_contracts.py` made.

python docs/reference/make_capabilities.py
"""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path
from typing import Any

from govcomponents.contracts.capability_proofs import PROOFS
from govcomponents.identity.capabilities import IdentityCapability
from govcomponents.notify.capabilities import NotifyCapability
from govcomponents.pay.capabilities import PayCapability

HERE = Path(__file__).parent
RUNS = HERE / "contract_runs.json"
WORDS = {"proved": "proved", "disproved": "**disproved**", "not_proved": "not proved", "refused": "refused"}
IDENTITY = {
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
HEAD = """# What each {whose} can do

Made from runs of the contract by `docs/reference/make_capabilities.py`. **Proved**: declared, and the test that is
named passed, and so did each other test about it. **Refused**: not declared, and seen to raise `NotSupported` before
anything was sent.{more}

"""
OF_SETTINGS = """ What the `oidc` adapter can do is what its settings say of the provider: here it is what those of
its tests say."""
BELOW = """
## The runs

Each against {against}, in both modes, blocking and asyncio. To run one again, in
a clone of the source; or one of an adapter of yours, [anywhere](../proving-an-adapter.md):

| run | tests | failed | Python |
| --- | --- | --- | --- |
"""


def pay() -> str:
    """The page of the adapters of payments."""
    meanings = {one: one.value.replace("_", " ") for one in PayCapability}
    return HEAD.format(whose="adapter", more="") + _table(_built_in("pay"), meanings, "the double of its tests")


def notify() -> str:
    """The page of the adapters of messages."""
    meanings = {one: one.value.replace("_", " ") for one in NotifyCapability}
    return HEAD.format(whose="adapter", more="") + _table(_built_in("notify"), meanings, "the double of its tests")


def identity() -> str:
    """The page of the adapters of sign-ins."""
    columns = {"GOV.UK One Login": "one_login", "Login.gov": "login_gov", "`oidc`, as set in its tests": "oidc"}
    table = _table(columns, IDENTITY, "a fake provider, with every token that is refused")
    return HEAD.format(whose="provider", more=OF_SETTINGS) + table


def _built_in(component: str) -> dict[str, str]:
    """What stands over the column of each built-in adapter, and the name of its run."""
    columns = {}
    for name, place in import_module(f"govcomponents.{component}.adapters").BUILT_IN.items():
        module, _, attribute = place.partition(":")
        columns[f"{getattr(import_module(module), attribute).provider} (`{name}`)"] = name
    return columns


def _table(columns: dict[str, str], meanings: dict[Any, str], against: str) -> str:
    known = json.loads(RUNS.read_text(encoding="utf-8"))
    runs = [known[name] for name in columns.values()]
    lines = [f"| capability | {' | '.join(columns)} | proved by |", f"| --- |{' --- |' * len(columns)} --- |"]
    for capability, meaning in meanings.items():
        cells = [_told(run, capability.value) for run in runs]
        proof = f"`{PROOFS[capability]}`" if "proved" in cells else ""
        lines.append(f"| {meaning} | {' | '.join(cells)} | {proof} |")
    lines.append(BELOW.format(against=against).rstrip("\n"))
    lines += [f"| `{run['command']}` | {run['tests']} | {run['failed']} | {run['python']} |" for run in runs]
    return "\n".join(lines) + "\n"


def _told(run: dict[str, list[str]], capability: str) -> str:
    return next((word for key, word in WORDS.items() if capability in run[key]), "not tried")


PAGES = {f"../{component.__name__}/capabilities.md": component for component in (pay, notify, identity)}

if __name__ == "__main__":
    for file, make in PAGES.items():
        (HERE / file).write_text(make(), encoding="utf-8")
