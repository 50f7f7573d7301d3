"""The Stripe adapter on the imitated Stripe: what it does that the contract does not ask of every adapter."""

import json

import pytest

from govcomponents import AsyncGovComponents, GovComponents, Money
from govcomponents.contracts.faults import Fault, FaultyTransport
from govcomponents.core.http.messages import Response
from govcomponents.core.http.retry import RetryPolicy
from govcomponents.core.runtime import Runtime
from govcomponents.core.transports.scripted import ScriptedTransport
from govcomponents.errors import (
    ConfigurationError,
    Conflict,
    GovComponentsError,
    InvalidInput,
    NotFound,
    NotSupported,
    OutcomeUnknown,
    RateLimited,
    RequestRefused,
    UnexpectedReply,
)
from govcomponents.pay.adapters.stripe.adapter import Stripe
from govcomponents.pay.capabilities import PayCapability
from govcomponents.pay.service import PayService
from govcomponents.pay.states import DisputeStatus, FailureReason, PaymentStatus, RefundableStatus, RefundStatus
from govcomponents.settings import PaySettings, Settings

from .ground import KEY, NOW, Desk, build, world

DECLINED = "4000000000000002"


@pytest.fixture
def desk():
    return Desk()


class Watching:
    """A transport that lets something happen just before a chosen request."""

    def __init__(self, inner, before):
        self.inner, self.before, self.sent = inner, before, []

    async def send(self, request):
        self.sent.append(request)
        for fits, act in list(self.before.items()):
            if request.url.endswith(fits):
                del self.before[fits]
                act()
        return await self.inner.send(request)

    async def sleep(self, seconds):
        await self.inner.sleep(seconds)

    async def aclose(self):
        await self.inner.aclose()


# Setting up.


def from_settings(is_production=None, **settings):
    return Stripe.from_settings(PaySettings(**settings), Runtime(ScriptedTransport(), is_production=is_production))


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({}, "is not set"),
        ({"api_key": "sk_test_a b"}, "not a whole Stripe API key"),
        ({"api_key": "sk_test_a\n"}, "white space"),
        ({"api_key": "pk_test_a"}, "publishable"),
        ({"api_key": KEY, "base_url": "http://stripe.example.com"}, "must be https"),
        ({"api_key": KEY, "acount": "acct_1"}, "no such setting"),
        ({"api_key": "sk_live_a", "is_production": False}, "live key"),
        ({"api_key": "rk_live_a", "is_production": False}, "live key"),
    ],
)
def test_a_wrong_setup_is_refused(settings, told):
    with pytest.raises(ConfigurationError, match=told) as caught:
        from_settings(**settings)
    assert caught.value.fix
    assert "sk_" not in caught.value.happened


@pytest.mark.parametrize(("key", "live"), [("sk_live_a", True), ("rk_live_a", True), ("rk_test_a", False)])
def test_the_key_says_whether_the_money_is_real(key, live):
    assert from_settings(api_key=key).is_live is live
    assert from_settings(api_key=key, is_production=True).is_test is not live


def test_it_is_found_by_its_name():
    settings = Settings(environment="test", pay={"adapter": "stripe", "api_key": KEY})
    with GovComponents.from_settings(settings) as gov:
        assert gov.pay._port.provider == "Stripe"


def test_what_it_cannot_do_it_does_not_declare():
    declared = Stripe.capabilities
    assert declared == frozenset(PayCapability) - {
        PayCapability.CONFIRM,
        PayCapability.LIST_EVENTS,
        PayCapability.AGREEMENTS,
        PayCapability.SEARCH_AGREEMENTS,
        PayCapability.TELEPHONE,
        PayCapability.MOTO,
        PayCapability.WELSH,
        PayCapability.PREFILLED_DETAILS,
    }


# Making payments.


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


# Reading.


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


# Cancelling and capturing.


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
    desk.sandbox.clock.advance(7 * 86_400)
    lapsed = desk.pay.get(payment.id)
    assert (lapsed.status, lapsed.failure) == (PaymentStatus.FAILED, FailureReason.EXPIRED)


def test_captured_twice_is_a_conflict_and_one_capture(desk):
    payment = desk.paid(delayed_capture=True)
    desk.pay.capture(payment.id)
    captured = desk.pay.get(payment.id)
    assert (captured.is_captured, captured.fee, captured.net) == (True, Money(83), Money(4167))
    with pytest.raises(Conflict):
        desk.pay.capture(payment.id)


# Refunds.


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


# Searching.


def test_a_search_looks_itself_at_what_stripe_cannot_look_for(desk):
    paid = desk.paid(reference="PAID-1", email="sam@example.com")
    open_one = desk.new(reference="OPEN-1")
    visa = {"card_brand": "VISA", "last_digits": "4242", "cardholder_name": "sam ex"}

    def found(**filters):
        return [payment.id for payment in desk.pay.search(**filters)]

    assert found() == [open_one.id, paid.id]
    assert found(reference="paid-1") == [paid.id]
    assert found(status=PaymentStatus.CREATED) == [open_one.id]
    assert found(email="SAM@") == [paid.id]
    assert found(**visa) == [paid.id]
    for name, value in {"card_brand": "amex", "last_digits": "0000", "cardholder_name": "nobody"}.items():
        assert found(**{name: value}) == []


