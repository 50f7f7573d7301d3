"""The GOV.UK One Login adapter fulfils the contract, over the sandbox and over a provider that forges."""

import pytest

from govcomponents.contracts.identity.fake_provider import FakeOpenIdProvider
from govcomponents.contracts.identity.suite import FakeProfile, IdentityDouble, IdentitySubject, IdentitySuite, Proof
from govcomponents.core.transports.in_process import InProcessTransport
from govcomponents.identity.adapters.one_login import wire
from govcomponents.identity.adapters.one_login.adapter import OneLogin
from govcomponents.identity.levels import Claim, Confidence
from govcomponents.sandbox.app import Sandbox

from .kit import CLIENT, default_world, settings

HOST = "https://sandbox.example.gov.uk"
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
    default_world()["keys"][0]["private_jwk"]["d"],
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


def profile(algorithm):
    return FakeProfile(
        issuer=f"{HOST}/",
        client_id=CLIENT,
        algorithm=algorithm,
        jwks=f"{HOST}/.well-known/jwks.json",
        token=f"{HOST}/token",
        userinfo=f"{HOST}/userinfo",
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


class TestOverTheSandbox(IdentitySuite):
    @pytest.fixture
    def subject(self):
        def connect():
            sandbox = Sandbox({"one_login": default_world()}, sign_in="at_once")
            codes = []

            def answer(request):
                reply = sandbox.handle(request)
                if request.url.endswith("/token") and reply.status == 200:
                    codes.append(request)
                return reply

            return IdentityDouble(
                InProcessTransport(answer, sandbox.clock.advance),
                sandbox.clock.time,
                lambda url: sandbox.visit(url).headers["location"],
                lambda: len(codes),
                sandbox.clock.advance,
            )

        return IdentitySubject(build=build, connect=connect, ask=ASK, fake=profile("ES256"), canaries=CANARIES)


class TestOverAFakeProvider(IdentitySuite):
    """The same over answers that this test makes itself, for a client whose ID tokens are RS256."""

    @pytest.fixture
    def subject(self):
        def connect():
            fake = FakeOpenIdProvider(profile("RS256"), lambda: 1_790_000_000)
            return IdentityDouble(fake, lambda: 1_790_000_000, fake.visit, lambda: fake.redeemed, lambda seconds: None)

        return IdentitySubject(build=build_rs256, connect=connect, ask=ASK, fake=profile("RS256"), canaries=CANARIES)
