"""Every published refusal is read as a typed error that says what to do."""

import pickle

import pytest

from govcomponents.errors import (
    CardDeclined,
    Conflict,
    CredentialsRefused,
    GovComponentsError,
    NotFound,
    OutcomeUnknown,
    PermissionRefused,
    RateLimited,
    RequestRefused,
    Unavailable,
    UnexpectedReply,
)
from govcomponents.money import Money
from govcomponents.pay.adapters.stripe import wire
from govcomponents.pay.adapters.stripe.error_mapping import refusal

from .golden import ANSWERS, names, needs_golden, pay_on, response, script

pytestmark = needs_golden


ERRORS = {
    "error-cancel-wrong-state": Conflict,
    "error-capture-wrong-state": Conflict,
    "error-lock-timeout": RateLimited,
    "error-authentication-required": CardDeclined,
    "error-card-declined-off-session": CardDeclined,
    "error-card-network-advice": CardDeclined,
    "error-card-with-payment-intent": CardDeclined,
    "error-card-code-only": CardDeclined,
    "error-dependency-failed": OutcomeUnknown,
    "error-charge-already-refunded": Conflict,
    "error-refund-disputed": Conflict,
    "error-parameter-invalid-integer": RequestRefused,
    "error-refund-too-much": Conflict,
    "error-key-without-permission": PermissionRefused,
    "error-amount-too-large": RequestRefused,
    "error-amount-too-small": RequestRefused,
    "error-email-invalid": RequestRefused,
    "error-idempotency-other-parameters": Conflict,
    "error-idempotency-type-only": Conflict,
    "error-parameter-invalid-empty": RequestRefused,
    "error-parameter-missing": RequestRefused,
    "error-parameter-unknown": RequestRefused,
    "error-url-invalid": RequestRefused,
    "error-unauthorised-no-key": CredentialsRefused,
    "error-idempotency-in-use": OutcomeUnknown,
    "error-server": OutcomeUnknown,
    "error-502-html": OutcomeUnknown,
    "error-session-not-open": RequestRefused,
    "error-empty-400": RequestRefused,
    "error-not-an-object": UnexpectedReply,
    "error-rate-limit-400": RateLimited,
    "error-code-only": RequestRefused,
    "error-empty-401": CredentialsRefused,
    "error-empty-403": PermissionRefused,
    "error-empty-404": NotFound,
    "error-resource-missing-payment-intent": NotFound,
    "error-empty-429": RateLimited,
    "error-empty-500": Unavailable,
    "error-resource-missing-refund": NotFound,
    "error-key-expired": CredentialsRefused,
    "error-resource-missing-session": NotFound,
    "error-503-empty": Unavailable,
    "error-rate-limit": RateLimited,
}
_REQUESTS = {
    "cancel_payment_intent": wire.post("pay.cancel", wire.INTENT + "/cancel", "pi_1"),
    "capture_payment_intent": wire.post("pay.capture", wire.INTENT + "/capture", "pi_1"),
    "expire_session": wire.post("pay.cancel", wire.SESSION + "/expire", "cs_1"),
    "get_payment_intent": wire.get_intent("pay.get", "pi_1"),
    "get_session": wire.get_session("pay.get", "cs_1"),
    "get_refund": wire.get("pay.get_refund", wire.REFUND, "re_1"),
    "search_payment_intents": wire.get_session("pay.search", "cs_1"),
}


@pytest.mark.parametrize("name", [name for name, answer in ANSWERS.items() if answer["status"] != 200])
def test_every_error_is_typed_and_says_what_to_do(name):
    operation = ANSWERS[name]["operation"]
    request = _REQUESTS.get(operation)
    if request is None:  # a POST of the caller's, whose key errors carry
        called = "pay.refund" if operation == "create_refund" else "pay.create"
        request = wire.post(called, "/v1/any", key="key-1")
    error = refusal(request, response(name))
    assert type(error) is ERRORS[name]
    assert error.fix
    assert error.status == ANSWERS[name]["status"]
    assert error.request_id == ANSWERS[name]["headers"].get("Request-Id")
    told = f"{error} {error!r} {pickle.loads(pickle.dumps(error)).__dict__}"
    assert "_secret_" not in told
    body = ANSWERS[name].get("body")
    message = body["error"].get("message") if isinstance(body, dict) and isinstance(body.get("error"), dict) else None
    assert not message or message not in told
    if type(error) is OutcomeUnknown and request.idempotency_key:
        assert error.idempotency_key == "key-1"
    if isinstance(error, RequestRefused) and isinstance(body["error"], dict):
        assert error.field == body["error"].get("param")


@pytest.mark.parametrize("name", names("create_session", good=False))
def test_every_refusal_to_create_carries_the_key(name):
    transport = script(name)
    with pytest.raises(GovComponentsError) as caught:
        pay_on(transport).create(Money(4250), "R-1", "A permit", "https://a.example.com/")
    assert caught.value.idempotency_key == transport.sent[0].headers["Idempotency-Key"]
