"""What else a sign-in may ask of GOV.UK One Login: signed requests, signing in again, how old, who; and a secret."""

import json
from urllib.parse import parse_qsl, urlsplit

import jwt
import pytest

from govcomponents.core.http.runtime import Runtime
from govcomponents.core.transports.scripted import ScriptedTransport
from govcomponents.errors import (
    ConfigurationError,
    InvalidInput,
    NotSupported,
    SignInDenied,
    SignInReason,
    SignInRejected,
)
from govcomponents.identity.adapters.one_login.adapter import OneLogin
from govcomponents.identity.adapters.one_login.wire import ENVIRONMENTS
from govcomponents.identity.jose.signing import CallableSigner, load_signer
from govcomponents.identity.levels import Claim, Confidence
from govcomponents.privacy import Personal, Secret
from identity.kit import CLIENT, REDIRECT, Desk, default_world, service_of, settings
from identity.kit import test_key as service_key

NOW = 1_790_000_000


def service(**changes):
    return service_of(OneLogin.from_settings(settings(**changes), Runtime(ScriptedTransport(), clock=lambda: NOW)))


def outer(url):
    return dict(parse_qsl(urlsplit(url).query, strict_parsing=True))


def inner(url):
    key = load_signer(Secret(service_key()), algorithm="RS256", allowed=frozenset({"RS256"}), setting="S")
    options = {"verify_exp": False, "verify_iat": False, "verify_aud": False}
    return jwt.decode(outer(url)["request"], key.public_key(), algorithms=["RS256"], options=options)


# -- what the provider asks services to say -----------------------------------------------------------------------


def test_s11_the_service_s_address_is_told_in_the_user_agent():
    desk = Desk(service_url="https://renew.service.gov.uk")
    sent = []
    handle = desk.transport._handle
    desk.transport._handle = lambda request: (sent.append(request), handle(request))[1]
    desk.sign_in()
    told = {request.headers["User-Agent"] for request in sent if "User-Agent" in request.headers}
    assert told == {f"{desk.runtime.user_agent} (https://renew.service.gov.uk)"}


@pytest.mark.parametrize("wrong", ["renew", "https://a b/", "https://a.example/)(evil", "https://a.example/\r\nX: y"])
def test_an_address_that_is_none_is_refused_by_its_name(wrong):
    with pytest.raises(ConfigurationError, match="SERVICE_URL"):
        service(service_url=wrong)


def test_s11_the_channel_is_asked_for_where_it_is_set():
    assert outer(service(channel="generic_app").start().url)["channel"] == "generic_app"
    assert "channel" not in outer(service().start().url)
    signed = service(channel="generic_app", signed_requests=True).start().url
    assert inner(signed)["channel"] == "generic_app"
    with pytest.raises(ConfigurationError, match="CHANNEL"):
        service(channel="mobile")


def test_s11_a_sign_out_may_carry_a_state():
    desk = Desk()
    identity = desk.sign_in()
    back = "https://service.example.gov.uk/signed-out"
    url = desk.identity.sign_out_url(identity, back, state="began-here")
    assert desk.visit(url) == f"{back}?state=began-here"


@pytest.mark.parametrize("wrong", ["", "a b", "x" * 129, "a&b=c", 7, "\ud800"])
def test_a_state_that_is_none_is_refused_by_its_name(wrong):
    with pytest.raises(InvalidInput) as caught:
        service().sign_out_url(Secret("e30.e30.e30"), "https://service.example.gov.uk/out", wrong)
    assert caught.value.field == "state"


def test_a_state_comes_back_to_a_url_only():
    with pytest.raises(InvalidInput):
        service().sign_out_url(Secret("e30.e30.e30"), state="began-here")


# -- signed requests ----------------------------------------------------------------------------------------------


