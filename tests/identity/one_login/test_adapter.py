"""The GOV.UK One Login adapter on the wire, and what it makes of what it is told."""

import json
import logging
from dataclasses import replace
from datetime import date
from urllib.parse import parse_qsl, urlsplit

import jwt
import pytest

from govcomponents.core.http.messages import Replay, Response
from govcomponents.core.http.runtime import Runtime
from govcomponents.core.transports.scripted import ScriptedTransport
from govcomponents.errors import (
    ConfigurationError,
    CredentialsRefused,
    IdentityNotProved,
    InvalidInput,
    NotSupported,
    SignInDenied,
    SignInReason,
    SignInRejected,
    SignInUnavailable,
)
from govcomponents.identity.adapters.one_login import wire
from govcomponents.identity.adapters.one_login.adapter import OneLogin
from govcomponents.identity.jose.signing import CallableSigner
from govcomponents.identity.levels import Authentication, Claim, Confidence
from govcomponents.sandbox.providers.one_login.sign_ins import Outcome
from identity.kit import CLIENT, REDIRECT, Desk, default_world, port_of, service_of, settings
from identity.kit import test_key as service_key


def query(url):
    return dict(parse_qsl(urlsplit(url).query, strict_parsing=True))


# -- the authorization request ------------------------------------------------------------------------------------


def test_a_sign_in_alone():
    started = service_of(port_of()).start()
    assert query(started.url) == {
        "response_type": "code",
        "client_id": CLIENT,
        "redirect_uri": REDIRECT,
        "scope": "openid email",
        "state": started.pending.state.reveal(),
        "nonce": started.pending.nonce.reveal(),
        "vtr": '["Cl.Cm"]',
        "ui_locales": "en",
        "code_challenge": query(started.url)["code_challenge"],
        "code_challenge_method": "S256",
    }


@pytest.mark.parametrize(
    ("ask", "vtr"),
    [
        ({"authentication": Authentication.SINGLE_FACTOR}, '["Cl"]'),
        ({"confidence": Confidence.LOW}, '["Cl.Cm.P1"]'),
        ({"confidence": Confidence.MEDIUM}, '["Cl.Cm.P2"]'),
        ({"confidence": [Confidence.MEDIUM, Confidence.LOW]}, '["Cl.Cm.P1","Cl.Cm.P2"]'),
        ({"confidence": []}, '["Cl.Cm"]'),
    ],
)
def test_vectors_of_trust(ask, vtr):
    assert query(service_of(port_of()).start(**ask).url)["vtr"] == vtr


def test_every_claim_and_welsh():
    asked = query(service_of(port_of()).start(confidence=Confidence.MEDIUM, claims=list(Claim), language="cy").url)
    assert asked["scope"] == "openid email phone wallet-subject-id"
    assert asked["ui_locales"] == "cy"
    assert json.loads(asked["claims"]) == {"userinfo": dict.fromkeys(wire.IDENTITY_CLAIMS)}


def test_proof_needs_two_factors():
    with pytest.raises(InvalidInput) as caught:
        service_of(port_of()).start(confidence=Confidence.LOW, authentication=Authentication.SINGLE_FACTOR)
    assert caught.value.field == "authentication"


def test_claims_that_need_proof_are_not_asked_for_in_vain():
    with pytest.raises(InvalidInput) as caught:
        service_of(port_of()).start(claims=[Claim.ADDRESS])
    assert caught.value.field == "claims"


def test_high_confidence_only_where_it_is_switched_on():
    with pytest.raises(NotSupported):
        service_of(port_of()).start(confidence=Confidence.HIGH)
    high = service_of(port_of(high_confidence=True)).start(confidence=Confidence.HIGH)
    assert query(high.url)["vtr"] == '["Cl.Cm.P3"]'


def test_c23_a_query_that_the_gateway_would_block_is_not_made():
    with pytest.raises(ConfigurationError):
        service_of(port_of(redirect_url=REDIRECT + "?x=" + "y" * 4000)).start()


# -- the token request --------------------------------------------------------------------------------------------


