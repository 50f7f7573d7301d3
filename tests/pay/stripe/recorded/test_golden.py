"""Every published answer is read: successes with all that is modelled."""

import json
from datetime import UTC, datetime

import pytest
from pydantic import TypeAdapter

from govcomponents.core.http.messages import Response
from govcomponents.core.transports.scripted import ScriptedTransport
from govcomponents.errors import (
    NotFound,
    UnexpectedReply,
)
from govcomponents.money import Money
from govcomponents.pay.adapters.stripe.parsing import DISPUTE, INTENT, REFUND
from govcomponents.pay.adapters.stripe.wire import BalancePart, ChargePart
from govcomponents.pay.states import DisputeStatus, FailureReason, PaymentStatus, RefundableStatus, RefundStatus

from .golden import ANSWERS, names, needs_golden, pay_on, response, script

pytestmark = needs_golden

# Operations of Stripe that the adapter has no use for, with the reason; whatever of their answers is a part of
# another answer is read below all the same.
NOT_USED = {
    "create_customer": "agreements are not declared",
    "create_payment_intent": "charges to saved cards are not declared; its refusals are read below",
    "create_webhook_endpoint": "endpoints are set up in the dashboard",
    "get_balance_transaction": "read as a part of a charge",
    "get_charge": "read as a part of a PaymentIntent",
    "get_dispute": "read as an item of the list",
    "get_event": "events come as webhooks",
    "get_payment_method": "the charge has the card",
    "get_payout": "payouts are not payments",
    "list_balance_transactions": "payouts are not payments",
    "list_events": "events come as webhooks",
    "list_payment_intents": "payments are searched as Sessions",
    "search_payment_intents": "the search is late by design; payments are searched as Sessions",
    "update_session": "an answer of which only the form matters",
    "expire_session": "an answer of which only the form matters",
}
USED = {
    "cancel_payment_intent",
    "capture_payment_intent",
    "create_refund",
    "create_session",
    "get_payment_intent",
    "get_refund",
    "get_session",
    "list_disputes",
    "list_refunds",
    "list_sessions",
}


def test_every_operation_is_accounted_for():
    assert {answer["operation"] for answer in ANSWERS.values()} == USED | set(NOT_USED)


STATES = {
    "session-complete-no-payment-required": (PaymentStatus.SUCCEEDED, None),
    "session-complete-paid": (PaymentStatus.SUCCEEDED, None),
    "session-complete-unpaid-manual-capture": (PaymentStatus.UNKNOWN, None),
    "session-expanded": (PaymentStatus.SUCCEEDED, None),
    "session-expanded-delayed-method-failed": (PaymentStatus.FAILED, FailureReason.DECLINED),
    "session-expanded-processing": (PaymentStatus.SUBMITTED, None),
    "session-expanded-requires-capture": (PaymentStatus.CAPTURABLE, None),
    "session-expired": (PaymentStatus.FAILED, FailureReason.EXPIRED),
    "session-expired-by-service": (PaymentStatus.CANCELLED, FailureReason.CANCELLED_BY_SERVICE),
    "session-unknown-parts": (PaymentStatus.UNKNOWN, None),
    "session-expanded-declined-then-open": (PaymentStatus.STARTED, None),
    "session-live": (PaymentStatus.CREATED, None),
    "session-open": (PaymentStatus.CREATED, None),
    "session-marked": (PaymentStatus.CREATED, None),
    "session-created": (PaymentStatus.CREATED, None),
    "session-saves-card": (PaymentStatus.CREATED, None),
    "replayed": (PaymentStatus.CREATED, None),
    "session-open-after-decline": (PaymentStatus.STARTED, None),
    "payment-intent-canceled-abandoned": (PaymentStatus.CANCELLED, FailureReason.CANCELLED_BY_SERVICE),
    "payment-intent-canceled-automatic": (PaymentStatus.FAILED, FailureReason.EXPIRED),
    "payment-intent-canceled-expired": (PaymentStatus.FAILED, FailureReason.EXPIRED),
    "fixture-payment-intent": (PaymentStatus.STARTED, None),
    "payment-intent-unknown-status": (PaymentStatus.UNKNOWN, None),
    "payment-intent-processing": (PaymentStatus.SUBMITTED, None),
    "payment-intent-requires-action": (PaymentStatus.STARTED, None),
    "payment-intent-requires-capture": (PaymentStatus.CAPTURABLE, None),
    "payment-intent-requires-confirmation": (PaymentStatus.STARTED, None),
    "payment-intent-declined": (PaymentStatus.STARTED, None),
    "payment-intent-requires-payment-method": (PaymentStatus.STARTED, None),
    "payment-intent-expanded-charge": (PaymentStatus.SUCCEEDED, None),
    "payment-intent-set-up": (PaymentStatus.SUCCEEDED, None),
    "payment-intent-succeeded": (PaymentStatus.SUCCEEDED, None),
}


