"""Checks who calls the token endpoint: the client's own signed assertion, or its secret.

A client signs with one fixed key, or with a key set that it publishes: that is fetched when a token names an id that is
not known yet, and kept for a day under that id (GOV.UK One Login technical documentation, "Set up your public and
private keys").

The order of the checks and the texts are the real service's (govuk-one-login/authentication-api,
`ClientSignatureValidationService`, `PrivateKeyJwtClientAuthValidator`).
"""

from __future__ import annotations

import hmac
import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from govcomponents.core.canonical_json import NotCanonical, decode_base64url, parse_object
from govcomponents.core.refreshed_value import Unusable
from govcomponents.identity.adapters.one_login.wire import CLIENT_ALGORITHMS
from govcomponents.identity.jose.keys import read_jwks
from govcomponents.identity.protocol.registration import ASSERTION_TYPE
from govcomponents.sandbox.providers.one_login.keys import registered_key
from govcomponents.sandbox.providers.one_login.world import Client, OneLoginWorld

SKEW = 30


class TokenRefusal(Exception):
    """The token endpoint says no: an OAuth error."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(error)
        self.status = status
        self.body = {"error": error, "error_description": description}


@dataclass(frozen=True)
class Decoded:
    """A client's token as it says itself, and what is needed to check its signature."""

    header: Mapping[str, Any]
    claims: Mapping[str, Any]
    signed: bytes
    signature: bytes


class Clients:
    """The registered clients and their keys."""

    def __init__(self, world: OneLoginWorld, clock: Callable[[], float], permits: Callable[[str], bool]) -> None:
        self._by_id = {client.client_id: client for client in world.clients}
        self.keys = ClientKeys({key.symbol: registered_key(key) for key in world.keys}, clock, permits=permits)

    def get(self, client_id: str | None) -> Client | None:
        """The client with that id."""
        return self._by_id.get(client_id or "")

    def authenticate(self, form: Mapping[str, str], *, audiences: frozenset[str], now: float) -> Client:
        """Return the client that a token request proves to come from. Raises TokenRefusal."""
        if form.get("client_assertion") and form.get("client_assertion_type"):
            return self._by_assertion(form, audiences, now)
        if form.get("client_secret") and form.get("client_id"):
            return self._by_secret(form)
        raise TokenRefusal("invalid_request", "Invalid token authentication method used")

    def _by_assertion(self, form: Mapping[str, str], audiences: frozenset[str], now: float) -> Client:
        token = decode(form["client_assertion"])
        if form["client_assertion_type"] != ASSERTION_TYPE or token is None or not _is_assertion(token):
            raise TokenRefusal("invalid_request", "Invalid private_key_jwt")
        claims = token.claims
        if form.get("client_id", claims["sub"]) != claims["sub"]:
            raise TokenRefusal("invalid_request", "Invalid private_key_jwt")
        client = self.get(claims["sub"])
        if client is None:
            raise TokenRefusal("invalid_client", "Client authentication failed")
        if client.token_auth_method != "private_key_jwt":  # noqa: S105  # a method's name
            raise TokenRefusal("invalid_client", "Client is not registered to use private_key_jwt")
        if now > claims["exp"] + SKEW:
            raise TokenRefusal("invalid_grant", "private_key_jwt has expired")
        audience = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
        if claims["iss"] != claims["sub"] or not audiences.intersection(map(str, audience)):
            raise TokenRefusal("invalid_client", "Invalid signature in private_key_jwt")
        try:
            good = self.verifies(client, token)
        except KeysUnreadable:
            raise TokenRefusal("server_error", "Unexpected server error") from None
        if not good:
            raise TokenRefusal("invalid_client", "Invalid signature in private_key_jwt")
        return client

    def _by_secret(self, form: Mapping[str, str]) -> Client:
        client = self.get(form["client_id"])
        if client is None:
            raise TokenRefusal("invalid_client", "Client authentication failed")
        if client.token_auth_method != "client_secret_post":  # noqa: S105  # a method's name
            raise TokenRefusal("invalid_client", "Client is not registered to use client_secret_post")
        if not client.client_secret:
            raise TokenRefusal("invalid_client", "No client secret registered")
        if not hmac.compare_digest(form["client_secret"].encode(), client.client_secret.encode()):
            raise TokenRefusal("invalid_client", "Invalid client secret")
        return client

    def verifies(self, client: Client, token: Decoded) -> bool:
        """Whether a token is signed with the client's registered key. Raises KeysUnreadable."""
        key = self.keys.find(client, token.header.get("kid"))
        from jwt.algorithms import get_default_algorithms

        algorithm = get_default_algorithms()[token.header["alg"]]
        return bool(algorithm.verify(token.signed, key, token.signature))


