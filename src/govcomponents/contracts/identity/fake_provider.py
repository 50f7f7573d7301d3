"""A provider that signs whatever a test wants: genuine tokens, or forged ones, with keys made for the test.

It speaks just enough of OpenID Connect for one sign-in at a time. An adapter's tests describe their provider with a
`FakeProfile`; what is corrupted, and how, comes from the catalogue of hostile tokens.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl, unquote_plus, urlencode, urlsplit

from govcomponents.core.http.messages import Request, Response
from govcomponents.identity.jose.jwk import public_members
from govcomponents.identity.jose.tokens import half_hash

ACCESS_TOKEN = "forged-access-token-for-tests"  # noqa: S105  # an invented one
CODE = "forged-code-for-tests"
SUBJECT = "urn:fdc:gov.uk:2022:Zm9yZ2VkLXBlcnNvbi1mb3ItdGVzdHMtb25seS0wMDAwMQ"

Claims = dict[str, Any]
Header = dict[str, Any]


@dataclass(frozen=True)
class Proof:
    """The form in which a provider tells of proof of identity in a token of its own, inside the userinfo answer.

    `renamed` are the claims about a person who had one other name before, given first.
    """

    claim: str
    issuer: str
    controller: str
    document: str
    claims: Mapping[str, Any]
    renamed: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class FakeProfile:
    """A provider, as an adapter expects it. URLs are whole; `documents` are what else is fetched, such as discovery.

    `for_request` changes the profile to what the provider answers to one sign-in, from the parameters of its request:
    its levels and its claims are those that were asked for, and no others. `events_audience` is whom its security
    events are for, if not the client; `notices_algorithm` is how its notifications are signed, if not as its ID tokens.
    `level` is the name of the ID token's claim without which a sign-in does not count as one with two factors, and
    `one_factor` are the claims by which the provider tells of a sign-in with one. A client with a `client_secret` must
    send it with its code. `key_ids` says whether each of its ID tokens names its key, and `extra_audiences` whether
    they may be meant for others as well.
    """

    issuer: str
    client_id: str
    algorithm: str
    jwks: str
    token: str
    userinfo: str
    id_token: Mapping[str, Any] = field(default_factory=dict)
    about: Mapping[str, Any] = field(default_factory=dict)
    subject: str = SUBJECT
    proof: Proof | None = None
    documents: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    for_request: Callable[[FakeProfile, Mapping[str, str]], FakeProfile] | None = None
    events_audience: str | None = None
    notices_algorithm: str | None = None
    level: str | None = None
    one_factor: Mapping[str, Any] = field(default_factory=dict)
    client_secret: str | None = None
    key_ids: bool = True
    extra_audiences: bool = False


class ProviderKeys:
    """The keys of a test: the provider's, and those of somebody who would like to be the provider. Made once."""

    @cached_property
    def ec(self) -> Any:
        """The provider's key of P-256; its id is "k1" at first."""
        return _ec(1)

    @cached_property
    def proof(self) -> Any:
        """The provider's key for proof of identity; its fragment is "p1"."""
        return _ec(2)

    @cached_property
    def stranger(self) -> Any:
        """Somebody else's key of P-256."""
        return _ec(3)

    @cached_property
    def rsa(self) -> Any:
        """The provider's RSA key; its id is "r1" at first."""
        from cryptography.hazmat.primitives.asymmetric import rsa

        return rsa.generate_private_key(public_exponent=65537, key_size=2048)

    @cached_property
    def rsa_stranger(self) -> Any:
        """Somebody else's RSA key."""
        from cryptography.hazmat.primitives.asymmetric import rsa

        return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _ec(secret: int) -> Any:
    from cryptography.hazmat.primitives.asymmetric import ec

    return ec.derive_private_key(secret * 0x1234567, ec.SECP256R1())


KEYS = ProviderKeys()
MakeToken = Callable[["FakeOpenIdProvider", Claims], str]


