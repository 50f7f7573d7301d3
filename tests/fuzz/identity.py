"""What is fuzzed of identity: any bytes where a provider or a browser could put them; only typed refusals may come out.

`TARGETS` maps a name to a function of bytes. Each runs the real adapter on a provider that answers with those bytes,
raises if anything but a typed error comes out or if something false is let in, and has to end soon. The quick version
runs among the tests with hypothesis; `make fuzz` runs it with atheris.
"""

import json

from govcomponents.contracts.identity.fake_provider import FakeOpenIdProvider, FakeProfile, Proof, encode
from govcomponents.core.http.messages import Response
from govcomponents.core.http.runtime import Runtime
from govcomponents.core.transports.scripted import ScriptedTransport
from govcomponents.errors import CallbackRefused, ConfigurationError, InvalidInput, SignInError
from govcomponents.identity.adapters.one_login import wire
from govcomponents.identity.adapters.one_login.adapter import OneLogin
from govcomponents.identity.levels import Claim, Confidence
from govcomponents.identity.pending import PendingSignIn
from govcomponents.identity.pending_cookie import PendingCookie, new_cookie_key
from govcomponents.identity.service import IdentityService
from govcomponents.identity.urls import is_safe_return_path
from govcomponents.settings import IdentitySettings

HOST, CLIENT, NOW = "https://op.example.gov.uk", "fuzzed-client", 1_790_000_000
ASK = {"confidence": Confidence.MEDIUM, "claims": list(Claim)}
JSON = {"content-type": "application/json"}
CREDENTIAL = {"credentialSubject": {"name": [], "birthDate": []}}
PROFILE = FakeProfile(
    issuer=f"{HOST}/",
    client_id=CLIENT,
    algorithm="ES256",
    jwks=f"{HOST}/.well-known/jwks.json",
    token=f"{HOST}/token",
    userinfo=f"{HOST}/userinfo",
    id_token={"vot": "Cl.Cm"},
    proof=Proof(
        claim=wire.CORE_IDENTITY,
        issuer=f"{HOST}/",
        controller="did:web:op.example.gov.uk",
        document=f"{HOST}/.well-known/did.json",
        claims={"vot": "P2", "vc": CREDENTIAL},
    ),
)


def _settings():
    from govcomponents.identity.jose.own_keys import new_private_key

    return IdentitySettings(
        client_id=CLIENT, private_key=new_private_key(), redirect_url="https://rp.example.gov.uk/back", issuer=HOST
    )


SETTINGS = _settings()
SEAL = PendingCookie([new_cookie_key()])


def _service(transport):
    runtime = Runtime(transport, clock=lambda: NOW)
    return IdentityService(OneLogin.from_settings(SETTINGS, runtime), runtime)


class _Spoilt(FakeOpenIdProvider):
    """A fake of which one address answers with the fuzzer's bytes."""

    def __init__(self, url="", body=b""):
        super().__init__(PROFILE, lambda: NOW)
        self._spoilt = (url, body)

    async def send(self, request):
        url, body = self._spoilt
        return Response(200, JSON, body) if request.url == url else await super().send(request)


def _sign_in(fake):
    """Sign in; returns the identity, or None if it was refused as it should be."""
    service = _service(fake)
    started = service.start(**ASK)
    callback = fake.visit(started.url)
    try:
        return service.complete(started.pending, callback)
    except SignInError:
        return None


def _never(identity):
    if identity is not None:
        raise AssertionError("something false was let in")


def id_token(data):
    fake = _Spoilt()
    fake.corrupt_id_token = lambda fake, claims: data.decode("latin-1")
    _never(_sign_in(fake))


def signed_id_token(data):
    """The fuzzer's claims over the genuine ones, or its bytes, with a good signature."""
    fake = _Spoilt()

    def make(fake, claims):
        try:
            changes = json.loads(data)
        except (ValueError, RecursionError):
            changes = None
        return fake.sign({**claims, **changes} if isinstance(changes, dict) else data)

    fake.corrupt_id_token = make
    identity = _sign_in(fake)
    if identity is not None and identity.subject.reveal() != PROFILE.subject:
        raise AssertionError("another person was let in")


def header_of_id_token(data):
    fake = _Spoilt()
    fake.corrupt_id_token = lambda fake, claims: fake.sign(claims, data)
    identity = _sign_in(fake)
    if identity is not None and b"ES256" not in data and b"\\u" not in data:
        raise AssertionError("another algorithm was let in")


def core_identity(data):
    fake = _Spoilt()
    fake.corrupt_proof = lambda fake, claims: data.decode("latin-1")
    _never(_sign_in(fake))


