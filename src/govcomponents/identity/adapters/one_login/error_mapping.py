"""Error mapping of GOV.UK One Login: its errors as errors of this library, with how to mend each.

Source: GOV.UK One Login technical documentation, "Authenticate your user" (errors of /authorize, /token and
/userinfo); govuk-one-login/authentication-api for the texts. The texts are not promised: the code decides, and a text
only adds to what is said.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from govcomponents.identity.levels import Claim
from govcomponents.identity.protocol.error_mapping import ErrorMapping, client_refused, denied
from govcomponents.identity.protocol.flow import START_AGAIN, unavailable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from govcomponents.errors import GovComponentsError
    from govcomponents.identity.pending import PendingSignIn
    from govcomponents.identity.protocol.flow import EndpointError
    from govcomponents.identity.protocol.redirect_callback import ProviderError

_LOST_SESSION: Final = "a new authentication request may be successful"
_UNAVAILABLE: Final = frozenset({"temporarily_unavailable", "server_error"})

_CHECK_KEY: Final = (
    "check the client id, and that the public key registered in this environment belongs to the private key"
)

# Errors that no person causes: the request is wrong, or the client is not registered for what it asks.
_SET_UP: Final[Mapping[str, str]] = {
    "invalid_request": "compare what is asked for with the client's registration: levels of confidence, claims, "
    "redirect URL, PKCE",
    "invalid_scope": "have the scopes openid and email, and those of the claims asked for, registered for the client",
    "unsupported_response_type": "report it: this library asks for a code only",
    "request_uri_not_supported": "report it: this library sends no request_uri",
    "unauthorized_client": "check the client id, and that the client is registered in this environment and not retired",
    "unmet_authentication_requirements": "report it: this library does not ask to select an account",
}

_CALLBACK_CODES: Final = frozenset(_SET_UP) | _UNAVAILABLE | {"access_denied", "login_required"}

# What a text says beyond its code. Texts that are not in this list are not shown: they could hold anything.
_KNOWN_TEXTS: Final = frozenset(
    {
        "Request is missing state parameter",
        "Request is missing nonce parameter",
        "Request contains invalid claims",
        "Request vtr not valid",
        "Request vtr is not permitted",
        "Request is missing code_challenge parameter, but PKCE is enforced.",
        "Invalid, unknown or malformed scope",
        "ui_locales parameter is invalid",
        "client deactivated",
        "client deprecated",
        "Invalid private_key_jwt",
        "Invalid signature in private_key_jwt",
        "private_key_jwt has expired",
        "Invalid token authentication method used",
        "Client authentication failed",
        "Invalid client secret",
        "No client secret registered",
        "PKCE code verification failed",
        "Unsupported grant type",
    }
)


def of_callback(error: ProviderError, pending: PendingSignIn, provider: str) -> GovComponentsError:
    """The error for a person who came back with one."""
    code = error.code if error.code in _CALLBACK_CODES else "other"
    said = f': "{error.description}"' if error.description in _KNOWN_TEXTS else ""
    if code in _UNAVAILABLE or error.description == "client deactivated":
        later = "tell the person to try again later, or offer another route"
        return unavailable(provider, f"the provider cannot sign people in now{said}", fix=later, code=code)
    if code == "access_denied":
        happened, fix = _denied(error, pending)
    elif code == "login_required":
        happened = "the person did not sign in again"
        fix = "end the person's session with the service"
    else:
        happened = f"the provider refused the request{said}"
        fix = _SET_UP.get(code, "look the error up in the provider's documentation")
    return denied(happened, fix, provider, code=code)


def _denied(error: ProviderError, pending: PendingSignIn) -> tuple[str, str]:
    if _LOST_SESSION in error.description:
        return "the provider lost the person's session", "offer to start again"
    if pending.confidence and Claim.RETURN_CODES not in pending.claims:
        return (
            "the person's identity was not proved, or they left",
            "offer the service's other route; ask for Claim.RETURN_CODES to learn why",
        )
    return "the person left, or the provider ended the sign-in", "offer to start again"


def of_token(error: EndpointError, provider: str) -> GovComponentsError:
    """The error for an answer of the token endpoint that is not 200."""
    said = f': "{error.description}"' if error.description in _KNOWN_TEXTS else ""
    if error.status >= 500 or error.status in (403, 429) or error.code == "server_error":
        return unavailable(provider, f"the token endpoint failed{said}", status=error.status, code=error.code or None)
    if error.code in ("invalid_client", "unauthorized_client") or "private_key_jwt" in error.description:
        expired = error.description == "private_key_jwt has expired"
        fix = "set this machine's clock right" if expired else _CHECK_KEY
        happened = f"the provider does not take this service's key or secret{said}"
        return client_refused(happened, fix, provider, status=error.status, code=_known(error.code))
    happened, fix = f"the provider refused the code{said}", _fix_of_code(error.code)
    return denied(happened, fix, provider, status=error.status, code=_known(error.code))


def _fix_of_code(code: str) -> str:
    if code in ("invalid_request", "unsupported_grant_type", "invalid_scope"):
        return "report it: this library sends what GOV.UK One Login documents; nobody can sign in until it is mended"
    return f"{START_AGAIN}; if it goes on, check the redirect URL"


def of_userinfo(error: EndpointError, provider: str) -> GovComponentsError:
    """The error for an answer of the userinfo endpoint that is not 200; its code is in a header, if anywhere."""
    if error.status == 401:
        fix = f"{START_AGAIN}; if it goes on, compare the scopes and claims asked for with the client's registration"
        happened = "the provider refused the access token"
        return denied(happened, fix, provider, status=error.status, code=_known(error.code))
    return unavailable(provider, "the userinfo endpoint failed", status=error.status)


def _known(code: str) -> str:
    known = {
        "invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "unsupported_grant_type",
        "invalid_scope", "invalid_token", "server_error",
    }  # fmt: skip
    return code if code in known else "other"


ERROR_MAPPING: Final = ErrorMapping(of_callback, of_token, of_userinfo)
