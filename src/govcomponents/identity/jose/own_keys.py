"""A service's own keys: making them, and the key set to publish so that the provider can check signatures.

To change a key without a gap: publish the new one beside the old, wait until every copy of the service serves both,
sign with the new one, and take the old one out once nothing signed with it is under way (10 minutes are ample). A key's
id is its RFC 7638 thumbprint, so no two keys ever have the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from govcomponents.core.inputs import instance_argument
from govcomponents.errors import ConfigurationError
from govcomponents.frames import leaving_frames_behind
from govcomponents.identity.jose.jwk import MAX_RSA_BITS, MIN_RSA_BITS
from govcomponents.identity.jose.signing import KeySigner, load_signer
from govcomponents.identity.jose.tokens import KEY_FOR
from govcomponents.privacy import Secret

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurve

DEFAULT_BITS: Final = 2048
SANDBOX_EXPONENT: Final = 65539
"""The public exponent of RSA keys that a sandbox makes, by which they are told in whatever form they are written."""
ALL_ALGORITHMS: Final = frozenset(KEY_FOR)


@leaving_frames_behind
def new_private_key(algorithm: str = "RS256", *, bits: int = DEFAULT_BITS) -> Secret:
    """Make a private key for an algorithm, as PEM (PKCS#8); `bits` is the number of an RSA key's bits.

    Raises ConfigurationError for an algorithm that is not known.
    """
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

    if algorithm not in [*KEY_FOR]:
        raise ConfigurationError("there is no such algorithm", fix=f"choose one of {', '.join(sorted(ALL_ALGORITHMS))}")
    key: Any
    kind, size = KEY_FOR[algorithm], bits if type(bits) is int else 0
    if kind == "RSA":
        if not MIN_RSA_BITS <= size <= MAX_RSA_BITS:
            raise ConfigurationError(
                "the key would be too small or too large", fix=f"choose {MIN_RSA_BITS} to {MAX_RSA_BITS} bits"
            )
        key = rsa.generate_private_key(public_exponent=65537, key_size=size)
    elif kind == "Ed25519":
        key = ed25519.Ed25519PrivateKey.generate()
    else:
        curves: Mapping[str, EllipticCurve] = {
            "P-256": ec.SECP256R1(),
            "P-384": ec.SECP384R1(),
            "P-521": ec.SECP521R1(),
        }
        key = ec.generate_private_key(curves[kind])
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return Secret(pem.decode("ascii"))


@leaving_frames_behind
def signer_of(private_key: Secret, *, algorithm: str = "RS256", key_id: str | None = None) -> KeySigner:
    """Read a private key, as PEM or JWK. Raises ConfigurationError, and InvalidInput for what is no Secret."""
    fix = "give Secret(...) of the key's PEM or JWK, as new_private_key() makes it"
    instance_argument(private_key, Secret, field="private_key", fix=fix, operation="signer_of")
    return load_signer(
        private_key, algorithm=algorithm, allowed=ALL_ALGORITHMS, key_id=key_id, setting="the private key"
    )


@leaving_frames_behind
def published_jwks(signers: Iterable[KeySigner]) -> dict[str, list[dict[str, str]]]:
    """The key set to publish: public numbers only.

    Raises ConfigurationError if two keys have one id, and InvalidInput for what are no signers.
    """
    fix = "give a list of what signer_of() returns"
    given: object = signers
    found = list(given) if isinstance(given, Iterable) else [given]
    checked = [instance_argument(one, KeySigner, field="signers", fix=fix, operation="published_jwks") for one in found]
    keys = [signer.public_jwk() for signer in checked]
    if len({key["kid"] for key in keys}) != len(keys):
        raise ConfigurationError(
            "two of the keys to publish have the same id",
            fix="leave one of them out; the provider may hold a key by its id for a day",
        )
    return {"keys": keys}
