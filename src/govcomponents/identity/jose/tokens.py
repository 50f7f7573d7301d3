"""Verifies signed tokens (JWS in compact form, RFC 7515; JWT, RFC 7519) as a relying party must (RFC 8725).

The form, the header, the claims and their order are checked here; the signatures themselves are PyJWT's algorithms
on keys of cryptography. What is accepted is closed: each kind of token has its own list of algorithms, one issuer
and one audience, and no option turns a check off. Keys come from the configured key set only: what a header says
about where to find one is never read. A token is used only after its signature; from the unverified header only
`alg` and `kid` are read, to choose the key.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, Protocol

from govcomponents.core.canonical_json import NotCanonical, decode_base64url, encode_base64url, parse_object
from govcomponents.errors import SignInReason

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_TOKEN: Final = 32 * 1024
MAX_HEADER: Final = 4 * 1024
MAX_KID: Final = 256
MAX_ID: Final = 256
DEFAULT_LEEWAY: Final = 30
MAX_LEEWAY: Final = 300

_SIGNED_ONLY: Final = "let the provider register the client for tokens that are signed and not encrypted"

# What a key must be for each algorithm (RFC 7518 section 3.1, RFC 8037 section 3.1).
KEY_FOR: Final[Mapping[str, str]] = {
    "RS256": "RSA",
    "RS384": "RSA",
    "RS512": "RSA",
    "PS256": "RSA",
    "PS384": "RSA",
    "PS512": "RSA",
    "ES256": "P-256",
    "ES384": "P-384",
    "ES512": "P-521",
    "EdDSA": "Ed25519",
}


class TokenRefused(Exception):
    """A token failed a check. Safe to log: it names the check and holds nothing of the token.

    `fix` names the setting that cures it, where a mistake in the set-up is the likely reason.
    """

    def __init__(self, reason: SignInReason, happened: str, *, fix: str = "") -> None:
        super().__init__(happened)
        self.reason = reason
        self.happened = happened
        self.fix = fix


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A provider's key: what kind it is, for which algorithm alone (None: any of its kind), and the key itself."""

    kind: str
    algorithm: str | None
    key: Any


class Keys(Protocol):
    """A provider's key set. `find` raises TokenRefused with UNKNOWN_KEY, or NothingToUse."""

    async def find(self, kid: str | None, algorithm: str, *, from_anybody: bool = True) -> PublicKey:
        """Return the key with that id that fits the algorithm."""
        ...


@dataclass(frozen=True, slots=True)
class Rules:
    """Requirements on one kind of token. `name` is for messages.

    Times are seconds. `max_life` bounds `exp - iat`, `max_age` bounds how old `iat` may be. `types` are the values of
    `typ` that are let in, in lower case; a token without `typ` is too, unless `type_required`. `optional` are the
    claims of "aud", "exp" and "iat" that need not be there; when they are, they are checked all the same. `key_id`:
    the token must name its key. `from_anybody`: it may have been sent by anybody, and not by the provider alone.
    `algorithm_fix` and `key_id_fix` say which settings cure a token with another algorithm, or without a key id.
    """

    name: str
    algorithms: frozenset[str]
    issuer: str
    audience: str
    leeway: int = DEFAULT_LEEWAY
    max_life: int | None = None
    max_age: int | None = None
    types: frozenset[str] = frozenset({"jwt"})
    type_required: bool = False
    extra_audiences: bool = False
    optional: frozenset[str] = frozenset()
    key_id: bool = False
    from_anybody: bool = False
    algorithm_fix: str = ""
    key_id_fix: str = ""


@dataclass(frozen=True, slots=True)
class SignedToken:
    """A token whose form and header were checked and whose signature was not."""

    algorithm: str
    kid: str | None
    header: Mapping[str, object]
    signed: bytes
    payload: bytes
    signature: bytes


def read(token: object, rules: Rules) -> SignedToken:
    """Check the form and the header of a token. Raises TokenRefused."""
    if not isinstance(token, str):
        raise _malformed(rules, "is not text")
    if len(token) > MAX_TOKEN:
        raise _malformed(rules, "is too large")
    try:
        encoded = token.encode("ascii")
    except UnicodeEncodeError:
        raise _malformed(rules, "is not ASCII") from None
    segments = encoded.split(b".")
    if len(segments) == 5 and all(segments[::2]):  # RFC 7516 section 3.1
        raise TokenRefused(
            SignInReason.MALFORMED,
            f"the {rules.name} is encrypted, and encrypted tokens are not read here",
            fix=_SIGNED_ONLY,
        )
    if len(segments) != 3 or not all(segments):
        raise _malformed(rules, "has not three parts")
    head, body, tail = segments
    if len(head) > MAX_HEADER:
        raise _malformed(rules, "has too large a header")
    try:
        header = _read_header(head)
        payload = decode_base64url(body)
        signature = decode_base64url(tail)
    except NotCanonical as error:
        raise _malformed(rules, f"cannot be read: {error}") from None
    algorithm, kid = _check_header(header, rules)
    return SignedToken(algorithm, kid, header, encoded[: -len(tail) - 1], payload, signature)