class FakeOpenIdProvider:
    """The provider, as a transport. `visit` plays the person; the hooks corrupt what it makes; `sent` is what arrived.

    `corrupt_id_token` and `corrupt_proof` make a token of its genuine claims; `corrupt_about` and `corrupt_tokens`
    change the answers of the userinfo and the token endpoint, `corrupt_keys` the document with the keys of proofs. The
    URLs in `failing` answer that the server failed. `later` lets time pass, and `rotate` gives its keys new ids.
    """

    def __init__(self, profile: FakeProfile, clock: Callable[[], float]) -> None:
        self.profile = self._plain = profile
        self.keys = KEYS
        self.sent: list[Request] = []
        self.redeemed = 0
        self.corrupt_id_token: MakeToken | None = None
        self.corrupt_proof: MakeToken | None = None
        self.corrupt_about: Callable[[Claims], Response | Claims] | None = None
        self.corrupt_tokens: Callable[[Claims], Response | Claims] | None = None
        self.corrupt_keys: Callable[[Claims], Claims] | None = None
        self.failing: set[str] = set()
        self._clock = clock
        self._asked: Mapping[str, str] = {}
        self._is_code_fresh = False
        self._tokens_told = 0
        self._passed = 0
        self._generation = 1

    @property
    def now(self) -> int:
        """The time of the test."""
        return int(self._clock()) + self._passed

    def later(self, seconds: int) -> None:
        """Let time pass."""
        self._passed += seconds

    def rotate(self) -> None:
        """Sign with keys of other ids from now on, and publish no others."""
        self._generation += 1

    def _kid(self, letter: str) -> str:
        return f"{letter}{self._generation}"

    def visit(self, url: str) -> str:
        """Sign in as the person does; returns the URL at which they come back."""
        query = parameters_of(url)
        if self._plain.for_request is not None:
            self.profile = self._plain.for_request(self._plain, query)
        self._asked = query
        self._is_code_fresh = True
        return f"{query['redirect_uri']}?{urlencode({'code': CODE, 'state': query['state']})}"

    async def send(self, request: Request) -> Response:
        """Answer."""
        self.sent.append(request)
        profile = self.profile
        if request.url in self.failing:
            return Response(503, {"content-type": "text/plain"}, b"")
        if request.url in profile.documents:
            return answer(profile.documents[request.url])
        if request.url == profile.jwks:
            ec, rsa = self.public("ec", self._kid("k"), "ES256"), self.public("rsa", self._kid("r"), "RS256")
            return answer({"keys": [ec, rsa]})
        if profile.proof is not None and request.url == profile.proof.document:
            document = self._did_document(profile.proof)
            return answer(self.corrupt_keys(document) if self.corrupt_keys else document)
        if request.url == profile.token:
            if not (self._is_code_fresh and _redeems(request, self._asked)):
                return Response(400, {"content-type": "application/json"}, b'{"error": "invalid_grant"}')
            if profile.client_secret is not None and not _carries(request, profile.client_secret):
                return Response(401, {"content-type": "application/json"}, b'{"error": "invalid_client"}')
            self._is_code_fresh = False
            self.redeemed += 1
            return self._tokens()
        if request.url == profile.userinfo:
            return self._about()
        return Response(404, {"content-type": "text/plain"}, b"")

    async def sleep(self, seconds: float) -> None:
        """Pass over the wait."""

    async def run_blocking(self, work: Callable[[], Any]) -> Any:
        """Do the work here."""
        return work()

    async def aclose(self) -> None:
        """Do nothing."""

    def _tokens(self) -> Response:
        claims = self.genuine_claims()
        id_token = self.corrupt_id_token(self, claims) if self.corrupt_id_token else self.sign(claims)
        tokens = {"access_token": ACCESS_TOKEN, "token_type": "Bearer", "expires_in": 180, "id_token": id_token}
        return answer(self.corrupt_tokens(tokens) if self.corrupt_tokens else tokens)

    def _about(self) -> Response:
        about = {"sub": self.profile.subject, **self.profile.about}
        if self.profile.proof is not None:
            claims = self.genuine_proof()
            about[self.profile.proof.claim] = (
                self.corrupt_proof(self, claims) if self.corrupt_proof else self.sign_proof(claims)
            )
        return answer(self.corrupt_about(about) if self.corrupt_about else about)

    def genuine_claims(self) -> Claims:
        """The claims of an ID token with which nothing is wrong."""
        now = self.now
        return {
            "iss": self.profile.issuer,
            "sub": self.profile.subject,
            "aud": self.profile.client_id,
            "iat": now,
            "exp": now + 120,
            "nonce": self._asked.get("nonce", ""),
            "auth_time": now - 5,
            "at_hash": half_hash(ACCESS_TOKEN, self.profile.algorithm),
            **self.profile.id_token,
        }

    def logout_notice(self, subject: str, **changes: Any) -> tuple[bytes, Mapping[str, str]]:
        """A notice that a person signed out (OpenID Connect Back-Channel Logout 1.0): its body and headers.

        It is genuine, but for the claims that are changed; an Ellipsis leaves one out.
        """
        events: Claims = {"http://schemas.openid.net/event/backchannel-logout": {}}
        claims = {"events": events, "sub": subject, "aud": self.profile.client_id}
        token = self._told(subject, "logout+jwt", claims | changes)
        return f"logout_token={token}".encode(), {"Content-Type": "application/x-www-form-urlencoded"}

    def account_event(self, subject: str, **changes: Any) -> tuple[bytes, Mapping[str, str]]:
        """A security event, that an account was disabled (OpenID's RISC profile): its body and headers.

        It is genuine, but for the claims that are changed; an Ellipsis leaves one out.
        """
        whose = {"subject_type": "iss-sub", "iss": self.profile.issuer, "sub": subject}
        events = {"https://schemas.openid.net/secevent/risc/event-type/account-disabled": {"subject": whose}}
        audience = self.profile.events_audience or self.profile.client_id
        token = self._told(subject, "secevent+jwt", {"events": events, "aud": audience} | changes)
        return token.encode(), {"Content-Type": "application/secevent+jwt"}

    def _told(self, subject: str, kind: str, claims: Claims) -> str:
        self._tokens_told += 1
        life = {"iss": self.profile.issuer, "iat": self.now, "exp": self.now + 120}
        whole = {**life, "jti": f"{subject}-{self._tokens_told}", **claims}
        header = self._header(self.profile.notices_algorithm or self.profile.algorithm)
        return self.sign({name: value for name, value in whole.items() if value is not ...}, {**header, "typ": kind})

    def genuine_proof(self) -> Claims:
        """The claims of a proof of identity with which nothing is wrong."""
        proof = self.profile.proof
        if proof is None:
            raise LookupError("this provider has no token that proves identity")
        now = self.now
        return {
            "iss": proof.issuer,
            "sub": self.profile.subject,
            "aud": self.profile.client_id,
            "iat": now,
            "nbf": now,
            "exp": now + 1800,
            **proof.claims,
        }

    @property
    def genuine_header(self) -> Header:
        """The header of an ID token with which nothing is wrong."""
        return self._header(self.profile.algorithm)

    def _header(self, algorithm: str) -> Header:
        return {"alg": algorithm, "kid": self._kid("k" if algorithm == "ES256" else "r")}

    def sign(self, claims: Claims | bytes, header: Header | bytes | None = None, *, key: Any = None) -> str:
        """Sign claims with the provider's key, or with another; header and claims may be bytes, sent as they are."""
        head = self.genuine_header if header is None else header
        algorithm = head.get("alg") if isinstance(head, dict) else self.profile.algorithm
        own = self.keys.rsa if str(algorithm)[:2] in ("RS", "PS") else self.keys.ec
        return compact(head, claims, key or own, str(algorithm))

    def sign_proof(self, claims: Claims, header: Header | None = None, *, key: Any = None) -> str:
        """Sign a proof of identity."""
        return compact(header or self.proof_header, claims, key or self.keys.proof, (header or {}).get("alg", "ES256"))

    @property
    def proof_header(self) -> Header:
        """The header of a proof of identity with which nothing is wrong."""
        proof = self.profile.proof
        return {"alg": "ES256", "kid": f"{proof.controller}#p1" if proof else "p1"}

    def public(self, key: str, kid: str | None = None, algorithm: str | None = None) -> dict[str, Any]:
        """A public key of the ring as a JWK."""
        members: dict[str, Any] = dict(public_members(getattr(self.keys, key).public_key()))
        return members | ({"kid": kid} if kid else {}) | ({"alg": algorithm} if algorithm else {})

    def _did_document(self, proof: Proof) -> Claims:
        return {
            "id": proof.controller,
            "assertionMethod": [
                {
                    "type": "JsonWebKey",
                    "id": f"{proof.controller}#p1",
                    "controller": proof.controller,
                    "publicKeyJwk": self.public("proof"),
                }
            ],
        }


