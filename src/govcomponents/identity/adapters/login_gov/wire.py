"""The wire format of Login.gov: service levels, authentication levels, scopes, parameters and claims.

The sandbox reads what the adapter writes here, and writes what it reads. Source: developers.login.gov, "OpenID Connect"
(authorization, user info, logout) and "User attributes"; 18F/identity-idp for what is answered to what is asked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from govcomponents.identity.events import AccountChange
from govcomponents.identity.levels import Authentication, Claim, Confidence

if TYPE_CHECKING:
    from collections.abc import Mapping

    from govcomponents.identity.pending import PendingSignIn

HOSTS: Final[Mapping[str, str]] = {
    "integration": "https://idp.int.identitysandbox.gov",
    "production": "https://secure.login.gov",
}
TOKEN_PATH: Final = "/api/openid_connect/token"  # noqa: S105  # a path
LANGUAGES: Final = frozenset({"en", "es", "fr"})
ALGORITHMS: Final = frozenset({"RS256"})

_ACR: Final = "urn:acr.login.gov:"
AUTH_ONLY: Final = f"{_ACR}auth-only"
VERIFIED: Final = f"{_ACR}verified"
FACIAL_MATCH_PREFERRED: Final = f"{_ACR}verified-facial-match-preferred"
FACIAL_MATCH_REQUIRED: Final = f"{_ACR}verified-facial-match-required"

# What is answered, in the present names and in those that answer a request made in the older ones. "Verified" is not
# NIST's IAL2: only a facial match is. The levels of confidence are this project's own reading, not an official one.
CONFIDENCE_OF: Final[Mapping[str, Confidence]] = {
    AUTH_ONLY: Confidence.NONE,
    VERIFIED: Confidence.LOW,
    FACIAL_MATCH_REQUIRED: Confidence.MEDIUM,
    "http://idmanagement.gov/ns/assurance/ial/1": Confidence.NONE,
    "http://idmanagement.gov/ns/assurance/ial/2": Confidence.LOW,
    "http://idmanagement.gov/ns/assurance/ial/2?bio=required": Confidence.MEDIUM,
}

_AAL: Final = "http://idmanagement.gov/ns/assurance/aal/"
DEFAULT_AAL: Final = "urn:gov:gsa:ac:classes:sp:PasswordProtectedTransport:duo"
_ANY: Final = f"{_AAL}2"
_PHISHING_RESISTANT: Final = f"{_AAL}2?phishing_resistant=true"
_HSPD12: Final = f"{_AAL}2?hspd12=true"
TWO_FACTOR: Final[Mapping[str, str]] = {
    "any": _ANY,
    "phishing_resistant": _PHISHING_RESISTANT,
    "hspd12": _HSPD12,
}
_CARD: Final = frozenset({_HSPD12, f"{_AAL}3?hspd12=true"})
_STRONG: Final = _CARD | {_PHISHING_RESISTANT, f"{_AAL}3"}
ENOUGH: Final[Mapping[str, frozenset[str]]] = {
    "any": _STRONG | {_ANY},
    "phishing_resistant": _STRONG,
    "hspd12": _CARD,
}
"""The authentication levels that are as good as each kind of two factors. A remembered device is none of them."""

EVENT_LIFE: Final = 12 * 3600
_EVENT: Final = "https://schemas.login.gov/secevent/risc/event-type/"
CHANGES: Final[Mapping[str, AccountChange]] = {
    f"{_EVENT}mfa-limit-account-locked": AccountChange.LOCKED,
    f"{_EVENT}password-reset": AccountChange.PASSWORD_RESET,
    f"{_EVENT}reproof-completed": AccountChange.PROVED_AGAIN,
}
"""The changes of an account that it tells besides those of RISC (identity-idp, app/services/push_notification)."""

_SCOPES: Final[Mapping[Claim, str]] = {Claim.PHONE: "phone", Claim.ADDRESS: "address"}


def service_level(pending: PendingSignIn) -> str:
    """The service level to ask for. Low or medium, either will do: a facial match for those who are proved only now."""
    if Confidence.MEDIUM not in pending.confidence:
        return VERIFIED if pending.confidence else AUTH_ONLY
    return FACIAL_MATCH_PREFERRED if Confidence.LOW in pending.confidence else FACIAL_MATCH_REQUIRED


def scope(pending: PendingSignIn, extra: tuple[str, ...]) -> str:
    """The scopes of a sign-in: with proof of identity always the name and the birth date."""
    asked = ["profile"] if pending.confidence else []
    asked += [_SCOPES[claim] for claim in pending.claims if claim in _SCOPES]
    return " ".join(dict.fromkeys(["openid", "email", *asked, *extra]))


def sign_in_parameters(
    pending: PendingSignIn, language: str, two_factor: str, verified_within: str | None
) -> dict[str, str]:
    """The parameters of the authorization request that are this provider's own."""
    levels = [service_level(pending)]
    levels.append(TWO_FACTOR[two_factor] if pending.authentication is Authentication.TWO_FACTOR else DEFAULT_AAL)
    parameters = {"acr_values": " ".join(levels), "prompt": "select_account"}
    if language != "en":
        parameters["locale"] = language
    if verified_within is not None and pending.confidence:
        parameters["verified_within"] = verified_within
    return parameters