def signed_core_identity(data):
    fake = _Spoilt()

    def make(fake, claims):
        try:
            changes = json.loads(data)
        except (ValueError, RecursionError):
            changes = {"vc": None}
        return fake.sign_proof({**claims, **changes} if isinstance(changes, dict) else claims | {"vc": changes})

    fake.corrupt_proof = make
    identity = _sign_in(fake)
    if identity is not None and (
        identity.confidence < Confidence.MEDIUM or identity.subject.reveal() != PROFILE.subject
    ):
        raise AssertionError("a false proof was let in")


def userinfo(data):
    _never(_sign_in(_Spoilt(PROFILE.userinfo, data)))


def claims_of_userinfo(data):
    """The fuzzer's claims over the genuine ones: whatever they are, the result can be used."""
    fake = _Spoilt()

    def make(about):
        try:
            changes = json.loads(data)
        except (ValueError, RecursionError):
            changes = data.decode("latin-1")
        spoilt = changes if isinstance(changes, dict) else dict.fromkeys(wire.IDENTITY_CLAIMS[1:], changes)
        return {**about, **spoilt}

    fake.corrupt_about = make
    identity = _sign_in(fake)
    if identity is not None:
        _ = (repr(identity), identity.name, identity.birth_date, identity.current_addresses)


def token_answer(data):
    _never(_sign_in(_Spoilt(PROFILE.token, data)))


def jwks(data):
    _never(_sign_in(_Spoilt(PROFILE.jwks, data)))


def did_document(data):
    _never(_sign_in(_Spoilt(PROFILE.proof.document, data)))


def discovery(data):
    try:
        _service(ScriptedTransport([Response(200, JSON, data)] * 9)).check()
    except (SignInError, ConfigurationError):
        return
    except AssertionError:
        return  # the script ends where a good document would go on to the keys


def callback(data):
    service = _service(ScriptedTransport())
    pending = service.start().pending
    for form in (data.decode("latin-1"), "https://rp.example.gov.uk/back?" + data.decode("latin-1")):
        try:
            service.complete(pending, form)
        except SignInError:
            continue
        raise AssertionError("a callback without the state was let in")


def logout_notice(data):
    service = _service(_Spoilt())
    for body in (data, b"logout_token=" + data, f"logout_token={encode(data)}.{encode(data)}.{encode(data)}".encode()):
        try:
            service.parse_callback(body, {})
        except CallbackRefused:
            continue
        raise AssertionError("a false notice was believed")


def kept_sign_in(data):
    for read in (PendingSignIn.load, SEAL.open):
        try:
            read(data.decode("latin-1"))
        except InvalidInput:
            continue
        if read is not PendingSignIn.load:
            raise AssertionError("something else was opened")


def return_path(data):
    from urllib.parse import urljoin, urlsplit

    path = data.decode("latin-1")
    if (
        is_safe_return_path(path)
        and urlsplit(urljoin("https://rp.example.gov.uk/x", path)).hostname != "rp.example.gov.uk"
    ):
        raise AssertionError("a path leads to another site")


_ALL = (
    id_token,
    signed_id_token,
    header_of_id_token,
    core_identity,
    signed_core_identity,
    userinfo,
    claims_of_userinfo,
    token_answer,
    jwks,
    did_document,
    discovery,
    callback,
    logout_notice,
    kept_sign_in,
    return_path,
)
TARGETS = {target.__name__: target for target in _ALL}
SEEDS = {
    "signed_id_token": [b'{"exp": true}', b'{"aud": []}', b'{"sub": 7}', b'{"vot": "Cl"}', b'{"nonce": null}', b"[]"],
    "header_of_id_token": [b'{"alg":"ES256","kid":"k1"}', b'{"alg":"none"}', b'{"alg":"ES256","kid":"k1","crit":[]}'],
    "signed_core_identity": [b'{"vot": "P1"}', b'{"vc": []}', b'{"vc": {"credentialSubject": {"name": [{}]}}}'],
    "claims_of_userinfo": [b"[{}]", b'[{"validUntil": "2021"}]', b'{"email": 7}', b'[{"code": ["A"]}]'],
    "jwks": [b'{"keys": [{"kty": "EC", "crv": "P-256", "kid": "k1", "x": "AA", "y": "AA"}]}'],
    "did_document": [b'{"id": "did:web:op.example.gov.uk", "assertionMethod": [{"type": "JsonWebKey"}]}'],
    "discovery": [b'{"issuer": "https://op.example.gov.uk/"}'],
    "callback": [b"code=a&state=b", b"error=access_denied&state=", b"?code=%ff"],
    "return_path": [b"/ok", b"//evil", b"/%2fevil", b"/\\evil"],
    "token_answer": [b'{"access_token": "a", "token_type": "Bearer", "id_token": "a.b.c"}'],
}
