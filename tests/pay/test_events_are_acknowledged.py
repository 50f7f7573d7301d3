"""A signed event is never refused for what it holds: what is not understood is unknown, or has a part less."""

import json
from itertools import product

import pytest

from govcomponents import CallbackRefused, Money
from govcomponents.core.http.runtime import Runtime
from govcomponents.core.transports.scripted import ScriptedTransport
from govcomponents.pay import (
    DisputeChanged,
    DisputeStatus,
    FailureReason,
    PaymentChange,
    PaymentChanged,
    PaymentStatus,
    RefundChanged,
    RefundStatus,
    UnknownEvent,
)
from govcomponents.pay.adapters.govuk_pay.adapter import GovUkPay
from govcomponents.pay.adapters.govuk_pay.callbacks import sign as sign_pay
from govcomponents.pay.adapters.stripe.adapter import Stripe
from govcomponents.pay.adapters.stripe.callbacks import sign as sign_stripe
from govcomponents.pay.service import PayService
from govcomponents.privacy import Secret

from .test_absurd_amounts import ABSURD, MARK

NOW = 1_772_442_930
PAY_SECRET = "webhook_test_exampleonly0govcomponents"
STRIPE_SECRET = "whsec_exampleonlygovcomponents"
SUCCESS = {"status": "success", "finished": True}
SETTLEMENT = {"captured_date": "2026-03-02"}
SESSION = {"object": "checkout.session", "id": "cs_1", "amount_total": 1000, "currency": "gbp", "status": "complete"}
CHARGE = {"object": "charge", "id": "ch_1", "amount": 1000, "currency": "gbp", "payment_intent": "pi_1"}
INTENT = {"object": "payment_intent", "id": "pi_1", "amount": 1000, "currency": "gbp", "status": "succeeded"}
REFUND = {"object": "refund", "id": "re_1", "amount": 300, "currency": "gbp", "status": "succeeded"}
DISPUTE = {"object": "dispute", "id": "dp_1", "amount": 300, "currency": "gbp", "status": "lost", "charge": "ch_1"}


def govuk_pay(kind, resource=None, **changed):
    shown = {"payment_id": "a1", "amount": 1000, "reference": "R-1", "state": SUCCESS, **(resource or {})}
    return {
        "webhook_message_id": "m1",
        "created_date": "2026-03-02T09:15:27.104Z",
        "resource_id": "a1",
        "event_type": kind,
        "resource": shown,
        **changed,
    }


def stripe(kind, shown, **changed):
    return {"id": "evt_1", "type": kind, "created": NOW, "livemode": False, "data": {"object": shown}, **changed}


def parse(message):
    body = message if isinstance(message, bytes) else json.dumps(message).encode()
    if b"webhook_message_id" in body:
        kind, key, secret = GovUkPay, "api_test_x", PAY_SECRET
        headers = {"Pay-Signature": sign_pay(body, secret)}
    else:
        kind, key, secret = Stripe, "sk_test_x", STRIPE_SECRET
        headers = {"Stripe-Signature": f"t={NOW},v1={sign_stripe(body, secret, NOW)}"}
    runtime = Runtime(ScriptedTransport(), clock=lambda: NOW)
    return PayService(kind(Secret(key), runtime, webhook_secrets=(Secret(secret),)), runtime).parse_callback(
        body, headers
    )


STRANGE = [None, True, 7, -1.5, "x", "", [], {}, [[]], {"a": {}}, "x" * 5000, "\ud83d\ude00", 10**400]
WHOLE = [
    govuk_pay("card_payment_captured", {"settlement_summary": SETTLEMENT}),
    govuk_pay("card_payment_refunded"),
    stripe("checkout.session.completed", {**SESSION, "payment_status": "paid"}),
    stripe("payment_intent.succeeded", INTENT),
    stripe("charge.refunded", CHARGE),
    stripe("refund.updated", REFUND),
    stripe("charge.dispute.closed", DISPUTE),
]


def places(whole, path=()):
    for name, value in whole.items():
        yield (*path, name)
        if isinstance(value, dict):
            yield from places(value, (*path, name))


def changed(whole, path, value):
    name, *rest = path
    return {**whole, name: changed(whole[name], rest, value) if rest else value}


CASES = [(whole, path) for whole in WHOLE for path in places(whole) if path not in {("id",), ("webhook_message_id",)}]


@pytest.mark.parametrize(
    ("whole", "path"), CASES, ids=lambda part: ".".join(part) if isinstance(part, tuple) else part.get("type", "pay")
)
def test_whatever_a_part_holds_the_event_is_acknowledged(whole, path):
    for value in STRANGE:
        if path == ("livemode",) and value is True:  # it is of the other mode, and not for this key
            continue
        event = parse(changed(whole, path, value))
        assert event.key in {"m1", "evt_1"}