@lru_cache(maxsize=64)
def _read_header(segment: bytes) -> Mapping[str, object]:
    """Parse a header. A provider's headers are the same for every token of a key, so few are parsed twice."""
    return parse_object(decode_base64url(segment))


def _check_header(header: Mapping[str, object], rules: Rules) -> tuple[str, str | None]:
    algorithm = header.get("alg")
    if not isinstance(algorithm, str) or algorithm not in rules.algorithms:
        raise TokenRefused(
            SignInReason.BAD_ALGORITHM,
            f"the {rules.name} is signed with another algorithm than {' or '.join(sorted(rules.algorithms))}",
            fix=rules.algorithm_fix,
        )
    for name in ("crit", "b64", "zip", "enc"):
        if name in header:
            raise _malformed(rules, f"has the header {name}")
    if "cty" in header:
        raise TokenRefused(SignInReason.MALFORMED, f"the {rules.name} holds another token", fix=_SIGNED_ONLY)
    kind = header.get("typ")
    # "application/" may be left out of a media type here (RFC 7515 section 4.1.9).
    if kind is not None and (not isinstance(kind, str) or kind.lower().removeprefix("application/") not in rules.types):
        raise TokenRefused(SignInReason.BAD_TYPE, f"the {rules.name} says that it is another type of token")
    kid = header.get("kid")
    if kid is not None and (
        not isinstance(kid, str) or not 0 < len(kid) <= MAX_KID or not kid.isascii() or not kid.isprintable()
    ):
        raise _malformed(rules, "has a key id that is not a short printable text")
    if kind is None and rules.type_required:
        raise TokenRefused(SignInReason.BAD_TYPE, f"the {rules.name} does not say that it is one")
    if kid is None and rules.key_id:
        raise TokenRefused(SignInReason.UNKNOWN_KEY, f"the {rules.name} names no key", fix=rules.key_id_fix)
    return algorithm, kid


async def verify(token: SignedToken, rules: Rules, keys: Keys, now: float) -> dict[str, Any]:
    """Check the key, the signature and the registered claims of a token that was read; return its claims.

    Raises TokenRefused, or what the key set raises when it has no keys.
    """
    key = await keys.find(token.kid, token.algorithm, from_anybody=rules.from_anybody)
    check_signature(token, key, rules)
    claims = _object(token.payload, rules)
    check_claims(claims, rules, now)
    return claims


def check_signature(token: SignedToken, key: PublicKey, rules: Rules) -> None:
    """Verify the signature over the bytes that came. Raises TokenRefused."""
    if key.kind != KEY_FOR[token.algorithm] or key.algorithm not in (None, token.algorithm):
        raise TokenRefused(SignInReason.BAD_ALGORITHM, f"the key of the {rules.name} is not for its algorithm")
    if not _algorithm(token.algorithm).verify(token.signed, key.key, token.signature):
        raise TokenRefused(SignInReason.BAD_SIGNATURE, f"the signature of the {rules.name} does not verify")


@lru_cache(maxsize=16)
def _algorithm(name: str) -> Any:
    from jwt.algorithms import get_default_algorithms

    return get_default_algorithms()[name]


def _object(payload: bytes, rules: Rules) -> dict[str, Any]:
    try:
        return parse_object(payload)
    except NotCanonical as error:
        raise _malformed(rules, f"cannot be read: {error}") from None


def check_claims(claims: Mapping[str, object], rules: Rules, now: float) -> None:
    """Check issuer, audience and times. Raises TokenRefused."""
    if not same(_text(claims, "iss", rules), rules.issuer):
        raise TokenRefused(SignInReason.BAD_ISSUER, f"the {rules.name} is from another issuer")
    _check_audience(claims, rules)
    _check_times(claims, rules, now)


def _check_audience(claims: Mapping[str, object], rules: Rules) -> None:
    audience = claims.get("aud")
    if audience is None and "aud" in rules.optional:
        return
    if isinstance(audience, str):
        ours, alone = same(audience, rules.audience), True
    elif isinstance(audience, list) and all(isinstance(member, str) for member in audience):
        ours, alone = any(same(member, rules.audience) for member in audience), len(audience) == 1
    else:
        raise _malformed(rules, "has no audience, or one that is neither text nor a list of texts")
    party = claims.get("azp")
    if party is not None and not (isinstance(party, str) and same(party, rules.audience)):
        raise TokenRefused(SignInReason.BAD_AUDIENCE, f"the {rules.name} was issued to another service")
    if not ours or not (alone or (rules.extra_audiences and party is not None)):
        raise TokenRefused(SignInReason.BAD_AUDIENCE, f"the {rules.name} is meant for another service")


