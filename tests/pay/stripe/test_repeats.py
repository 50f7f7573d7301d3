"""Faults at every step of an operation, not only at the first, and what is sent again after them."""

import json

import pytest

from govcomponents import Money
from govcomponents.contracts.faults import Fault, FaultyTransport
from govcomponents.core.http.messages import Response
from govcomponents.core.http.retry import RetryPolicy
from govcomponents.core.http.runtime import Runtime
from govcomponents.core.transports.scripted import ScriptedTransport
from govcomponents.errors import (
    GovComponentsError,
    OutcomeUnknown,
    RateLimited,
)
from govcomponents.pay.service import PayService

from .context import build


def _capture(desk):
    payment = desk.paid(delayed_capture=True)
    return lambda pay: pay.capture(payment.id)


def _cancel(desk):
    payment = desk.new()
    return lambda pay: pay.cancel(payment.id)


def _release(desk):
    payment = desk.paid(delayed_capture=True)
    return lambda pay: pay.cancel(payment.id)


def _refund(desk):
    payment = desk.paid()
    return lambda pay: pay.refund(payment.id, Money(1000), available=payment.refundable.available)


STEPS = [
    (act, step) for act, steps in ((_capture, 2), (_cancel, 3), (_release, 2), (_refund, 3)) for step in range(steps)
]


@pytest.mark.parametrize("fault", list(Fault), ids=str)
@pytest.mark.parametrize(("act", "step"), STEPS, ids=lambda value: getattr(value, "__name__", str(value)))
def test_a_fault_at_any_step_is_told_and_nothing_is_done_twice(desk, act, step, fault):
    call = act(desk)
    wire = FaultyTransport(desk.transport, dict.fromkeys(range(step, step + 3), fault))
    with pytest.raises(GovComponentsError) as caught:
        call(desk.on(wire))
    assert caught.value.fix
    was_write = wire.sent[-1].method == "POST"
    keys = {request.headers["Idempotency-Key"] for request in wire.sent[step:] if request.method == "POST"}
    assert len(keys) <= 1
    if was_write and fault not in (Fault.NOT_CONNECTED, Fault.TOO_MANY_REQUESTS, Fault.MALFORMED):
        assert isinstance(caught.value, OutcomeUnknown)
        assert caught.value.lookup
    acted = fault.acted and was_write
    taken = sum(charge.captured_at is not None for charge in desk.stripe.charges())
    assert taken == (1 if act is _refund or (act is _capture and acted) else 0)
    assert len(desk.stripe.refunds()) == int(act is _refund and acted)


@pytest.mark.parametrize("fault", [fault for fault in Fault if fault is not Fault.MALFORMED], ids=str)
@pytest.mark.parametrize(("act", "step"), STEPS, ids=lambda value: getattr(value, "__name__", str(value)))
def test_a_fault_that_passes_at_any_step_is_outlived(desk, act, step, fault):
    call = act(desk)
    wire = FaultyTransport(desk.transport, {step: fault})
    call(desk.on(wire))
    assert wire.waits
    assert len(desk.stripe.refunds()) == int(act is _refund)


def test_a_rate_limit_that_should_not_be_retried_is_not(desk):
    refused = Response(429, {"stripe-should-retry": "false", "retry-after": "7"}, b'{"error": {"code": "rate_limit"}}')
    transport = ScriptedTransport([refused])
    with pytest.raises(RateLimited) as caught:
        desk.on(transport).get("cs_test_1")
    assert caught.value.retry_after == 7
    assert transport.waits == []


def test_a_request_that_is_still_being_worked_on_is_in_doubt(desk):
    error = {"error": {"type": "idempotency_error", "code": "idempotency_key_in_use"}}
    at_work = Response(409, {}, json.dumps(error).encode())
    transport = ScriptedTransport([at_work, at_work])
    details = (Money(4250), "R-1", "Permit", "https://permits.example.gov.uk/return")
    with pytest.raises(OutcomeUnknown) as caught:
        desk.on(transport).create(*details)
    assert caught.value.idempotency_key
    assert transport.waits == [1.0]
    assert desk.on(ScriptedTransport([at_work, desk.sandbox.handle])).create(*details).reference == "R-1"
    once = Runtime(ScriptedTransport([at_work]), clock=desk.sandbox.clock.time, retry=RetryPolicy.none())
    with pytest.raises(OutcomeUnknown):
        PayService(build(once, desk.sandbox), once).create(*details)
    assert len(desk.stripe.sessions()) == 1


def test_a_policy_of_one_attempt_sends_nothing_twice(desk):
    wire = FaultyTransport(desk.transport, {0: Fault.TIME_OUT_BEFORE})
    runtime = Runtime(wire, clock=desk.sandbox.clock.time, retry=RetryPolicy.none())
    pay = PayService(build(runtime, desk.sandbox), runtime)
    with pytest.raises(OutcomeUnknown):
        pay.create(Money(4250), "R-1", "Permit", "https://permits.example.gov.uk/return")
    assert len(wire.sent) == 1


WRITES = [(_capture, 1), (_cancel, 1), (_cancel, 2), (_release, 1), (_refund, 2)]


@pytest.mark.parametrize(("act", "step"), WRITES, ids=lambda value: getattr(value, "__name__", str(value)))
def test_what_is_still_being_worked_on_is_asked_for_again_under_its_key(desk, act, step):
    call = act(desk)
    error = {"error": {"type": "idempotency_error", "code": "idempotency_key_in_use"}}
    steps = [desk.sandbox.handle] * 5
    steps[step] = Response(409, {}, json.dumps(error).encode())
    transport = ScriptedTransport(steps)
    call(desk.on(transport))
    assert transport.waits == [1.0]
    first, again = transport.sent[step : step + 2]
    assert first.url == again.url
    assert first.headers["Idempotency-Key"] == again.headers["Idempotency-Key"]
