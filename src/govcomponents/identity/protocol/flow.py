"""The steps of the OpenID Connect code flow that every provider shares: begin, exchange the code, read the claims.

An adapter says where the endpoints are and how it proves who it is; what must be the same for all of them, because
it is security, is here: fresh state, nonce and PKCE verifier for each sign-in (RFC 7636, always S256), the code sent
once and never again, redirects refused, bounded answers of exactly the expected form.
"""

from __future__ import annotations

import hashlib
import secrets
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlencode, urlsplit

from govcomponents.core.canonical_json import NotCanonical, encode_base64url, parse_object
from govcomponents.core.http.messages import Replay, Request, Response
from govcomponents.core.journeys import current_journey
from govcomponents.core.refreshed_value import NothingToUse
from govcomponents.errors import (
    GovComponentsError,
    NotSent,
    OutcomeUnknown,
    SignInReason,
    SignInRejected,
    SignInUnavailable,
)
from govcomponents.identity.jose.tokens import TokenRefused
from govcomponents.identity.pending import PendingSignIn
from govcomponents.identity.protocol.cures import cure_of_sign_in
from govcomponents.privacy import Secret

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from govcomponents.identity.inputs import StartSignIn

MAX_TOKEN_ANSWER: Final = 128 * 1024
MAX_CLAIMS_ANSWER: Final = 256 * 1024
KEY_TIMEOUT: Final = 5.0
KEY_TIME_LIMIT: Final = 10.0
START_AGAIN: Final = "let the person start the sign-in again: the code that they brought back is used up"
_ELSEWHERE: Final = "offer another route, or try again later"
_OPERATION: Final = "identity.complete"
_FORM: Final = {"Content-Type": "application/x-www-form-urlencoded"}


@dataclass(frozen=True, slots=True)
class Tokens:
    """The tokens that the token endpoint gave."""

    access_token: str = field(repr=False)
    id_token: str = field(repr=False)


class EndpointError(Exception):
    """An endpoint answered with an error: `status`, and the OAuth error code and text if it gave them. Safe to log."""

    def __init__(self, status: int, code: str, description: str) -> None:
        super().__init__(f"{status} {code}")
        self.status = status
        self.code = code
        self.description = description


@contextmanager
def sign_in_errors(provider: str, operation: str = _OPERATION) -> Iterator[None]:
    """Turn what the checks and the transport raise into the errors that `complete` promises."""
    try:
        yield
    except TokenRefused as refused:
        raise SignInRejected(
            refused.happened,
            reason=refused.reason,
            fix=cure_of_sign_in(refused),
            operation=operation,
            provider=provider,
        ) from None
    except NothingToUse as missing:
        raise unavailable(provider, str(missing), operation=operation) from None
    except (NotSent, OutcomeUnknown) as lost:
        raise unavailable(provider, lost.happened, operation=operation) from None


def unavailable(
    provider: str,
    happened: str,
    *,
    fix: str = "",
    status: int | None = None,
    code: str | None = None,
    operation: str = _OPERATION,
) -> GovComponentsError:
    """The error that says that the provider cannot finish the sign-in now."""
    return SignInUnavailable(
        happened,
        reason=SignInReason.PROVIDER_UNAVAILABLE,
        fix=fix or (f"{START_AGAIN}, or offer another route" if operation == _OPERATION else _ELSEWHERE),
        operation=operation,
        provider=provider,
        status=status,
        code=code,
    )


def begin(
    request: StartSignIn, *, provider: str, issuer: str, client_id: str, redirect_url: str, now: float
) -> PendingSignIn:
    """Make the record of a new sign-in: state, nonce and PKCE verifier are 32 random bytes each."""
    return PendingSignIn(
        provider=provider,
        issuer=issuer,
        client_id=client_id,
        redirect_url=redirect_url,
        state=Secret(secrets.token_urlsafe(32)),
        nonce=Secret(secrets.token_urlsafe(32)),
        code_verifier=Secret(secrets.token_urlsafe(32)),
        confidence=request.confidence,
        authentication=request.authentication,
        claims=request.claims,
        created_at=int(now),
        max_age=request.max_age,
        subject=request.expect,
        return_to=request.return_to,
        journey=current_journey(),
    )


def authorization_parameters(pending: PendingSignIn, scope: str) -> dict[str, str]:
    """The parameters that every authorization request has (OpenID Connect Core 3.1.2.1, RFC 7636 section 4.3)."""
    return {
        "response_type": "code",
        "client_id": pending.client_id,
        "redirect_uri": pending.redirect_url,
        "scope": scope,
        "state": pending.state.reveal(),
        "nonce": pending.nonce.reveal(),
        "code_challenge": code_challenge(pending.code_verifier.reveal()),
        "code_challenge_method": "S256",
    }


def code_challenge(verifier: str) -> str:
    """The S256 challenge of a PKCE verifier (RFC 7636 section 4.2)."""
    return encode_base64url(hashlib.sha256(verifier.encode("ascii")).digest())


def with_query(url: str, parameters: Mapping[str, str]) -> str:
    """A URL with parameters added to whatever query it has."""
    return f"{url}{'&' if '?' in url else '?'}{urlencode(parameters, quote_via=quote)}"


