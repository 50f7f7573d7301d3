"""The sandbox's own signing keys: the same for one seed and machine, published as the provider does, and rotated."""

from __future__ import annotations

import hashlib
import threading
from typing import Any, Literal, get_args

from govcomponents.identity.jose.jwk import public_members, thumbprint
from govcomponents.identity.jose.signing import KeySigner
from govcomponents.sandbox.identity_provider.kept_keys import kept_key

Purpose = Literal["ES256", "RS256", "core_identity"]
_IN_DID_DOCUMENT = ("kty", "crv", "x", "y", "alg")
PURPOSES: tuple[Purpose, ...] = get_args(Purpose)


class SigningKeys:
    """The keys of ID tokens (one of each algorithm) and of core identities. Made when first used.

    A rotation has three steps, each of which can be taken alone: `publish_next`, `use_next`, `withdraw_old`.
    """

    def __init__(self, seed: str) -> None:
        self._seed = seed
        self._lock = threading.RLock()
        self._published: dict[Purpose, list[KeySigner]] = {}
        self._in_use: dict[Purpose, KeySigner] = {}
        self._made: dict[Purpose, int] = {}

    def signer(self, purpose: Purpose) -> KeySigner:
        """The key in use."""
        with self._lock:
            if purpose not in self._in_use:
                self._in_use[purpose] = self.publish_next(purpose)
            return self._in_use[purpose]

    def published(self, purpose: Purpose) -> list[KeySigner]:
        """The keys that are published, in order."""
        with self._lock:
            self.signer(purpose)
            return list(self._published[purpose])

    def publish_next(self, purpose: Purpose) -> KeySigner:
        """Make a key and publish it, without signing with it yet."""
        with self._lock:
            if self._made and purpose not in self._in_use and purpose in self._made:
                self.signer(purpose)
            number = self._made.get(purpose, 0)
            self._made[purpose] = number + 1
            key = self._rsa(number) if purpose == "RS256" else self._ec(purpose, number)
            members = public_members(key.public_key())
            made = KeySigner(
                "RS256" if purpose == "RS256" else "ES256",
                hashlib.sha256(thumbprint(members).encode()).hexdigest(),
                key,
            )
            self._published.setdefault(purpose, []).append(made)
            return made

    def use_next(self, purpose: Purpose) -> None:
        """Sign with the key that was published last."""
        with self._lock:
            self.signer(purpose)
            self._in_use[purpose] = self._published[purpose][-1]

    def withdraw_old(self, purpose: Purpose) -> None:
        """Publish the key in use and those after it, and no older one."""
        with self._lock:
            current = self.signer(purpose)
            kept = self._published[purpose]
            self._published[purpose] = kept[kept.index(current) :]

    def rotate(self, purpose: Purpose) -> None:
        """Change the key at once: the new one is published and in use, the old one is gone."""
        with self._lock:
            self.signer(purpose)
            self.publish_next(purpose)
            self.use_next(purpose)
            self.withdraw_old(purpose)

    def jwks(self) -> dict[str, object]:
        """The key set of ID tokens and logout tokens."""
        return {"keys": [key.public_jwk() for key in (*self.published("ES256"), *self.published("RS256"))]}

    def did_document(self, did: str) -> dict[str, object]:
        """The DID document with the keys of core identities."""
        return {
            "@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/jwk/v1"],
            "id": did,
            "assertionMethod": [
                {
                    "type": "JsonWebKey",
                    "id": f"{did}#{key.key_id}",
                    "controller": did,
                    "publicKeyJwk": {name: one for name, one in key.public_jwk().items() if name in _IN_DID_DOCUMENT},
                }
                for key in self.published("core_identity")
            ],
        }

    def _ec(self, purpose: Purpose, number: int) -> Any:
        from cryptography.hazmat.primitives.asymmetric import ec

        digest = hashlib.sha256(f"{self._seed}/{purpose}/{number}".encode()).digest()
        # less than the order of P-256, because its first 32 bits are not all ones
        secret = (int.from_bytes(digest, "big") >> 1) + 1
        return ec.derive_private_key(secret, ec.SECP256R1())

    def _rsa(self, number: int) -> Any:
        """The first RSA key is kept on this machine, because RSA keys cannot be made from a seed and take long."""
        from cryptography.hazmat.primitives.asymmetric import rsa

        if number == 0:
            return kept_key("signing", exponent=65537)
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)
