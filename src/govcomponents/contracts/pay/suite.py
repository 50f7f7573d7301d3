"""The contract of the pay port: an adapter's tests subclass `PaySuite` and set `subject`."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

import pytest

from govcomponents.contracts.faults import Fault
from govcomponents.contracts.pay.dropped_suite import PayNothingDropped
from govcomponents.contracts.pay.faults_suite import PayFaults
from govcomponents.contracts.pay.readings_suite import PayReadings
from govcomponents.contracts.pay.subject import Call, PayDouble, PaySubject
from govcomponents.contracts.pay.truth_suite import PayTruth
from govcomponents.contracts.suite import needs
from govcomponents.errors import CardDeclined, Conflict, InvalidInput, OutcomeUnknown, Refused, RequestRefused
from govcomponents.money import Money
from govcomponents.pay.capabilities import PayCapability as Can
from govcomponents.pay.ids import PaymentId
from govcomponents.pay.inputs import BillingAddress, CardholderDetails
from govcomponents.pay.mop_up import Unfinished
from govcomponents.pay.states import AgreementStatus, DisputeStatus, FailureReason, PaymentStatus, RefundableStatus
from govcomponents.privacy import Personal

__all__ = ["PayDouble", "PaySubject", "PaySuite"]


class PaySuite(PayFaults, PayTruth, PayReadings, PayNothingDropped):
    """The contract of the pay port, kept by every adapter. Each test runs for blocking and asyncio callers."""

    def test_a_created_payment_waits_for_the_person(self, call: Call) -> None:
        caller = call()
        payment = caller.new()
        asked = self.subject.create
        assert (payment.amount, payment.reference) == (asked["amount"], asked["reference"])
        assert payment.description == asked["description"]
        assert payment.status is PaymentStatus.CREATED
        assert (payment.is_finished, payment.is_paid, payment.is_captured) == (False, False, False)
        assert payment.next_url is not None
        assert payment.created_at is None or payment.created_at.tzinfo is not None
        assert payment.raw
        assert caller.double.payments() == 1
        found = caller.pay.get(payment.id)
        assert (found.id, found.amount, found.reference) == (payment.id, payment.amount, payment.reference)
        assert dict(found.metadata).keys() >= dict(asked.get("metadata") or {}).keys()

    def test_a_payment_that_the_person_made_is_paid(self, call: Call) -> None:
        caller = call()
        payment = caller.paid()
        assert payment.status is PaymentStatus.SUCCEEDED
        assert (payment.is_finished, payment.is_paid, payment.failure) == (True, True, None)
        if self.subject.card is not None:
            assert payment.card is not None
            assert payment.card.last_digits is not None
            assert payment.card.last_digits.reveal() == self.subject.card[-4:]
        caller.double.later(86_400)
        assert caller.pay.get(payment.id).is_captured == (caller.double.captured() == 1)

    def test_no_payment_is_made_in_another_currency_than_was_asked_for(self, call: Call) -> None:
        caller, asked = call(), Money(1450, "EUR")
        try:
            payment = caller.new(amount=asked)
        except (InvalidInput, Refused):
            assert caller.double.payments() == 0
        else:
            assert (payment.amount, caller.pay.get(payment.id).amount) == (asked, asked)

    def test_a_person_who_comes_back_has_not_paid_by_that(self, call: Call) -> None:
        caller = call()
        payment = caller.new()
        assert caller.pay.complete(payment.id).status is PaymentStatus.CREATED
        assert caller.double.captured() == 0

    @needs(Can.CONFIRM)
    def test_an_approved_payment_is_taken_once_and_by_nothing_but_completing_it(self, call: Call) -> None:
        caller = call()
        payment = caller.new()
        back = caller.person_pays(payment)
        assert not caller.pay.get(payment.id).is_paid
        assert caller.double.captured() == 0
        assert [caller.pay.complete(payment.id, back).is_paid for _ in range(2)] == [True, True]
        assert caller.double.captured() == 1

    @needs(lambda subject: subject.declined is not None)
    def test_a_refused_means_of_payment_pays_nothing(self, call: Call) -> None:
        caller = call()
        payment = caller.new()
        assert caller.double.decline is not None
        caller.double.decline(payment.redirect_url())
        found = caller.pay.get(payment.id)
        assert (found.status, found.is_paid) == (self.subject.declined, False)
        assert found.is_finished == (found.status is PaymentStatus.FAILED)
        if found.is_finished:
            assert found.failure is FailureReason.DECLINED

    @needs(Can.CANCEL)
    def test_a_cancelled_payment_stays_cancelled(self, call: Call) -> None:
        caller = call()
        payment = caller.new()
        assert caller.pay.cancel(payment.id) is None
        found = caller.pay.get(payment.id)
        assert (found.status, found.failure) == (PaymentStatus.CANCELLED, FailureReason.CANCELLED_BY_SERVICE)
        with pytest.raises(Conflict):
            caller.pay.cancel(payment.id)

    @needs(lambda subject: subject.expires_after is not None)
    def test_a_payment_that_nobody_makes_expires(self, call: Call) -> None:
        caller = call()
        payment = caller.new()
        caller.double.later(self.subject.expires_after or 0)
        found = caller.pay.get(payment.id)
        assert (found.status, found.failure, found.is_finished) == (PaymentStatus.FAILED, FailureReason.EXPIRED, True)

    @needs(Can.DELAYED_CAPTURE)
    def test_held_money_is_not_paid_until_it_is_captured(self, call: Call) -> None:
        caller = call()
        payment = caller.paid(delayed_capture=True)
        assert payment.status is PaymentStatus.CAPTURABLE
        assert (payment.is_paid, payment.is_captured) == (False, False)
        caller.pay.capture(payment.id)
        assert caller.pay.get(payment.id).is_paid
        caller.pay.capture(payment.id)  # repeating it is safe
        assert caller.pay.get(payment.id).is_paid
        with pytest.raises(Conflict):
            caller.pay.capture(caller.new().id)

    @needs(Can.REFUND)
    def test_a_refund_gives_back_no_more_than_is_left(self, call: Call) -> None:
        caller = call()
        payment = caller.paid()
        assert payment.refundable is not None
        assert payment.refundable.status is RefundableStatus.AVAILABLE
        left = payment.refundable.available
        assert left == payment.total
        refund = caller.pay.refund(payment.id, Money(100), available=left)
        assert (refund.amount, refund.payment_id) == (Money(100), payment.id)
        assert caller.pay.get_refund(payment.id, refund.id).id == refund.id
        if Can.REFUND_GUARD in caller.port.capabilities:
            with pytest.raises(Conflict):
                caller.pay.refund(payment.id, Money(100), available=left)
        with pytest.raises((Conflict, RequestRefused)):
            caller.pay.refund(payment.id, left, available=left)
        assert caller.double.refunds() == 1
        now = caller.pay.get(payment.id).refundable
        assert now.available == left - Money(100)
        caller.pay.refund(payment.id, now.available, available=now.available)
        assert caller.pay.get(payment.id).refundable.status is RefundableStatus.FULL
        if Can.LIST_REFUNDS in caller.port.capabilities:
            assert {item.amount for item in caller.pay.list_refunds(payment.id)} == {Money(100), now.available}

    @needs(Can.REFUND)
    def test_what_is_not_paid_cannot_be_refunded(self, call: Call) -> None:
        caller = call()
        payment = caller.new()
        assert payment.refundable is None or payment.refundable.status is not RefundableStatus.AVAILABLE
        with pytest.raises(Conflict):
            caller.pay.refund(payment.id, Money(100), available=payment.amount)
        assert caller.double.refunds() == 0

    @needs(Can.AGREEMENTS)
    def test_an_agreement_is_set_up_charged_and_cancelled(self, call: Call) -> None:
        caller = call()
        made = caller.pay.create_agreement("AGREEMENT-1", "Pay by instalments", user_identifier="user-1")
        assert (made.status, made.can_be_charged) == (AgreementStatus.CREATED, False)
        with pytest.raises(Refused):
            caller.charge(made.id)
        caller.paid(set_up_agreement=made.id, agreement_payment_type="instalment", prefilled=None)
        agreement = caller.pay.get_agreement(made.id)
        assert (agreement.status, agreement.can_be_charged) == (AgreementStatus.ACTIVE, True)
        assert agreement.card is not None
        charged = caller.charge(agreement.id, agreement_payment_type="instalment", metadata={"part": 1})
        caller.double.later(60)
        assert caller.pay.get(charged.id).is_paid
        caller.pay.cancel_agreement(agreement.id)
        assert caller.pay.get_agreement(agreement.id).status is AgreementStatus.CANCELLED
        with pytest.raises(Conflict):
            caller.pay.cancel_agreement(agreement.id)

    @needs(Can.AGREEMENTS)
    def test_a_repeated_charge_with_one_key_charges_once(self, call: Call) -> None:
        caller = call()
        agreement = caller.active_agreement()
        before = caller.double.payments()
        first = caller.charge(agreement, idempotency_key="charge-2026-11")
        assert caller.charge(agreement, idempotency_key="charge-2026-11").id == first.id
        assert caller.double.payments() == before + 1
        with pytest.raises(Conflict) as caught:
            caller.charge(agreement, amount=Money(501), idempotency_key="charge-2026-11")
        assert caught.value.idempotency_key == "charge-2026-11"
        assert caller.double.payments() == before + 1

    @needs(Can.AGREEMENTS)
    def test_a_charge_whose_answer_was_lost_is_asked_for_again(self, call: Call) -> None:
        caller = call()
        agreement = caller.active_agreement()
        before = caller.double.payments()
        caller.fail(Fault.TIME_OUT_AFTER, times=1)
        caller.charge(agreement)
        assert caller.double.payments() == before + 1

    @needs(Can.TELEPHONE)
    def test_a_card_sent_by_the_service_pays_once(self, call: Call) -> None:
        caller = call()
        payment = caller.telephone()
        assert payment.one_time_token is not None
        assert payment.next_url is None
        caller.authorise(payment.one_time_token, self.subject.card)
        assert caller.pay.get(payment.id).is_paid
        with pytest.raises(Conflict):
            caller.authorise(payment.one_time_token, self.subject.card)
        other = caller.telephone()
        assert other.one_time_token is not None
        with pytest.raises(CardDeclined):
            caller.authorise(other.one_time_token, self.subject.declined_card)
        assert caller.pay.get(other.id).failure is FailureReason.DECLINED

    @needs(Can.SEARCH)
    def test_a_search_finds_page_by_page(self, call: Call) -> None:
        caller = call()
        made = [caller.new(reference=f"SEARCH-{number}").id for number in range(5)]
        already = len(caller.transport.sent)
        found = iter(caller.pay.search(page_size=2))
        assert next(found).id == made[-1]
        assert len(caller.transport.sent) == already + 1
        assert [payment.id for payment in islice(found, 9)] == made[-2::-1]
        assert [payment.id for payment in islice(caller.pay.search(reference="SEARCH-3"), 9)] == [made[3]]
        assert list(islice(caller.pay.search(reference="SEARCH-NONE"), 9)) == []

    @needs(Can.IDEMPOTENCY_KEYS)
    def test_a_key_lets_a_payment_be_repeated_and_made_once(self, call: Call) -> None:
        caller = call()
        caller.fail(Fault.TIME_OUT_AFTER, times=1)
        payment = caller.new(idempotency_key="renewal-7")
        assert caller.new(idempotency_key="renewal-7").id == payment.id
        assert caller.double.payments() == 1

    @needs(Can.IDEMPOTENCY_KEYS)
    def test_a_lost_answer_tells_its_key(self, call: Call) -> None:
        caller = call()
        caller.new()  # whatever is fetched once, such as a token, is there now
        caller.fail(Fault.TIME_OUT_AFTER)
        with pytest.raises(OutcomeUnknown) as caught:
            caller.new(idempotency_key="renewal-7")
        assert caught.value.idempotency_key == "renewal-7"

    @needs(Can.REFUND, Can.IDEMPOTENCY_KEYS)
    def test_a_key_lets_a_refund_be_repeated_and_made_once(self, call: Call) -> None:
        caller = call()
        payment = caller.paid()
        assert payment.refundable is not None
        left = payment.refundable.available
        caller.fail(Fault.TIME_OUT_AFTER, times=1)
        refund = caller.pay.refund(payment.id, Money(100), available=left, idempotency_key="refund-7")
        assert (refund.amount, caller.double.refunds()) == (Money(100), 1)
        assert refund.created_at is None or refund.created_at.tzinfo is not None

    @needs(Can.LIST_EVENTS)
    def test_events_tell_how_a_payment_came_to_be_paid(self, call: Call) -> None:
        caller = call()
        payment = caller.paid()
        events = caller.pay.list_events(payment.id)
        assert {event.payment_id for event in events} == {payment.id}
        assert len(events) > 1
        assert not events[0].state.is_paid
        assert any(event.state.is_paid for event in events)
        times = [event.at for event in events if event.at is not None]
        assert times == sorted(times)

    @needs(Can.MOTO)
    def test_a_payment_for_a_person_on_the_telephone_says_so(self, call: Call) -> None:
        caller = call()
        assert caller.pay.get(caller.new(moto=True).id).moto
        assert not caller.pay.get(caller.new().id).moto

    @needs(Can.DISPUTES)
    def test_a_search_finds_disputes(self, call: Call) -> None:
        caller = call()
        caller.paid(reference="PAID-1")
        payment = caller.new(reference="DISPUTED-1")
        assert list(caller.pay.search_disputes()) == []
        assert caller.double.dispute is not None, "a double of a provider that has disputes has `dispute`"
        back = caller.double.dispute(payment.redirect_url())
        paid = caller.pay.complete(payment.id, back if isinstance(back, str) else None)
        caller.double.later(86_400)
        (found,) = caller.pay.search_disputes()
        disputed = caller.pay.get(found.payment_id)
        assert disputed.reference == payment.reference
        assert disputed.refundable is None or disputed.refundable.status is not RefundableStatus.AVAILABLE
        assert found.amount == paid.total
        assert found.id
        assert found.status is not DisputeStatus.UNKNOWN
        assert found.created_at is None or found.created_at.tzinfo is not None

    @needs(Can.WELSH)
    def test_a_person_can_pay_on_pages_in_welsh(self, call: Call) -> None:
        caller = call()
        assert caller.double.page is not None, "a double of a provider that has pages in Welsh has `page`"
        languages = {
            asked: re.findall(
                r"<html[^>]*\blang=\"?([a-z]+)", caller.double.page(caller.new(language=asked).redirect_url())
            )
            for asked in ("cy", "en")
        }
        assert languages == {"cy": ["cy"], "en": ["en"]}

    @needs(Can.PREFILLED_DETAILS)
    def test_details_that_are_known_are_on_the_page(self, call: Call) -> None:
        caller = call()
        assert caller.double.page is not None, "a double of a provider that prefills its pages has `page`"
        address = BillingAddress(
            line1=Personal("7 Prefilled Lane"), city=Personal("Known"), postcode=Personal("ZZ7 7ZZ")
        )
        known = CardholderDetails(name=Personal("Ceri Prefilled"), billing_address=address)
        with_details = caller.double.page(caller.new(prefilled=known).redirect_url())
        without = caller.double.page(caller.new(prefilled=None).redirect_url())
        for detail in ("Ceri Prefilled", "7 Prefilled Lane", "Known", "ZZ7 7ZZ"):
            assert detail in with_details
            assert detail not in without

    @needs(Can.REFUND, Can.SEARCH_REFUNDS)
    def test_a_search_finds_refunds(self, call: Call) -> None:
        caller = call()
        payment = caller.paid()
        assert payment.refundable is not None
        assert list(caller.pay.search_refunds()) == []
        refund = caller.pay.refund(payment.id, Money(100), available=payment.refundable.available)
        assert [found.id for found in caller.pay.search_refunds()] == [refund.id]

    @needs(Can.AGREEMENTS, Can.SEARCH_AGREEMENTS)
    def test_a_search_finds_agreements(self, call: Call) -> None:
        caller = call()
        made = caller.pay.create_agreement("AGREEMENT-1", "Pay by instalments")
        assert [found.id for found in caller.pay.search_agreements(reference="AGREEMENT-1")] == [made.id]
        assert list(caller.pay.search_agreements(reference="AGREEMENT-2")) == []

    @needs(Can.CALLBACKS)
    def test_webhooks_are_proved_and_read(self, call: Call) -> None:
        caller = call()
        payment = caller.paid()
        caller.double.later(86_400)
        messages = caller.double.webhooks()
        assert messages
        events = [caller.pay.parse_callback(body, headers) for body, headers in messages]
        assert len({event.key for event in events}) == len(events)
        ours = [event for event in events if event.payment_id == payment.id]
        assert any(event.state is not None and event.state.is_paid for event in ours)
        in_order = sorted(ours, key=lambda event: event.order)
        ours.reverse()
        assert in_order == sorted(ours, key=lambda event: event.order)
        times = [event.occurred_at for event in in_order if event.occurred_at is not None]
        assert times == sorted(times)
        assert caller.pay.parse_callback(*messages[0]).key == events[0].key

    def test_mopping_up_hands_over_what_changed_once(self, call: Call) -> None:
        caller = call()
        paid, waiting = caller.paid(), caller.new()
        started = datetime.fromtimestamp(caller.double.clock(), UTC)
        wait = min(4000.0, (self.subject.expires_after or 4000.0) / 2)  # none may expire meanwhile
        caller.double.later(wait)
        recent = caller.new()
        unfinished = [
            Unfinished(paid.id, started, PaymentStatus.CREATED),
            Unfinished(waiting.id, started, PaymentStatus.CREATED),
            Unfinished(recent.id, started + timedelta(seconds=wait)),
            Unfinished(PaymentId(self.subject.unknown_id), started),
        ]
        settled: dict[str, PaymentStatus] = {}

        def on_change(change: Any) -> bool:
            known_already = change.payment.id in settled
            settled[change.payment.id] = change.payment.status
            return not known_already

        options: dict[str, Any] = {"older_than": timedelta(seconds=wait / 2)}
        dry = caller.pay.mop_up(unfinished, on_change, dry_run=True, **options)
        assert (dry.changed, dry.unchanged, dry.too_recent) == ((paid.id,), (waiting.id,), (recent.id,))
        assert settled == {}
        first = caller.pay.mop_up(unfinished, on_change, **options)
        assert first.changed == (paid.id,)
        assert [name for _, name in first.failed] == ["NotFound"]
        assert settled == {paid.id: PaymentStatus.SUCCEEDED}
        assert caller.pay.mop_up(unfinished, on_change, **options).known_already == (paid.id,)