def token_request(
    url: str,
    pending: PendingSignIn,
    code: str,
    authentication: Mapping[str, str],
    headers: Mapping[str, str] | None = None,
) -> Request:
    """The request that exchanges the code, with the fields or the headers that authenticate the client."""
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": pending.redirect_url,
        "code_verifier": pending.code_verifier.reveal(),
        **authentication,
    }
    sent = {**_FORM, **(headers or {})}
    body = urlencode(form).encode("ascii")
    return Request(_OPERATION, "POST", url, Replay.UNSENT, sent, body, lookup=START_AGAIN, template=_path(url))


def userinfo_request(url: str, access_token: str, headers: Mapping[str, str] | None = None) -> Request:
    """The request for the claims about the person."""
    sent = {"Authorization": f"Bearer {access_token}", **(headers or {})}
    return Request(_OPERATION, "GET", url, Replay.ALWAYS, sent, template=_path(url))


def key_request(url: str) -> Request:
    """The request for a provider's key document or other metadata."""
    return Request(
        "identity.keys",
        "GET",
        url,
        Replay.ALWAYS,
        timeout=KEY_TIMEOUT,
        template=_path(url),
        time_limit=KEY_TIME_LIMIT,
    )


def _path(url: str) -> str:
    """The path of an endpoint: it is the provider's, and the same in each call."""
    return urlsplit(url).path


def read_tokens(response: Response) -> Tokens:
    """Read the token endpoint's answer (RFC 6749 section 5.1). Raises TokenRefused or EndpointError."""
    answer = _read(response, "the answer of the token endpoint", MAX_TOKEN_ANSWER)
    if "error" in answer:
        raise TokenRefused(SignInReason.MALFORMED, "the token endpoint gave both an error and tokens")
    kind, access_token, id_token = (answer.get(name) for name in ("token_type", "access_token", "id_token"))
    if not isinstance(kind, str) or kind.lower() != "bearer":
        fix = "let the provider register the client for Bearer tokens: those that are bound (DPoP) are not supported"
        raise TokenRefused(SignInReason.MALFORMED, "the token endpoint gave another type of token than Bearer", fix=fix)
    return Tokens(_token(access_token, "access"), _token(id_token, "ID"))


def _token(value: object, kind: str) -> str:
    if isinstance(value, str) and value.isascii() and value.isprintable() and value and " " not in value:
        return value
    raise TokenRefused(SignInReason.MALFORMED, f"the token endpoint gave no {kind} token")


def read_claims(response: Response) -> dict[str, Any]:
    """Read the userinfo endpoint's answer: a plain JSON object. Raises TokenRefused or EndpointError."""
    return _read(response, "the answer of the userinfo endpoint", MAX_CLAIMS_ANSWER)


def read_claims_token(response: Response) -> str:
    """Read the userinfo endpoint's answer where it is a signed token, which is still to be verified.

    Raises TokenRefused or EndpointError.
    """
    what = "the answer of the userinfo endpoint"
    _check_answer(response, what, MAX_CLAIMS_ANSWER, "application/jwt")
    try:
        return response.body.decode("ascii")
    except UnicodeDecodeError:
        raise TokenRefused(SignInReason.MALFORMED, f"{what} is not a signed token") from None


def media_type(response: Response) -> str:
    """Return the media type that an answer says it has, in lower case and without its parameters."""
    return (response.header("content-type") or "").partition(";")[0].strip().lower()


def _check_answer(response: Response, what: str, longest: int, media: str) -> None:
    if 300 <= response.status < 400:
        raise TokenRefused(SignInReason.BLOCKED_URL, f"{what} is a redirect, which is not followed")
    if response.status != 200:
        raise _refusal(response)
    if media_type(response) != media:
        kind = "JSON" if media == "application/json" else "a signed token"
        raise TokenRefused(SignInReason.MALFORMED, f"{what} is not {kind}")
    if len(response.body) > longest:
        raise TokenRefused(SignInReason.MALFORMED, f"{what} is too large")


def _read(response: Response, what: str, longest: int) -> dict[str, Any]:
    _check_answer(response, what, longest, "application/json")
    try:
        answer = parse_object(response.body)
    except NotCanonical as error:
        raise TokenRefused(SignInReason.MALFORMED, f"{what} cannot be read: {error}") from None
    if "error" in answer and "access_token" not in answer and "sub" not in answer:
        raise _refusal(response)
    return answer


def _refusal(response: Response) -> EndpointError:
    """Read an error as far as it can be: it may be an OAuth error, a sentence, a header, HTML or nothing."""
    code: object = ""
    description: object = ""
    try:
        answer = parse_object(response.body[:MAX_TOKEN_ANSWER])
    except NotCanonical:
        challenge = response.header("www-authenticate") or ""
        code = challenge.partition('error="')[2].partition('"')[0]
    else:
        code, description = answer.get("error"), answer.get("error_description")
    return EndpointError(response.status, _short(code), _short(description))


def _short(text: object) -> str:
    if not isinstance(text, str):
        return ""
    return "".join(sign if sign.isprintable() else " " for sign in text[:256])
