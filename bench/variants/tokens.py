"""Verifying one ID token with keys at hand: by govcomponents, and by PyJWT with a key object."""

from __future__ import annotations

import time
from typing import Any

from bench.variants.measuring import choose, cpu_of

ISSUER, AUDIENCE = "https://oidc.integration.account.gov.uk/", "bench-client"
COUNT = 3000


def make_token(algorithm: str) -> tuple[str, Any]:
    """A token as One Login issues it, and the key object that verifies it."""
    import jwt
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    key = ec.generate_private_key(ec.SECP256R1()) if algorithm == "ES256" else rsa.generate_private_key(65537, 2048)
    now = int(time.time())
    claims = {
        "iss": ISSUER,
        "sub": "urn:fdc:gov.uk:2022:Zm9vYmFyYmF6cXV4MDEyMzQ1Njc4OWFiY2RlZmdoaWo",
        "aud": AUDIENCE,
        "exp": now + 3600,
        "iat": now,
        "nonce": "bm9uY2UtMzItYnl0ZXM",
        "vot": "Cl.Cm",
        "vtm": ISSUER + "trustmark",
        "at_hash": "tTftJEDipkpuDyJZ0YKVSg",
        "sid": "Xf0q1n2nTq0m8yq6mT3wqg",
        "auth_time": now - 5,
    }
    return jwt.encode(claims, key, algorithm, headers={"kid": "k1"}), key.public_key()


def ours(algorithm: str) -> None:
    from govcomponents.core.driver import drive
    from govcomponents.identity.jose.tokens import PublicKey, Rules, read, verify

    token, key = make_token(algorithm)
    held = PublicKey("P-256" if algorithm == "ES256" else "RSA", algorithm, key)

    class Keys:
        async def find(self, kid: str | None, algorithm: str, *, from_anybody: bool = True) -> PublicKey:  # noqa: ARG002  # the port's names
            return held

    rules, keys, now = Rules("ID token", frozenset({algorithm}), ISSUER, AUDIENCE), Keys(), time.time()
    cpu_of(lambda: drive(verify(read(token, rules), rules, keys, now)), COUNT)


def pyjwt(algorithm: str) -> None:
    import jwt

    token, key = make_token(algorithm)
    cpu_of(lambda: jwt.decode(token, key, algorithms=[algorithm], audience=AUDIENCE, issuer=ISSUER, leeway=30), COUNT)


def ours_es256() -> None:
    ours("ES256")


def pyjwt_es256() -> None:
    pyjwt("ES256")


def ours_rs256() -> None:
    ours("RS256")


def pyjwt_rs256() -> None:
    pyjwt("RS256")


if __name__ == "__main__":
    choose(globals())