def test_the_token_request_is_authenticated_and_not_repeated(desk):
    sent = []

    class Watching(type(desk.transport)):
        async def send(self, request):
            sent.append(request)
            return await super().send(request)

    over = Runtime(Watching(desk.sandbox.handle, desk.sandbox.clock.advance), clock=desk.sandbox.clock.time)
    watched = service_of(OneLogin.from_settings(settings(), over))
    started = watched.start(confidence=Confidence.MEDIUM)
    watched.complete(started.pending, desk.visit(started.url))
    token, *_ = [request for request in sent if request.method == "POST"]
    assert token.replay is Replay.UNSENT
    form = dict(parse_qsl(token.body.decode()))
    assert set(form) == {
        "grant_type", "code", "redirect_uri", "code_verifier", "client_assertion_type", "client_assertion",
    }  # fmt: skip
    assert form["redirect_uri"] == REDIRECT
    claims = jwt.decode(form["client_assertion"], options={"verify_signature": False})
    assert claims["aud"] == "https://sandbox.example.gov.uk/"  # K3: the issuer, as one text
    assert all(request.headers["User-Agent"] for request in sent)  # T19
    assert [urlsplit(request.url).path for request in sent] == [
        "/token", "/.well-known/jwks.json", "/userinfo", "/.well-known/did.json",
    ]  # fmt: skip


@pytest.mark.parametrize("algorithm", ["RS256", "RS512", "PS256"])
def test_the_sandbox_takes_every_algorithm_of_assertions(algorithm):
    assert Desk(signing_algorithm=algorithm).sign_in().subject


def test_a_signer_instead_of_a_key():
    from govcomponents.identity.jose.signing import load_signer
    from govcomponents.privacy import Secret

    real = load_signer(Secret(service_key()), algorithm="RS256", allowed=wire.CLIENT_ALGORITHMS, setting="S")
    signer = CallableSigner("RS256", "vault", real.sign)
    assert Desk(private_key=None, signer=signer).sign_in().subject


def test_a_wrong_key_is_said_plainly():
    from identity.jose.test_signing import KEYS, pem

    with pytest.raises(CredentialsRefused) as caught:
        Desk(private_key=pem(KEYS.rsa)).sign_in()
    assert "public key" in caught.value.fix
    assert caught.value.code == "invalid_client"


def test_a_wrong_clock_is_said_plainly(desk):
    started = desk.identity.start()
    callback = desk.visit(started.url)
    slow = Runtime(desk.transport, clock=lambda: desk.sandbox.clock.time() - 3000)
    late = service_of(OneLogin.from_settings(settings(pending_life=86_400), slow))
    pending = replace(started.pending, created_at=started.pending.created_at - 3000)
    with pytest.raises(CredentialsRefused) as caught:
        late.complete(pending, callback)
    assert "clock" in caught.value.fix


def test_c9_a_code_of_another_sign_in_is_refused():
    desk = Desk()
    started = desk.identity.start()
    callback = desk.visit(started.url)
    pending = replace(started.pending, code_verifier=started.pending.nonce)
    with pytest.raises(SignInDenied) as caught:
        desk.identity.complete(pending, callback)
    assert "PKCE" in str(caught.value)


@pytest.mark.parametrize(
    ("answer", "kind", "reason"),
    [
        (Response(400, {}, b'{"error":"invalid_request"}'), SignInDenied, SignInReason.PROVIDER_ERROR),
        (Response(400, {}, b'{"error":"something new"}'), SignInDenied, SignInReason.PROVIDER_ERROR),
        (Response(400, {}, b'{"error":"server_error"}'), SignInUnavailable, SignInReason.PROVIDER_UNAVAILABLE),
        (Response(429, {}, b""), SignInUnavailable, SignInReason.PROVIDER_UNAVAILABLE),
        (Response(403, {}, b"<html>"), SignInUnavailable, SignInReason.PROVIDER_UNAVAILABLE),
        (
            Response(502, {}, b'{"message":"Internal server error"}'),
            SignInUnavailable,
            SignInReason.PROVIDER_UNAVAILABLE,
        ),
        (Response(400, {}, b'{"error":["x"]}'), SignInDenied, SignInReason.PROVIDER_ERROR),
    ],
)
def test_t6_whatever_the_token_endpoint_answers_it_is_asked_once(answer, kind, reason):
    transport = ScriptedTransport([answer])
    service = service_of(OneLogin.from_settings(settings(), Runtime(transport)))
    pending = service.start().pending
    with pytest.raises(kind) as caught:
        service.complete(pending, {"code": "c", "state": pending.state.reveal()})
    assert caught.value.reason is reason
    assert len(transport.sent) == 1


