"""Where GOV.UK One Login is stricter than the standard, which the contract cannot ask of every provider."""

import pytest

from govcomponents.contracts.identity.fake_provider import FakeOpenIdProvider
from govcomponents.core.http.runtime import Runtime
from govcomponents.errors import CallbackRefused, SignInReason, SignInRejected
from govcomponents.identity.adapters.one_login.adapter import OneLogin
from govcomponents.identity.jose.tokens import half_hash
from govcomponents.identity.levels import Confidence
from govcomponents.identity.protocol.logout import EVENT
from identity.kit import service_of, settings
from identity.one_login.test_contract import profile

NOW = 1_790_000_000


@pytest.fixture
def fake():
    return FakeOpenIdProvider(profile("ES256"), lambda: NOW)


@pytest.fixture
def service(fake):
    return service_of(OneLogin.from_settings(settings(), Runtime(fake, clock=lambda: NOW)))


def reason(fake, service):
    started = service.start(confidence=Confidence.MEDIUM)
    callback = fake.visit(started.url)
    with pytest.raises(SignInRejected) as caught:
        service.complete(started.pending, callback)
    return caught.value.reason


def without(name):
    return lambda fake, claims: fake.sign({key: value for key, value in claims.items() if key != name})


def test_b11_h17_the_hash_must_be_there(fake, service):
    fake.corrupt_id_token = without("at_hash")
    assert reason(fake, service) is SignInReason.BAD_HASH


def test_b13_a_hash_of_the_code_must_be_right_where_there_is_one(fake, service):
    fake.corrupt_id_token = lambda fake, claims: fake.sign(claims | {"c_hash": half_hash("another code", "ES256")})
    assert reason(fake, service) is SignInReason.BAD_HASH


@pytest.mark.parametrize("level", [None, "", "P2", "Cl", "Cm", "Cl.Cm.P2", 7, ["Cl.Cm"]], ids=str)
def test_b17_trap_3_the_level_of_authentication_is_exact(fake, service, level):
    fake.corrupt_id_token = lambda fake, claims: fake.sign(claims | {"vot": level})
    assert reason(fake, service) is SignInReason.BAD_LEVEL
    assert fake.profile.userinfo not in [request.url for request in fake.sent]


def test_k5_the_key_must_be_named(fake, service):
    fake.corrupt_id_token = lambda fake, claims: fake.sign(claims, {"alg": "ES256"})
    assert reason(fake, service) is SignInReason.UNKNOWN_KEY


def test_b6_no_id_token_lives_longer_than_an_hour(fake, service):
    fake.corrupt_id_token = lambda fake, claims: fake.sign(claims | {"exp": NOW + 3601})
    assert reason(fake, service) is SignInReason.EXPIRED


def test_b19_max_age_needs_the_time_of_signing_in(fake, service):
    for signed_in_at in (None, True, "now", NOW - 1000, NOW + 1000):
        fake.corrupt_id_token = lambda fake, claims, at=signed_in_at: fake.sign(claims | {"auth_time": at})
        started = service.start(max_age=60)
        callback = fake.visit(started.url)
        with pytest.raises(SignInRejected) as caught:
            service.complete(started.pending, callback)
        assert caught.value.reason is SignInReason.BAD_LEVEL


def test_an_odd_time_of_signing_in_is_left_out(fake, service):
    for signed_in_at in (True, "now", 1e300, None):
        fake.corrupt_id_token = lambda fake, claims, at=signed_in_at: fake.sign(claims | {"auth_time": at})
        started = service.start()
        assert service.complete(started.pending, fake.visit(started.url)).authenticated_at is None


def test_k5_l9_a_notice_must_name_its_key(fake, service):
    claims = fake.genuine_claims() | {"events": {EVENT: {}}, "jti": "j"}
    token = fake.sign({name: value for name, value in claims.items() if name != "nonce"}, {"alg": "ES256"})
    with pytest.raises(CallbackRefused) as caught:
        service.parse_callback(f"logout_token={token}".encode(), {})
    assert caught.value.code == "unknown_key"
