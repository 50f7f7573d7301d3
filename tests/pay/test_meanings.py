"""What each refusal of a provider is raised as, judged by hand from what the providers say of their codes.

Sources: GOV.UK Pay docs (API error codes) and its OpenAPI file; Stripe docs (error codes). The error classes are what
callers branch on, so each is written down here and not taken from the tables that the adapters hold.
"""

import pytest

from govcomponents import GovComponents, Settings
from govcomponents.core.http.retry import RetryPolicy
from govcomponents.core.transports.scripted import ScriptedTransport
from govcomponents.errors import (
    CardDeclined,
    Conflict,
    CredentialsRefused,
    NotFound,
    OutcomeUnknown,
    PermissionRefused,
    RateLimited,
    RequestRefused,
    Unavailable,
)
from govcomponents.privacy import Secret

from .govuk_pay.calls import CALLS, answer

GOVUK_PAY = [
    ("create_payment", 400, "P0101", RequestRefused),
    ("create_payment", 422, "P0102", RequestRefused),
    ("create_payment", 400, "P0104", RequestRefused),
    ("create_payment", 409, "P0191", Conflict),
    ("create_payment", 422, "P0195", PermissionRefused),
    ("create_payment", 422, "P0196", PermissionRefused),
    ("create_payment", 400, "P0197", RequestRefused),
    ("create_payment", 500, "P0198", OutcomeUnknown),
    ("create_payment", 500, "P0199", PermissionRefused),
    ("create_payment", 429, "P0900", RateLimited),
    ("create_payment", 400, "P0920", RequestRefused),
    ("create_payment", 403, "P0940", PermissionRefused),
    ("create_payment", 403, "P0941", PermissionRefused),
    ("create_payment", 422, "P0942", PermissionRefused),
    ("get_payment", 404, "P0200", NotFound),
    ("get_payment", 500, "P0298", Unavailable),
    ("get_payment_events", 404, "P0300", NotFound),
    ("get_payment_events", 500, "P0398", Unavailable),
    ("search_payments", 422, "P0401", RequestRefused),
    ("search_payments", 500, "P0498", Unavailable),
    ("cancel_payment", 404, "P0500", NotFound),
    ("cancel_payment", 400, "P0501", Conflict),
    ("cancel_payment", 409, "P0502", Conflict),
    ("cancel_payment", 500, "P0598", OutcomeUnknown),
    ("create_refund", 404, "P0600", NotFound),
    ("create_refund", 422, "P0602", RequestRefused),
    ("create_refund", 400, "P0603", Conflict),
    ("create_refund", 412, "P0604", Conflict),
    ("create_refund", 500, "P0698", OutcomeUnknown),
    ("get_refund", 404, "P0700", NotFound),
    ("list_refunds", 404, "P0800", NotFound),
    ("capture_payment", 404, "P1000", NotFound),
    ("capture_payment", 400, "P1001", Conflict),
    ("capture_payment", 409, "P1003", Conflict),
    ("capture_payment", 500, "P1098", OutcomeUnknown),
    ("authorise", 402, "P0010", CardDeclined),
    ("authorise", 400, "P1211", RequestRefused),
    ("authorise", 400, "P1212", Conflict),
    ("create_agreement", 422, "P2102", RequestRefused),
    ("get_agreement", 404, "P2200", NotFound),
    ("cancel_agreement", 400, "P2501", Conflict),
]
STRIPE = [
    ("get_payment", 404, "resource_missing", NotFound),
    ("create_payment", 400, "parameter_missing", RequestRefused),
    ("create_payment", 400, "parameter_unknown", RequestRefused),
    ("create_payment", 400, "amount_too_small", RequestRefused),
    ("create_payment", 400, "amount_too_large", RequestRefused),
    ("create_payment", 400, "url_invalid", RequestRefused),
    ("create_payment", 400, "email_invalid", RequestRefused),
    ("create_payment", 401, "api_key_expired", CredentialsRefused),
    ("create_payment", 401, "secret_key_required", CredentialsRefused),
    ("create_payment", 400, "testmode_charges_only", PermissionRefused),
    ("get_payment", 400, "livemode_mismatch", PermissionRefused),
    ("create_payment", 400, "lock_timeout", RateLimited),
    ("create_payment", 429, "rate_limit", RateLimited),
    ("create_payment", 402, "card_declined", CardDeclined),
    ("create_payment", 402, "insufficient_funds", CardDeclined),
    ("create_payment", 402, "expired_card", CardDeclined),
    ("create_payment", 402, "incorrect_cvc", CardDeclined),
    ("create_payment", 402, "authentication_required", CardDeclined),
    ("create_payment", 400, "payment_intent_unexpected_state", Conflict),
    ("create_payment", 400, "charge_already_captured", Conflict),
    ("create_payment", 400, "charge_expired_for_capture", Conflict),
    ("create_payment", 400, "capture_charge_authorization_expired", Conflict),
    ("create_payment", 400, "charge_already_refunded", Conflict),
    ("create_payment", 400, "charge_disputed", Conflict),
    ("create_payment", 400, "balance_insufficient", Conflict),
]


def raised(settings, operation, reply):
    wire = ScriptedTransport([reply] * 2)
    with GovComponents.from_settings(
        Settings(environment="test", pay=settings), transport=wire, retry=RetryPolicy.none()
    ) as gov:
        with pytest.raises(Exception) as caught:  # noqa: PT011  # which it is, is what the test compares
            CALLS[operation](gov.pay)
        return caught.value


@pytest.mark.parametrize(("operation", "status", "code", "meaning"), GOVUK_PAY, ids=str)
def test_a_code_of_govuk_pay_is_the_error_that_its_documentation_says(operation, status, code, meaning):
    error = raised({"api_key": Secret("api_test_" + "k" * 50)}, operation, answer(status, {"code": code}))
    assert (type(error), error.code) == (meaning, code)


@pytest.mark.parametrize(("operation", "status", "code", "meaning"), STRIPE, ids=str)
def test_a_code_of_stripe_is_the_error_that_its_documentation_says(operation, status, code, meaning):
    settings = {"adapter": "stripe", "api_key": Secret("sk_test_" + "k" * 30)}
    error = raised(settings, operation, answer(status, {"error": {"type": "invalid_request_error", "code": code}}))
    assert (type(error), error.code) == (meaning, code)
