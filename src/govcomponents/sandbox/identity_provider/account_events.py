"""The security events that Login.gov pushes about accounts (RFC 8417, OpenID's RISC profile).

Source: GSA-TTS/identity-dev-docs, `_pages/security-events.md`; 18F/identity-idp, `app/services/push_notification`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from govcomponents.identity.jose.signing import signed_jwt
from govcomponents.sandbox.callbacks.posting import Callback, DeliveryRule

if TYPE_CHECKING:
    from govcomponents.sandbox.identity_provider.keys import SigningKeys
    from govcomponents.sandbox.identity_provider.world import Client
    from govcomponents.sandbox.plugins.context import SandboxContext

PURGED: Final = "https://schemas.openid.net/secevent/risc/event-type/account-purged"
LIFE: Final = 12 * 3600
RULE: Final = DeliveryRule(timeout=3.0, waits=(60.0,) * 3, is_taken=lambda status: 200 <= status < 300)


class AccountEvents:
    """Pushes what happened to accounts, to the clients that have an address for it."""

    def __init__(self, context: SandboxContext, keys: SigningKeys, issuer: str) -> None:
        self._context = context
        self._keys = keys
        self._issuer = issuer

    def purged(self, subject: str, client: Client) -> list[str]:
        """Tell a client that an account is deleted. Returns the callbacks' ids."""
        url = client.events_url
        if url is None:
            return []
        headers = {"content-type": "application/secevent+jwt"}

        def make(_number: int) -> Callback:
            token = self._token(subject, url).encode("ascii")
            return Callback("identity", "account purged", url, headers, token, RULE)

        return self._context.callbacks.send(make)

    def _token(self, subject: str, audience: str) -> str:
        now = int(self._context.callers_time())
        about = {"subject_type": "iss-sub", "iss": self._issuer, "sub": subject}
        claims = {
            "iss": self._issuer,
            "aud": audience,
            "jti": self._context.ids.uuid(),
            "iat": now,
            "exp": now + LIFE,
            "events": {PURGED: {"subject": about}},
        }
        return signed_jwt(self._keys.signer("RS256"), claims, kind="secevent+jwt")
