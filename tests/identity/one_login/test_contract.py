"""The GOV.UK One Login adapter fulfils the contract, over the sandbox and over a provider that forges."""

import json

from govcomponents.contracts.identity.fake_provider import FakeOpenIdProvider
from govcomponents.contracts.identity.suite import FakeProfile, IdentityDouble, IdentitySubject, IdentitySuite, Proof
from govcomponents.core.transports.in_process import InProcessTransport
from govcomponents.identity.adapters.one_login import wire
from govcomponents.identity.adapters.one_login.adapter import OneLogin
from govcomponents.identity.levels import Claim, Confidence
from govcomponents.sandbox.app import Sandbox
from identity.kit import CLIENT, HOST, default_world, settings, test_key

CANARIES = (
    "sam@example.com",
    "+447700900123",
    "7700900123",
    "ROWAN",
    "1984-02-29",
    "1984, 2, 29",
    "EXAMPLE ROAD",
    "EX1 1AA",
    "999000001",
    "EXAMP802294",
    "canary@example.com",
    "CANARYNAME",
    json.loads(test_key())["d"],
)
ASK = {
    "confidence": Confidence.MEDIUM,
    "claims": [Claim.PHONE, Claim.ADDRESS, Claim.PASSPORT, Claim.DRIVING_PERMIT, Claim.RETURN_CODES],
}
CREDENTIAL = {
    "type": ["VerifiableCredential", "IdentityCheckCredential"],
    "credentialSubject": {
        "name": [{"nameParts": [{"type": "GivenName", "value": "CANARYNAME"}]}],
        "birthDate": [{"value": "1984-02-29"}],
    },
}


DISCOVERY = {
    "issuer": f"{HOST}/",
    "authorization_endpoint": f"{HOST}/authorize",
    "token_endpoint": f"{HOST}/token",
    "userinfo_endpoint": f"{HOST}/userinfo",
    "jwks_uri": f"{HOST}/.well-known/jwks.json",
    "end_session_endpoint": f"{HOST}/logout",
}


def profile(algorithm):
    return FakeProfile(
        issuer=f"{HOST}/",
        client_id=CLIENT,
        algorithm=algorithm,
        jwks=f"{HOST}/.well-known/jwks.json",
        token=f"{HOST}/token",
        userinfo=f"{HOST}/userinfo",
        documents={f"{HOST}/.well-known/openid-configuration": DISCOVERY},
        id_token={"vot": "Cl.Cm", "vtm": f"{HOST}/trustmark", "sid": "s"},
        about={"email": "canary@example.com", "email_verified": True, wire.RETURN_CODE: [{"code": "P"}]},
        proof=Proof(
            claim=wire.CORE_IDENTITY,
            issuer=f"{HOST}/",
            controller="did:web:sandbox.example.gov.uk",
            document=f"{HOST}/.well-known/did.json",
            claims={"vot": "P2", "vc": CREDENTIAL},
        ),
    )


def build(runtime):
    return OneLogin.from_settings(settings(), runtime)


def build_rs256(runtime):
    return OneLogin.from_settings(settings(id_token_algorithm="RS256"), runtime)


def connect():
    sandbox = Sandbox({"one_login": default_world()}, sign_in="at_once")
    codes = []

    def answer(request):
        reply = sandbox.handle(request)
        if request.url.endswith("/token") and reply.status == 200:
            codes.append(request)
        return reply

    return IdentityDouble(
        transport=InProcessTransport(answer, sandbox.clock.advance),
        clock=sandbox.clock.time,
        visit=lambda url: sandbox.visit(url).headers["location"],
        redeemed=lambda: len(codes),
    )


class TestOverTheSandbox(IdentitySuite):
    subject = IdentitySubject(build=build, connect=connect, ask=ASK, fake=profile("ES256"), canaries=CANARIES)


class TestOverAFakeProvider(IdentitySuite):
    """The same over answers that this test makes itself, for a client whose ID tokens are RS256."""

    subject = IdentitySubject(
        build=build_rs256,
        connect=lambda: IdentityDouble.of_fake(FakeOpenIdProvider(profile("RS256"), lambda: 1_790_000_000)),
        ask=ASK,
        fake=profile("RS256"),
        canaries=CANARIES,
    )
