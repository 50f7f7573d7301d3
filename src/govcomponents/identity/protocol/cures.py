"""Names the cure of what a check of a sign-in or a notification found, where the check itself names no setting.

To start again is advised only where it can help: a set-up that is wrong refuses the next person just so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from govcomponents.errors import SignInReason

if TYPE_CHECKING:
    from collections.abc import Mapping

    from govcomponents.identity.jose.tokens import TokenRefused

_CLOCK: Final = "set this machine's clock right, or the setting LEEWAY to what clocks may differ"
_ISSUER: Final = "correct the setting ISSUER, or ENVIRONMENT: it is compared exactly, and a final slash counts"
_FORM: Final = "tell the provider what happened: it sends something else than OpenID Connect says"

# Mistakes of a set-up: they befall everybody, until they are mended.
_SET_UP: Final[Mapping[SignInReason, str]] = {
    SignInReason.BAD_ALGORITHM: "have the provider sign with one of those algorithms for this client",
    SignInReason.BAD_ISSUER: _ISSUER,
    SignInReason.BAD_AUDIENCE: "correct the setting CLIENT_ID to the client that the provider registered here",
    SignInReason.BLOCKED_URL: "correct the setting ISSUER, or the endpoints that the provider publishes",
    SignInReason.NOT_YET_VALID: _CLOCK,
}

# What may befall one person alone, and, if it befalls everybody, is a mistake of a set-up.
_AGAIN: Final = "show a neutral page and let the person start again; if that goes on, "
_PERHAPS: Final[Mapping[SignInReason, str]] = {
    SignInReason.MALFORMED: _FORM,
    SignInReason.UNKNOWN_KEY: "check that the setting ISSUER, or ENVIRONMENT, is the provider that signs these tokens, "
    "and that it publishes the key that it signs with",
    SignInReason.BAD_SIGNATURE: "check that nothing stands between this service and the provider; it may be an attack",
    SignInReason.BAD_HASH: "check that nothing stands between this service and the provider; it may be an attack",
    SignInReason.BAD_TYPE: _FORM,
    SignInReason.BAD_SUBJECT: _FORM,
    SignInReason.BAD_LEVEL: "check that the client is registered for the levels that are asked for, and that the "
    "provider honours max_age where that is asked for",
    SignInReason.EXPIRED: f"call complete() as soon as the person is back, and {_CLOCK}",
    SignInReason.BAD_STATE: "keep `pending` with the browser that was sent away, give it to the account that it was "
    "started with, and see whether PENDING_LIFE is too short",
}


def cure_of_sign_in(refused: TokenRefused) -> str:
    """Return how to mend a refused sign-in; an empty text where the person is to start again, and no more is known."""
    if refused.fix:
        return refused.fix
    if refused.reason in _SET_UP:
        return _SET_UP[refused.reason]
    return _AGAIN + _PERHAPS[refused.reason] if refused.reason in _PERHAPS else ""


def cure_of_notification(refused: TokenRefused) -> str:
    """Return what to do about a refused notification: who sent it is not known, so one alone means nothing."""
    act = "act on nothing; answer with CallbackAnswer.for_error(error)"
    audience = "correct the setting CLIENT_ID, or EVENTS_AUDIENCE where the provider has one"
    cure = audience if refused.reason is SignInReason.BAD_AUDIENCE else refused.fix or _SET_UP.get(refused.reason, "")
    return f"{act}; if all are refused so, {cure}" if cure else act
