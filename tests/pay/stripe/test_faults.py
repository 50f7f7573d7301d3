"""Each fault that the Stripe stub can be told to have reaches the caller as the catalogue says."""

import pytest

from govcomponents import Money, errors
from govcomponents.sandbox.providers import fault_catalogue

from .context import Desk

CATALOGUE = fault_catalogue()
FAULTS = [name for name, kind in CATALOGUE.items() if "stripe" in kind.providers]
CERTAIN = {"rate_limited": errors.RateLimited, "key_revoked": errors.CredentialsRefused}
MANGLED = {"malformed_response": errors.UnexpectedReply}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_of_a_call_that_changes_something(fault):
    desk = Desk()
    desk.sandbox.faults.arm("stripe", fault, operation="pay.create_session")
    with pytest.raises(errors.GovComponentsError) as caught:
        desk.new()
    expected = {**CERTAIN, **MANGLED}.get(fault, errors.OutcomeUnknown)
    assert type(caught.value) is expected
    assert caught.value.idempotency_key
    assert len(desk.stripe.sessions()) in (0, 1)
    desk.sandbox.faults.clear()
    desk.sandbox.clock.advance(60)
    payment = desk.new(idempotency_key=caught.value.idempotency_key)
    assert [session.id for session in desk.stripe.sessions()] == [payment.id]


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_of_a_read_that_passes_is_not_seen(fault):
    desk = Desk()
    payment = desk.new()
    desk.sandbox.faults.arm("stripe", fault, operation="pay.get_session", times=1)
    if fault in (*MANGLED, "key_revoked"):
        with pytest.raises((errors.UnexpectedReply, errors.CredentialsRefused)):
            desk.pay.get(payment.id)
    else:
        assert desk.pay.get(payment.id).id == payment.id


@pytest.mark.parametrize("fault", FAULTS)
def test_no_refund_is_made_twice(fault):
    desk = Desk()
    payment = desk.paid()
    desk.sandbox.faults.arm("stripe", fault, operation="pay.create_refund", times=1)
    details = {"amount": Money(1000), "available": payment.refundable.available}
    try:
        desk.pay.refund(payment.id, **details)
    except errors.GovComponentsError as error:
        desk.pay.refund(payment.id, **details, idempotency_key=error.idempotency_key)
    assert len(desk.stripe.refunds()) == 1
