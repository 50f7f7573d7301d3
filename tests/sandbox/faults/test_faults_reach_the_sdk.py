"""Every fault, armed by its name, reaches a caller of the SDK as the typed error that the catalogue promises."""

from __future__ import annotations

import pytest
from tenacity import stop_after_attempt, wait_none

from govcomponents import GovComponents, errors
from govcomponents.core.http.retry import RetryPolicy
from govcomponents.errors import SignInReason
from govcomponents.identity.levels import Confidence
from govcomponents.sandbox.browser import FormBrowser
from govcomponents.sandbox.control.client import Control
from govcomponents.sandbox.providers import fault_catalogue
from govcomponents.sandbox.server import serving
from sandbox.people import create, sign_in

CATALOGUE = fault_catalogue()
RECEIPT = "5ab1ec0d-0000-4000-8000-000000000101"
WORDS = {"name": "Sam", "amount": "£10.00", "reference": "RENEW-7", "refund": True}


@pytest.fixture(scope="module", params=["in process", "over HTTP"])
def everywhere(request):
    policy = RetryPolicy(stop=stop_after_attempt(2), wait=wait_none())
    if request.param == "in process":
        with GovComponents.sandbox(retry=policy) as gov:
            yield gov, gov.simulator.control, gov.simulator
    else:
        with serving() as server, GovComponents.from_settings(server.sandbox.settings(), retry=policy) as gov:
            yield gov, Control.over_http(server.base_url), server.sandbox


@pytest.fixture
def gov(everywhere):
    return everywhere[0]


@pytest.fixture
def control(everywhere):
    yield everywhere[1]
    everywhere[1].clear_faults()


@pytest.fixture
def sandbox(everywhere):
    return everywhere[2]


def email(gov):
    return gov.notify.send_email("sam@example.com", RECEIPT, WORDS, "RENEW-7-receipt")


def whole_sign_in(gov, sandbox):
    started = gov.identity.start(confidence=Confidence.MEDIUM)
    return gov.identity.complete(started.pending, sign_in(FormBrowser(sandbox.visit), started.url))


LOST = ("OutcomeUnknown", "OutcomeUnknown")
FAILED = ("OutcomeUnknown", "Unavailable")
BOTH = {
    "time_out_before_acceptance": LOST,
    "time_out_after_acceptance": LOST,
    "connection_dropped_before_acceptance": LOST,
    "connection_dropped_after_acceptance": LOST,
    "rate_limited": ("RateLimited", "RateLimited"),
    "server_error": FAILED,
    "bad_gateway": FAILED,
    "unavailable": FAILED,
    "gateway_time_out": FAILED,
    "outage_not_found": ("UnexpectedReply", "UnexpectedReply"),
    "outage_bad_request": ("UnexpectedReply", "UnexpectedReply"),
    "key_revoked": ("CredentialsRefused", "CredentialsRefused"),
    "malformed_response": ("UnexpectedReply", "UnexpectedReply"),
    "oversize_response": LOST,
}
PAY = {**BOTH, "unavailable": ("Unavailable", "Unavailable")}
NOTIFY = {**BOTH, "daily_limit_reached": ("DailyLimitReached", "DailyLimitReached")}
ACTED = {"time_out_after_acceptance", "connection_dropped_after_acceptance", "malformed_response", "oversize_response"}
SIGN_IN_EXCHANGE = {
    **dict.fromkeys(
        [name for name, one in CATALOGUE.items() if "one_login" in one.providers and not one.kind.operations],
        ("SignInUnavailable", SignInReason.PROVIDER_UNAVAILABLE),
    ),
    "malformed_response": ("SignInRejected", SignInReason.MALFORMED),
}
SIGN_IN_CONTENT = {
    "id_token_wrong_issuer": "bad_issuer",
    "id_token_wrong_audience": "bad_audience",
    "id_token_wrong_algorithm": "bad_algorithm",
    "id_token_no_algorithm": "malformed",
    "id_token_bad_signature": "bad_signature",
    "id_token_unknown_key": "unknown_key",
    "id_token_expired": "expired",
    "id_token_not_yet_valid": "not_yet_valid",
    "id_token_wrong_nonce": "bad_nonce",
    "id_token_wrong_hash": "bad_hash",
    "id_token_wrong_level": "bad_level",
    "core_identity_wrong_issuer": "bad_issuer",
    "core_identity_wrong_audience": "bad_audience",
    "core_identity_wrong_subject": "bad_subject",
    "core_identity_wrong_algorithm": "bad_algorithm",
    "core_identity_bad_signature": "bad_signature",
    "core_identity_unknown_key": "unknown_key",
    "core_identity_expired": "expired",
    "userinfo_wrong_subject": "bad_subject",
    "callback_wrong_state": "bad_state",
}
SIGN_IN_ENDS = {
    "core_identity_wrong_level": "IdentityNotProved",
    "sign_in_denied": "SignInDenied",
    "sign_in_unavailable": "SignInUnavailable",
}