def _redeems(request: Request, asked: Mapping[str, str]) -> bool:
    """Whether who brings a code is who asked for it (RFC 6749, 4.1.3, and RFC 7636, 4.6)."""
    given = dict(parse_qsl((request.body or b"").decode()))
    challenge = encode(hashlib.sha256(given.get("code_verifier", "").encode()).digest())
    return given.get("redirect_uri") == asked["redirect_uri"] and challenge == asked.get("code_challenge", challenge)


def _carries(request: Request, secret: str) -> bool:
    """Whether a client proves itself with its secret, in the header or in the form (RFC 6749, 2.3.1)."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    kind, _, given = headers.get("authorization", "").partition(" ")
    if kind == "Basic":
        return unquote_plus(base64.b64decode(given).decode().partition(":")[2]) == secret
    return dict(parse_qsl((request.body or b"").decode())).get("client_secret") == secret


def parameters_of(url: str) -> dict[str, str]:
    """The parameters of a request to sign in, those of a signed request among them."""
    query = dict(parse_qsl(urlsplit(url).query))
    if "request" in query:
        query |= json.loads(base64.urlsafe_b64decode(query["request"].split(".")[1] + "=="))
    return query


def answer(value: Response | Mapping[str, Any]) -> Response:
    """A JSON answer, unless it is an answer already."""
    if isinstance(value, Response):
        return value
    return Response(200, {"content-type": "application/json"}, json.dumps(value).encode())


def encode(part: Claims | Header | bytes) -> str:
    """A segment of a token."""
    octets = part if isinstance(part, bytes) else json.dumps(part, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def compact(header: Header | bytes, claims: Claims | bytes, key: Any, algorithm: str) -> str:
    """A token signed with any algorithm that PyJWT has, whatever its header says."""
    from jwt.algorithms import get_default_algorithms

    signed = f"{encode(header)}.{encode(claims)}"
    known = get_default_algorithms()
    signer = known.get(algorithm, known["ES256"])
    return f"{signed}.{encode(signer.sign(signed.encode(), key))}"
