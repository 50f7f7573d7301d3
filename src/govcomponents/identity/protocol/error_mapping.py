"""Error mapping of OAuth and OpenID Connect: their standard errors as errors of this library.

It does not stand on `core/http/error_mapping.py`, whose table sorts the answers to requests by their status. Half of
these errors come by the person's browser and have no status; the same code means another thing at each step of a
sign-in; and whatever the status, what follows is a SignInError, because the code is used up and nothing is repeated.

The codes are those of RFC 6749 (4.1.2.1, 5.2), RFC 6750 (3.1) and OpenID Connect Core (3.1.2.6). A provider's own
texts are not shown: they could hold anything. A code that is no standard one shows as "other".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from govcomponents.errors import CredentialsRefused, GovComponentsError, IdentityNotProved, SignInDenied, SignInReason
from govcomponents.identity.protocol.flow import START_AGAIN, unavailable
from govcomponents.privacy import Personal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from govcomponents.identity.pending import PendingSignIn
    from govcomponents.identity.protocol.flow import EndpointError
    from govcomponents.identity.protocol.redirect_callback import ProviderError

_OPERATION: Final = "identity.complete"
_UNAVAILABLE: Final = frozenset({"temporarily_unavailable", "server_error"})
CHECK_CLIENT: Final = (
    "check the client id, and that the key or secret is the one registered with the provider in this environment, "
    "the key under the id that is sent (KEY_ID)"
)
_COMPARE: Final = "compare what is asked for with the client's registration: scopes, levels, claims, redirect URL"
_NOT_DONE: Final = "this library neither pushes requests (PAR) nor signs them (JAR) at this provider"
_NO_DPOP: Final = "let the provider register the client for Bearer tokens: those bound by DPoP are not supported"

# Codes that no person causes: the request is wrong, or the client is not registered for what it asks.
_SET_UP: Final[Mapping[str, str]] = {
    "invalid_request": f"{_COMPARE}; {_NOT_DONE}",
    "invalid_scope": "have the scopes that are asked for registered for the client",
    "unauthorized_client": "check the client id, and that the client is registered for the authorization code flow",
    "unsupported_response_type": "register the client for the authorization code flow",
    "registration_not_supported": "report it: this library does not register clients",
    "request_not_supported": "report it: this library was not asked to send a request object",
    "request_uri_not_supported": "report it: this library sends no request_uri",
    "invalid_request_object": "check the key with which request objects are signed",
    "invalid_request_uri": "report it: this library sends no request_uri",
    "unmet_authentication_requirements": "offer the service's other route: the person cannot reach the level asked for",
}
_PERSON: Final[Mapping[str, str]] = {
    "access_denied": "the person left, or the provider ended the sign-in",
    "login_required": "the person did not sign in",
    "interaction_required": "the person did not sign in",
    "consent_required": "the person did not agree to share what was asked for",
    "account_selection_required": "the person did not choose an account",
}
_TOKEN_CODES: Final = frozenset(
    {"invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "unsupported_grant_type"}
    | {"invalid_scope", "invalid_token", "insufficient_scope", "server_error", "temporarily_unavailable"}
    | {"use_dpop_nonce", "invalid_dpop_proof"}
)


@dataclass(frozen=True, slots=True)
class ErrorMapping:
    """The mapping of one provider's errors to errors of this library."""

    of_callback: Callable[[ProviderError, PendingSignIn, str], GovComponentsError]
    of_token: Callable[[EndpointError, str], GovComponentsError]
    of_userinfo: Callable[[EndpointError, str], GovComponentsError]


def denied(
    happened: str, fix: str, provider: str, *, status: int | None = None, code: str | None = None
) -> SignInDenied:
    """Return the error for a sign-in that the provider ended."""
    return SignInDenied(
        happened,
        reason=SignInReason.PROVIDER_ERROR,
        fix=fix,
        operation=_OPERATION,
        provider=provider,
        status=status,
        code=code,
    )


def client_refused(
    happened: str, fix: str, provider: str, *, status: int | None, code: str | None = None
) -> CredentialsRefused:
    """Return the error for a client whose proof of who it is the provider does not take."""
    return CredentialsRefused(happened, fix=fix, operation=_OPERATION, provider=provider, status=status, code=code)


def not_proved(happened: str, subject: str, provider: str, return_codes: tuple[str, ...] = ()) -> IdentityNotProved:
    """Return the error for a person who signed in, and whose identity was not proved as it was asked for."""
    return IdentityNotProved(
        happened, subject=Personal(subject), return_codes=return_codes, operation=_OPERATION, provider=provider
    )


def of_callback(error: ProviderError, pending: PendingSignIn, provider: str) -> GovComponentsError:
    """The error for a person who came back with one."""
    code = error.code
    if code in _UNAVAILABLE:
        return unavailable(provider, "the provider cannot sign people in now", code=code)
    if code in _PERSON:
        happened = _PERSON[code]
        fix = "offer the service's other route" if pending.confidence else "offer to start again"
    else:
        happened = "the provider refused the request"
        fix = _SET_UP.get(code, "look the error up in the provider's documentation")
    shown = code if code in _PERSON or code in _SET_UP else "other"
    return denied(happened, fix, provider, code=shown)


def of_token(error: EndpointError, provider: str) -> GovComponentsError:
    """The error for an answer of the token endpoint that is not 200."""
    code = shown_code(error.code)
    if error.status >= 500 or error.status in (403, 429) or error.code in _UNAVAILABLE:
        return unavailable(provider, "the token endpoint failed", status=error.status, code=code)
    if error.code in ("invalid_client", "unauthorized_client") or error.status == 401:
        happened = "the provider does not take this service's key or secret"
        return client_refused(happened, CHECK_CLIENT, provider, status=error.status, code=code)
    fix = _fix_of_code(error.code)
    return denied("the provider refused the code", fix, provider, status=error.status, code=code)


def _fix_of_code(code: str) -> str:
    if code in ("use_dpop_nonce", "invalid_dpop_proof"):
        return _NO_DPOP
    if code in ("invalid_request", "unsupported_grant_type", "invalid_scope"):
        return f"{_COMPARE}; nobody can sign in until it is mended"
    return (
        f"{START_AGAIN}; if it goes on, check the redirect URL, and that the client is registered for neither DPoP, "
        "encrypted ID tokens nor pushed authorization requests, which this library does not do"
    )


def of_userinfo(error: EndpointError, provider: str) -> GovComponentsError:
    """The error for an answer of the userinfo endpoint that is not 200."""
    code = shown_code(error.code)
    if error.status == 401 or error.code == "insufficient_scope":
        fix = _COMPARE if error.code == "insufficient_scope" else f"{START_AGAIN}; if it goes on, {_COMPARE}"
        return denied("the provider refused the access token", fix, provider, status=error.status, code=code)
    gone = "compare the userinfo endpoint that the provider publishes with its documentation"
    fix = gone if error.status in (404, 405, 410) else ""
    return unavailable(provider, "the userinfo endpoint failed", fix=fix, status=error.status, code=code)


def shown_code(code: str) -> str | None:
    """A code as errors may show it: a standard one, "other" for any other text, None for none."""
    return code if code in _TOKEN_CODES else "other" if code else None


STANDARD: Final = ErrorMapping(of_callback, of_token, of_userinfo)
