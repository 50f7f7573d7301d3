"""Reads public keys from JSON Web Keys (RFC 7517, RFC 7518 section 6), and leaves out every key that is not fit.

A key set may hold keys of kinds and uses that are nothing to us; one broken or foreign key must not hide the good
ones. So a key is either fit for verifying with, or dropped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from govcomponents.identity.jose.canonical_json import NotCanonical, decode_base64url, encode_base64url
from govcomponents.identity.jose.tokens import KEY_FOR, MAX_KID, PublicKey

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

MAX_KEYS: Final = 64
MIN_RSA_BITS: Final = 2048
MAX_RSA_BITS: Final = 8192
_COORDINATE: Final = {"P-256": 32, "P-384": 48, "P-521": 66}


class Unfit(ValueError):
    """A key that cannot be used to verify; the message says why."""


def public_key(jwk: object) -> PublicKey:
    """Read one public key. Raises Unfit. Private members, if a provider leaks them, are not read."""
    if not isinstance(jwk, dict):
        raise Unfit("it is not an object")
    if jwk.get("use", "sig") != "sig":
        raise Unfit("it is not for signatures")
    operations = jwk.get("key_ops", ["verify"])
    if not isinstance(operations, list) or "verify" not in operations:
        raise Unfit("it is not for verifying")
    algorithm = jwk.get("alg")
    if algorithm is not None and algorithm not in KEY_FOR:
        raise Unfit("its algorithm is not one that is used here")
    kind, key = _read(jwk)
    if algorithm is not None and KEY_FOR[algorithm] != kind:
        raise Unfit("its algorithm does not fit its kind")
    return PublicKey(kind, algorithm, key)


def _read(jwk: Mapping[str, Any]) -> tuple[str, Any]:
    match jwk.get("kty"):
        case "RSA":
            return "RSA", _rsa(jwk)
        case "EC" if jwk.get("crv") in _COORDINATE:
            return jwk["crv"], _ec(jwk)
    raise Unfit("it is of a kind that is not used here")


def number(jwk: Mapping[str, Any], name: str, length: int | None = None) -> int:
    """Read a member that is a number as base64url, of `length` octets if that is fixed. Raises Unfit."""
    text = jwk.get(name)
    if not isinstance(text, str) or len(text) > 4096:
        raise Unfit(f"it has no {name}")
    try:
        octets = decode_base64url(text.encode("ascii"))
    except (UnicodeEncodeError, NotCanonical):
        raise Unfit(f"its {name} is not base64url") from None
    if length is not None and len(octets) != length:
        raise Unfit(f"its {name} is of the wrong length")
    return int.from_bytes(octets, "big")


def _rsa(jwk: Mapping[str, Any]) -> RSAPublicKey:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers

    modulus, exponent = number(jwk, "n"), number(jwk, "e")
    if not MIN_RSA_BITS <= modulus.bit_length() <= MAX_RSA_BITS:
        raise Unfit("its modulus is too small or too large")
    if exponent < 65537 or exponent % 2 == 0 or exponent.bit_length() > 64:
        raise Unfit("its exponent is not usable")
    try:
        return RSAPublicNumbers(exponent, modulus).public_key()
    except ValueError:
        raise Unfit("its numbers make no key") from None


def _ec(jwk: Mapping[str, Any]) -> EllipticCurvePublicKey:
    from cryptography.hazmat.primitives.asymmetric import ec

    length = _COORDINATE[jwk["crv"]]
    curves: dict[str, ec.EllipticCurve] = {"P-256": ec.SECP256R1(), "P-384": ec.SECP384R1(), "P-521": ec.SECP521R1()}
    curve = curves[jwk["crv"]]
    try:
        return ec.EllipticCurvePublicNumbers(number(jwk, "x", length), number(jwk, "y", length), curve).public_key()
    except Unfit:
        raise
    except ValueError:
        raise Unfit("its point is not on the curve") from None


def key_id(jwk: Mapping[str, Any]) -> str | None:
    """Its `kid`, or None if it has none that can be used."""
    kid = jwk.get("kid")
    return kid if isinstance(kid, str) and 0 < len(kid) <= MAX_KID else None


def public_members(key: RSAPublicKey | EllipticCurvePublicKey) -> dict[str, str]:
    """The public members of a key as a JWK, and no others: made from its public numbers."""
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

    if isinstance(key, EllipticCurvePublicKey):
        curve = {"secp256r1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521"}[key.curve.name]
        point, length = key.public_numbers(), _COORDINATE[curve]
        return {
            "kty": "EC",
            "crv": curve,
            "x": encode_base64url(point.x.to_bytes(length, "big")),
            "y": encode_base64url(point.y.to_bytes(length, "big")),
        }
    numbers = key.public_numbers()
    return {
        "kty": "RSA",
        "n": encode_base64url(numbers.n.to_bytes((numbers.n.bit_length() + 7) // 8, "big")),
        "e": encode_base64url(numbers.e.to_bytes((numbers.e.bit_length() + 7) // 8, "big")),
    }


def thumbprint(members: Mapping[str, str]) -> str:
    """The RFC 7638 thumbprint of public members: a key id that no other key can have."""
    import hashlib
    import json

    canonical = json.dumps(dict(sorted(members.items())), separators=(",", ":")).encode()
    return encode_base64url(hashlib.sha256(canonical).digest())
