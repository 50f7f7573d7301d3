"""The catalogue of hostile tokens: how each is made, and for which reason it must be refused.

Every identity adapter inherits it with `IdentitySuite`. The names say which attack it is; they are those of RFC 8725
(JWT best current practices), of OpenID Connect Core 3.1.3.7, and of faults that libraries really had.
"""

# ruff: noqa: ARG001, ARG005  # all that makes a token has one signature, and few use all of it

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from govcomponents.contracts.identity.fake_provider import (
    Claims,
    FakeOpenIdProvider,
    FakeProfile,
    MakeToken,
    compact,
    encode,
)
from govcomponents.errors import SignInReason as Because
from govcomponents.identity.jose.tokens import half_hash

BOTH = "ES256 RS256"


@dataclass(frozen=True)
class Hostile:
    """One hostile token. `rows` are the checks that it tests, `only_for` the algorithms for which it makes sense.

    `unless` tells of providers whose genuine tokens are like it.
    """

    name: str
    rows: str
    make: MakeToken
    because: frozenset[Because]
    only_for: str = BOTH
    unless: Callable[[FakeProfile], bool] = lambda _: False


def _claim(**changes: Any) -> MakeToken:
    """The genuine token, with claims replaced; an Ellipsis leaves one out."""

    def make(fake: FakeOpenIdProvider, claims: Claims) -> str:
        merged = claims | {name: value(fake, claims) if callable(value) else value for name, value in changes.items()}
        return fake.sign({name: value for name, value in merged.items() if value is not ...})

    return make


def _header(**changes: Any) -> MakeToken:
    """The genuine token, with members of its header added or replaced, and a good signature."""

    def make(fake: FakeOpenIdProvider, claims: Claims) -> str:
        header = fake.genuine_header | {
            name: value(fake) if callable(value) else value for name, value in changes.items()
        }
        return fake.sign(claims, {name: value for name, value in header.items() if value is not ...})

    return make


def _unsigned(algorithm: str, signature: str) -> MakeToken:
    def make(fake: FakeOpenIdProvider, claims: Claims) -> str:
        return f"{encode({'alg': algorithm, 'kid': 'k1'})}.{encode(claims)}.{signature}"

    return make


def _hmac_with(form: str) -> MakeToken:
    """Signed with HMAC, with the provider's public key as the secret."""

    def make(fake: FakeOpenIdProvider, claims: Claims) -> str:
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

        public = fake.keys.rsa.public_key()
        info = PublicFormat.SubjectPublicKeyInfo
        secrets = {
            "pem": public.public_bytes(Encoding.PEM, info),
            "pem without its last line end": public.public_bytes(Encoding.PEM, info).rstrip(),
            "der": public.public_bytes(Encoding.DER, info),
            "jwk": json.dumps(fake.public("rsa", "r1")).encode(),
        }
        signed = f"{encode({'alg': 'HS256', 'kid': 'r1'})}.{encode(claims)}"
        return f"{signed}.{encode(hmac.digest(secrets[form], signed.encode(), 'sha256'))}"

    return make


def _signed_as(algorithm: str, kid: str) -> MakeToken:
    def make(fake: FakeOpenIdProvider, claims: Claims) -> str:
        return fake.sign(claims, {"alg": algorithm, "kid": kid})

    return make


def _by_stranger(**header: Any) -> MakeToken:
    """Signed with somebody else's key, under the provider's key id, with a hint where that key is."""

    def make(fake: FakeOpenIdProvider, claims: Claims) -> str:
        key = "stranger" if fake.profile.algorithm == "ES256" else "rsa_stranger"
        hints = {name: fake.public(key) if value == "its own key" else value for name, value in header.items()}
        return fake.sign(claims, fake.genuine_header | hints, key=getattr(fake.keys, key))

    return make


def _text(change: Any) -> MakeToken:
    """The genuine token, with its text changed."""

    def make(fake: FakeOpenIdProvider, claims: Claims) -> str:
        changed: str = change(fake.sign(claims))
        return changed

    return make


def _payload(change: Any) -> MakeToken:
    """A token with a good signature over a payload of other bytes."""

    def make(fake: FakeOpenIdProvider, claims: Claims) -> str:
        return fake.sign(change(json.dumps(claims).encode()))

    return make