def test_a_refused_access_token_is_a_denied_sign_in(desk):
    class Refusing(type(desk.transport)):
        async def send(self, request):
            if "userinfo" in request.url:
                return Response(401, {"www-authenticate": 'Bearer error="invalid_token"'}, b"")
            return await super().send(request)

    over = Runtime(Refusing(desk.sandbox.handle, desk.sandbox.clock.advance), clock=desk.sandbox.clock.time)
    other = service_of(OneLogin.from_settings(settings(), over))
    started = other.start()
    callback = desk.visit(started.url)
    with pytest.raises(SignInDenied) as caught:
        other.complete(started.pending, callback)
    assert caught.value.code == "invalid_token"


# -- what comes back ----------------------------------------------------------------------------------------------


def test_everything_about_a_person(desk):
    identity = desk.sign_in(confidence=Confidence.MEDIUM, claims=list(Claim))
    sam = default_world()["people"][0]
    assert identity.subject.reveal() == sam["sub"]
    assert (identity.email.reveal(), identity.email_verified) == ("sam@example.com", True)
    assert (identity.phone.reveal(), identity.phone_verified) == ("+447700900123", True)
    assert identity.wallet_subject.reveal() == sam["wallet_subject_id"]
    assert identity.confidence is Confidence.MEDIUM
    assert identity.authentication is Authentication.TWO_FACTOR
    assert identity.authenticated_at.tzinfo is not None
    assert identity.name.full.reveal() == "SAM ROWAN EXAMPLE"
    assert (identity.name.given.reveal(), identity.name.family.reveal()) == ("SAM ROWAN", "EXAMPLE")
    assert [name.is_current for name in identity.names] == [True, False]
    assert identity.birth_date.reveal() == date(1984, 2, 29)
    assert [address.postcode.reveal() for address in identity.current_addresses] == ["EX1 1AA"]
    assert identity.addresses[0].uprn.reveal() == 100000000001
    assert identity.addresses[0].building_name is None
    assert identity.addresses[1].valid_until.reveal() == date(2021, 1, 1)
    assert identity.passports[0].number.reveal() == "999000001"
    assert identity.driving_permits[0].issue_number.reveal() == "12"
    assert identity.return_codes == ()
    assert identity.raw["email"] == "sam@example.com"
    assert wire.CORE_IDENTITY not in identity.raw


def test_t24_p2_no_token_is_kept_but_the_one_for_signing_out(desk):
    identity = desk.sign_in(confidence=Confidence.MEDIUM)
    assert "eyJ" not in json.dumps(identity.raw)
    assert identity.id_token.reveal().startswith("eyJ")


def test_a_person_with_one_name_part_two_birth_dates_and_no_phone():
    desk = Desk()
    desk.provider.sign_in_as("ALEX")
    identity = desk.sign_in(confidence=Confidence.LOW, claims=[Claim.ADDRESS])
    assert identity.name.full.reveal() == "ALEX"
    assert identity.name.family.reveal() == ""
    assert [day.reveal() for day in identity.birth_dates] == [date(1990, 12, 1), date(1990, 1, 12)]
    assert identity.phone is None
    assert identity.addresses[0].region.reveal() == "EXEMPLE"


def test_trap_20_a_verified_phone_without_a_number_is_no_phone():
    desk = Desk()
    desk.provider.sign_in_as("ROBIN")
    identity = desk.sign_in(claims=[Claim.PHONE])
    assert (identity.phone, identity.phone_verified) == (None, False)


def test_trap_5_return_codes_do_not_mean_failure():
    desk = Desk()
    desk.provider.sign_in_as("NIA")
    identity = desk.sign_in(confidence=Confidence.MEDIUM, claims=[Claim.RETURN_CODES])
    assert identity.return_codes == ("P",)
    assert identity.confidence is Confidence.MEDIUM


