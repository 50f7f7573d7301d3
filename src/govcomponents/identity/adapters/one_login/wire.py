"""What GOV.UK One Login puts on the wire: names of claims, vectors of trust, and the requests of a sign-in.

The sandbox reads what the adapter writes here, and writes what it reads. Source: GOV.UK One Login technical
documentation, "Authenticate your user" and "Prove your user's identity".
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from govcomponents.identity.levels import Authentication, Claim, Confidence

if TYPE_CHECKING:
    from collections.abc import Mapping

    from govcomponents.identity.pending import Pending

VOCABULARY: Final = "https://vocab.account.gov.uk/v1/"
CORE_IDENTITY: Final = f"{VOCABULARY}coreIdentityJWT"
ADDRESS: Final = f"{VOCABULARY}address"
PASSPORT: Final = f"{VOCABULARY}passport"
DRIVING_PERMIT: Final = f"{VOCABULARY}drivingPermit"
RETURN_CODE: Final = f"{VOCABULARY}returnCode"
IDENTITY_CLAIMS: Final = (CORE_IDENTITY, ADDRESS, PASSPORT, DRIVING_PERMIT, RETURN_CODE)

CLAIM_NAMES: Final[Mapping[Claim, str]] = {
    Claim.ADDRESS: ADDRESS,
    Claim.PASSPORT: PASSPORT,
    Claim.DRIVING_PERMIT: DRIVING_PERMIT,
    Claim.RETURN_CODES: RETURN_CODE,
}
SCOPE_NAMES: Final[Mapping[Claim, str]] = {Claim.PHONE: "phone", Claim.WALLET_SUBJECT: "wallet-subject-id"}

CREDENTIALS: Final[Mapping[Authentication, str]] = {
    Authentication.SINGLE_FACTOR: "Cl",
    Authentication.TWO_FACTOR: "Cl.Cm",
}
LEVELS: Final[Mapping[Confidence, str]] = {Confidence.LOW: "P1", Confidence.MEDIUM: "P2", Confidence.HIGH: "P3"}
CREDENTIAL_OF: Final = {text: level for level, text in CREDENTIALS.items()}
CONFIDENCE_OF: Final = {"P0": Confidence.NONE} | {text: level for level, text in LEVELS.items()}

ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
CLIENT_ALGORITHMS: Final = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"})
ID_TOKEN_ALGORITHMS: Final = frozenset({"ES256", "RS256"})
IDENTITY_ALGORITHMS: Final = frozenset({"ES256"})

MAX_AUTHORIZE_QUERY: Final = 4096
MAX_LOGOUT_QUERY: Final = 2048


def vectors(pending: Pending) -> list[str]:
    """The vectors of trust of a sign-in, in canonical order: one for each level that will do, or one without any."""
    credential = CREDENTIALS[pending.authentication]
    return [f"{credential}.{LEVELS[level]}" for level in pending.confidence] or [credential]


def scope(pending: Pending) -> str:
    """The scopes of a sign-in: the subject and the email address, and what else comes by scope."""
    return " ".join(["openid", "email", *(SCOPE_NAMES[claim] for claim in pending.claims if claim in SCOPE_NAMES)])


def userinfo_claims(pending: Pending) -> dict[str, None]:
    """The identity claims of a sign-in: with proof of identity always the core identity, and those asked for."""
    if not pending.confidence:
        return {}
    return {CORE_IDENTITY: None} | {CLAIM_NAMES[claim]: None for claim in pending.claims if claim in CLAIM_NAMES}


def sign_in_parameters(pending: Pending, language: str) -> dict[str, str]:
    """The parameters of the authorization request that are this provider's own."""
    parameters = {"vtr": _json(vectors(pending)), "ui_locales": language}
    if claims := userinfo_claims(pending):
        parameters["claims"] = _json({"userinfo": claims})
    return parameters


def assertion_fields(assertion: str) -> dict[str, str]:
    """The fields that authenticate a client with its own signed token (RFC 7523 section 2.2)."""
    return {"client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion}


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))