def _check_times(claims: Mapping[str, object], rules: Rules, now: float) -> None:
    expires, issued = _required_time(claims, "exp", rules), _required_time(claims, "iat", rules)
    if expires is not None and not now < expires + rules.leeway:
        raise TokenRefused(SignInReason.EXPIRED, f"the {rules.name} has expired")
    if issued is not None and not issued <= now + rules.leeway:
        raise TokenRefused(SignInReason.NOT_YET_VALID, f"the {rules.name} was issued in the future")
    if "nbf" in claims and not _time(claims, "nbf", rules) <= now + rules.leeway:
        raise TokenRefused(SignInReason.NOT_YET_VALID, f"the {rules.name} is not valid yet")
    if rules.max_life is not None and expires is not None and issued is not None and expires - issued > rules.max_life:
        raise TokenRefused(SignInReason.EXPIRED, f"the {rules.name} lives longer than such tokens do")
    if rules.max_age is not None and issued is not None and issued < now - rules.max_age - rules.leeway:
        raise TokenRefused(SignInReason.EXPIRED, f"the {rules.name} was issued too long ago")


def same(left: str, right: str) -> bool:
    """Whether two texts are equal, byte for byte and in constant time. Nothing is normalised."""
    return hmac.compare_digest(left.encode("utf-8", "surrogatepass"), right.encode("utf-8", "surrogatepass"))


def check_nonce(claims: Mapping[str, object], nonce: str, name: str) -> None:
    """Check that the token answers this sign-in. Raises TokenRefused."""
    found = claims.get("nonce")
    if not isinstance(found, str) or not same(found, nonce):
        raise TokenRefused(SignInReason.BAD_NONCE, f"the {name} does not answer this sign-in")


def check_half_hash(claims: Mapping[str, object], claim: str, of: str, algorithm: str, *, required: bool) -> None:
    """Check `at_hash` or `c_hash`: the left half of the hash of a value (OpenID Connect Core 3.1.3.6, 3.3.2.11).

    The hash is the one of the token's own verified algorithm. Raises TokenRefused.
    """
    found = claims.get(claim)
    if found is None and not required:
        return
    if not isinstance(found, str) or not same(found, half_hash(of, algorithm)):
        raise TokenRefused(SignInReason.BAD_HASH, f"{claim} is not the hash of what came with the token")


def half_hash(value: str, algorithm: str) -> str:
    """The left half of the hash that goes with a signature algorithm, as base64url.

    With Ed25519 it is the hash that the algorithm itself uses (RFC 8032 section 5.1).
    """
    import hashlib

    name = {"256": "sha256", "384": "sha384", "512": "sha512", "DSA": "sha512"}.get(algorithm[-3:])
    if name is None:
        raise TokenRefused(SignInReason.BAD_HASH, "no hash goes with the algorithm of the token")
    digest = hashlib.new(name, value.encode("utf-8", "surrogatepass")).digest()
    return encode_base64url(digest[: len(digest) // 2])


def check_subject(claims: Mapping[str, object], name: str) -> str:
    """Return `sub`: 1 to 255 printable ASCII characters (OpenID Connect Core section 2). Raises TokenRefused."""
    subject = claims.get("sub")
    if (
        not isinstance(subject, str)
        or not 0 < len(subject) <= 255
        or not subject.isascii()
        or not subject.isprintable()
    ):
        raise TokenRefused(SignInReason.BAD_SUBJECT, f"the {name} has no usable subject")
    return subject


def check_id(claims: Mapping[str, object], name: str, rules: Rules) -> str:
    """Return a claim that is an id: 1 to 256 printable characters. Raises TokenRefused."""
    value = claims.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= MAX_ID or not value.isprintable():
        raise _malformed(rules, f"has no usable {name}")
    return value


def check_auth_time(claims: Mapping[str, object], max_age: int, now: float, rules: Rules) -> None:
    """Check that the person signed in no longer ago than was asked for (OpenID Connect Core 3.1.3.7, 13)."""
    signed_in = claims.get("auth_time")
    if isinstance(signed_in, bool) or not isinstance(signed_in, (int, float)):
        raise TokenRefused(SignInReason.BAD_LEVEL, f"the {rules.name} does not say when the person signed in")
    if signed_in < now - max_age - rules.leeway:
        raise TokenRefused(SignInReason.BAD_LEVEL, "the person signed in longer ago than was asked for")
    if signed_in > now + rules.leeway:
        raise TokenRefused(SignInReason.BAD_LEVEL, f"the {rules.name} says that the person signed in in the future")


def _text(claims: Mapping[str, object], name: str, rules: Rules) -> str:
    value = claims.get(name)
    if not isinstance(value, str):
        raise _malformed(rules, f"has no {name}, or one that is not text")
    return value


def _required_time(claims: Mapping[str, object], name: str, rules: Rules) -> float | None:
    return None if name in rules.optional and name not in claims else _time(claims, name, rules)


def _time(claims: Mapping[str, object], name: str, rules: Rules) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise _malformed(rules, f"has no {name}, or one that is not a number")
    return value


def _malformed(rules: Rules, what: str) -> TokenRefused:
    return TokenRefused(SignInReason.MALFORMED, f"the {rules.name} {what}")