@pytest.mark.parametrize(
    "name",
    [
        name
        for operation in ("get_session", "create_session", "update_session", "expire_session", "get_payment_intent")
        for name in names(operation, good=True)
        if name != "fixture-checkout-session"
    ],
)
def test_a_payment_is_read_whole(name):
    body = ANSWERS[name]["body"]
    is_intent = body["object"] == "payment_intent"
    payment = pay_on(script(name)).get(body["id"])
    assert (payment.status, payment.failure) == STATES[name]
    assert payment.id == body["id"]
    assert payment.amount == Money(body["amount" if is_intent else "amount_total"], body["currency"].upper())
    assert payment.total == payment.amount
    assert payment.created_at == datetime.fromtimestamp(body["created"], UTC)
    assert dict(payment.raw) == body
    assert payment.is_finished == (
        payment.status in (PaymentStatus.SUCCEEDED, PaymentStatus.FAILED, PaymentStatus.CANCELLED)
    )
    if is_intent:
        assert payment.payment_provider_id == body["id"]
        assert payment.description == (body["description"] or "")
        assert payment.reference == body["metadata"].get("reference", "")
        return
    assert payment.reference == (body["client_reference_id"] or "")
    assert (payment.email.reveal() if payment.email else None) == (
        (body["customer_details"] or {}).get("email") or body["customer_email"]
    )
    assert (payment.next_url.reveal() if payment.next_url else None) == (
        body["url"] if body["status"] == "open" else None
    )
    assert payment.return_url == body["success_url"]
    assert payment.language == ("en" if body["locale"] == "en-GB" else body["locale"])
    intent = body["payment_intent"]
    assert payment.payment_provider_id == (intent["id"] if isinstance(intent, dict) else intent)


def test_a_session_without_an_amount_is_no_payment():
    # The published sample has neither amount nor currency, which a Session of a payment always has.
    with pytest.raises(UnexpectedReply, match="no amount"):
        pay_on(script("fixture-checkout-session")).get("cs_test_1")


def test_a_paid_payment_tells_card_fee_and_what_is_left():
    payment = pay_on(script("payment-intent-expanded-charge")).get(
        ANSWERS["payment-intent-expanded-charge"]["body"]["id"]
    )
    assert (payment.is_paid, payment.is_captured) == (True, True)
    assert (payment.fee, payment.net) == (Money(84), Money(4166))
    assert payment.settlement.captured_on == datetime.fromtimestamp(1789374808, UTC).date()
    assert payment.settlement.settled_on is None
    assert payment.refundable.status is RefundableStatus.AVAILABLE
    assert (payment.refundable.available, payment.refundable.submitted) == (Money(4250), Money(0))
    card = payment.card
    assert (card.brand, card.kind, card.wallet, card.first_digits) == ("visa", "debit", None, None)
    assert (card.last_digits.reveal(), card.expiry.reveal(), card.holder.reveal()) == ("5556", "11/29", "Wren Ashdown")
    address = card.billing_address
    assert (address.line1.reveal(), address.line2.reveal()) == ("14 Tollgate Row", "Flat 3")
    assert (address.city.reveal(), address.postcode.reveal(), address.country) == ("Northminster", "ZZ1 4XX", "GB")
    assert payment.three_d_secure is False


