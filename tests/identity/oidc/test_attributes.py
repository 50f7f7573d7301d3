"""ScotAccount by preset: sign-in with the ID token, proof of identity with a signed token of verified attributes.

No exchange recorded from the service is to be had: these are the examples of its public documentation, restated.
"""

import json
from dataclasses import replace
from urllib.parse import parse_qsl, urlsplit

import pytest

from govcomponents.contracts.identity.fake_provider import KEYS, FakeOpenIdProvider, FakeProfile, compact
from govcomponents.core.canonical_json import decode_base64url
from govcomponents.core.http.messages import Response
from govcomponents.core.http.runtime import Runtime
from govcomponents.errors import IdentityNotProved, SignInDenied, SignInReason, SignInRejected, SignInUnavailable
from govcomponents.identity.adapters.oidc.adapter import OpenIdConnect
from govcomponents.identity.levels import Authentication, Claim, Confidence
from govcomponents.privacy import Personal, Secret
from govcomponents.settings import IdentitySettings
from identity.kit import service_of

from .support import CLIENT, NOW, REDIRECT, document, service_key

PLACE = "https://authz.integration.scotaccount.service.gov.scot"
ATTRIBUTES = "https://issuer.main.integration.scotaccount.service.gov.scot"
SUBJECT = "4b1f8f0e-6a53-4f8e-9f0d-5a2f3e1d7c20"
ASK = {
    "confidence": Confidence.MEDIUM,
    "authentication": Authentication.SINGLE_FACTOR,
    "claims": [Claim.ADDRESS, Claim.PHONE],
}


def entry(scope, claims, **verification):
    found = {"outcome": "VERIFIED_SUCCESSFULLY", "trust_framework": "uk_tfida"} | verification
    return {"scope": scope, "verification": found, "claims": claims}


PERSON = entry(
    "scotaccount.gpg45.medium",
    {"given_name": "Sam", "family_name": "Example", "birth_date": "1984-02-29"},
    assurance_policy="GPG_45",
    confidence_level="medium",
)
HOME = entry(
    "scotaccount.address",
    {
        "address": {
            "uprn": "906700000000",
            "buildingNumber": "7",
            "streetName": "EXAMPLE ROAD",
            "addressLocality": "EDINBURGH",
            "postalCode": "EH1 1AA",
        }
    },
    validation_method="credit_reference_agency",
)
PHONE = entry("scotaccount.mobile", {"phone_number": "+447700900123", "phone_number_verified": True})


class ScotAccount(FakeOpenIdProvider):
    """ScotAccount as it is documented, with hooks to spoil the attributes."""

    def __init__(self, *entries, claims=None, header=None, key=None, answer=None):
        found = document(
            issuer=PLACE,
            authorization_endpoint=f"{PLACE}/authorize",
            token_endpoint=f"{PLACE}/token",
            jwks_uri=f"{PLACE}/jwks.json",
            userinfo_endpoint=...,
            end_session_endpoint=...,
            token_endpoint_auth_methods_supported=["private_key_jwt"],
        )
        profile = FakeProfile(
            issuer=PLACE,
            client_id=CLIENT,
            algorithm="RS256",
            jwks=f"{PLACE}/jwks.json",
            token=f"{PLACE}/token",
            userinfo="",
            subject=SUBJECT,
            documents={f"{PLACE}/.well-known/openid-configuration": found},
        )
        super().__init__(profile, lambda: NOW)
        self.entries = list(entries)
        self.changes = claims or {}
        self.header = header or {"alg": "RS256", "kid": "r1"}
        self.key = key or KEYS.rsa
        self.answer = answer

    async def send(self, request):
        if request.url != f"{ATTRIBUTES}/attributes/values":
            return await super().send(request)
        self.sent.append(request)
        if self.answer is not None:
            return self.answer
        claims = {"iss": ATTRIBUTES, "sub": SUBJECT, "iat": NOW, "verified_claims": self.entries} | self.changes
        kept = {name: value for name, value in claims.items() if value is not ...}
        token = compact(self.header, kept, self.key, self.header["alg"])
        return Response(200, {"content-type": "application/json"}, json.dumps({"claimsToken": token}).encode())

    @property
    def asked(self):
        return [request for request in self.sent if request.url.startswith(ATTRIBUTES)]


def service_on(provider, **changes):
    values = {
        "adapter": "oidc",
        "preset": "scotaccount",
        "environment": "integration",
        "client_id": CLIENT,
        "redirect_url": REDIRECT,
        "private_key": service_key(),
        "signing_algorithm": "ES256",
    }
    own = IdentitySettings(**(values | changes))
    return service_of(OpenIdConnect.from_settings(own, Runtime(provider, clock=lambda: NOW)))