@pytest.mark.parametrize("message", [b"", b"{}", b"[]", b"null", b'{"id": 7}', b'{"id": ""}', b"\xff", b"[" * 99_999])
def test_what_names_no_event_is_refused(message):
    with pytest.raises(CallbackRefused):
        parse(message)


@pytest.mark.parametrize("whole", WHOLE, ids=str)
def test_an_event_that_two_readers_could_read_in_two_ways_is_refused(whole):
    body = json.dumps(whole).encode()
    for name in (b'"amount', b'"currency"', b'"id"', b'"webhook_message_id"', b'"event_type"', b'"status"'):
        if name in body:
            twice = body.replace(name, b'"twice": 1, "twice": 2, ' + name, 1)
            with pytest.raises(CallbackRefused, match="a member twice"):
                parse(twice)


@pytest.mark.parametrize("amount", ABSURD)
def test_an_amount_that_is_none_is_not_told_and_the_event_is(amount):
    for kind, shown, name in (
        ("checkout.session.completed", {**SESSION, "payment_status": "paid"}, "amount_total"),
        ("payment_intent.succeeded", INTENT, "amount"),
        ("charge.captured", CHARGE, "amount"),
        ("refund.updated", REFUND, "amount"),
        ("charge.dispute.closed", DISPUTE, "amount"),
    ):
        body = json.dumps(stripe(kind, {**shown, name: MARK})).replace(f'"{MARK}"', amount).encode()
        if amount in {"NaN", "Infinity"}:  # these are no JSON
            with pytest.raises(CallbackRefused):
                parse(body)
            continue
        event = parse(body)
        assert (event.amount, isinstance(event, UnknownEvent)) == (None, False)
    body = json.dumps(govuk_pay("card_payment_succeeded", {"amount": MARK})).replace(f'"{MARK}"', amount).encode()
    if amount not in {"NaN", "Infinity"}:
        assert (parse(body).amount, parse(body).change) == (None, PaymentChange.SUCCEEDED)


@pytest.mark.parametrize("currency", ["ugx", "xxx", "GBP", "", None, 7, "pounds"])
def test_an_event_in_a_currency_that_cannot_be_read_has_no_amount(currency):
    event = parse(stripe("checkout.session.completed", {**SESSION, "payment_status": "paid", "currency": currency}))
    assert isinstance(event, PaymentChanged)
    assert (event.payment_id, event.change, event.amount) == ("cs_1", PaymentChange.SUCCEEDED, None)
    assert parse(stripe("refund.updated", {**REFUND, "currency": currency})).amount is None


def test_an_events_amount_is_that_of_what_it_is_about():
    charge = parse(stripe("charge.refunded", {**CHARGE, "amount_refunded": 300}))
    assert isinstance(charge, RefundChanged)
    assert (charge.amount, charge.payment_amount) == (None, Money(1000))
    refund = parse(stripe("refund.updated", REFUND))
    assert (refund.amount, refund.payment_amount) == (Money(300), None)
    pay = parse(govuk_pay("card_payment_refunded"))
    assert (pay.amount, pay.payment_amount) == (None, Money(1000))
    dispute = parse(stripe("charge.dispute.closed", DISPUTE))
    assert isinstance(dispute, DisputeChanged)
    assert (dispute.amount, dispute.status) == (Money(300), DisputeStatus.LOST)
    assert parse(govuk_pay("card_payment_succeeded")).amount == Money(1000)


@pytest.mark.parametrize(
    ("message", "amount", "payment_amount"),
    [
        (stripe("charge.captured", {**CHARGE, "amount_captured": 400}), 400, 1000),
        (stripe("charge.captured", {**CHARGE, "amount_captured": 1000}), 1000, 1000),
        (stripe("charge.captured", CHARGE), 1000, 1000),
        (stripe("payment_intent.succeeded", {**INTENT, "amount_received": 400}), 400, 1000),
        (stripe("payment_intent.processing", {**INTENT, "status": "processing", "amount_received": 0}), 1000, 1000),
        (stripe("payment_intent.canceled", {**INTENT, "status": "canceled", "amount_received": 0}), 1000, 1000),
        (govuk_pay("card_payment_captured", {"total_amount": 1250, "corporate_card_surcharge": 250}), 1250, 1000),
        (govuk_pay("card_payment_succeeded", {"total_amount": 1250}), 1250, 1000),
        (govuk_pay("card_payment_succeeded", {"total_amount": None}), 1000, 1000),
        (govuk_pay("card_payment_failed", {"total_amount": 1250, "state": {"status": "declined"}}), 1000, 1000),
    ],
)
def test_what_was_taken_is_told_beside_the_payments_amount(message, amount, payment_amount):
    event = parse(message)
    assert (event.amount, event.payment_amount) == (Money(amount), Money(payment_amount))