def test_c25_a_signed_request_holds_everything_and_can_never_be_an_assertion():
    started = service(signed_requests=True).start(
        confidence=Confidence.MEDIUM, claims=[Claim.ADDRESS], max_age=60, language="cy"
    )
    assert set(outer(started.url)) == {"response_type", "client_id", "scope", "request"}
    claims = inner(started.url)
    assert claims["aud"] == "https://sandbox.example.gov.uk/authorize"
    assert claims["iss"] == claims["client_id"] == CLIENT
    assert "sub" not in claims
    assert claims["exp"] - claims["iat"] == 300
    assert claims["vtr"] == ["Cl.Cm.P2"]
    assert claims["claims"]["userinfo"].keys() == {
        "https://vocab.account.gov.uk/v1/coreIdentityJWT",
        "https://vocab.account.gov.uk/v1/address",
    }
    assert claims["max_age"] == 60
    assert claims["ui_locales"] == "cy"
    assert claims["redirect_uri"] == REDIRECT
    assert claims["state"] == started.pending.state.reveal()
    assert claims["nonce"] == started.pending.nonce.reveal()
    assert claims["code_challenge_method"] == "S256"
    assert claims["scope"] == outer(started.url)["scope"]


def test_trap_16_the_simulator_reads_claims_as_text():
    url = service(signed_requests=True, claims_as_text=True).start(confidence=Confidence.LOW).url
    assert json.loads(inner(url)["claims"]) == {"userinfo": {"https://vocab.account.gov.uk/v1/coreIdentityJWT": None}}


def test_a_signed_request_works_from_end_to_end():
    desk = Desk(signed_requests=True)
    identity = desk.sign_in(confidence=Confidence.MEDIUM, claims=[Claim.ADDRESS])
    assert identity.confidence is Confidence.MEDIUM
    assert identity.addresses


def test_a_signer_elsewhere_signs_requests_as_well():
    real = load_signer(Secret(service_key()), algorithm="PS256", allowed=frozenset({"PS256"}), setting="S")
    seen = []

    def sign(data):
        seen.append(data)
        return real.sign(data)

    desk = Desk(private_key=None, signer=CallableSigner("PS256", "vault", sign), signed_requests=True)
    assert desk.sign_in().subject
    assert len(seen) == 2


# -- signing in again ---------------------------------------------------------------------------------------------


def test_the_same_person_signs_in_again():
    desk = Desk()
    first = desk.sign_in()
    started = desk.identity.start(sign_in_again=first)
    claims = inner(started.url)
    assert claims["prompt"] == "login"
    assert claims["id_token_hint"] == first.id_token.reveal()
    assert claims["vtr"] == ["Cl.Cm"]
    again = desk.identity.complete(started.pending, desk.visit(started.url))
    assert again.subject == first.subject


def test_the_kept_token_is_enough():
    desk = Desk()
    first = desk.sign_in()
    started = desk.identity.start(sign_in_again=first.id_token)
    assert started.pending.subject is None
    assert desk.identity.complete(started.pending, desk.visit(started.url)).subject == first.subject


def test_another_person_does_not_pass_for_them():
    desk = Desk()
    first = desk.sign_in()
    desk.provider.sign_in_as("NIA")
    started = desk.identity.start(sign_in_again=first)
    callback = desk.visit(started.url)
    assert "error=login_required" in callback
    with pytest.raises(SignInDenied) as caught:
        desk.identity.complete(started.pending, callback)
    assert caught.value.code == "login_required"
    assert "end the person's session" in caught.value.fix


def test_trap_15_a_hint_is_never_sent_where_it_would_be_ignored():
    url = service().start(login_hint="sam@example.com").url
    assert "login_hint" not in outer(url)
    assert inner(url)["login_hint"] == "sam@example.com"
    assert inner(service().start(login_hint=Personal("sam@example.com")).url)["login_hint"] == "sam@example.com"