def promised(error, fault):
    """What was raised is exactly the class, and the catalogue names it."""
    name = type(error).__name__
    assert name in CATALOGUE[fault].kind.raises
    return name


@pytest.mark.parametrize("fault", sorted(PAY))
def test_payments(gov, control, sandbox, fault):
    payment = create(gov, f"KNOWN-{fault}")
    for operation, expected, call in (
        ("pay.create", PAY[fault][0], lambda: create(gov, f"STRUCK-{fault}")),
        ("pay.get", PAY[fault][1], lambda: gov.pay.get(payment.id)),
    ):
        armed = control.arm("pay", fault, operation=operation, silent_seconds=0)
        with pytest.raises(getattr(errors, expected)) as caught:
            call()
        assert promised(caught.value, fault) == expected
        control.disarm(armed.id)
    made = [charge for charge in sandbox.pay.charges() if charge.reference == f"STRUCK-{fault}"]
    assert len(made) == (fault in ACTED)
    assert gov.pay.get(payment.id).id == payment.id


@pytest.mark.parametrize("fault", sorted(NOTIFY))
def test_messages(gov, control, sandbox, fault):
    sent = email(gov)
    before = len(sandbox.messages())
    for operation, expected, call in (
        ("notify.send_email", NOTIFY[fault][0], lambda: email(gov)),
        ("notify.get", NOTIFY[fault][1], lambda: gov.notify.get(sent.id)),
    ):
        if CATALOGUE[fault].kind.operations and operation not in CATALOGUE[fault].kind.operations:
            continue  # limits of sending let messages be looked up
        armed = control.arm("notify", fault, operation=operation, silent_seconds=0)
        with pytest.raises(getattr(errors, expected)) as caught:
            call()
        assert promised(caught.value, fault) == expected
        control.disarm(armed.id)
    assert len(sandbox.messages()) - before == (fault in ACTED)


@pytest.mark.parametrize("fault", sorted(SIGN_IN_EXCHANGE))
def test_the_exchange_of_a_sign_in(gov, control, sandbox, fault):
    expected, reason = SIGN_IN_EXCHANGE[fault]
    control.arm("one_login", fault, operation="token", silent_seconds=0)
    with pytest.raises(getattr(errors, expected)) as caught:
        whole_sign_in(gov, sandbox)
    assert promised(caught.value, fault) == expected
    assert caught.value.reason is reason
    control.clear_faults()
    assert whole_sign_in(gov, sandbox).confidence is Confidence.MEDIUM


@pytest.mark.parametrize("fault", sorted(SIGN_IN_CONTENT))
def test_what_a_sign_in_brings(gov, control, sandbox, fault):
    control.arm("one_login", fault)
    with pytest.raises(errors.SignInRejected) as caught:
        whole_sign_in(gov, sandbox)
    assert promised(caught.value, fault) == "SignInRejected"
    assert caught.value.reason == SIGN_IN_CONTENT[fault]
    assert CATALOGUE[fault].kind.raises.endswith(f"reason {SIGN_IN_CONTENT[fault]}")
    control.clear_faults()
    assert whole_sign_in(gov, sandbox).confidence is Confidence.MEDIUM


@pytest.mark.parametrize("fault", sorted(SIGN_IN_ENDS))
def test_how_a_sign_in_ends(gov, control, sandbox, fault):
    control.arm("one_login", fault)
    with pytest.raises(getattr(errors, SIGN_IN_ENDS[fault])) as caught:
        whole_sign_in(gov, sandbox)
    assert promised(caught.value, fault) == SIGN_IN_ENDS[fault]


def test_a_read_survives_a_fault_that_strikes_once(gov, control):
    payment = create(gov)
    for fault in ("connection_dropped_before_acceptance", "server_error", "bad_gateway", "rate_limited"):
        control.arm("pay", fault, operation="pay.get", times=1, silent_seconds=0)
        assert gov.pay.get(payment.id).id == payment.id


def test_rotated_keys_are_found():
    with GovComponents.sandbox() as gov:
        whole_sign_in(gov, gov.simulator)
        gov.simulator.control.rotate_keys("one_login")
        gov.simulator.control.advance(61)  # a client asks for the keys again once a minute at most
        assert whole_sign_in(gov, gov.simulator).confidence is Confidence.MEDIUM


def test_faults_show_in_the_timeline(gov, control):
    control.arm("pay", "server_error", operation="pay.create", times=1)
    with pytest.raises(errors.OutcomeUnknown):
        create(gov)
    assert control.timeline()[-1].happened == "The fault server_error struck pay.create"


def test_every_fault_of_the_three_is_tried_here():
    tried = {"pay": set(PAY), "notify": set(NOTIFY)}
    tried["one_login"] = {*SIGN_IN_EXCHANGE, *SIGN_IN_CONTENT, *SIGN_IN_ENDS}
    for provider, names in tried.items():
        assert names == {name for name, kind in CATALOGUE.items() if provider in kind.providers}
