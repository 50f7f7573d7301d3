"""Signs what a service itself sends: client assertions and request objects, with its own private key or a signer.

A `Signer` may be anything that signs bytes, such as a key management service or a vault: then the private key need
not be in this process.
"""

from __future__ import annotations

import hmac
import json
import logging
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol, runtime_checkable

from govcomponents.core.canonical_json import encode_base64url
from govcomponents.core.inputs import callable_argument, text_argument
from govcomponents.core.validation import is_text
from govcomponents.errors import ConfigurationError
from govcomponents.frames import shield
from govcomponents.identity.jose.jwk import (
    MAX_RSA_BITS,
    MIN_RSA_BITS,
    is_weakly_made,
    octets,
    public_members,
    thumbprint,
)
from govcomponents.identity.jose.tokens import KEY_FOR, MAX_KID

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    from govcomponents.privacy import Secret

    AnyPrivateKey = RSAPrivateKey | EllipticCurvePrivateKey | Ed25519PrivateKey

log = logging.getLogger("govcomponents.identity")

MAX_KEY_FILE: Final = 64 * 1024
ASSERTION_LIFE: Final = 300
_FERMAT_BITS: Final = 100
"""FIPS 186-5 asks that the factors differ within their first 100 bits."""


@runtime_checkable
class Signer(Protocol):
    """A signer for this service: a key in this process, or something that holds it elsewhere.

    `algorithm` is such as "RS256"; `key_id` is the published key's id.

    `sign` takes the bytes to sign and returns the signature in the form of JWS (RFC 7518: for ECDSA the two numbers
    one after the other, not DER).
    """

    @property
    def algorithm(self) -> str:
        """The JWS algorithm."""
        ...

    @property
    def key_id(self) -> str:
        """The id under which the public key is published."""
        ...

    def sign(self, data: bytes) -> bytes:
        """Return the signature over `data`."""
        ...


@shield
@dataclass(frozen=True, slots=True)
class CallableSigner:
    """A signer made of a function, for a key that lives in a key management service or a vault."""

    algorithm: str
    key_id: str
    function: Callable[[bytes], bytes] = field(repr=False)

    def __post_init__(self) -> None:
        operation, fix = "CallableSigner", "give the function that signs bytes"
        text_argument(self.algorithm, field="algorithm", fix='give one such as "RS256"', operation=operation)
        text_argument(self.key_id, field="key_id", fix="give the id of the published key", operation=operation)
        callable_argument(self.function, field="function", fix=fix, operation=operation)

    def sign(self, data: bytes) -> bytes:
        """Return the signature that the function makes."""
        return self.function(data)


@shield
@dataclass(frozen=True, slots=True)
class KeySigner:
    """A signer that holds the private key in this process. It cannot be printed or pickled."""

    algorithm: str
    key_id: str
    _key: Any = field(repr=False)

    def sign(self, data: bytes) -> bytes:
        """Return the signature by the private key."""
        from jwt.algorithms import get_default_algorithms

        signature: bytes = get_default_algorithms()[self.algorithm].sign(data, self._key)
        return signature

    def public_key(self) -> Any:
        """Return the public half, as an object of the package cryptography."""
        return self._key.public_key()

    def renamed(self, key_id: str) -> KeySigner:
        """Return the same key under another id."""
        return KeySigner(self.algorithm, key_id, self._key)

    def public_jwk(self) -> dict[str, str]:
        """The public key to publish: public numbers only, with `kid`, `use` and `alg`."""
        return {**public_members(self._key.public_key()), "kid": self.key_id, "use": "sig", "alg": self.algorithm}


@shield
@dataclass(frozen=True, slots=True)
class SecretSigner:
    """A signer by the client's secret, which the provider knows too: a MAC (client_secret_jwt). It names no key."""

    _secret: Secret = field(repr=False)
    algorithm: str = "HS256"
    key_id: str = ""

    def sign(self, data: bytes) -> bytes:
        """Return the MAC over `data` (RFC 7518 section 3.2)."""
        return hmac.digest(self._secret.reveal().encode(), data, "sha256")


