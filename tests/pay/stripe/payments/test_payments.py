"""Making and reading payments on the Stripe stub, beyond what the contract asks of every adapter."""

import pytest

from govcomponents import Money
from govcomponents.contracts.faults import Fault, FaultyTransport
from govcomponents.core.http.messages import Response
from govcomponents.core.http.runtime import Runtime
from govcomponents.core.transports.scripted import ScriptedTransport
from govcomponents.errors import (
    Conflict,
    GovComponentsError,
    InvalidInput,
    OutcomeUnknown,
    RequestRefused,
    UnexpectedReply,
)
from govcomponents.pay.adapters.stripe.adapter import Stripe
from govcomponents.pay.service import PayService
from govcomponents.pay.states import FailureReason, PaymentStatus, RefundableStatus
from govcomponents.settings import PaySettings
from pay.stripe.context import DECLINED, NOW


def test_a_reference_that_stripe_does_not_keep_is_refused(desk):
    assert desk.new(reference="r" * 200).reference == "r" * 200
    with pytest.raises(InvalidInput) as caught:
        desk.new(reference="r" * 201)
    assert caught.value.field == "reference"


@pytest.mark.parametrize(("key", "good"), [("sk_test_a", True), ("sk_live_a", False), ("sk_org_a", False)])
def test_http_is_for_test_keys(key, good):
    transport = ScriptedTransport([Response(401, {}, b'{"error": {}}')])
    runtime = Runtime(transport)
    pay = PayService(Stripe.from_settings(PaySettings(api_key=key), runtime), runtime)
    with pytest.raises(GovComponentsError) as caught:
        pay.create(Money(4250), "R-1", "Permit", "http://permits.example.gov.uk/return")
    assert isinstance(caught.value, InvalidInput) is not good
    assert len(transport.sent) == int(good)


def test_other_currencies_than_pounds(desk):
    for money in (Money.of("12.50", "EUR"), Money.of("500", "JPY"), Money.of("5.120", "KWD")):
        payment = desk.paid(amount=money)
        assert (payment.amount, payment.total, payment.refundable.available) == (money, money, money)
        assert payment.fee.currency == money.currency


def test_metadata_comes_back_as_text_without_what_is_our_own(desk):
    payment = desk.paid(metadata={"fast": True, "copies": 2, "note": "ok"})
    assert dict(payment.metadata) == {"fast": "true", "copies": "2", "note": "ok"}
    assert payment.description == "Resident parking permit"


def test_the_least_amount_of_pounds_is_known_and_that_of_others_the_providers_to_enforce(desk):
    with pytest.raises(InvalidInput) as caught:
        desk.new(amount=Money(29))
    assert caught.value.field == "amount"
    with pytest.raises(RequestRefused) as refused:
        desk.new(amount=Money(1, "EUR"))
    assert (refused.value.code, refused.value.field) == ("amount_too_small", "line_items[0][price_data][unit_amount]")


def test_a_lost_answer_makes_one_payment(desk):
    wire = FaultyTransport(desk.transport, {0: Fault.TIME_OUT_AFTER})
    payment = desk.on(wire).create(Money(4250), "R-1", "Permit", "https://permits.example.gov.uk/return")
    assert payment.reference == "R-1"
    assert len(desk.stripe.sessions()) == 1
    keys = [request.headers["Idempotency-Key"] for request in wire.sent if request.method == "POST"]
    assert len(keys) == 2
    assert len(set(keys)) == 1


@pytest.mark.parametrize(
    "fault", [Fault.TIME_OUT_AFTER, Fault.DROPPED_AFTER, Fault.MALFORMED, Fault.BAD_GATEWAY], ids=str
)
def test_an_unknown_outcome_can_be_repeated_with_its_key(desk, fault):
    wire = FaultyTransport(desk.transport, dict.fromkeys(range(3), fault))
    details = (Money(4250), "R-1", "Permit", "https://permits.example.gov.uk/return")
    with pytest.raises((OutcomeUnknown, UnexpectedReply)) as caught:
        desk.on(wire).create(*details)
    key = caught.value.idempotency_key
    desk.sandbox.clock.advance(600)
    payment = desk.pay.create(*details, idempotency_key=key)
    assert [session.id for session in desk.stripe.sessions()] == [payment.id]


def test_a_repeat_after_the_person_has_paid_tells_the_state_as_it_is_now(desk):
    first = desk.new(idempotency_key="renewal-7")
    desk.person_pays(first)
    again = desk.new(idempotency_key="renewal-7")
    assert (again.id, again.status) == (first.id, PaymentStatus.SUCCEEDED)


def test_a_key_for_other_details_is_a_conflict(desk):
    desk.new(idempotency_key="renewal-7")
    with pytest.raises(Conflict) as caught:
        desk.new(idempotency_key="renewal-7", amount=Money(5000))
    assert caught.value.idempotency_key == "renewal-7"
    assert len(desk.stripe.sessions()) == 1


def test_the_page_expires_as_soon_as_the_keys_say(desk):
    ours, theirs = desk.new(), desk.new(idempotency_key="renewal-8")
    desk.sandbox.clock.advance(5400)
    assert desk.pay.get(ours.id).failure is FailureReason.EXPIRED
    assert desk.pay.get(theirs.id).status is PaymentStatus.CREATED
    desk.sandbox.clock.advance(86_400 - 5400)
    assert desk.pay.get(theirs.id).failure is FailureReason.EXPIRED


def test_a_declined_card_leaves_the_payment_open_for_another(desk):
    payment = desk.new()
    desk.person_pays(payment, DECLINED)
    declined = desk.pay.get(payment.id)
    assert (declined.status, declined.is_finished, declined.state.code) == (
        PaymentStatus.STARTED,
        False,
        "generic_decline",
    )
    assert (declined.card, declined.refundable.status) == (None, RefundableStatus.PENDING)
    desk.person_pays(payment)
    assert desk.pay.get(payment.id).is_captured


def test_the_bank_may_ask_the_person(desk):
    payment = desk.paid("4000002760003184")
    assert (payment.is_paid, payment.three_d_secure) == (True, True)


def test_a_payment_is_found_by_its_intent_too(desk):
    paid = desk.paid()
    by_intent = desk.pay.get(paid.payment_provider_id)
    assert (by_intent.id, by_intent.reference, by_intent.state) == (
        paid.payment_provider_id,
        paid.reference,
        paid.state,
    )
    assert (by_intent.amount, by_intent.fee, by_intent.card) == (paid.amount, paid.fee, paid.card)
    assert by_intent.next_url is None


def test_an_unknown_currency_is_not_guessed(desk):
    payment = desk.new()

    def odd(request):
        answer = desk.sandbox.handle(request)
        return Response(answer.status, answer.headers, answer.body.replace(b'"gbp"', b'"ugx"'))

    with pytest.raises(UnexpectedReply, match="not certain"):
        desk.on(ScriptedTransport([odd])).get(payment.id)


def test_mopping_up_settles_what_was_left(desk):
    from datetime import datetime, timedelta

    from govcomponents.pay.mop_up import Unfinished

    payment = desk.new()
    began = datetime.fromisoformat(NOW)
    desk.sandbox.clock.advance(6000)
    seen = []
    report = desk.pay.mop_up(
        [Unfinished(payment.id, began, PaymentStatus.CREATED)], seen.append, older_than=timedelta(minutes=60)
    )
    assert report.changed == (payment.id,)
    assert seen[0].payment.failure is FailureReason.EXPIRED
