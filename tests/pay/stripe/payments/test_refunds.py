"""Refunds on the Stripe stub: made once, of what is left, and of their payment only."""

import json

import pytest

from govcomponents import Money
from govcomponents.contracts.faults import Fault, FaultyTransport
from govcomponents.core.http.messages import Response
from govcomponents.core.transports.scripted import ScriptedTransport
from govcomponents.errors import (
    Conflict,
    InvalidInput,
    NotFound,
    OutcomeUnknown,
)
from govcomponents.pay.states import RefundStatus
from pay.stripe.context import Watching


def test_of_two_refunds_that_start_from_the_same_sum_one_is_made(desk):
    payment = desk.paid()
    left = payment.refundable.available

    def first():
        desk.pay.refund(payment.id, Money(1000), available=left)

    transport = Watching(desk.transport, {"/v1/refunds": first})
    with pytest.raises(Conflict) as caught:
        desk.on(transport).refund(payment.id, Money(700), available=left)
    assert "available" in caught.value.happened
    assert [refund.amount for refund in desk.stripe.refunds()] == [1000]


def test_the_same_refund_by_two_at_once_is_made_once(desk):
    payment = desk.paid()
    left = payment.refundable.available

    def first():
        desk.pay.refund(payment.id, Money(700), available=left)

    transport = Watching(desk.transport, {"/v1/refunds": first})
    refund = desk.on(transport).refund(payment.id, Money(700), available=left)
    assert [made.id for made in desk.stripe.refunds()] == [refund.id]


def test_a_lost_refund_can_be_repeated_with_its_key_for_days(desk):
    payment = desk.paid()
    left = payment.refundable.available
    plan = dict.fromkeys(range(2, 5), Fault.TIME_OUT_AFTER)
    with pytest.raises(OutcomeUnknown) as caught:
        desk.on(FaultyTransport(desk.transport, plan)).refund(payment.id, Money(1000), available=left)
    desk.sandbox.clock.advance(3 * 86_400)
    with pytest.raises(Conflict):
        desk.pay.refund(payment.id, Money(1000), available=left)
    again = desk.pay.refund(payment.id, Money(1000), available=left, idempotency_key=caught.value.idempotency_key)
    assert [made.id for made in desk.stripe.refunds()] == [again.id]
    assert again.payment_id == payment.id


def test_two_refunds_of_the_same_amount_are_two(desk):
    payment = desk.paid()
    for _ in range(2):
        left = desk.pay.get(payment.id).refundable.available
        desk.pay.refund(payment.id, Money(500), available=left)
    assert len(desk.pay.list_refunds(payment.id)) == 2


def test_a_refund_that_failed_can_be_made_again_from_the_same_sum(desk):
    payment = desk.paid("4000000000005126")
    left = payment.refundable.available
    first = desk.pay.refund(payment.id, Money(1000), available=left)
    assert first.status is RefundStatus.SUCCEEDED
    desk.sandbox.clock.advance(2 * 86_400)
    assert desk.pay.get_refund(payment.id, first.id).status is RefundStatus.ERROR
    assert desk.pay.get(payment.id).refundable.available == left
    second = desk.pay.refund(payment.id, Money(1000), available=left)
    assert second.id != first.id
    assert [refund.status for refund in desk.pay.list_refunds(payment.id)] == [
        RefundStatus.ERROR,
        RefundStatus.SUCCEEDED,
    ]


def test_a_refund_takes_what_stripe_alone_knows(desk):
    payment = desk.paid()
    left = payment.refundable.available
    with pytest.raises(InvalidInput) as caught:
        desk.pay.refund(payment.id, Money(100), available=left, extra={"amount": 200})
    assert (caught.value.field, caught.value.operation) == ("extra", "pay.refund")
    desk.pay.refund(payment.id, Money(100), available=left, extra={"reason": "duplicate"})
    assert [refund.reason for refund in desk.stripe.refunds()] == ["duplicate"]


def test_a_refund_may_wait(desk):
    payment = desk.paid("4000000000007726")
    refund = desk.pay.refund(payment.id, Money(1000), available=payment.refundable.available)
    assert (refund.status, refund.is_finished) == (RefundStatus.SUBMITTED, False)
    desk.sandbox.clock.advance(3600)
    assert desk.pay.get_refund(payment.id, refund.id).status is RefundStatus.SUCCEEDED


def test_a_refund_of_the_wrong_currency_is_refused(desk):
    payment = desk.paid()
    with pytest.raises(InvalidInput) as caught:
        desk.pay.refund(payment.id, Money(100, "EUR"), available=Money(4250, "EUR"))
    assert caught.value.field == "available"


@pytest.mark.parametrize("capture", [False, True])
def test_what_is_held_or_disputed_cannot_be_refunded(desk, capture):
    payment = desk.paid(delayed_capture=True)
    if capture:
        desk.pay.capture(payment.id)
        desk.stripe.open_dispute(payment.id)
    with pytest.raises(Conflict, match="disputed" if capture else "not been taken"):
        desk.pay.refund(payment.id, Money(100), available=Money(4250))
    assert desk.stripe.refunds() == []


def test_all_of_it_can_be_refunded_once(desk):
    payment = desk.paid()
    desk.pay.refund(payment.id, Money(4250), available=Money(4250))
    with pytest.raises(Conflict, match="all of it"):
        desk.pay.refund(payment.id, Money(1), available=Money(1))


def test_a_refund_is_of_its_payment_only(desk):
    ours, other, unpaid = desk.paid(), desk.paid(), desk.new()
    refund = desk.pay.refund(ours.id, Money(100), available=Money(4250))
    assert desk.pay.get_refund(ours.payment_provider_id, refund.id).payment_id == ours.payment_provider_id
    for wrong in (other.id, other.payment_provider_id, unpaid.id):
        with pytest.raises(NotFound):
            desk.pay.get_refund(wrong, refund.id)


def test_a_refund_made_elsewhere_is_found_by_its_payment(desk):
    payment = desk.paid()
    by_hand = desk.pay.refund(payment.payment_provider_id, Money(100), available=Money(4250))
    assert desk.pay.get_refund(payment.id, by_hand.id).payment_id == payment.id
    assert [refund.id for refund in desk.pay.search_refunds()] == [by_hand.id]


def test_a_payment_that_nobody_tried_has_no_refunds(desk):
    assert desk.pay.list_refunds(desk.new().id) == ()


def test_a_payment_made_elsewhere_without_a_reference_is_refunded_too(desk):
    payment = desk.paid()
    made_elsewhere = {
        "id": "pi_elsewhere",
        "amount": 500,
        "currency": "gbp",
        "status": "succeeded",
        "latest_charge": {"id": "ch_1", "amount": 500, "currency": "gbp", "captured": True},
    }
    refund = {"id": "re_1", "amount": 100, "currency": "gbp", "status": "succeeded", "payment_intent": "pi_elsewhere"}
    answers = [made_elsewhere, {"data": []}, refund]
    transport = ScriptedTransport([Response(200, {}, json.dumps(answer).encode()) for answer in answers])
    found = desk.on(transport).refund("pi_elsewhere", Money(100), available=Money(500))
    assert (found.payment_id, payment.reference) == ("pi_elsewhere", "PERMIT-1")
    assert b"reference" not in transport.sent[-1].body
