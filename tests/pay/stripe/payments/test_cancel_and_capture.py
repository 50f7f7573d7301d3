"""Cancelling payments and capturing held money on the Stripe stub."""

import json
from datetime import timedelta

import pytest

from govcomponents import Money
from govcomponents.core.http.messages import Response
from govcomponents.core.transports.scripted import ScriptedTransport
from govcomponents.errors import (
    Conflict,
    GovComponentsError,
)
from govcomponents.pay.states import FailureReason, PaymentStatus, RefundableStatus
from pay.stripe.context import DECLINED, Watching


def test_cancelling_tells_later_who_did_it(desk):
    payment = desk.new()
    desk.person_pays(payment, DECLINED)
    desk.pay.cancel(payment.id)
    found = desk.pay.get(payment.id)
    assert (found.status, found.failure) == (PaymentStatus.CANCELLED, FailureReason.CANCELLED_BY_SERVICE)


@pytest.mark.parametrize("by_intent", [False, True])
def test_held_money_is_let_go(desk, by_intent):
    payment = desk.paid(delayed_capture=True)
    desk.pay.cancel(payment.payment_provider_id if by_intent else payment.id)
    found = desk.pay.get(payment.id)
    assert (found.status, found.is_captured) == (PaymentStatus.CANCELLED, False)
    assert found.refundable.status is RefundableStatus.UNAVAILABLE
    with pytest.raises(Conflict):
        desk.pay.capture(payment.id)


def test_what_is_paid_cannot_be_cancelled_and_nothing_is_sent_to_try(desk):
    payment = desk.paid()
    transport = Watching(desk.transport, {})
    with pytest.raises(Conflict) as caught:
        desk.on(transport).cancel(payment.id)
    assert caught.value.fix
    assert [request.method for request in transport.sent] == ["GET"]
    assert desk.pay.get(payment.id).is_paid


def test_a_person_who_pays_while_the_service_cancels_has_paid(desk):
    payment = desk.new()
    transport = Watching(desk.transport, {"/expire": lambda: desk.person_pays(payment)})
    with pytest.raises(Conflict):
        desk.on(transport).cancel(payment.id)
    assert desk.pay.get(payment.id).is_paid


def test_two_that_cancel_at_once_have_both_cancelled(desk):
    payment = desk.new()
    transport = Watching(desk.transport, {"/expire": lambda: desk.pay.cancel(payment.id)})
    assert desk.on(transport).cancel(payment.id) is None
    assert desk.pay.get(payment.id).status is PaymentStatus.CANCELLED


def test_an_open_payment_is_not_cancelled_by_its_intent(desk):
    payment = desk.new()
    desk.person_pays(payment, DECLINED)
    intent = desk.pay.get(payment.id).payment_provider_id
    with pytest.raises(GovComponentsError):
        desk.pay.cancel(intent)
    assert desk.pay.get(payment.id).status is PaymentStatus.STARTED


def test_a_cancel_that_did_not_cancel_is_a_conflict(desk):
    payment = desk.paid(delayed_capture=True)
    held = desk.sandbox.handle

    def not_done(request):
        intent = {"id": payment.payment_provider_id, "amount": 4250, "currency": "gbp", "status": "processing"}
        return Response(200, {}, json.dumps(intent).encode())

    with pytest.raises(Conflict):
        desk.on(ScriptedTransport([held, not_done])).cancel(payment.id)


def test_a_hold_lapses(desk):
    payment = desk.paid(delayed_capture=True)
    assert (payment.can_capture, payment.can_cancel, payment.delayed_capture) == (True, True, True)
    assert payment.refundable.status is RefundableStatus.PENDING
    assert payment.capture_before - payment.created_at == timedelta(days=7)
    desk.sandbox.clock.advance(7 * 86_400)
    lapsed = desk.pay.get(payment.id)
    assert lapsed.capture_before is None
    assert (lapsed.status, lapsed.failure) == (PaymentStatus.FAILED, FailureReason.EXPIRED)


def test_repeating_a_capture_is_safe(desk):
    payment = desk.paid(delayed_capture=True)
    desk.pay.capture(payment.id)
    captured = desk.pay.get(payment.id)
    assert (captured.is_captured, captured.fee, captured.net) == (True, Money(83), Money(4167))
    desk.pay.capture(payment.id)
    desk.pay.capture(desk.pay.get(payment.id).payment_provider_id)
    assert desk.pay.get(payment.id).is_captured
    assert len([charge for charge in desk.stripe.charges() if charge.captured_at is not None]) == 1


def test_a_capture_of_what_was_cancelled_is_a_conflict(desk):
    payment = desk.new(delayed_capture=True)
    desk.person_pays(payment)
    desk.pay.cancel(payment.id)
    with pytest.raises(Conflict):
        desk.pay.capture(payment.id)
