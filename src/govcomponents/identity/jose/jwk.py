"""Reads public keys from JSON Web Keys (RFC 7517, RFC 7518 section 6), and leaves out every key that is not fit.

A key set may hold keys of kinds and uses that are nothing to us; one broken or foreign key must not hide the good
ones. So a key is either fit for verifying with, or dropped.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final

from govcomponents.core.canonical_json import NotCanonical, decode_base64url, encode_base64url
from govcomponents.identity.jose.tokens import KEY_FOR, MAX_KID, PublicKey

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    AnyPublicKey = RSAPublicKey | EllipticCurvePublicKey | Ed25519PublicKey

MAX_KEYS: Final = 64
MIN_RSA_BITS: Final = 2048
MAX_RSA_BITS: Final = 8192


class Unfit(ValueError):
    """A key that cannot be used to verify; the message says why."""


def public_key(jwk: object) -> PublicKey:
    """Read one public key. Raises Unfit. Private members, if a provider leaks them, are not read.

    A member that is null is one that is not there: some programs write every member that they know.
    """
    if not isinstance(jwk, dict):
        raise Unfit("it is not an object")
    if jwk.get("use") not in (None, "sig"):
        raise Unfit("it is not for signatures")
    operations = jwk.get("key_ops")
    if operations is not None and not (isinstance(operations, list) and "verify" in operations):
        raise Unfit("it is not for verifying")
    algorithm = jwk.get("alg")
    if algorithm is not None and not (isinstance(algorithm, str) and algorithm in KEY_FOR):
        raise Unfit("its algorithm is not one that is used here")
    kind, key = _read(jwk)
    if algorithm is not None and KEY_FOR[algorithm] != kind:
        raise Unfit("its algorithm does not fit its kind")
    return PublicKey(kind, algorithm, key)


def _read(jwk: Mapping[str, Any]) -> tuple[str, AnyPublicKey]:
    from jwt import PyJWK, PyJWTError

    names: tuple[str, ...]
    match jwk.get("kty"), jwk.get("crv"):
        case "RSA", _:
            kind, names = "RSA", ("n", "e")
        case "EC", ("P-256" | "P-384" | "P-521") as kind:
            names = ("x", "y")
        case "OKP", ("Ed25519" as kind):
            names = ("x",)
        case _:
            raise Unfit("it is of a kind that is not used here")
    for name in names:
        octets(jwk, name)  # PyJWT reads several spellings of one number
    public = {"kty": jwk["kty"]} | ({} if kind == "RSA" else {"crv": kind}) | {name: jwk[name] for name in names}
    try:
        key = PyJWK(public).key
    except (ValueError, PyJWTError):
        raise Unfit("its numbers make no key") from None
    if kind == "RSA":
        _check_strength(key)
    return kind, key


def octets(jwk: Mapping[str, Any], name: str) -> bytes:
    """Read a member that is base64url. Raises Unfit."""
    text = jwk.get(name)
    if not isinstance(text, str) or len(text) > 4096:
        raise Unfit(f"it has no {name}")
    try:
        return decode_base64url(text.encode("ascii"))
    except (UnicodeEncodeError, NotCanonical):
        raise Unfit(f"its {name} is not base64url") from None


def _check_strength(key: RSAPublicKey) -> None:
    if not MIN_RSA_BITS <= key.key_size <= MAX_RSA_BITS:
        raise Unfit("its modulus is too small or too large")
    exponent = key.public_numbers().e
    if exponent < 65537 or exponent.bit_length() > 64:
        raise Unfit("its exponent is not usable")
    if is_weakly_made(key.public_numbers().n):
        raise Unfit("its factors can be computed (ROCA)")


_ROCA_PRIMES: Final = (11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157)


@cache
def _powers(prime: int) -> frozenset[int]:
    found, power = set(), 1
    while power not in found:
        found.add(power)
        power = power * 65537 % prime
    return frozenset(found)


def is_weakly_made(modulus: int) -> bool:
    """Whether an RSA modulus bears the mark of keys whose factors can be computed (ROCA, CVE-2017-15361).

    The flawed library made primes from powers of 65537, so its moduli are such powers by every one of these primes; of
    all others about one in 2^27 is.
    """
    return all(modulus % prime in _powers(prime) for prime in _ROCA_PRIMES)


def key_id(jwk: Mapping[str, Any]) -> str | None:
    """Return the `kid` of a key, or None if it has none that can be used."""
    kid = jwk.get("kid")
    return kid if isinstance(kid, str) and 0 < len(kid) <= MAX_KID else None


def public_members(key: AnyPublicKey) -> dict[str, str]:
    """Return the public members of a key as a JWK, and no others."""
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

    if isinstance(key, EllipticCurvePublicKey):
        members = ECAlgorithm.to_jwk(key, as_dict=True)
    elif isinstance(key, Ed25519PublicKey):
        members = OKPAlgorithm.to_jwk(key, as_dict=True)
    else:
        members = RSAAlgorithm.to_jwk(key, as_dict=True)
    return {name: members[name] for name in ("kty", "crv", "x", "y", "n", "e") if name in members}


def thumbprint(members: Mapping[str, str]) -> str:
    """Return the RFC 7638 thumbprint of public members: a key id that no other key can have."""
    import hashlib
    import json

    canonical = json.dumps(dict(sorted(members.items())), separators=(",", ":")).encode()
    return encode_base64url(hashlib.sha256(canonical).digest())
