"""Checks who calls the token endpoint, in each way that a client can prove it."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Mapping
from urllib.parse import unquote_plus

from govcomponents.core.canonical_json import NotCanonical, parse_object
from govcomponents.errors import SignInReason
from govcomponents.identity.jose import tokens
from govcomponents.identity.jose.jwk import public_key
from govcomponents.identity.jose.tokens import Rules, SignedToken, TokenRefused, same
from govcomponents.identity.protocol.registration import ASSERTION_TYPE
from govcomponents.sandbox.identity_provider.world import Client

_ALGORITHMS = frozenset({"RS256", "PS256", "ES256", "EdDSA"})
_BY_SECRET = frozenset({"HS256"})


class ClientRejected(Exception):
    """The caller does not prove to be the client; the message is a sentence for the answer."""


def check_client(
    client: Client, form: Mapping[str, str], authorization: str, *, audiences: tuple[str, ...], now: float
) -> str | None:
    """Check that a token request comes from the client. Returns the id of its assertion, if it sent one.

    Raises Stranger.
    """
    if client.authentication in ("private_key_jwt", "client_secret_jwt"):
        return _assertion(client, form, audiences, now)
    if client.authentication == "client_secret_basic":
        proved = _pair(authorization) == (client.client_id, client.client_secret)
    else:
        proved = form.get("client_id") == client.client_id
        if client.client_secret is not None:
            proved = proved and same(form.get("client_secret", ""), client.client_secret)
    if not proved:
        raise ClientRejected("Client authentication failed")
    return None


def _check_signature(client: Client, token: SignedToken, rules: Rules) -> None:
    if client.client_secret is None:
        tokens.check_signature(token, public_key(dict(client.public_jwk or {})), rules)
    elif not hmac.compare_digest(hmac.digest(client.client_secret.encode(), token.signed, "sha256"), token.signature):
        raise TokenRefused(SignInReason.BAD_SIGNATURE, "is not signed with the client's secret")


def _pair(authorization: str) -> tuple[str, str] | None:
    kind, _, text = authorization.partition(" ")
    try:
        name, _, secret = base64.b64decode(text, validate=True).decode("ascii").partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return (unquote_plus(name), unquote_plus(secret)) if kind == "Basic" else None


def _assertion(client: Client, form: Mapping[str, str], audiences: tuple[str, ...], now: float) -> str:
    if form.get("client_assertion_type") != ASSERTION_TYPE:
        raise ClientRejected("Client assertion type is not included in the list")
    for audience in audiences:
        rules = Rules(
            name="client assertion",
            algorithms=_ALGORITHMS if client.client_secret is None else _BY_SECRET,
            issuer=client.client_id,
            audience=audience,
            max_life=600,
            optional=frozenset({"iat"}),
        )
        try:
            parsed = tokens.read(form.get("client_assertion"), rules)
            _check_signature(client, parsed, rules)
            claims = parse_object(parsed.payload)
            tokens.check_claims(claims, rules, now)
        except (TokenRefused, NotCanonical) as error:
            refused = error
            continue
        if claims.get("sub") != client.client_id or not isinstance(claims.get("jti"), str):
            raise ClientRejected("Client assertion has no sub or no jti")
        return str(claims["jti"])
    raise ClientRejected(f"Client assertion {refused}")