def decode(text: str) -> Decoded | None:
    """Decode a token without checking its signature; None if it is not a signed token of claims."""
    parts = text.split(".")
    if len(parts) != 3 or not all(parts):
        return None
    try:
        header, claims = (json.loads(decode_base64url(part.encode("ascii"))) for part in parts[:2])
        signature = decode_base64url(parts[2].encode("ascii"))
    except (ValueError, NotCanonical, RecursionError):
        return None
    if not isinstance(header, dict) or not isinstance(claims, dict):
        return None
    return Decoded(header, claims, text.rpartition(".")[0].encode("ascii"), signature)


def _is_assertion(token: Decoded) -> bool:
    claims = token.claims
    return (
        token.header.get("alg") in CLIENT_ALGORITHMS
        and all(isinstance(claims.get(name), str) and claims[name] for name in ("iss", "sub"))
        and isinstance(claims.get("aud"), (str, list))
        and claims["aud"] != ""
        and is_number(claims.get("exp"))
        and all(is_number(claims[name]) for name in ("nbf", "iat") if claims.get(name) is not None)
    )


def is_number(value: object) -> bool:
    """Whether a claim is a number, and not a truth value."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


KEPT_FOR: Final = 86_400
_ANSWER_WITHIN: Final = 5.0
_MAX_BODY: Final = 256 * 1024
Fetch = Callable[[str], bytes]


class KeysUnreadable(Exception):
    """The client's keys are to be read from an address at which nothing that fits can be read."""


class ClientKeys:
    """Finds the public key of a client's token. `fetch` gets a published key set, and raises OSError.

    `permits` says whether it may be asked for at an address.
    """

    def __init__(
        self,
        pem_by_symbol: Mapping[str, str | None],
        clock: Callable[[], float],
        fetch: Fetch | None = None,
        *,
        permits: Callable[[str], bool] = lambda _url: True,
    ) -> None:
        self._permits = permits
        self._pem = pem_by_symbol
        self._clock = clock
        self._fetch = fetch or fetch_over_http
        self._lock = threading.Lock()
        self._kept: dict[tuple[str, str], tuple[float, Any]] = {}

    def find(self, client: Client, kid: object) -> Any:
        """Return the key. A fixed one has no id. Raises KeysUnreadable."""
        if client.public_key_source == "static":
            pem = self._pem.get(client.key) if client.key is not None else None
            if pem is None:
                raise KeysUnreadable
            return _public_key(pem)
        if not isinstance(kid, str) or client.jwks_url is None:
            raise KeysUnreadable
        with self._lock:
            until, key = self._kept.get((client.client_id, kid), (0.0, None))
        if self._clock() < until:
            return key
        key = self._published(client.jwks_url, kid)
        with self._lock:
            self._kept[client.client_id, kid] = (self._clock() + KEPT_FOR, key)
        return key

    def _published(self, url: str, kid: str) -> Any:
        if not self._permits(url):
            raise KeysUnreadable
        try:
            keys = read_jwks(parse_object(self._fetch(url)))
        except (OSError, NotCanonical, Unusable):
            raise KeysUnreadable from None
        fitting = [key.key for key in keys.get(kid, ()) if key.kind == "RSA"]
        if not fitting:
            raise KeysUnreadable
        return fitting[0]


def fetch_over_http(url: str) -> bytes:
    """Get a key set. Raises OSError unless it is answered with 200 within 5 seconds."""
    import requests

    with requests.Session() as session:
        session.trust_env = False
        response = session.get(url, timeout=_ANSWER_WITHIN, allow_redirects=False)
        if response.status_code != 200 or len(response.content) > _MAX_BODY:
            raise OSError(f"answered with status {response.status_code}")
        return response.content


def _public_key(pem: str) -> Any:
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    return load_pem_public_key(pem.encode())