def _head_bytes(change: Any) -> MakeToken:
    def make(fake: FakeOpenIdProvider, claims: Claims) -> str:
        return fake.sign(claims, change(json.dumps(fake.genuine_header).encode()))

    return make


def _signature(change: Any) -> MakeToken:
    def make(fake: FakeOpenIdProvider, claims: Claims) -> str:
        signed, _, signature = fake.sign(claims).rpartition(".")
        return f"{signed}.{change(signed, signature)}"

    return make


def _der(signed: str, signature: str) -> str:
    import base64

    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

    raw = base64.urlsafe_b64decode(signature + "==")
    return encode(encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")))


def _other_claims(signed: str, signature: str) -> str:
    """A genuine signature, but of another text."""
    return encode(hashlib.sha512(signature.encode()).digest())


def _swapped_payload(fake: FakeOpenIdProvider, claims: Claims) -> str:
    head, _, signature = fake.sign(claims).split(".")
    return f"{head}.{encode(claims | {'sub': claims['sub'] + 'x'})}.{signature}"


def _proof_token(fake: FakeOpenIdProvider, claims: Claims) -> str:
    """A proof of identity, signed with its own key, where an ID token belongs."""
    if fake.profile.proof is None:
        return fake.sign(claims | {"vc": {}})
    return fake.sign_proof(fake.genuine_proof())


def _nested(depth: int) -> bytes:
    return b'{"a":' + b"[" * depth + b"]" * depth + b"}"


_LOGOUT: Mapping[str, Mapping[str, str]] = {"http://schemas.openid.net/event/backchannel-logout": {}}
_MALFORMED = frozenset({Because.MALFORMED})
_ALGORITHM = frozenset({Because.BAD_ALGORITHM})
_SIGNATURE = frozenset({Because.BAD_SIGNATURE})
_UNKNOWN = frozenset({Because.UNKNOWN_KEY})
_AUDIENCE = frozenset({Because.BAD_AUDIENCE})
_ISSUER = frozenset({Because.BAD_ISSUER})
_NONCE = frozenset({Because.BAD_NONCE})
_HASH = frozenset({Because.BAD_HASH})
_SUBJECT = frozenset({Because.BAD_SUBJECT})
_EXPIRED = frozenset({Because.EXPIRED})
_EARLY = frozenset({Because.NOT_YET_VALID})
_TYPE = frozenset({Because.BAD_TYPE})

# fmt: off
FORMS: tuple[Hostile, ...] = (
    Hostile("none, unsigned", "A1 H1", _unsigned("none", ""), _MALFORMED),
    Hostile("none, with a signature", "A1 H1", _unsigned("none", "AA"), _ALGORITHM),
    Hostile("None, with a signature", "A1 H1", _unsigned("None", "AA"), _ALGORITHM),
    Hostile("nOnE, with a signature", "A1 H1", _unsigned("nOnE", "AA"), _ALGORITHM),
    *(Hostile(f"HMAC with the public key as {form}", "A2 H2", _hmac_with(form), _ALGORITHM)
      for form in ("pem", "pem without its last line end", "der", "jwk")),
    Hostile("RS256 for an ES256 client", "A3 H3", _signed_as("RS256", "r1"), _ALGORITHM, "ES256"),
    Hostile("ES256 for an RS256 client", "A3 H3", _signed_as("ES256", "k1"), _ALGORITHM, "RS256"),
    Hostile("PS256", "A3", _signed_as("PS256", "r1"), _ALGORITHM),
    Hostile("RS384", "A3", _signed_as("RS384", "r1"), _ALGORITHM),
    Hostile("the algorithm in small letters", "A1 A3", _header(alg=lambda fake: fake.profile.algorithm.lower()),
            _ALGORITHM),
    Hostile("no algorithm", "A1", _header(alg=...), _ALGORITHM),
    Hostile("an algorithm that is a list", "A1 A11", _header(alg=["ES256"]), _ALGORITHM),
    Hostile("ES256 with the id of the RSA key", "A4 K7", _signed_as("ES256", "r1"), _ALGORITHM, "ES256"),
    Hostile("crit", "A5 H6", _header(crit=["exp"], exp=1), _MALFORMED),
    Hostile("crit, empty", "A5", _header(crit=[]), _MALFORMED),
    Hostile("crit, not a list", "A5", _header(crit="exp"), _MALFORMED),
    Hostile("b64", "A6 H7", _header(b64=False), _MALFORMED),
    Hostile("b64 with crit", "A6 H7", _header(b64=False, crit=["b64"]), _MALFORMED),
    Hostile("zip", "A13", _header(zip="DEF"), _MALFORMED),
    Hostile("nested", "A15", _header(cty="JWT"), _MALFORMED),
    Hostile("its own key in jwk", "A7 H4", _by_stranger(jwk="its own key"), _SIGNATURE),
    Hostile("its own key set in jku", "A7 H5", _by_stranger(jku="https://evil.example.com/jwks.json"), _SIGNATURE),
    Hostile("its own certificate in x5u", "A7", _by_stranger(x5u="https://evil.example.com/cert.pem"), _SIGNATURE),
    Hostile("its own certificate in x5c", "A7", _by_stranger(x5c=["AAAA"]), _SIGNATURE),
    Hostile("a stranger's key", "A18", _by_stranger(), _SIGNATURE),
    Hostile("a member twice in the payload", "A8 H8", _payload(lambda text: text[:-1] + b', "sub": "b"}'), _MALFORMED),
    Hostile("a member twice in the header", "A8 H8", _head_bytes(lambda text: text[:-1] + b', "alg": "none"}'),
            _MALFORMED),
    Hostile("a member twice deep inside", "A8", _payload(lambda text: text[:-1] + b', "x": [{"a": 1, "a": 2}]}'),
            _MALFORMED),
    Hostile("a path as the key id", "K4 H9", _header(kid="../../../../dev/null"), _UNKNOWN),
    Hostile("SQL as the key id", "K4", _header(kid="' OR 1=1--"), _UNKNOWN),
    Hostile("a URL as the key id", "K4", _header(kid="https://evil.example.com/key"), _UNKNOWN),
    Hostile("a NUL in the key id", "K4", _header(kid="k1\0"), _MALFORMED),
    Hostile("a very long key id", "K4", _header(kid="k" * 300), _MALFORMED),
    Hostile("no key id", "K5", _header(kid=...), _UNKNOWN, unless=lambda profile: not profile.key_ids),
    Hostile("an empty key id", "K5", _header(kid=""), _MALFORMED),
    Hostile("a key id that is a number", "K6", _header(kid=1), _MALFORMED),
    Hostile("a key id that is a list", "K6", _header(kid=["k1"]), _MALFORMED),
    Hostile("a signature of zeros", "A16 H10", _signature(lambda signed, old: encode(bytes(64))), _SIGNATURE),
    Hostile("a DER signature", "A16 H11", _signature(_der), _SIGNATURE, "ES256"),
    Hostile("a signature that is too short", "A16", _signature(lambda signed, old: old[:84]), _SIGNATURE),
    Hostile("a signature that is too long", "A16", _signature(lambda signed, old: old[:84] + "AAAA"), _SIGNATURE),
    Hostile("another signature", "A18", _signature(_other_claims), _SIGNATURE),
    Hostile("another payload under a genuine signature", "A18", _swapped_payload, _SIGNATURE),
    Hostile("no signature", "A17", _signature(lambda signed, old: ""), _MALFORMED),
    Hostile("padding on the header", "A10 H12", _text(lambda token: token.replace(".", "=.", 1)), _MALFORMED),
    Hostile("padding on the signature", "A10 H12", _text(lambda token: token + "=="), _MALFORMED),
    Hostile("the standard alphabet", "A10 H12", _text(lambda token: token[:-3] + "+/A"), _MALFORMED),
    Hostile("stray signs", "A10", _text(lambda token: token[:-4] + "!" + token[-4:]), _MALFORMED),
    Hostile("last bits that mean nothing", "A10", _text(lambda token: token[:-1] + "B"), _MALFORMED, "ES256"),
    Hostile("a space after it", "A9 T3", _text(lambda token: token + " "), _MALFORMED),
    Hostile("a line end after it", "A9 T3", _text(lambda token: token + "\n"), _MALFORMED),
    Hostile("two parts", "A9", _text(lambda token: token.rpartition(".")[0]), _MALFORMED),
    Hostile("four parts", "A9", _text(lambda token: token + ".AAAA"), _MALFORMED),
    Hostile("five parts, as an encrypted token", "A9 A13", _text(lambda token: token + ".AAAA.AAAA"), _MALFORMED),
    Hostile("the JSON serialisation", "A9", _text(lambda token: '{"payload":"AA","signatures":[]}'), _MALFORMED),
    Hostile("a payload that is a list", "A11", _payload(lambda text: b"[" + text + b"]"), _MALFORMED),
    Hostile("a payload that is text", "A11", _payload(lambda text: b'"text"'), _MALFORMED),
    Hostile("a header that is a list", "A11", _head_bytes(lambda text: b"[" + text + b"]"), _MALFORMED),
    Hostile("a payload with a byte order mark", "A11", _payload(lambda text: b"\xef\xbb\xbf" + text), _MALFORMED),
    Hostile("a payload that is not UTF-8", "A11", _payload(lambda text: text[:-1] + b', "x": "\xff"}'), _MALFORMED),
    Hostile("NaN", "A11", _payload(lambda text: text[:-1] + b', "x": NaN}'), _MALFORMED),
    Hostile("Infinity", "A11", _payload(lambda text: text[:-1] + b', "x": Infinity}'), _MALFORMED),
    Hostile("a number beyond all bounds", "A11 H13", _payload(lambda text: text[:-1] + b', "x": 1e400}'), _MALFORMED),
    Hostile("an integer of 5000 digits", "A11 H20", _payload(lambda text: text[:-1] + b', "x": ' + b"9" * 5000 + b"}"),
            _MALFORMED),
    Hostile("10000 nested lists", "A11 H20", _payload(lambda text: _nested(10_000)), _MALFORMED),
    Hostile("33 nested lists", "A11", _payload(lambda text: _nested(33)), _MALFORMED),
    Hostile("a token of 33 KiB", "A12 H20", _payload(lambda text: text[:-1] + b', "x": "' + b"x" * 33_000 + b'"}'),
            _MALFORMED),
    Hostile("a header of 5 KiB", "A12 H20", _header(x="x" * 5000), _MALFORMED),
    Hostile("an access token", "A19 H19", _header(typ="at+jwt"), _TYPE),
    Hostile("a request object", "A19 H19", _header(typ="oauth-authz-req+jwt"), _TYPE),
    Hostile("a security event", "A19 H19", _header(typ="secevent+jwt"), _TYPE),
    Hostile("a type that is a number", "A19", _header(typ=1), _TYPE),
)

CLAIMS: tuple[Hostile, ...] = (
    Hostile("another issuer", "B1 H15", _claim(iss="https://evil.example.com/"), _ISSUER),
    Hostile("the issuer with one slash more or less", "B1 H15",
            _claim(iss=lambda fake, claims: c[:-1] if (c := claims["iss"]).endswith("/") else c + "/"), _ISSUER),
    Hostile("the issuer with two slashes", "B1 H15", _claim(iss=lambda fake, claims: claims["iss"] + "//"), _ISSUER),
    Hostile("the issuer in capitals", "B1 H15", _claim(iss=lambda fake, claims: claims["iss"].upper()), _ISSUER),
    Hostile("a list with the issuer", "B1 H15", _claim(iss=lambda fake, claims: [claims["iss"]]), _MALFORMED),
    Hostile("no issuer", "B1", _claim(iss=...), _MALFORMED),
    Hostile("another audience", "B2", _claim(aud="somebody-else"), _AUDIENCE),
    Hostile("the client id and a letter", "B2 H14", _claim(aud=lambda fake, claims: claims["aud"] + "x"), _AUDIENCE),
    Hostile("the client id without its last letter", "B2 H14", _claim(aud=lambda fake, claims: claims["aud"][:-1]),
            _AUDIENCE),
    Hostile("an empty list of audiences", "B2 H14", _claim(aud=[]), _AUDIENCE),
    Hostile("a list of numbers", "B2", _claim(aud=[1]), _MALFORMED),
    Hostile("a list within a list", "B2 H14", _claim(aud=lambda fake, claims: [[claims["aud"]]]), _MALFORMED),
    Hostile("an audience that is an object", "B20", _claim(aud=lambda fake, claims: {claims["aud"]: 1}), _MALFORMED),
    Hostile("no audience", "B2", _claim(aud=...), _MALFORMED),
    Hostile("another audience as well", "B3 H14", _claim(aud=lambda fake, claims: [claims["aud"], "other"]),
            _AUDIENCE),
    Hostile("another audience as well, but issued to us", "B3", _claim(
            aud=lambda fake, claims: [claims["aud"], "other"], azp=lambda fake, claims: claims["aud"]), _AUDIENCE,
            unless=lambda profile: profile.extra_audiences),
    Hostile("issued to somebody else", "B4", _claim(azp="somebody-else"), _AUDIENCE),
    Hostile("no nonce", "B5 H16", _claim(nonce=...), _NONCE),
    Hostile("a nonce that is null", "B5 H16", _claim(nonce=None), _NONCE),
    Hostile("another sign-in's nonce", "B5 H16", _claim(nonce="another"), _NONCE),
    Hostile("a list with the nonce", "B5", _claim(nonce=lambda fake, claims: [claims["nonce"]]), _NONCE),
    Hostile("no end", "B6", _claim(exp=...), _MALFORMED),
    Hostile("an end in the past", "B6", _claim(exp=lambda fake, claims: fake.now - 60), _EXPIRED),
    Hostile("an end that is true", "B6 H13", _claim(exp=True), _MALFORMED),
    Hostile("an end that is text", "B6 H13", _claim(exp="9999999999"), _MALFORMED),
    Hostile("an end that is a list", "B20", _claim(exp=[9999999999]), _MALFORMED),
    Hostile("a beginning that is false", "B7 H13", _claim(iat=False), _MALFORMED),
    Hostile("no beginning", "B7", _claim(iat=...), _MALFORMED),
    Hostile("a beginning in the future", "B7", _claim(iat=lambda fake, claims: fake.now + 120), _EARLY),
    Hostile("an end in many years", "B6", _claim(exp=lambda fake, claims: fake.now + 10**9), _EXPIRED),
    Hostile("a beginning long ago", "B7", _claim(iat=lambda fake, claims: fake.now - 1000), _EXPIRED),
    Hostile("not valid yet", "B8", _claim(nbf=lambda fake, claims: fake.now + 120), _EARLY),
    Hostile("a validity that is text", "B8 B20", _claim(nbf="now"), _MALFORMED),
    Hostile("the hash of another access token", "B11 H17",
            _claim(at_hash=lambda fake, claims: half_hash("another", fake.profile.algorithm)), _HASH),
    Hostile("the whole hash", "B11 H17", _claim(at_hash=lambda fake, claims: encode(hashlib.sha256(b"x").digest())),
            _HASH),
    Hostile("the hash in hexadecimal", "B11 H17", _claim(at_hash=lambda fake, claims: "00" * 16), _HASH),
    Hostile("the hash with padding", "B11 H17", _claim(at_hash=lambda fake, claims: claims["at_hash"] + "=="), _HASH),
    Hostile("a hash that is null", "B11", _claim(at_hash=1), _HASH),
    Hostile("no subject", "B14", _claim(sub=...), _SUBJECT),
    Hostile("an empty subject", "B14", _claim(sub=""), _SUBJECT),
    Hostile("a subject that is a number", "B14", _claim(sub=7), _SUBJECT),
    Hostile("a subject of 256 letters", "B14", _claim(sub="s" * 256), _SUBJECT),
    Hostile("a subject with a NUL", "B14", _claim(sub="a\0b"), _SUBJECT),
    Hostile("a logout token", "A20 H19 L6", _claim(events=_LOGOUT), _TYPE),
    Hostile("a credential", "A20 H19", _claim(vc={"credentialSubject": {}}), _TYPE),
    Hostile("a proof of identity", "A20 H19", _proof_token, frozenset({Because.BAD_ISSUER, Because.UNKNOWN_KEY,
            Because.BAD_TYPE, Because.BAD_ALGORITHM})),
)
# fmt: on


def _proof(**changes: Any) -> MakeToken:
    def make(fake: FakeOpenIdProvider, claims: Claims) -> str:
        merged = claims | {name: value(fake, claims) if callable(value) else value for name, value in changes.items()}
        return fake.sign_proof({name: value for name, value in merged.items() if value is not ...})

    return make


def _proof_header(**changes: Any) -> MakeToken:
    def make(fake: FakeOpenIdProvider, claims: Claims) -> str:
        header = fake.proof_header
        changed = header | {n: v(header) if callable(v) else v for n, v in changes.items()}
        return fake.sign_proof(claims, {name: value for name, value in changed.items() if value is not ...})

    return make


def _proof_by(key: str, algorithm: str, **header: Any) -> MakeToken:
    def make(fake: FakeOpenIdProvider, claims: Claims) -> str:
        head = fake.proof_header | {"alg": algorithm} | header
        return compact(head, claims, getattr(fake.keys, key), algorithm)

    return make


def _fragment(change: Any) -> Any:
    return lambda header: change(*header["kid"].split("#"))


# fmt: off
PROOFS: tuple[Hostile, ...] = (
    Hostile("another controller", "K19 H18", _proof_header(kid="did:web:evil.example.com#p1"), _UNKNOWN),
    Hostile("an unknown fragment", "K1 H18", _proof_header(kid=_fragment(lambda did, _: f"{did}#p2")), _UNKNOWN),
    Hostile("no fragment", "K21", _proof_header(kid=_fragment(lambda did, _: did)), _UNKNOWN),
    Hostile("an empty fragment", "K21", _proof_header(kid=_fragment(lambda did, _: f"{did}#")), _UNKNOWN),
    Hostile("two fragments", "K21", _proof_header(kid=_fragment(lambda did, part: f"{did}#{part}#x")), _UNKNOWN),
    Hostile("an encoded fragment mark", "K21", _proof_header(kid=_fragment(lambda did, part: f"{did}%23{part}")),
            _UNKNOWN),
    Hostile("a controller in capitals", "K21", _proof_header(kid=_fragment(lambda did, part: f"{did.upper()}#{part}")),
            _UNKNOWN),
    Hostile("no key id", "K5 H18", _proof_header(kid=...), _UNKNOWN),
    Hostile("RS256", "A3 H18", _proof_by("rsa", "RS256"), _ALGORITHM),
    Hostile("a stranger's key", "A18 H18", _proof_by("stranger", "ES256"), _SIGNATURE),
    Hostile("the key of ID tokens", "K18 H18", _proof_by("ec", "ES256"), _SIGNATURE),
    Hostile("the key id of ID tokens", "K18", _proof_by("ec", "ES256", kid="k1"), _UNKNOWN),
    Hostile("another person", "T8 H18", _proof(sub="urn:fdc:gov.uk:2022:another"), _SUBJECT),
    Hostile("no person", "T8", _proof(sub=...), _SUBJECT),
    Hostile("another audience", "B2 H18", _proof(aud="somebody-else"), _AUDIENCE),
    Hostile("another issuer", "B1 K22 H18", _proof(iss="https://evil.example.com/"), _ISSUER),
    Hostile("an end in the past", "B6 H18", _proof(exp=lambda fake, claims: fake.now - 60), _EXPIRED),
    Hostile("not valid yet", "B8 H18", _proof(nbf=lambda fake, claims: fake.now + 120), _EARLY),
    Hostile("a beginning in the future", "B7 H18", _proof(iat=lambda fake, claims: fake.now + 120), _EARLY),
    Hostile("no credential", "B20", _proof(vc=...), _MALFORMED),
    Hostile("a credential that is text", "B20", _proof(vc="text"), _MALFORMED),
    Hostile("a nonce, as an ID token has", "A20 H19", _proof(nonce="x"), _TYPE),
    Hostile("events, as a logout token has", "A20 H19", _proof(events=_LOGOUT), _TYPE),
    Hostile("a number instead of a token", "A9", lambda fake, claims: 7, _MALFORMED),  # type: ignore[arg-type,return-value]  # wrong on purpose
)
# fmt: on
"""Hostile proofs of identity, which must be refused whatever else was right."""
