"""The part of the pay contract that is about what is told: what the provider said, and of one payment alone."""

from __future__ import annotations

import re
from functools import partial
from itertools import islice

import pytest

from govcomponents.contracts.pay.subject import Call, PaySubject, PayTests
from govcomponents.contracts.suite import fields_of, needs, writes
from govcomponents.errors import CallbackRefused, InvalidInput, NotFound, NotSupported, UnexpectedReply, WrongAnswer
from govcomponents.money import Money
from govcomponents.pay.capabilities import PayCapability as Can
from govcomponents.pay.states import PaymentStatus

_NEW_WORDS = re.compile(rb'("(?:status|state)"\s*:\s*")\w+(")')
_HUGE = b" " * 20_000_000


def _sends_email(subject: PaySubject) -> bool:
    return "email" in subject.create


def _expires(subject: PaySubject) -> bool:
    return subject.webhooks_hold_for is not None


class PayTruth(PayTests):
    """The facts about a payment are told as the provider said them; what nobody knows is told as unknown."""

    @needs(_sends_email)
    def test_the_address_of_the_person_reaches_the_provider(self, call: Call) -> None:
        caller = call()
        found = caller.pay.get(caller.new().id)
        assert found.email is not None
        assert found.email.reveal() == self.subject.create["email"]

    def test_a_field_that_the_adapter_sends_is_not_replaced(self, call: Call) -> None:
        """The provider's own fields go along in `extra`, beside what the arguments say and not instead of it."""
        caller = call()
        caller.new()
        for name in fields_of(writes(caller.transport.sent)):
            with pytest.raises((InvalidInput, NotSupported)):
                caller.new(extra={name: "another"})
        assert caller.double.payments() == 1

    def test_words_that_are_new_end_in_no_error_of_python(self, call: Call) -> None:
        """Every status in an answer is one that nobody knows: a payment of it is unknown, or the answer unreadable."""
        for is_paid in (False, True):
            caller = call()
            payment = caller.paid() if is_paid else caller.new()
            caller.transport.rewrite = lambda body: _NEW_WORDS.sub(rb"\1never_heard_of\2", body)
            try:
                found = caller.pay.get(payment.id)
            except UnexpectedReply:
                continue
            if found.state.raw_status != payment.state.raw_status:
                assert (found.status, found.is_paid) == (PaymentStatus.UNKNOWN, False)

    def test_a_status_that_is_new_is_unknown_and_nothing_else(self, call: Call) -> None:
        """The provider's word for where the payment is, and that alone, is one that nobody knows."""
        for come_to in ("new", "paid", "declined"):
            caller = call()
            payment = caller.paid() if come_to == "paid" else caller.new()
            if come_to == "declined" and caller.double.decline is not None:
                caller.double.decline(payment.redirect_url())
                payment = caller.pay.get(payment.id)
            word = re.escape(payment.state.raw_status).encode()
            told = re.compile(rb'("(?:status|state)"\s*:\s*")' + word + rb'(")')
            caller.transport.rewrite = partial(told.sub, rb"\1never_heard_of\2")
            found = caller.pay.get(payment.id)
            if come_to == "new":
                assert found.state.raw_status in (payment.state.raw_status, "never_heard_of")
            if found.state.raw_status == "never_heard_of":  # where that word alone decides
                assert (found.status, found.is_paid) == (PaymentStatus.UNKNOWN, False)
                assert not found.is_finished or come_to != "new"

    def test_what_is_fetched_once_is_kept(self, call: Call) -> None:
        """A token, or whatever else is fetched to ask at all, serves the next request too."""
        caller = call()
        payment = caller.new()
        before = len(caller.transport.sent)
        caller.pay.get(payment.id)
        assert {request.operation for request in caller.transport.sent[before:]} <= {"pay.get"}

    @needs(Can.SEARCH)
    def test_a_page_is_as_long_as_was_asked(self, call: Call) -> None:
        caller = call()
        for number in range(5):
            caller.new(reference=f"PAGE-{number}")
        sent = len(caller.transport.sent)
        assert len(list(islice(caller.pay.search(page_size=2), 9))) == 5
        assert len(caller.transport.sent) - sent > 1

    def test_a_payment_that_has_ended_sends_nobody_to_a_page(self, call: Call) -> None:
        caller = call()
        assert caller.pay.get(caller.paid().id).next_url is None

    @needs(Can.REFUND)
    def test_a_refund_of_another_payment_is_not_found(self, call: Call) -> None:
        caller = call()
        one, other = caller.paid(), caller.paid()
        assert one.refundable is not None
        refund = caller.pay.refund(one.id, Money(100), available=one.refundable.available)
        assert caller.pay.get_refund(one.id, refund.id).payment_id == one.id
        with pytest.raises((NotFound, WrongAnswer)):
            caller.pay.get_refund(other.id, refund.id)

    @needs(Can.CALLBACKS)
    def test_webhooks_of_two_payments_are_told_apart(self, call: Call) -> None:
        caller = call()
        made = {caller.paid().id, caller.paid().id}
        caller.double.later(60)
        events = [caller.pay.parse_callback(body, headers) for body, headers in caller.double.webhooks()]
        assert {event.payment_id for event in events} >= made
        assert len({event.key for event in events}) == len(events)

    @needs(Can.CALLBACKS, _expires)
    def test_a_webhook_that_is_kept_for_long_is_refused(self, call: Call) -> None:
        caller = call()
        caller.paid()
        body, headers = caller.double.webhooks()[0]
        assert caller.pay.parse_callback(body, headers).key
        caller.double.later(self.subject.webhooks_hold_for or 0)
        with pytest.raises(CallbackRefused):
            caller.pay.parse_callback(body, headers)

    @needs(Can.CALLBACKS)
    def test_a_webhook_without_end_is_refused_although_it_is_signed(self, call: Call) -> None:
        caller = call()
        caller.paid()
        body, _ = caller.double.webhooks()[0]
        assert caller.double.sign is not None, "a double of a provider that calls back has `sign`"
        assert caller.pay.parse_callback(body, caller.double.sign(body)).key
        for wrong in (body + _HUGE, b"", b"[]", b"{}", b'{"half": '):
            with pytest.raises(CallbackRefused):
                caller.pay.parse_callback(wrong, caller.double.sign(wrong))
