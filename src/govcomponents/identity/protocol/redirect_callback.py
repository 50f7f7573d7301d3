"""Reads how a person came back from the provider, and checks that it answers the sign-in that this browser started.

The rules are those of RFC 6749 section 4.1.2, RFC 9207 and RFC 9700 section 4: every parameter at most once, the state
before everything else, an error and a code never together, tokens never in the front channel.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote_to_bytes

from govcomponents.core.inputs import mapping_pairs
from govcomponents.errors import InvalidInput, SignInReason
from govcomponents.identity.jose.tokens import TokenRefused, same

if TYPE_CHECKING:
    from govcomponents.identity.pending import PendingSignIn
    from govcomponents.identity.port import RedirectCallback

MAX_QUERY: Final = 8 * 1024
MAX_PAIRS: Final = 64
MAX_CODE: Final = 2 * 1024
MAX_STATE: Final = 512
MAX_ERROR: Final = 64
MAX_DESCRIPTION: Final = 256
MAX_SKEW: Final = 60

_KNOWN: Final = frozenset({"code", "state", "iss", "error", "error_description", "error_uri"})
_FOREIGN: Final = frozenset({"access_token", "id_token", "token_type", "response", "refresh_token"})


class ProviderError(Exception):
    """The provider sent the person back with an error. `code` is its code, `description` its text, made harmless."""

    def __init__(self, code: str, description: str) -> None:
        super().__init__(code)
        self.code = code
        self.description = description


def redirect_parameters(callback: RedirectCallback) -> dict[str, str]:
    """Return the parameters that this flow knows. Raises TokenRefused with MALFORMED, InvalidInput for no callback."""
    if isinstance(callback, str):
        pairs = _pairs_of_query(callback)
    elif isinstance(callback, Mapping):
        pairs = _pairs_of_mapping(callback)
    else:
        raise InvalidInput(
            field="callback",
            problem="it is neither a URL nor a mapping of parameters",
            fix="give the whole URL at which the person came back, or its query parameters",
            operation="identity.complete",
        )
    found: dict[str, str] = {}
    for name, value in pairs:
        if name in _FOREIGN:
            raise _malformed("it carries what never comes this way")
        if name in _KNOWN:
            if name in found:
                raise _malformed("it carries a parameter twice")
            found[name] = value
    return found


def _pairs_of_query(url: str) -> list[tuple[str, str]]:
    if len(url) > 2 * MAX_QUERY:
        raise _malformed("it is too long")
    before, mark, query = url.partition("?")
    query = (query if mark else before).partition("#")[0]
    if len(query) > MAX_QUERY:
        raise _malformed("its query is too long")
    parts = [part for part in query.split("&") if part]
    if len(parts) > MAX_PAIRS:
        raise _malformed("it carries too many parameters")
    pairs = (part.partition("=") for part in parts)
    return [(_decoded(name), _decoded(value)) for name, _, value in pairs]


def _decoded(text: str) -> str:
    try:
        return unquote_to_bytes(text.replace("+", " ")).decode("utf-8")
    except UnicodeError:
        raise _malformed("it is not UTF-8") from None


def _pairs_of_mapping(parameters: Mapping[str, object]) -> list[tuple[str, str]]:
    pairs = mapping_pairs(parameters)
    if pairs is None:
        raise _malformed("a parameter is not text")
    if len(pairs) > MAX_PAIRS or sum(len(name) + len(value) for name, value in pairs) > MAX_QUERY:
        raise _malformed("it is too long")
    return pairs


def code_of(
    parameters: Mapping[str, str],
    pending: PendingSignIn,
    *,
    provider: str,
    issuer: str,
    client_id: str,
    now: float,
    life: int,
    iss: bool,
) -> str:
    """Check the parameters against what was started, and return the code.

    `provider`, `issuer` and `client_id` are those of the adapter that was called; `iss` says whether the provider
    promised to name its issuer in the callback (RFC 9207). Raises TokenRefused, or ProviderError if the provider sent
    an error.
    """
    state = parameters.get("state")
    if state is None or len(state) > MAX_STATE or not same(state, pending.state.reveal()):
        raise TokenRefused(SignInReason.BAD_STATE, "the person came back without the state of this browser's sign-in")
    if not -MAX_SKEW <= now - pending.created_at <= life:
        raise TokenRefused(SignInReason.BAD_STATE, "the sign-in was started too long ago")
    if pending.provider != provider or not same(pending.issuer, issuer):
        raise TokenRefused(SignInReason.BAD_STATE, "the sign-in was started with another provider")
    if not same(pending.client_id, client_id):
        raise TokenRefused(SignInReason.BAD_STATE, "the sign-in was started by another client of the provider")
    named = parameters.get("iss")
    if (named is None and iss) or (named is not None and not same(named, issuer)):
        raise TokenRefused(SignInReason.BAD_ISSUER, "the person came back from another issuer")
    code, error = parameters.get("code"), parameters.get("error")
    if error is not None:
        if code is not None:
            raise _malformed("it carries both a code and an error")
        raise ProviderError(
            _harmless(error, MAX_ERROR), _harmless(parameters.get("error_description", ""), MAX_DESCRIPTION)
        )
    if not code or len(code) > MAX_CODE:
        raise _malformed("it carries no code, or too long a one")
    return code


def _harmless(text: str, longest: int) -> str:
    return "".join(sign if sign.isprintable() else " " for sign in text[:longest])


def _malformed(what: str) -> TokenRefused:
    return TokenRefused(SignInReason.MALFORMED, f"the callback cannot be used: {what}")
