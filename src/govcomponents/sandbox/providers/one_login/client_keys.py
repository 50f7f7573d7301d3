"""The keys with which clients sign: one fixed public key, or a key set that the client publishes.

A published key is fetched when a token names an id that is not known yet, and kept for a day under that id, as the real
service does (GOV.UK One Login technical documentation, "Set up your public and private keys").
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Final

from govcomponents.core.refreshed_value import Unusable
from govcomponents.identity.jose.canonical_json import NotCanonical, parse_object
from govcomponents.identity.jose.keys import read_jwks
from govcomponents.sandbox.providers.one_login.world import Client

KEPT_FOR: Final = 86_400
_ANSWER_WITHIN: Final = 5.0
_MAX_BODY: Final = 256 * 1024
Fetch = Callable[[str], bytes]


class KeysUnreadable(Exception):
    """The client's keys are to be read from an address at which nothing that fits can be read."""


class ClientKeys:
    """Finds the public key of a client's token. `fetch` gets a published key set, and raises OSError."""

    def __init__(
        self, pem_by_symbol: Mapping[str, str | None], clock: Callable[[], float], fetch: Fetch | None = None
    ) -> None:
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


@lru_cache(maxsize=256)
def _public_key(pem: str) -> Any:
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    return load_pem_public_key(pem.encode())
