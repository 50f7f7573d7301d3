"""The key of a world's service: the registered half, and the half for whoever plays the service."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from govcomponents.core.canonical_json import encode_base64url
from govcomponents.sandbox.identity_provider.kept_keys import kept_key

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    from govcomponents.sandbox.providers.one_login.world import Key


def registered_key(key: Key) -> str | None:
    """Return the public key in PEM, if there is one."""
    return _public_pem(kept_key("service")) if key.is_own else key.public_key


def private_jwk(key: Key) -> Mapping[str, Any] | None:
    """Return the private key as a JWK, if the world or this machine has it."""
    return _private_jwk(kept_key("service")) if key.is_own else key.private_jwk


@cache
def _public_pem(key: RSAPrivateKey) -> str:
    from cryptography.hazmat.primitives import serialization as form

    return key.public_key().public_bytes(form.Encoding.PEM, form.PublicFormat.SubjectPublicKeyInfo).decode()


@cache
def _private_jwk(key: RSAPrivateKey) -> Mapping[str, Any]:
    # Not by PyJWT: every start and first page would wait for its import, which takes longer than all else on the page.
    private = key.private_numbers()
    public = private.public_numbers
    numbers = {"n": public.n, "e": public.e, "d": private.d, "p": private.p, "q": private.q}
    numbers |= {"dp": private.dmp1, "dq": private.dmq1, "qi": private.iqmp}
    octets = {name: number.to_bytes((number.bit_length() + 7) // 8, "big") for name, number in numbers.items()}
    return {"kty": "RSA", **{name: encode_base64url(number) for name, number in octets.items()}}