def test_of_a_payment_that_was_taken_in_part_the_total_is_what_was_taken():
    whole = ANSWERS["payment-intent-expanded-charge"]["body"]
    charge = {**whole["latest_charge"], "amount_captured": 4000}
    answer = Response(200, {}, json.dumps({**whole, "amount_received": 4000, "latest_charge": charge}).encode())
    payment = pay_on(ScriptedTransport([answer])).get(whole["id"])
    assert (payment.amount, payment.total) == (Money(4250), Money(4000))
    assert payment.refundable.available == Money(4000)


def test_a_declined_card_is_told_as_a_detail_not_as_the_end():
    payment = pay_on(script("payment-intent-declined")).get(ANSWERS["payment-intent-declined"]["body"]["id"])
    assert (payment.state.code, payment.is_finished, payment.card) == ("generic_decline", False, None)


@pytest.mark.parametrize("name", names("get_charge"))
def test_every_charge_is_read_as_the_part_of_a_payment(name):
    body = ANSWERS[name]["body"]
    intent = {**ANSWERS["payment-intent-succeeded"]["body"], "currency": body["currency"], "latest_charge": body}
    payment = INTENT.convert(INTENT.form.validate_python(intent), intent)
    left = body["amount_captured"] - body["amount_refunded"]
    assert payment.refundable.available == Money(left, body["currency"].upper())
    assert payment.refundable.submitted == Money(body["amount_refunded"], body["currency"].upper())
    if body["disputed"]:
        assert payment.refundable.status is RefundableStatus.UNAVAILABLE
    elif not left:
        assert payment.refundable.status is RefundableStatus.FULL
    else:
        assert payment.refundable.status is RefundableStatus.AVAILABLE
    part = body["payment_method_details"].get("card")
    if part:
        assert payment.card.brand == part["brand"]
        assert payment.card.kind == (part["funding"] if part["funding"] in ("credit", "debit") else None)
        assert payment.card.wallet == (part["wallet"]["type"] if part["wallet"] else None)
        assert payment.three_d_secure == (part["three_d_secure"] is not None)
    assert TypeAdapter(ChargePart).validate_python(body)["id"] == body["id"]


@pytest.mark.parametrize("name", names("get_balance_transaction"))
def test_every_balance_transaction_is_read(name):
    body = ANSWERS[name]["body"]
    part = TypeAdapter(BalancePart).validate_python(body)
    assert all(part[field] == body[field] for field in ("amount", "fee", "net", "currency"))


REFUNDS = {
    "pending": RefundStatus.SUBMITTED,
    "requires_action": RefundStatus.SUBMITTED,
    "succeeded": RefundStatus.SUCCEEDED,
    "failed": RefundStatus.ERROR,
    "canceled": RefundStatus.ERROR,
}


@pytest.mark.parametrize("name", [*names("get_refund", good=True), *names("create_refund", good=True)])
def test_every_refund_is_read(name):
    body = ANSWERS[name]["body"]
    of = body["payment_intent"] or "pi_1"
    transport = script(name)
    if body["payment_intent"] is None:  # the published sample belongs to nothing, so to no payment that is asked for
        with pytest.raises(NotFound):
            pay_on(transport).get_refund(of, body["id"])
        refund = REFUND.convert(REFUND.form.validate_python(body), body)
        assert refund.payment_id is None
    else:
        refund = pay_on(transport).get_refund(of, body["id"])
        assert refund.payment_id == of
        assert dict(refund.raw) == body
    assert refund.id == body["id"]
    assert refund.amount == Money(body["amount"], body["currency"].upper())
    assert (refund.status, refund.raw_status) == (REFUNDS[body["status"]], body["status"])
    assert refund.created_at == datetime.fromtimestamp(body["created"], UTC)


