"""The registration of a service with a provider: who it is, where people come back to, and how it proves itself."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from urllib.parse import quote_plus

if TYPE_CHECKING:
    from govcomponents.identity.jose.shared_documents import DocumentStore
    from govcomponents.identity.jose.signing import Signer
    from govcomponents.privacy import Secret

ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
PRIVATE_KEY_JWT: Final = "private_key_jwt"
MAC_JWT: Final = "client_secret_jwt"
BASIC: Final = "client_secret_basic"
POST: Final = "client_secret_post"
PUBLIC: Final = "none"


@dataclass(frozen=True, slots=True)
class ClientRegistration:
    """A service as it is registered with a provider.

    `authentication` is private_key_jwt, client_secret_jwt, client_secret_basic, client_secret_post or none (PKCE
    alone). `assertion_audience` is a configured address, or None for the issuer: never one that was only read from the
    discovery document, because a hostile provider could name another's there. `names_itself`: its id stands beside its
    assertion too, which RFC 7521 section 4.2 allows and some providers demand. `documents` is where processes share
    what the provider publishes.
    """

    client_id: str
    redirect_url: str
    authentication: str
    signer: Signer | None = field(default=None, repr=False)
    secret: Secret | None = field(default=None, repr=False)
    assertion_audience: str | None = None
    pending_life: int = 3600
    names_itself: bool = False
    documents: DocumentStore | None = field(default=None, repr=False)

    def plain_proof(self) -> tuple[dict[str, str], dict[str, str]]:
        """Return the form fields and the headers that prove who sends without a key (RFC 6749 section 2.3)."""
        if self.secret is None:
            return {"client_id": self.client_id}, {}
        if self.authentication == POST:
            return {"client_id": self.client_id, "client_secret": self.secret.reveal()}, {}
        pair = f"{quote_plus(self.client_id)}:{quote_plus(self.secret.reveal())}".encode("ascii")
        return {}, {"Authorization": f"Basic {base64.b64encode(pair).decode('ascii')}"}
