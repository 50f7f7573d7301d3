"""The GOV.UK One Login adapter fulfils the contract, over the sandbox and over a provider that forges."""

import json
from copy import deepcopy
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

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


FORMER = {"nameParts": [{"type": "GivenName", "value": "FORMER"}], "validUntil": "2019-05-30"}
RENAMED = deepcopy(CREDENTIAL)
RENAMED["credentialSubject"]["name"].insert(0, FORMER)


DISCOVERY = {
    "issuer": f"{HOST}/",
    "authorization_endpoint": f"{HOST}/authorize",
    "token_endpoint": f"{HOST}/token",
    "userinfo_endpoint": f"{HOST}/userinfo",
    "jwks_uri": f"{HOST}/.well-known/jwks.json",
    "end_session_endpoint": f"{HOST}/logout",
}


TOLD_BY_SCOPE = {
    "phone": {"phone_number": "+447700900123", "phone_number_verified": True},
    "wallet-subject-id": {"wallet_subject_id": "urn:fdc:wallet.account.gov.uk:2024:canary-wallet"},
}
TOLD_BY_CLAIM = {
    wire.ADDRESS: [{"postalCode": "EX1 1AA", "streetName": "EXAMPLE ROAD"}],
    wire.PASSPORT: [{"documentNumber": "999000001"}],
    wire.DRIVING_PERMIT: [{"personalNumber": "EXAMP802294"}],
    wire.RETURN_CODE: [{"code": "P"}],
}


def answer_to(found, query):
    """The provider gives the levels and the claims that it is asked for."""
    query = {
        name: json.loads(value) if isinstance(value, str) and value[:1] in ("[", "{") else value
        for name, value in query.items()
    }
    claims = query.get("claims", {}).get("userinfo", {})
    *credential, level = query["vtr"][0].split(".") if "vtr" in query else ["Cl", "Cm", "P0"]
    if not level.startswith("P"):
        credential, level = [*credential, level], "P0"
    about = {"email": "canary@example.com", "email_verified": True}
    for scope in query["scope"].split():
        about |= TOLD_BY_SCOPE.get(scope, {})
    about |= {name: TOLD_BY_CLAIM[name] for name in claims if name in TOLD_BY_CLAIM}
    return replace(
        found,
        id_token=found.id_token | {"vot": ".".join(credential)},
        about=about,
        proof=replace(found.proof, claims=found.proof.claims | {"vot": level}),
    )


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
        for_request=answer_to,
        notices_algorithm="ES256",
        level="vot",
        one_factor={"vot": "Cl"},
        proof=Proof(
            claim=wire.CORE_IDENTITY,
            issuer=f"{HOST}/",
            controller="did:web:sandbox.example.gov.uk",
            document=f"{HOST}/.well-known/did.json",
            claims={"vot": "P2", "vc": CREDENTIAL},
            renamed={"vc": RENAMED},
        ),
    )


def build(runtime):
    return OneLogin.from_settings(settings(), runtime)


def build_rs256(runtime):
    return OneLogin.from_settings(settings(id_token_algorithm="RS256"), runtime)


def connect():
    world = deepcopy(default_world())
    world["clients"][0]["back_channel_logout_url"] = "https://service.example.gov.uk/signed-out-elsewhere"
    sandbox = Sandbox({"one_login": world}, sign_in="at_once")
    codes, notices = [], []

    def keep(notice):
        notices.append((notice.body, notice.headers))
        return 200

    sandbox.callbacks.receive(keep)

    def answer(request):
        reply = sandbox.handle(request)
        if request.url.endswith("/token") and reply.status == 200:
            codes.append(request)
        return reply

    def visit(url):
        has_codes = "returnCode" in str(parse_qs(urlsplit(url).query).get("claims")) and "address" not in url
        sandbox.one_login.sign_in_as("NIA" if has_codes else "SAM")
        return sandbox.visit(url).headers["location"]

    def logout_notice(_subject):
        sandbox.one_login.sign_out_everywhere("SAM")
        sandbox.clock.advance(1)
        return notices[-1]

    return IdentityDouble(
        transport=InProcessTransport(answer, sandbox.clock.advance),
        clock=sandbox.clock.time,
        visit=visit,
        redeemed=lambda: len(codes),
        logout_notice=logout_notice,
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