@pytest.mark.parametrize(
    ("card", "brand"),
    [("378282246310005", "american-express"), ("378282246310005", "amex"), ("5555555555554444", "master-card")],
)
def test_brands_are_found_by_the_names_that_other_providers_use(desk, card, brand):
    desk.paid()
    wanted = desk.paid(card)
    assert [payment.id for payment in desk.pay.search(card_brand=brand)] == [wanted.id]


def test_a_search_by_time(desk):
    from datetime import datetime, timedelta

    first = desk.new()
    desk.sandbox.clock.advance(60)
    second = desk.new()
    start = datetime.fromisoformat(NOW)
    assert [one.id for one in desk.pay.search(created_from=start + timedelta(seconds=1))] == [second.id]
    assert [one.id for one in desk.pay.search(created_before=start + timedelta(seconds=60))] == [first.id]


@pytest.mark.parametrize(
    "filters", [{"settled_from": 1}, {"settled_to": 1}, {"first_digits": "424242"}, {"agreement_id": "a"}]
)
def test_what_stripe_does_not_tell_cannot_be_searched(desk, filters):
    from datetime import date

    asked = {name: date(2026, 3, 2) if value == 1 else value for name, value in filters.items()}
    with pytest.raises(InvalidInput) as caught:
        desk.pay.search(**asked)
    assert caught.value.field == next(iter(filters))
    if "settled" in caught.value.field:
        for search in (desk.pay.search_refunds, desk.pay.search_disputes):
            with pytest.raises(InvalidInput):
                search(**asked)


def test_sessions_that_are_no_payments_are_passed_over(desk):
    desk.new()
    setup = {"id": "cs_setup", "object": "checkout.session", "mode": "setup", "status": "open"}

    def with_setup(request):
        answer = desk.sandbox.handle(request)
        page = json.loads(answer.body)
        return Response(200, answer.headers, json.dumps({**page, "data": [setup, *page["data"]]}).encode())

    assert len(list(desk.on(ScriptedTransport([with_setup])).search())) == 1


def test_a_list_that_does_not_move_on_ends(desk):
    page = Response(200, {}, b'{"object": "list", "data": [], "has_more": true}')
    assert list(desk.on(ScriptedTransport([page, page])).search_refunds()) == []


def test_disputes_are_found(desk):
    first, second = desk.paid(), desk.paid("4000000000000259")
    desk.stripe.close_dispute(desk.stripe.open_dispute(first.id), won=False)
    found = list(desk.pay.search_disputes())
    assert [dispute.payment_id for dispute in found] == [first.payment_provider_id, second.payment_provider_id]
    lost = next(desk.pay.search_disputes(status=DisputeStatus.LOST))
    assert (lost.amount, lost.fee, lost.net) == (Money(4250), Money(2000), Money(-6250))
    assert next(desk.pay.search_disputes(status=DisputeStatus.NEEDS_RESPONSE)).net is None


# Faults at every step, not only at the first.


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


def test_a_language_that_stripe_has_not_is_refused_unsent(desk):
    with pytest.raises(NotSupported):
        desk.new(language="cy")
    assert desk.stripe.sessions() == []


def test_the_sandbox_gives_pay_by_stripe_where_its_world_has_only_that():
    with GovComponents.sandbox(world(), now=NOW) as gov:
        payment = gov.pay.create(Money(4250), "R-1", "Permit", "https://permits.example.gov.uk/return")
        assert payment.id.startswith("cs_test_")
        assert gov.simulator.stripe.sessions()[0].id == payment.id


async def _asyncio_side():
    async with AsyncGovComponents.sandbox(world(), now=NOW) as gov:
        payment = await gov.pay.create(Money(4250), "R-1", "Permit", "https://permits.example.gov.uk/return")
        await gov.pay.cancel(payment.id)
        return [found.status async for found in gov.pay.search(reference="R-1")]


def test_asyncio_callers_have_the_same():
    import asyncio

    with asyncio.Runner() as runner:
        assert runner.run(_asyncio_side()) == [PaymentStatus.CANCELLED]


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


def test_a_policy_of_one_attempt_sends_nothing_twice(desk):
    wire = FaultyTransport(desk.transport, {0: Fault.TIME_OUT_BEFORE})
    runtime = Runtime(wire, clock=desk.sandbox.clock.time, retry=RetryPolicy.none())
    pay = PayService(build(runtime, desk.sandbox), runtime)
    with pytest.raises(OutcomeUnknown):
        pay.create(Money(4250), "R-1", "Permit", "https://permits.example.gov.uk/return")
    assert len(wire.sent) == 1


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
