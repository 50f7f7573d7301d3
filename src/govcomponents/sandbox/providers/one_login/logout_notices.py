"""Tells services that a person signed out: back-channel logout notices, sent as the real service sends them.

Observed of govuk-one-login/authentication-api (`BackChannelLogoutRequestHandler`): always ES256, `typ` is
"logout+jwt", no `sid`; up to three deliveries, each with an id of its own; 15 seconds to answer; only 200 counts.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from govcomponents.identity.jose.signing import signed_jwt
from govcomponents.identity.protocol.logout import EVENT
from govcomponents.sandbox.callbacks.queue import Callback, DeliveryRule

if TYPE_CHECKING:
    from govcomponents.identity.adapters.one_login.wire import Endpoints
    from govcomponents.sandbox.context import SandboxContext
    from govcomponents.sandbox.identity_provider.keys import SigningKeys
    from govcomponents.sandbox.providers.one_login.world import Client

LIFE: Final = 120
RULE: Final = DeliveryRule(
    timeout=15.0,
    waits=(30.0, 60.0),
    is_taken=lambda status: status == 200,
    is_repeated=lambda _: True,
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

    def signed_out(self, subject: str, *, by: str | None = None) -> list[str]:
        """A person signed out: tell every service but the one that they signed out by. Returns the callbacks' ids."""
        with self._lock:
            clients = self._signed_in.pop(subject, {})
        told = [client for client in clients.values() if client.back_channel_logout_url and client.client_id != by]
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