@pytest.mark.parametrize("hint", ["\ud800", "a@b\r\nBcc: c", "a\0@b", "\u202ea@b", ""])
def test_a_hint_that_is_no_address(hint):
    """F8, F13."""
    with pytest.raises(InvalidInput) as caught:
        service().start(login_hint=hint)
    assert caught.value.field == "login_hint"


def test_a_hint_that_is_too_long():
    with pytest.raises(InvalidInput) as caught:
        service().start(login_hint="canary" * 60)
    assert caught.value.field == "login_hint"
    assert "canary" not in str(caught.value)


# -- who, and how long ago ----------------------------------------------------------------------------------------


def test_c22_the_second_step_is_for_the_person_of_the_first():
    desk = Desk()
    first = desk.sign_in()
    second = desk.sign_in(confidence=Confidence.MEDIUM, expect=first)
    assert second.subject == first.subject
    assert desk.sign_in(expect=first.subject)
    desk.provider.sign_in_as("NIA")
    with pytest.raises(SignInRejected) as caught:
        desk.sign_in(confidence=Confidence.MEDIUM, expect=first)
    assert caught.value.reason is SignInReason.BAD_SUBJECT


def test_b19_an_older_sign_in_does_not_count():
    desk = Desk()
    started = desk.identity.start(max_age=60)
    assert outer(started.url)["max_age"] == "60"
    assert desk.identity.complete(started.pending, desk.visit(started.url))
    desk.sandbox.clock.stop_at("2026-11-23T12:00:00")
    started = desk.identity.start(max_age=60)
    callback = desk.visit(started.url)
    desk.sandbox.clock.advance(91)
    with pytest.raises(SignInRejected) as caught:
        desk.identity.complete(started.pending, callback)
    assert caught.value.reason is SignInReason.BAD_LEVEL


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"max_age": -1}, "max_age"),
        ({"max_age": "60"}, "max_age"),
        ({"max_age": True}, "max_age"),
        ({"max_age": 10**9}, "max_age"),
        ({"sign_in_again": 7}, "sign_in_again"),
        ({"expect": 7}, "expect"),
        ({"login_hint": 7}, "login_hint"),
        ({"return_to": "https://evil.example.com"}, "return_to"),
        ({"return_to": 7}, "return_to"),
    ],
    ids=str,
)
def test_wrong_options_are_refused(wrong, field):
    with pytest.raises(InvalidInput) as caught:
        service().start(**wrong)
    assert caught.value.field.startswith(field)


# -- a client with a secret ---------------------------------------------------------------------------------------


def secret_world():
    world = json.loads(json.dumps(default_world()))
    world["clients"][0] |= {
        "token_auth_method": "client_secret_post",
        "client_secret": "canary-secret",
        "identity_verification_supported": False,
    }
    return {"one_login": world}


def test_a_client_with_a_secret_signs_people_in():
    desk = Desk(world=secret_world(), private_key=None, client_secret="canary-secret")
    assert desk.sign_in(claims=[Claim.PHONE]).phone
    assert "canary" not in repr(desk.port.__dict__)


@pytest.mark.parametrize(
    "ask",
    [
        {"confidence": Confidence.LOW},
        {"login_hint": "sam@example.com"},
        {"sign_in_again": Secret("t")},
    ],
    ids=str,
)
def test_it_can_neither_prove_identity_nor_sign_requests(ask):
    with pytest.raises(NotSupported):
        service(private_key=None, client_secret="s").start(**ask)


@pytest.mark.parametrize(
    "changes",
    [
        {"client_secret": "s"},
        {"private_key": None, "client_secret": "s", "signed_requests": True},
        {"private_key": None, "client_secret": "s", "high_confidence": True},
        {"replay_store": 7},
    ],
    ids=str,
)
def test_settings_that_contradict_each_other(changes):
    with pytest.raises(ConfigurationError):
        service(**changes)


def test_the_discovery_addresses():
    assert ENVIRONMENTS["production"].discovery == "https://oidc.account.gov.uk/.well-known/openid-configuration"