def sign_in(provider, **ask):
    service = service_on(provider)
    started = service.start(**ask)
    return service.complete(started.pending, provider.visit(started.url))


def payload(token):
    return json.loads(decode_base64url(token.split(".")[1].encode()))


def test_a_person_is_proved_with_their_address():
    provider = ScotAccount(PERSON, HOME, PHONE)
    identity = sign_in(provider, **ASK)
    assert identity.subject == Personal(SUBJECT)
    assert identity.confidence is Confidence.MEDIUM
    assert identity.name.full.reveal() == "Sam Example"
    assert identity.birth_date.reveal().isoformat() == "1984-02-29"
    assert identity.phone.reveal() == "+447700900123"
    (home,) = identity.addresses
    assert home.uprn.reveal() == 906700000000
    assert (home.building_number.reveal(), home.street.reveal()) == ("7", "EXAMPLE ROAD")
    assert (home.locality.reveal(), home.postcode.reveal()) == ("EDINBURGH", "EH1 1AA")


def test_what_is_asked_for_and_how_it_is_fetched():
    provider = ScotAccount(PERSON, HOME)
    service = service_on(provider)
    started = service.start(**ASK)
    query = dict(parse_qsl(urlsplit(started.url).query))
    assert query["scope"] == "openid scotaccount.gpg45.medium scotaccount.address scotaccount.mobile"
    assert "acr_values" not in query
    service.complete(started.pending, provider.visit(started.url))
    (request,) = provider.asked
    assert request.headers["Authorization"].startswith("Bearer ")
    assertion = payload(request.headers["DIS-Client-Assertion"])
    assert assertion["aud"] == f"{ATTRIBUTES}/attributes/values"
    assert assertion["iss"] == assertion["sub"] == CLIENT
    (exchange,) = [sent for sent in provider.sent if sent.method == "POST"]
    form = dict(parse_qsl(exchange.body.decode()))
    assert payload(form["client_assertion"])["aud"] == f"{PLACE}/token"
    assert payload(form["client_assertion"])["jti"] != assertion["jti"]


def test_a_sign_in_alone_fetches_no_attributes():
    provider = ScotAccount()
    identity = sign_in(provider, authentication=Authentication.SINGLE_FACTOR)
    assert identity.confidence is Confidence.NONE
    assert provider.asked == []


def test_what_was_not_asked_for_is_not_taken():
    ask = {"confidence": Confidence.MEDIUM, "authentication": Authentication.SINGLE_FACTOR}
    identity = sign_in(ScotAccount(PERSON, HOME, PHONE), **ask)
    assert identity.name is not None
    assert (identity.addresses, identity.phone) == ((), None)


def test_a_person_may_come_back_days_later():
    provider = ScotAccount(PERSON)
    service = service_on(provider)
    started = service.start(confidence=Confidence.MEDIUM, authentication=Authentication.SINGLE_FACTOR)
    back = provider.visit(started.url)
    for days, good in ((6.9, True), (7.1, False)):
        kept = replace(started.pending, created_at=int(NOW - days * 86_400))
        if good:
            assert service.complete(kept, back).confidence is Confidence.MEDIUM
            continue
        with pytest.raises(SignInRejected) as caught:
            service.complete(kept, back)
        assert caught.value.reason is SignInReason.BAD_STATE


def test_the_other_spelling_of_an_address():
    snake = entry("scotaccount.address", {"address": [{"uprn": 7, "street_name": "A", "postal_code": "B"}, "x", {}]})
    (home,) = sign_in(ScotAccount(PERSON, snake), **ASK).addresses
    assert (home.uprn.reveal(), home.street.reveal(), home.postcode.reveal()) == (7, "A", "B")
    nothing = entry("scotaccount.address", {"address": [{}, {"uprn": None, "street_name": " "}]})
    assert sign_in(ScotAccount(PERSON, nothing), **ASK).addresses == ()


@pytest.mark.parametrize(
    "uprn", [None, "", "x", "9" * 13, True, [1], "\u0667"], ids=lambda value: str(value).partition(" object at")[0]
)
def test_an_odd_uprn_is_none(uprn):
    told = entry("scotaccount.address", {"address": {"uprn": uprn, "postal_code": "EX1 1AA"}})
    (home,) = sign_in(ScotAccount(PERSON, told), **ASK).addresses
    assert home.uprn is None


