"""Error mapping of Login.gov: its errors as errors of this library, with how to mend each.

Its token endpoint answers with a sentence where OAuth has a code, and its redirects carry sentences too. The sentences
are not promised: what is known of them chooses the advice, and none of them is shown. Source: developers.login.gov,
"Support"; 18F/identity-idp, app/forms, for the sentences.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from govcomponents.identity.protocol import error_mapping as standard_errors
from govcomponents.identity.protocol.error_mapping import ErrorMapping, client_refused, denied

if TYPE_CHECKING:
    from collections.abc import Mapping

    from govcomponents.errors import GovComponentsError
    from govcomponents.identity.pending import PendingSignIn
    from govcomponents.identity.protocol.flow import EndpointError
    from govcomponents.identity.protocol.redirect_callback import ProviderError

_CLOCK: Final = "set this machine's clock right"

# What a sentence holds about a client that could not prove who it is, and how to mend that.
_CLIENT: Final[Mapping[str, str]] = {
    "Could not validate assertion": "register the certificate of the private key with Login.gov, in this environment; "
    "in production that may take up to two weeks",
    "Invalid audience claim": "check that the environment, or the issuer, is the one where the client is registered",
    "Signature has expired": _CLOCK,
    "iat must be": _CLOCK,
    "Client assertion": standard_errors.CHECK_CLIENT,
    "Client must authenticate": "set CLIENT_AUTHENTICATION as the client is registered: private_key_jwt, or none",
}
_CODE: Final[Mapping[str, str]] = {
    "Code is expired": "the code was exchanged too late: call complete() as soon as the person is back",
    "code_verifier did not match": "keep `pending` in the session of the browser that was sent away",
}

_REQUEST: Final[Mapping[str, str]] = {
    "acr_values are not authorized": "have the service level that is asked for enabled for the client",
    "No acceptable acr_values": "have the service level that is asked for enabled for the client",
    "Missing a valid IAL": "have the service level that is asked for enabled for the client",
    "redirect_uri": "register the redirect URL for the client, exactly as it is set",
    "No valid scope": "correct EXTRA_SCOPES",
    "verified_within": "unset VERIFIED_WITHIN, or have the client allow-listed for it",
}


def of_callback(error: ProviderError, pending: PendingSignIn, provider: str) -> GovComponentsError:
    """The error for a person who came back with one."""
    if error.code != "invalid_request":
        return standard_errors.of_callback(error, pending, provider)
    fix = _advice(error.description, _REQUEST) or "compare the settings with the client's registration at Login.gov"
    return denied("the provider refused the request", fix, provider, code=error.code)


def of_token(error: EndpointError, provider: str) -> GovComponentsError:
    """The error for an answer of the token endpoint that is not 200; its sentence stands where OAuth has a code."""
    if error.status != 400:
        return standard_errors.of_token(error, provider)
    if advice := _advice(error.code, _CLIENT):
        happened = "the provider does not take what proves who this service is"
        return client_refused(happened, advice, provider, status=error.status)
    fix = _advice(error.code, _CODE) or "let the person start the sign-in again"
    return denied("the provider refused the code", fix, provider, status=error.status)


def _advice(sentence: str, known: Mapping[str, str]) -> str:
    return next((advice for part, advice in known.items() if part in sentence), "")


ERROR_MAPPING: Final = ErrorMapping(of_callback, of_token, standard_errors.of_userinfo)