def signed_jwt(signer: Signer, claims: Mapping[str, object], *, kind: str | None = "JWT") -> str:
    """Make a signed token of claims; `kind` is its `typ`, None for none."""
    header = {"alg": signer.algorithm} | ({"kid": signer.key_id} if signer.key_id else {})
    header |= {} if kind is None else {"typ": kind}
    body = ".".join(
        encode_base64url(json.dumps(part, separators=(",", ":"), ensure_ascii=False).encode())
        for part in (header, claims)
    )
    return f"{body}.{encode_base64url(signer.sign(body.encode('ascii')))}"


def client_assertion(signer: Signer, *, client_id: str, audience: str, now: float) -> str:
    """Make the token with which a client proves who it is (RFC 7523 section 3): for one request, for 5 minutes.

    The audience is the issuer as a single text, so that it is of no use at another provider.
    """
    import uuid

    issued = int(now)
    claims = {
        "iss": client_id,
        "sub": client_id,
        "aud": audience,
        "iat": issued,
        "exp": issued + ASSERTION_LIFE,
        "jti": str(uuid.uuid4()),
    }
    return signed_jwt(signer, claims)


def load_signer(
    text: Secret, *, algorithm: str, allowed: frozenset[str], key_id: str | None = None, setting: str
) -> KeySigner:
    """Read a private key as PEM or as a JWK. Raises ConfigurationError, which never holds any of the text."""
    key, own_id = read_private_key(text, setting=setting)
    signer = KeySigner(algorithm, "", key)
    check_algorithm(algorithm, allowed, setting)
    _check_strength(key, algorithm, setting)
    found = key_id or (own_id if isinstance(own_id, str) and own_id else None)
    if found is not None and not (len(found) <= MAX_KID and found.isascii() and found.isprintable()):
        raise _unusable(setting, "its kid is not a short printable text")
    _check_works(signer, setting)
    return signer.renamed(found or thumbprint(public_members(key.public_key())))


def read_private_key(text: Secret, *, setting: str) -> tuple[AnyPrivateKey, object]:
    """Read a private key of any kind as PEM or as a JWK, and the id that a JWK has. Raises ConfigurationError."""
    given: object = text.reveal()
    if not isinstance(given, str):
        raise _unusable(setting, "it is not text")
    content = given.strip()
    if len(content) > MAX_KEY_FILE:
        raise _unusable(setting, "it is too large to be a key")
    if not is_text(content):
        raise _unusable(setting, "it holds half of a surrogate pair, which is no character")
    if content.startswith("{"):
        return _from_jwk(content, setting)
    return _from_pem(content, setting), None


def read_key_file(path: Path, *, setting: str) -> str:
    """Read a key file. Raises ConfigurationError; warns if every user of the machine may read it."""
    try:
        if path.stat().st_size > MAX_KEY_FILE:
            raise _unusable(setting, f"the file {path} is too large to be a key")
        if path.stat().st_mode & stat.S_IROTH:
            log.warning("the private key file can be read by every user of this machine; narrow its permissions")
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise _unusable(setting, f"the file {path} cannot be read ({_why(error)})") from None


def _why(error: OSError | UnicodeDecodeError) -> str:
    return (error.strerror or type(error).__name__) if isinstance(error, OSError) else "it is not UTF-8"


def check_algorithm(algorithm: str, allowed: frozenset[str], setting: str) -> None:
    """Raise ConfigurationError unless the provider takes that algorithm."""
    if algorithm not in [*allowed]:
        raise ConfigurationError(
            f"{setting}: this provider does not take signatures with that algorithm",
            fix=f"use one of {', '.join(sorted(allowed))}",
        )


