"""The part of the pay contract about what is told: all that an answer holds, alike wherever it is asked for."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta, timezone
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

import pytest

from govcomponents.contracts.answers import holds, revealed, values
from govcomponents.contracts.pay.subject import HOLDER, Call, PayCaller, PayTests
from govcomponents.contracts.suite import faults, needs
from govcomponents.errors import Conflict, GovComponentsError, InvalidInput, NotSupported, Refused, WrongAnswer
from govcomponents.money import Money
from govcomponents.pay.capabilities import PayCapability as Can
from govcomponents.pay.events import PaymentChange, PaymentChanged
from govcomponents.pay.states import AgreementStatus, DisputeStatus, PaymentStatus, RefundableStatus

if TYPE_CHECKING:
    from collections.abc import Mapping

    from govcomponents.contracts.faults import Fault
    from govcomponents.core.results import Result
    from govcomponents.pay.models import Payment, Refund

_EAST, _WEST = timezone(timedelta(hours=14)), timezone(timedelta(hours=-12))
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d")
_SAME: Final = ("id", "amount", "total", "reference", "description", "created_at", "delayed_capture", "moto")
_EXPIRY: Final = re.compile(r"(0[1-9]|1[0-2])/\d\d")
_KINDS_OF_CARDS: Final = frozenset({"credit", "debit", "prepaid"})


def _tells_time(part: Mapping[str, Any]) -> bool:
    """Whether an object tells when it was made, in a text or in seconds."""
    return any(name.startswith("created") and value for name, value in part.items())


def _has_card(subject: Any) -> bool:
    return subject.card is not None


def _holds_time(result: Result) -> bool:
    return any(isinstance(value, str) and _TIME.match(value) for value in values(result.raw))


def _new_word(caller: PayCaller, word: str) -> None:
    """Have the provider use another word from now on, wherever it used this one for a status."""
    told = re.compile(rb'("(?:status|state)"\s*:\s*")' + re.escape(word).encode() + rb'(")')
    caller.transport.rewrite = partial(told.sub, rb"\1never_heard_of\2")


class PayReadings(PayTests):
    """Payments, refunds, agreements, disputes and webhooks are told as the provider told them."""

    def test_a_payment_that_is_got_is_told_as_when_it_was_made(self, call: Call) -> None:
        caller = call()
        made = caller.new()
        found = caller.pay.get(made.id)
        assert {name: getattr(found, name) for name in _SAME} == {name: getattr(made, name) for name in _SAME}
        assert found.created_at is not None or not _tells_time(found.raw), "the answer holds when, and it is not told"
        asked, told = self.subject.create.get("metadata") or {}, dict(found.metadata)
        as_texts = {name: str(value).lower() for name, value in asked.items()}  # some providers keep no others
        assert {name: str(value).lower() for name, value in told.items()} == as_texts
        language = self.subject.create.get("language")
        if language is not None and holds(found, language):
            assert found.language == language, "the answer holds the language, and it is not told"

    @needs(_has_card)
    def test_what_is_known_of_a_card_is_told(self, call: Call) -> None:
        caller = call()
        card, number = caller.paid().card, self.subject.card or ""
        assert card is not None
        for told, known in ((card.first_digits, number[:6]), (card.last_digits, number[-4:])):
            assert told is None or revealed(told) == known
        assert card.brand is None or card.brand.lower() not in _KINDS_OF_CARDS, "the brand is its kind"
        expiry = revealed(card.expiry)
        if any(_EXPIRY.fullmatch(str(one)) for one in values(caller.paid().raw)):
            assert expiry is not None, "the answer holds the expiry, and it is not told"
        assert expiry is None or _EXPIRY.fullmatch(expiry), "it is the month and the year, such as 12/39"

    @needs(Can.TELEPHONE)
    def test_the_holder_of_a_card_that_the_service_sent_is_told(self, call: Call) -> None:
        caller = call()
        payment = caller.telephone()
        assert payment.one_time_token is not None
        caller.authorise(payment.one_time_token, self.subject.card)
        found = caller.pay.get(payment.id)
        assert found.card is not None
        assert revealed(found.card.holder) in (None, HOLDER)
        assert revealed(found.card.last_digits) in (None, (self.subject.card or "")[-4:])

    def test_what_was_paid_adds_up(self, call: Call) -> None:
        caller = call()
        payment = caller.paid()
        caller.double.later(86_400)
        found = caller.pay.get(payment.id)
        assert found.total == found.amount + (found.surcharge or Money(0, found.amount.currency))
        if found.fee is not None and found.net is not None:
            assert found.net.minor == found.total.minor - found.fee.minor
        days = found.settlement
        assert None in (days.captured_on, days.settled_on) or days.captured_on <= days.settled_on

    @needs(Can.CANCEL)
    @pytest.mark.parametrize("come_to", ["new", "paid", "cancelled"])
    def test_whether_a_payment_can_be_cancelled_is_so(self, call: Call, come_to: str) -> None:
        caller = call()
        payment = caller.paid() if come_to == "paid" else caller.new()
        if come_to == "cancelled":
            caller.pay.cancel(payment.id)
        found = caller.pay.get(payment.id)
        if found.can_cancel is True:
            caller.pay.cancel(payment.id)
        elif found.can_cancel is False:
            with pytest.raises(Conflict):
                caller.pay.cancel(payment.id)

    @needs(Can.DELAYED_CAPTURE)
    def test_held_money_is_told_with_how_long_it_is_held(self, call: Call) -> None:
        caller = call()
        held = caller.paid(delayed_capture=True)
        assert (held.delayed_capture, held.can_capture) in ((True, True), (True, None))
        for other in (caller.new(), caller.paid()):
            assert (caller.pay.get(other.id).delayed_capture, other.can_capture or False) == (False, False)
        if held.capture_before is not None:
            caller.double.later(held.capture_before.timestamp() - caller.double.clock() - 3600.0)
            caller.pay.capture(held.id)

    def test_a_provider_that_answers_is_told_as_well(self, call: Call) -> None:
        caller = call()
        try:
            assert caller.pay.check() is None
        except NotSupported:
            return
        assert caller.double.payments() == 0, "it made a payment to see whether the key is taken"

    @pytest.mark.parametrize("fault", faults())
    def test_a_provider_that_cannot_be_asked_is_not_told_as_well(self, call: Call, fault: Fault) -> None:
        caller = call()
        try:
            caller.pay.check()
        except NotSupported:
            return
        caller.fail(fault)
        with pytest.raises(GovComponentsError):
            caller.pay.check()

    @needs(Can.LIST_EVENTS)
    def test_events_tell_when_they_were(self, call: Call) -> None:
        caller = call()
        for event in caller.pay.list_events(caller.paid().id):
            assert event.at is not None or not _holds_time(event), "the answer holds a time, and it is not told"

    @needs(Can.REFUND)
    def test_a_refund_is_told_alike_wherever_it_is_found(self, call: Call) -> None:
        caller = call()
        payment = caller.paid()
        made = caller.pay.refund(payment.id, Money(100), available=payment.refundable_amount())
        found: list[Refund] = [caller.pay.get_refund(payment.id, made.id)]
        if Can.LIST_REFUNDS in caller.port.capabilities:
            found += caller.pay.list_refunds(payment.id)
        if Can.SEARCH_REFUNDS in caller.port.capabilities:
            found += islice(caller.pay.search_refunds(), 9)
        for one in found:
            assert (one.id, one.amount, one.created_at) == (made.id, made.amount, made.created_at)
            assert one.payment_id in (None, payment.id)

    @needs(Can.REFUND, Can.LIST_REFUNDS)
    def test_refunds_are_listed_oldest_first_and_found_newest_first(self, call: Call) -> None:
        caller = call()
        payment = caller.paid()
        amounts = [Money(100), Money(200)]
        for amount in amounts:
            caller.pay.refund(payment.id, amount, available=caller.pay.get(payment.id).refundable_amount())
            caller.double.later(60)
        assert [one.amount for one in caller.pay.list_refunds(payment.id)] == amounts
        if Can.SEARCH_REFUNDS in caller.port.capabilities:
            assert [one.amount for one in islice(caller.pay.search_refunds(), 9)] == amounts[::-1]

    @needs(Can.REFUND, Can.IDEMPOTENCY_KEYS)
    def test_a_key_of_a_refund_is_not_used_for_another(self, call: Call) -> None:
        caller = call()
        payment = caller.paid()
        caller.pay.refund(payment.id, Money(100), available=payment.refundable_amount(), idempotency_key="refund-7")
        left = caller.pay.get(payment.id).refundable_amount()
        with pytest.raises((Conflict, Refused, WrongAnswer)):
            caller.pay.refund(payment.id, Money(101), available=left, idempotency_key="refund-7")
        assert caller.double.refunds() == 1

    @needs(Can.REFUND)
    def test_a_new_word_for_what_can_be_refunded_lets_nobody_refund(self, call: Call) -> None:
        caller = call()
        payment = caller.paid()
        caller.pay.refund(payment.id, payment.refundable_amount(), available=payment.refundable_amount())
        _new_word(caller, "full")
        now = caller.pay.get(payment.id).refundable
        assert now is None or now.status in (RefundableStatus.FULL, RefundableStatus.UNKNOWN)

    @needs(Can.AGREEMENTS)
    def test_an_agreement_and_its_charges_are_told(self, call: Call) -> None:
        caller = call()
        made = caller.pay.create_agreement("AGREEMENT-7", "Pay by instalments", user_identifier="user-7")
        first = caller.paid(set_up_agreement=made.id, agreement_payment_type="instalment", prefilled=None)
        assert first.agreement_payment_type == "instalment"
        agreement = caller.pay.get_agreement(made.id)
        assert (agreement.reference, agreement.description) == ("AGREEMENT-7", "Pay by instalments")
        assert revealed(agreement.user_identifier) == "user-7"
        assert agreement.card is not None
        if agreement.card.last_digits is not None and self.subject.card is not None:
            assert revealed(agreement.card.last_digits) == self.subject.card[-4:]
        charged = caller.charge(made.id, agreement_payment_type="instalment", metadata={"part": "seven"})
        found = caller.pay.get(charged.id)
        assert found.agreement_id in (None, made.id)
        assert found.agreement_payment_type == "instalment"
        assert dict(found.metadata) == {"part": "seven"}
        caller.pay.cancel_agreement(made.id)
        ended = caller.pay.get_agreement(made.id)
        before = [value for value in values(agreement.raw) if isinstance(value, str) and _TIME.match(value)]
        after = [value for value in values(ended.raw) if isinstance(value, str) and _TIME.match(value)]
        assert ended.cancelled_at is not None or len(after) <= len(before), "the answer holds when, and it is not told"

    @needs(Can.AGREEMENTS)
    def test_an_agreement_of_a_status_that_is_new_is_charged_by_nobody(self, call: Call) -> None:
        caller = call()
        identifier = caller.active_agreement()
        _new_word(caller, caller.pay.get_agreement(identifier).raw_status)
        found = caller.pay.get_agreement(identifier)
        if found.raw_status == "never_heard_of":  # where that word alone decides
            assert (found.status, found.can_be_charged) == (AgreementStatus.UNKNOWN, False)

    @needs(Can.DISPUTES)
    def test_a_dispute_of_a_status_that_is_new_is_unknown(self, call: Call) -> None:
        caller = call()
        assert caller.double.dispute is not None, "a double of a provider that has disputes has `dispute`"
        payment = caller.new()
        back = caller.double.dispute(payment.redirect_url())
        caller.pay.complete(payment.id, back if isinstance(back, str) else None)
        caller.double.later(86_400)
        (known,) = caller.pay.search_disputes()
        for name in ("reason", "evidence_due_at"):
            key = name.removesuffix("_at")
            told = [value for one, value in known.raw.items() if one.startswith(key)]
            assert not any(told) or getattr(known, name) is not None, f"the answer holds the {name}, and it is not told"
        for status in DisputeStatus:
            try:
                ids = [one.id for one in caller.pay.search_disputes(status=status)]
            except (InvalidInput, NotSupported):
                continue
            assert ids == ([known.id] if status is known.status else [])
        _new_word(caller, known.raw_status)
        (found,) = caller.pay.search_disputes()
        if found.raw_status == "never_heard_of":
            assert found.status is DisputeStatus.UNKNOWN

    @needs(Can.SEARCH)
    def test_a_time_to_search_from_is_an_instant_in_whatever_zone(self, call: Call) -> None:
        caller = call()
        payment = caller.new()
        now = datetime.fromtimestamp(caller.double.clock(), UTC)
        for name, before, after in (("created_from", True, False), ("created_before", False, True)):
            for moment, is_found in ((now - _HOUR, before), (now + _HOUR, after)):
                for zone in (_EAST, _WEST):
                    try:
                        found = [one.id for one in islice(caller.pay.search(**{name: moment.astimezone(zone)}), 9)]
                    except (InvalidInput, NotSupported):
                        continue
                    assert found == ([payment.id] if is_found else [])

    @needs(Can.SEARCH)
    @pytest.mark.parametrize("come_to", ["new", "paid", "cancelled"])
    def test_a_search_by_status_finds_what_has_it(self, call: Call, come_to: str) -> None:
        caller = call()
        payment = caller.paid() if come_to == "paid" else caller.new()
        if come_to == "cancelled" and Can.CANCEL in caller.port.capabilities:
            caller.pay.cancel(payment.id)
        status = caller.pay.get(payment.id).status
        for asked in (status, PaymentStatus.FAILED):
            try:
                found = [one.id for one in islice(caller.pay.search(status=asked), 9)]
            except (InvalidInput, NotSupported):
                continue
            assert found == ([payment.id] if asked is status else [])

    @needs(Can.SEARCH)
    def test_a_search_by_the_day_of_settlement_finds_what_was_settled_then(self, call: Call) -> None:
        caller = call()
        payment = caller.paid()
        caller.double.later(7 * 86_400)
        (known,) = islice(caller.pay.search(), 2)
        if (day := known.settlement.settled_on) is None:
            return
        for filters, is_found in (
            ({"settled_from": day, "settled_to": day}, True),
            ({"settled_from": day - _DAY}, True),
            ({"settled_to": day + _DAY}, True),
            ({"settled_from": day + _DAY}, False),
            ({"settled_to": day - _DAY}, False),
        ):
            try:
                found = [one.id for one in islice(caller.pay.search(**filters), 9)]
            except (InvalidInput, NotSupported):
                return
            assert found == ([payment.id] if is_found else []), filters

    @needs(Can.CALLBACKS)
    @pytest.mark.parametrize("come_to", ["paid", "declined", "expired"])
    def test_a_webhook_agrees_with_its_payment(self, call: Call, come_to: str) -> None:
        caller = call()
        payment = caller.paid() if come_to == "paid" else caller.new()
        if come_to == "declined" and caller.double.decline is not None:
            caller.double.decline(payment.redirect_url())
        caller.double.later({"paid": 86_400.0, "declined": 60.0}.get(come_to, self.subject.expires_after or 60.0))
        found = caller.pay.get(payment.id)
        told = self._changes_of(caller, payment)
        changes = {one.change for one in told}
        if come_to == "paid":
            assert (PaymentChange.CAPTURED in changes) <= found.is_captured
            paid = {one.state.is_captured for one in told if one.state and one.change is PaymentChange.SUCCEEDED}
            assert len(paid) < 2, "that the money was taken is told as that the person paid"
            assert changes & {PaymentChange.SUCCEEDED, PaymentChange.CAPTURED, PaymentChange.SETTLED}
            return
        ended = changes & {PaymentChange.FAILED, PaymentChange.EXPIRED, PaymentChange.CANCELLED}
        if not found.is_finished:
            assert not ended, "the person may still pay, and a webhook tells of the end"
        elif changes:
            assert ended, "the payment ended, and no webhook tells of it"
            assert PaymentChange.EXPIRED in ended or come_to == "declined"
            assert PaymentChange.FAILED in ended or come_to == "expired"

    def _changes_of(self, caller: PayCaller, payment: Payment) -> list[PaymentChanged]:
        """The webhooks of a payment, which tell of it what its answer tells."""
        found = caller.pay.get(payment.id)
        told = []
        for body, headers in caller.double.webhooks():
            event = caller.pay.parse_callback(body, headers)
            if isinstance(event, PaymentChanged) and event.payment_id == payment.id:
                told.append(event)
                held = json.loads(body)
                if payment.reference in values(held):
                    assert event.reference == payment.reference, "it holds the reference, and it is not told"
                if _tells_time(held) or any(isinstance(one, str) and _TIME.match(one) for one in values(held)):
                    assert event.occurred_at is not None, "it holds a time, and it is not told"
                assert event.amount in (None, payment.amount, found.total)
                if event.state is not None and event.change is PaymentChange.FAILED:
                    assert event.state.failure in (found.failure, None)
        return told