@pytest.mark.parametrize(
    "entries",
    [
        (),
        (HOME,),
        (PERSON | {"verification": PERSON["verification"] | {"outcome": "VERIFIED_WITH_WARNINGS"}},),
        (PERSON | {"verification": PERSON["verification"] | {"outcome": "VERIFICATION_FAILED"}},),
        (PERSON | {"verification": PERSON["verification"] | {"outcome": "4b1f VERIFIED SUCCESSFULLY"}},),
        (PERSON | {"verification": PERSON["verification"] | {"confidence_level": "low"}},),
        (PERSON | {"verification": PERSON["verification"] | {"confidence_level": "splendid"}},),
        (PERSON | {"verification": PERSON["verification"] | {"confidence_level": None}},),
        (PERSON | {"verification": None},),
        (PERSON | {"claims": None},),
        (PERSON | {"scope": "scotaccount.email"},),
        (PERSON | {"scope": ["scotaccount.gpg45.medium"]},),
        ("text", None, 7),
    ],
)
def test_what_was_not_verified_proves_nothing(entries):
    with pytest.raises(IdentityNotProved) as caught:
        sign_in(ScotAccount(*entries), **ASK)
    assert caught.value.subject == Personal(SUBJECT)


def test_a_person_of_whom_nothing_is_known_is_not_proved():
    missing = Response(404, {"content-type": "application/json"}, b'{"error":"not_found"}')
    with pytest.raises(IdentityNotProved):
        sign_in(ScotAccount(answer=missing), **ASK)


@pytest.mark.parametrize("level", ["medium", "high", "very_high"])
def test_one_entry_need_not_be_in_a_list(level):
    only = PERSON | {"verification": PERSON["verification"] | {"confidence_level": level}}
    wanted = Confidence.MEDIUM if level == "medium" else Confidence.HIGH
    assert sign_in(ScotAccount(claims={"verified_claims": only}), **ASK).confidence is wanted


@pytest.mark.parametrize(
    ("spoilt", "reason"),
    [
        ({"claims": {"iss": PLACE}}, SignInReason.BAD_ISSUER),
        ({"claims": {"iss": f"{ATTRIBUTES}/jwt"}}, SignInReason.BAD_ISSUER),
        ({"claims": {"sub": "another"}}, SignInReason.BAD_SUBJECT),
        ({"claims": {"sub": ...}}, SignInReason.BAD_SUBJECT),
        ({"claims": {"iat": ...}}, SignInReason.MALFORMED),
        ({"claims": {"iat": NOW - 1000}}, SignInReason.EXPIRED),
        ({"claims": {"iat": NOW + 1000}}, SignInReason.NOT_YET_VALID),
        ({"claims": {"aud": "another"}}, SignInReason.BAD_AUDIENCE),
        ({"claims": {"exp": NOW - 100}}, SignInReason.EXPIRED),
        ({"claims": {"nonce": "x"}}, SignInReason.BAD_TYPE),
        ({"claims": {"events": {}}}, SignInReason.BAD_TYPE),
        ({"key": KEYS.rsa_stranger}, SignInReason.BAD_SIGNATURE),
        ({"header": {"alg": "ES256", "kid": "k1"}, "key": KEYS.ec}, SignInReason.BAD_ALGORITHM),
        ({"header": {"alg": "RS256", "kid": "r2"}}, SignInReason.UNKNOWN_KEY),
        ({"header": {"alg": "RS256"}}, SignInReason.UNKNOWN_KEY),
        ({"answer": Response(200, {"content-type": "application/json"}, b"{}")}, SignInReason.MALFORMED),
        ({"answer": Response(200, {"content-type": "application/json"}, b'{"claimsToken":7}')}, SignInReason.MALFORMED),
        ({"answer": Response(200, {"content-type": "text/html"}, b"<p>")}, SignInReason.MALFORMED),
        ({"answer": Response(302, {"location": "https://evil.example.com"}, b"")}, SignInReason.BLOCKED_URL),
    ],
    ids=lambda value: str(value).partition(" object at")[0],
)
def test_hostile_attributes_are_rejected(spoilt, reason):
    with pytest.raises(SignInRejected) as caught:
        sign_in(ScotAccount(PERSON, HOME, **spoilt), **ASK)
    assert caught.value.reason is reason


@pytest.mark.parametrize(("status", "error"), [(401, SignInDenied), (403, SignInUnavailable), (503, SignInUnavailable)])
def test_refused_attributes_are_errors(status, error):
    refusal = Response(status, {"content-type": "application/json"}, b'{"error":"access_denied"}')
    with pytest.raises(error) as caught:
        sign_in(ScotAccount(answer=refusal), **ASK)
    assert caught.value.fix


def test_signing_out_is_at_a_place_that_the_preset_knows():
    url = service_on(ScotAccount()).sign_out_url(Secret("the token"), "https://service.example.gov.uk/signed-out")
    assert url.startswith(f"{PLACE}/authorize/logout?id_token_hint=")
