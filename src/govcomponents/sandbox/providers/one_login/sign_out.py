"""Signs people out: checks logout requests, and tells the services at which a person is signed in.

Source: GOV.UK One Login technical documentation, "Managing your users' sessions";
govuk-one-login/authentication-api, `LogoutRequest`, `LogoutHandler`, `LogoutService` and
`BackChannelLogoutRequestHandler`: every client session is told, that of the service by which the person signs out too;
notices are always ES256, `typ` is "logout+jwt", no `sid`; up to three deliveries, each with an id of its own; there are
15 seconds to answer; only 200 counts.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, urlencode

from govcomponents.identity.adapters.one_login.wire import Endpoints
from govcomponents.identity.jose.signing import signed_jwt
from govcomponents.identity.protocol.logout import EVENT
from govcomponents.sandbox.callbacks.posting import Callback, DeliveryRule
from govcomponents.sandbox.identity_provider.keys import SigningKeys
from govcomponents.sandbox.providers.one_login.clients import Clients, Decoded, decode

if TYPE_CHECKING:
    from govcomponents.identity.adapters.one_login.wire import Endpoints
    from govcomponents.sandbox.identity_provider.keys import SigningKeys
    from govcomponents.sandbox.plugins.context import SandboxContext
    from govcomponents.sandbox.providers.one_login.world import Client


class SignOuts:
    """Decides about logout requests."""

    def __init__(self, at: Endpoints, keys: SigningKeys, clients: Clients) -> None:
        self._default = at.issuer + "signed-out"
        self._keys = keys
        self._clients = clients

    def redirect_url(self, query: Mapping[str, str]) -> str:
        """The URL to which the person is sent."""
        state = {"state": query["state"]} if query.get("state") else {}
        if "id_token_hint" not in query:
            return _with(self._default, state)
        token = decode(query["id_token_hint"])
        if token is None or not self._is_ours(token):
            return self._error("invalid_request", "unable to validate id_token_hint", state)
        client = self._clients.get(str(token.claims.get("aud")))
        if client is None:
            return self._error("unauthorized_client", "client not found", state)
        if "post_logout_redirect_uri" not in query:
            return _with(self._default, state)
        if query["post_logout_redirect_uri"] not in client.post_logout_redirect_urls:
            description = "client registry does not contain post_logout_redirect_uri"
            return self._error("invalid_request", description, state)
        return _with(query["post_logout_redirect_uri"], state)

    def subject(self, query: Mapping[str, str]) -> str | None:
        """The subject who signs out, if the hint is one of ours."""
        token = decode(query.get("id_token_hint", ""))
        if token is None or not self._is_ours(token):
            return None
        return str(token.claims.get("sub"))

    def _is_ours(self, token: Decoded) -> bool:
        """Whether the key in use signed it; its expiry does not matter, and older keys do not count."""
        from jwt.algorithms import get_default_algorithms

        name = token.header.get("alg")
        if name not in ("ES256", "RS256"):
            return False
        signer = self._keys.signer(name)
        key = signer.public_key()
        return bool(get_default_algorithms()[name].verify(token.signed, key, token.signature))

    def _error(self, code: str, description: str, state: Mapping[str, str]) -> str:
        return _with(self._default, {"error_code": code, "error_description": description, **state})


def _with(url: str, parameters: Mapping[str, str]) -> str:
    if not parameters:
        return url
    return f"{url}{'&' if '?' in url else '?'}{urlencode(parameters, quote_via=quote)}"


LIFE: Final = 120
RULE: Final = DeliveryRule(
    timeout=15.0,
    waits=(30.0, 60.0),
    is_taken=lambda status: status == 200,
)


class LogoutNotices:
    """Knows who is signed in where, and tells those services when that ends."""

    def __init__(self, context: SandboxContext, at: Endpoints, keys: SigningKeys) -> None:
        self._context = context
        self._at = at
        self._keys = keys
        self._lock = threading.Lock()
        self._signed_in: dict[str, dict[str, Client]] = {}

    def signed_in(self, subject: str, client: Client) -> None:
        """A person signed in to a service."""
        with self._lock:
            self._signed_in.setdefault(subject, {})[client.client_id] = client

    def signed_out(self, subject: str) -> list[str]:
        """A person signed out: tell every service, that by which they did so too. Returns the callbacks' ids."""
        with self._lock:
            clients = self._signed_in.pop(subject, {})
        told = [client for client in clients.values() if client.back_channel_logout_url]
        return [sent for client in told for sent in self._send(subject, client)]

    def _send(self, subject: str, client: Client) -> list[str]:
        url = client.back_channel_logout_url or ""

        def make(_number: int) -> Callback:
            form = urlencode({"logout_token": self.token(subject, client)}).encode("ascii")
            headers = {"content-type": "application/x-www-form-urlencoded"}
            return Callback("identity", "logout notice", url, headers, form, RULE)

        return self._context.callbacks.send(make)

    def token(self, subject: str, client: Client) -> str:
        """A logout token: a new one each time."""
        now = int(self._context.callers_time())
        claims = {
            "iss": self._at.issuer,
            "sub": subject,
            "aud": client.client_id,
            "iat": now,
            "exp": now + LIFE,
            "jti": self._context.ids.uuid(),
            "events": {EVENT: {}},
        }
        return signed_jwt(self._keys.signer("ES256"), claims, kind="logout+jwt")
