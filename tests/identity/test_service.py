"""The identity service: enumerations as text, accounts on what comes out, and results as plain values."""

import copy
import json
import pickle

import pytest
from pydantic import TypeAdapter

from govcomponents.contracts.identity.fake_provider import FakeOpenIdProvider
from govcomponents.core.http.runtime import Runtime
from govcomponents.errors import CallbackRefused, InvalidInput, SignInRejected
from govcomponents.identity import (
    Authentication,
    Claim,
    Confidence,
    Identity,
    IdentityEvent,
    LogoutNotice,
    PendingSignIn,
    SignIn,
)
from govcomponents.identity.adapters.one_login.adapter import OneLogin
from govcomponents.identity.protocol.logout import EVENT
from govcomponents.identity.service import IdentityService
from govcomponents.privacy import Secret
from identity.one_login.test_contract import profile

from .kit import Desk, settings

NOW = 1_790_000_000


def test_enumerations_may_be_given_as_text():
    start = Desk().identity.start
    by_text = start(confidence=["medium", "low"], authentication="two_factor", claims=["address"]).pending
    assert by_text.confidence == (Confidence.LOW, Confidence.MEDIUM)
    assert (by_text.authentication, by_text.claims) == (Authentication.TWO_FACTOR, (Claim.ADDRESS,))
    assert start(confidence="medium").pending.confidence == (Confidence.MEDIUM,)


@pytest.mark.parametrize(
    ("ask", "field", "told"),
    [
        ({"confidence": "mediun"}, "confidence", "none, low, medium, high"),
        ({"authentication": "two factors"}, "authentication", "single_factor, two_factor"),
        ({"claims": ["adress"]}, "claims", "address"),
        ({"max_age": "600"}, "max_age", "seconds"),
        ({"sign_in_again": 7}, "sign_in_again", "id_token"),
        ({"expect": 7}, "expect", "subject"),
        ({"login_hint": 7}, "login_hint", "email address"),
        ({"return_to": 7}, "return_to", "path"),
    ],
)
def test_a_wrong_argument_is_named_with_what_it_may_be(ask, field, told):
    with pytest.raises(InvalidInput) as caught:
        Desk().identity.start(**ask)
    assert caught.value.field == field
    assert told in caught.value.fix


def one_login(fake, account, **changes):
    runtime = Runtime(fake, clock=lambda: NOW, account=account)
    return OneLogin.from_settings(settings(**changes), runtime), runtime


def notice(fake):
    claims = {name: value for name, value in fake.genuine_claims().items() if name != "nonce"}
    return f"logout_token={fake.sign(claims | {'events': {EVENT: {}}, 'jti': 'j'})}".encode()


def test_a_callback_is_taken_by_the_account_whose_provider_sent_it():
    fake = FakeOpenIdProvider(profile("ES256"), lambda: NOW)
    own, runtime = one_login(fake, "default", client_id="another-client")
    moto, _ = one_login(fake, "moto")
    event = IdentityService(own, runtime, {"moto": moto}).parse_callback(notice(fake), {})
    assert isinstance(event, LogoutNotice)
    assert event.account == "moto"
    with pytest.raises(CallbackRefused) as caught:
        IdentityService(own, runtime).parse_callback(notice(fake), {})
    assert caught.value.account == "default"


def test_what_comes_out_names_its_account():
    fake = FakeOpenIdProvider(profile("ES256"), lambda: NOW)
    service = IdentityService(*one_login(fake, "moto"))
    started = service.start()
    assert (started.account, started.pending.account) == ("moto", "moto")
    kept = PendingSignIn.load(started.pending.dump())
    assert kept == started.pending
    callback = fake.visit(started.url)
    with pytest.raises(SignInRejected) as caught:
        service.complete(kept, f"{callback}x")
    assert caught.value.account == "moto"
    assert service.complete(kept, callback).account == "moto"


def test_results_are_plain_values():
    desk = Desk()
    desk.provider.sign_in_as("SAM")
    identity = desk.sign_in(confidence=Confidence.MEDIUM, claims=list(Claim))
    subject, name = identity.subject.reveal(), identity.name.full.reveal()
    dumped = json.dumps(identity.to_dict()) + TypeAdapter(Identity).dump_json(identity).decode() + repr(identity)
    assert subject not in dumped
    assert name not in dumped
    assert identity.to_dict(reveal=True)["subject"] == subject
    assert copy.deepcopy(identity) == identity
    again = pickle.loads(pickle.dumps(identity))
    assert (again.confidence, again.raw) == (Confidence.MEDIUM, {})
    with pytest.raises(LookupError):
        again.subject.reveal()
    assert TypeAdapter(SignIn).dump_json(desk.identity.start())
    assert TypeAdapter(IdentityEvent)


@pytest.mark.parametrize("token", ["\ud800", "é", "", "a\nb", 7], ids=ascii)
def test_a_secret_that_is_no_id_token_is_refused(token):
    """F8."""
    with pytest.raises(InvalidInput) as caught:
        Desk().identity.sign_out_url(Secret(token))
    assert caught.value.field == "identity"


def test_a_path_that_is_too_long_is_told_as_that():
    with pytest.raises(InvalidInput, match="longer than 2,048 characters"):
        Desk().identity.start(return_to=f"/{'a' * 2048}")