@pytest.mark.parametrize("intent", ["pi_1", None, {**INTENT, "status": "processing"}], ids=str)
def test_a_delayed_payment_that_failed_is_failed_and_finished(intent):
    shown = {**SESSION, "payment_status": "unpaid", "payment_intent": intent}
    event = parse(stripe("checkout.session.async_payment_failed", shown))
    assert event.change is PaymentChange.FAILED
    assert event.state is None or (event.state.status, event.state.is_finished) == (PaymentStatus.FAILED, True)
    if not isinstance(intent, dict):
        assert event.state.failure is FailureReason.UNKNOWN


@pytest.mark.parametrize("kind", ["card_payment_captured", "card_payment_settled"])
@pytest.mark.parametrize("settlement", [{}, None, {"captured_date": None}, {"captured_date": "soon"}, SETTLEMENT])
def test_a_payment_that_was_captured_is_captured_by_its_state_too(kind, settlement):
    event = parse(govuk_pay(kind, {"settlement_summary": settlement}))
    assert event.state.is_captured
    assert event.state.is_finished


STATUSES = ["created", "started", "submitted", "capturable", "success", "failed", "cancelled", "error", "declined"]
CONTRARY = {
    PaymentChange.SUCCEEDED: lambda state: state.is_paid,
    PaymentChange.CAPTURED: lambda state: state.is_paid and state.is_captured,
    PaymentChange.SETTLED: lambda state: state.is_paid and state.is_captured,
    PaymentChange.FAILED: lambda state: state.is_finished and not state.is_paid,
    PaymentChange.EXPIRED: lambda state: state.is_finished and state.failure is FailureReason.EXPIRED,
    PaymentChange.STARTED: lambda state: not state.is_finished,
    PaymentChange.SUBMITTED: lambda state: not state.is_finished,
    PaymentChange.CAPTURABLE: lambda state: state.status is PaymentStatus.CAPTURABLE,
    PaymentChange.CANCELLED: lambda state: state.is_finished and not state.is_paid,
}


@pytest.mark.parametrize("status", [*STATUSES, "timedout", "strange"])
@pytest.mark.parametrize("kind", ["started", "succeeded", "captured", "settled", "failed", "expired"])
def test_kind_and_state_of_an_event_of_govuk_pay_agree(kind, status):
    event = parse(govuk_pay(f"card_payment_{kind}", {"state": {"status": status, "finished": False}}))
    assert event.state is None or CONTRARY[event.change](event.state)


STATUSES_OF_INTENTS = ["succeeded", "requires_capture", "processing", "requires_payment_method", "canceled", "strange"]
SESSION_KINDS = ["completed", "expired", "async_payment_succeeded", "async_payment_failed"]


@pytest.mark.parametrize("kind", SESSION_KINDS)
@pytest.mark.parametrize("status", ["open", "complete", "expired", None, "strange"])
def test_kind_and_state_of_an_event_of_a_session_agree(kind, status):
    intents = ["pi_1", None, *({**INTENT, "status": one} for one in STATUSES_OF_INTENTS)]
    for paid, intent in product(["paid", "unpaid", "no_payment_required", None], intents):
        shown = {**SESSION, "status": status, "payment_status": paid, "payment_intent": intent}
        event = parse(stripe(f"checkout.session.{kind}", shown))
        assert event.state is None or CONTRARY[event.change](event.state)
        ends = {"expired": {"expired", "cancelled", "failed"}, "async_payment_failed": {"failed"}}
        assert event.change.value in ends.get(kind, {event.change.value})


KINDS = ["succeeded", "processing", "amount_capturable_updated", "payment_failed", "requires_action", "canceled"]


@pytest.mark.parametrize("status", STATUSES_OF_INTENTS)
@pytest.mark.parametrize("kind", KINDS)
def test_kind_and_state_of_an_event_of_stripe_agree(kind, status):
    event = parse(stripe(f"payment_intent.{kind}", {**INTENT, "status": status}))
    assert event.state is None or CONTRARY[event.change](event.state)


@pytest.mark.parametrize("status", ["succeeded", "requires_capture", "processing", "strange"])
def test_an_event_of_an_end_is_one_whatever_its_object_shows(status):
    event = parse(stripe("payment_intent.canceled", {**INTENT, "status": status}))
    assert (event.change, event.state) == (PaymentChange.CANCELLED, None)
    shown = {**SESSION, "status": "open", "payment_intent": {**INTENT, "status": status}}
    event = parse(stripe("checkout.session.expired", shown))
    assert (event.change, event.state) == (PaymentChange.EXPIRED, None)


def test_a_refund_that_failed_says_so_by_its_status_too():
    assert parse(stripe("refund.failed", {**REFUND, "status": "succeeded"})).status is RefundStatus.ERROR
    assert parse(stripe("charge.dispute.closed", {**DISPUTE, "status": "under_review"})).status is None