DISPUTES = {
    "warning_needs_response": DisputeStatus.NEEDS_RESPONSE,
    "needs_response": DisputeStatus.NEEDS_RESPONSE,
    "warning_under_review": DisputeStatus.UNDER_REVIEW,
    "under_review": DisputeStatus.UNDER_REVIEW,
    "won": DisputeStatus.WON,
    "prevented": DisputeStatus.WON,
    "warning_closed": DisputeStatus.WON,
    "lost": DisputeStatus.LOST,
}


@pytest.mark.parametrize("name", names("get_dispute"))
def test_every_dispute_is_read(name):
    body = ANSWERS[name]["body"]
    dispute = DISPUTE.convert(DISPUTE.form.validate_python(body), body)
    assert (dispute.id, dispute.raw_status, dispute.reason) == (body["id"], body["status"], body["reason"])
    assert dispute.status is DISPUTES[body["status"]]
    assert dispute.amount == Money(body["amount"], body["currency"].upper())
    assert dispute.payment_id == (body["payment_intent"] or body["charge"])
    due = body["evidence_details"]["due_by"]
    assert dispute.evidence_due_at == (datetime.fromtimestamp(due, UTC) if due else None)
    if name == "dispute-lost":
        assert (dispute.fee, dispute.net) == (Money(2000), Money(-6250))
    if dispute.status is not DisputeStatus.LOST:
        assert dispute.net is None


def test_lists_are_read():
    pay = pay_on(script("refunds-of-a-payment"))
    data = ANSWERS["refunds-of-a-payment"]["body"]["data"]
    of = data[0]["payment_intent"]
    assert [refund.id for refund in pay.list_refunds(of)] == [item["id"] for item in reversed(data)]
    assert pay_on(script("refunds-empty")).list_refunds("pi_1") == ()
    found = list(pay_on(script("refunds-of-a-payment")).search_refunds())
    assert [refund.payment_id for refund in found] == [item["payment_intent"] for item in data]
    data = ANSWERS["disputes-of-a-payment"]["body"]["data"]
    assert [one.id for one in pay_on(script("disputes-of-a-payment")).search_disputes()] == [
        item["id"] for item in data
    ]


def test_a_list_of_sessions_is_read_page_by_page():
    transport = script("sessions-first-page", "sessions-by-payment-intent", "sessions-empty")
    first = ANSWERS["sessions-first-page"]["body"]["data"]
    second = ANSWERS["sessions-by-payment-intent"]["body"]["data"]
    found = list(pay_on(transport).search())
    assert [payment.id for payment in found] == [item["id"] for item in (*first, *second)]
    assert f"starting_after={first[-1]['id']}" in transport.sent[1].url
    assert list(pay_on(script("sessions-empty")).search()) == []


@pytest.mark.parametrize(
    "name", ["payment-intents-page", "payment-intents-empty", "search-found", "search-more", "search-empty"]
)
def test_every_listed_payment_intent_is_read(name):
    for item in ANSWERS[name]["body"]["data"]:
        assert INTENT.convert(INTENT.form.validate_python(item), item).id == item["id"]


def test_a_captured_and_a_cancelled_intent_are_read():
    captured = ANSWERS["payment-intent-captured"]["body"]["id"]
    pay_on(script("payment-intent-captured")).capture(captured)
    held = response("payment-intent-requires-capture")
    for name in names("cancel_payment_intent", good=True):
        cancelled = ANSWERS[name]["body"]["id"]
        ours = {**json.loads(held.body), "id": cancelled}
        transport = ScriptedTransport([Response(held.status, held.headers, json.dumps(ours).encode()), response(name)])
        pay_on(transport).cancel(cancelled)