def _from_jwk(content: str, setting: str) -> tuple[AnyPrivateKey, object]:
    from jwt import PyJWTError

    try:
        jwk = json.loads(content)
        if jwk.get("kty") not in ("RSA", "EC", "OKP") or not jwk.get("d"):
            raise _unusable(setting, "it is not a private RSA, EC or Ed25519 key")
        return (_rsa_from(jwk) if jwk["kty"] == "RSA" else _curve_key_from(jwk)), jwk.get("kid")
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, PyJWTError):
        raise _unusable(setting, "it is not a readable JWK, with all members of a private key") from None


def _rsa_from(jwk: Mapping[str, Any]) -> RSAPrivateKey:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateNumbers, RSAPublicNumbers

    names = ("n", "e", "d", "p", "q", "dp", "dq", "qi")
    n, e, d, p, q, dp, dq, qi = (int.from_bytes(octets(jwk, name), "big") for name in names)
    # PyJWT would check the primes: see _from_pem for why that is left out here.
    return RSAPrivateNumbers(p, q, d, dp, dq, qi, RSAPublicNumbers(e, n)).private_key(
        unsafe_skip_rsa_key_validation=True
    )


def _curve_key_from(jwk: Mapping[str, Any]) -> EllipticCurvePrivateKey | Ed25519PrivateKey:
    from jwt import PyJWK

    numbers = ("x", "y", "d") if jwk["kty"] == "EC" else ("x", "d")
    for name in numbers:
        octets(jwk, name)
    key: EllipticCurvePrivateKey | Ed25519PrivateKey = PyJWK({name: jwk[name] for name in ("kty", "crv", *numbers)}).key
    return key


def _from_pem(content: str, setting: str) -> AnyPrivateKey:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    pem = content.replace("\\n", "\n").encode()  # environment variables often carry the line ends written out
    try:
        # Checking the primes costs 30 ms at every start; a trial signature shows a broken key for 1 ms.
        key = load_pem_private_key(pem, None, unsafe_skip_rsa_key_validation=True)
    except TypeError:
        raise _unusable(setting, "it is protected with a passphrase") from None
    except (ValueError, UnsupportedAlgorithm):
        raise _unusable(setting, "it is not a private key in PEM") from None
    if not isinstance(key, (RSAPrivateKey, EllipticCurvePrivateKey, Ed25519PrivateKey)):
        raise _unusable(setting, "it is neither an RSA nor an EC nor an Ed25519 key")
    return key


def _check_strength(key: AnyPrivateKey, algorithm: str, setting: str) -> None:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    if isinstance(key, RSAPrivateKey):
        if not MIN_RSA_BITS <= key.key_size <= MAX_RSA_BITS:
            raise _unusable(setting, f"an RSA key must have {MIN_RSA_BITS} to {MAX_RSA_BITS} bits")
        if is_weakly_made(key.public_key().public_numbers().n):
            raise _unusable(setting, "its factors can be computed by anybody (ROCA); make another")
        numbers = key.private_numbers()
        if abs(numbers.p - numbers.q).bit_length() <= key.key_size // 2 - _FERMAT_BITS:
            raise _unusable(setting, "its factors can be computed by anybody, as they are close; make another")
        kind = "RSA"
    elif isinstance(key, EllipticCurvePrivateKey):
        kind = {"secp256r1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521"}.get(key.curve.name, "")
    else:
        kind = "Ed25519"
    if KEY_FOR[algorithm] != kind:
        raise _unusable(setting, f"{algorithm} needs a key of another kind ({KEY_FOR[algorithm]})")


def _check_works(signer: KeySigner, setting: str) -> None:
    from jwt.algorithms import get_default_algorithms

    algorithm = get_default_algorithms()[signer.algorithm]
    try:
        works = algorithm.verify(b"trial", signer.public_key(), signer.sign(b"trial"))
    except ValueError:
        works = False
    if not works:
        raise _unusable(setting, "its parts do not belong together")


def _unusable(setting: str, why: str) -> ConfigurationError:
    return ConfigurationError(
        f"{setting} is not a usable private key: {why}",
        fix="give the whole private key as PEM (PKCS#8, no passphrase) or as a JWK; make one with "
        "`govcomponents identity new-key`",
    )