@pytest.mark.parametrize(
    ("person", "outcome", "ask", "codes"),
    [
        ("PAT", Outcome.SUCCESS, Confidence.MEDIUM, ("A", "B")),
        ("ALEX", Outcome.SUCCESS, Confidence.MEDIUM, ()),
        ("SAM", Outcome.NOT_PROVED, Confidence.MEDIUM, ("A",)),
        ("PAT", Outcome.SUCCESS, Confidence.LOW, ("A", "B")),
    ],
)
def test_trap_4_a_code_may_come_without_proof(person, outcome, ask, codes):
    desk = Desk()
    desk.provider.sign_in_as(person, outcome)
    with pytest.raises(IdentityNotProved) as caught:
        desk.sign_in(confidence=ask, claims=[Claim.RETURN_CODES])
    assert caught.value.return_codes == codes
    assert caught.value.subject.reveal().startswith("urn:fdc:gov.uk:2022:")
    assert "urn:" not in str(caught.value)


def test_either_of_two_levels_will_do():
    desk = Desk()
    for symbol, reached in (("SAM", Confidence.MEDIUM), ("ALEX", Confidence.LOW)):
        desk.provider.sign_in_as(symbol)
        assert desk.sign_in(confidence=[Confidence.LOW, Confidence.MEDIUM]).confidence is reached


@pytest.mark.parametrize(
    ("outcome", "kind", "words"),
    [
        (Outcome.LEFT, SignInDenied, "not proved, or they left"),
        (Outcome.LOST_SESSION, SignInDenied, "lost the person's session"),
        (Outcome.UNAVAILABLE, SignInUnavailable, "cannot sign people in now"),
        (Outcome.SERVER_ERROR, SignInUnavailable, "cannot sign people in now"),
    ],
)
def test_how_a_sign_in_ends_otherwise(desk, outcome, kind, words):
    desk.provider.sign_in_as("SAM", outcome)
    with pytest.raises(kind) as caught:
        desk.sign_in(confidence=Confidence.MEDIUM)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("error", "description", "kind", "shown"),
    [
        ("invalid_request", "Request vtr is not permitted", SignInDenied, True),
        ("invalid_scope", "Invalid, unknown or malformed scope", SignInDenied, True),
        ("unauthorized_client", "client deactivated", SignInUnavailable, True),
        ("unauthorized_client", "client deprecated", SignInDenied, True),
        ("login_required", "", SignInDenied, False),
        ("access_denied", "canary", SignInDenied, False),
        ("never_heard_of", "canary", SignInDenied, False),
    ],
)
def test_trap_28_33_errors_in_the_callback(desk, error, description, kind, shown):
    pending = desk.identity.start().pending
    with pytest.raises(kind) as caught:
        desk.identity.complete(
            pending, {"error": error, "error_description": description, "state": pending.state.reveal()}
        )
    assert ((description in str(caught.value)) if description else False) is shown
    assert caught.value.code == (error if error != "never_heard_of" else "other")


def test_b17_less_authentication_than_was_asked_for(desk):
    started = desk.identity.start(authentication=Authentication.SINGLE_FACTOR)
    callback = desk.visit(started.url)
    stricter = replace(started.pending, authentication=Authentication.TWO_FACTOR)
    with pytest.raises(SignInRejected) as caught:
        desk.identity.complete(stricter, callback)
    assert caught.value.reason is SignInReason.BAD_LEVEL


def test_trap_9_tokens_that_waited_are_refused(desk):
    started = desk.identity.start()
    callback = desk.visit(started.url)
    desk.sandbox.clock.advance(301)
    with pytest.raises(SignInDenied):
        desk.identity.complete(started.pending, callback)


def test_k12_the_provider_changes_its_keys(desk, caplog):
    assert desk.sign_in(confidence=Confidence.MEDIUM)
    desk.sandbox.clock.advance(61)
    desk.provider.keys.rotate("ES256")
    desk.provider.keys.rotate("core_identity")
    with caplog.at_level(logging.DEBUG):
        assert desk.sign_in(confidence=Confidence.MEDIUM)
