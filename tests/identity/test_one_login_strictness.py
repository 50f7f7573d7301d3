"""Where GOV.UK One Login is stricter than the standard, which the contract cannot ask of every provider."""

import pytest

from govcomponents.contracts.identity.fake_provider import Forge
from govcomponents.core.runtime import Runtime
from govcomponents.errors import CallbackRefused, SignInReason, SignInRejected
from govcomponents.identity.adapters.one_login.adapter import OneLogin
from govcomponents.identity.levels import Confidence
from govcomponents.identity.protocol.logout import EVENT
from govcomponents.identity.service import IdentityService

from .kit import settings
from .test_one_login_contract import profile

NOW = 1_790_000_000


@pytest.fixture
def forge():
    return Forge(profile("ES256"), lambda: NOW)


@pytest.fixture
def service(forge):
    return IdentityService(OneLogin.from_settings(settings(), Runtime(forge, clock=lambda: NOW)))


def reason(forge, service):
    started = service.start(confidence=Confidence.MEDIUM)
    callback = forge.visit(started.url)
    with pytest.raises(SignInRejected) as caught:
        service.complete(started.pending, callback)
    return caught.value.reason


def without(name):
    return lambda forge, claims: forge.sign({key: value for key, value in claims.items() if key != name})


def test_b11_h17_the_hash_must_be_there(forge, service):
    forge.spoil_id_token = without("at_hash")
    assert reason(forge, service) is SignInReason.BAD_HASH


@pytest.mark.parametrize("level", [None, "", "P2", "Cl", "Cm", "Cl.Cm.P2", 7, ["Cl.Cm"]], ids=str)
def test_b17_trap_3_the_level_of_authentication_is_exact(forge, service, level):
    forge.spoil_id_token = lambda forge, claims: forge.sign(claims | {"vot": level})
    assert reason(forge, service) is SignInReason.BAD_LEVEL


def test_k5_the_key_must_be_named(forge, service):
    forge.spoil_id_token = lambda forge, claims: forge.sign(claims, {"alg": "ES256"})
    assert reason(forge, service) is SignInReason.UNKNOWN_KEY


def test_b6_no_id_token_lives_longer_than_an_hour(forge, service):
    forge.spoil_id_token = lambda forge, claims: forge.sign(claims | {"exp": NOW + 3601})
    assert reason(forge, service) is SignInReason.EXPIRED


def test_b19_max_age_needs_the_time_of_signing_in(forge, service):
    for signed_in_at in (None, True, "now", NOW - 1000):
        forge.spoil_id_token = lambda forge, claims, at=signed_in_at: forge.sign(claims | {"auth_time": at})
        started = service.start(max_age=60)
        callback = forge.visit(started.url)
        with pytest.raises(SignInRejected) as caught:
            service.complete(started.pending, callback)
        assert caught.value.reason is SignInReason.BAD_LEVEL


def test_an_odd_time_of_signing_in_is_left_out(forge, service):
    for signed_in_at in (True, "now", 1e300, None):
        forge.spoil_id_token = lambda forge, claims, at=signed_in_at: forge.sign(claims | {"auth_time": at})
        started = service.start()
        assert service.complete(started.pending, forge.visit(started.url)).authenticated_at is None


def test_k5_l9_a_notice_must_name_its_key(forge, service):
    claims = forge.genuine_claims() | {"events": {EVENT: {}}, "jti": "j"}
    token = forge.sign({name: value for name, value in claims.items() if name != "nonce"}, {"alg": "ES256"})
    with pytest.raises(CallbackRefused) as caught:
        service.parse_logout({"logout_token": token})
    assert caught.value.code == "unknown_key"
