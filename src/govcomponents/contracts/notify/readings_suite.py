"""The part of the notify contract about what is told of messages: all of it, alike wherever it is asked for."""

from __future__ import annotations

import json
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

import pytest

from govcomponents.contracts.answers import holds, revealed
from govcomponents.contracts.notify.subject import FROM_TEMPLATES, SENDS, Call, NotifyCaller, NotifyTests, Sending
from govcomponents.contracts.suite import faults, needs
from govcomponents.errors import CallbackRefused, GovComponentsError, NotSupported
from govcomponents.notify.capabilities import NotifyCapability as Can
from govcomponents.notify.events import DeliveryReceipt, UnknownEvent

if TYPE_CHECKING:
    from govcomponents.contracts.faults import Fault

_NEW_KIND: Final = b'{"a_kind_that_is_new": "contract"}'


class NotifyReadings(NotifyTests):
    """Messages, received texts and callbacks are told as the provider told them."""

    @needs(Can.GET)
    @pytest.mark.parametrize("sending", SENDS)
    def test_a_message_that_is_got_is_told_as_when_it_was_sent(self, call: Call, sending: Sending) -> None:
        caller = call()
        sent = sending.by(caller)
        found = caller.notify.get(sent.id)
        same = ("id", "channel", "reference", "template_id", "template_version")
        told = {name: value for name in same if (value := getattr(sent, name)) is not None}
        assert {name: getattr(found, name) for name in told} == told
        for name in ("subject", "body"):
            text = revealed(getattr(sent, name))
            if text and holds(found, text):  # not every provider tells it again
                assert revealed(getattr(found, name)) == text, f"the answer holds the {name}, and it is not told"

    @needs(Can.EMAIL, Can.TEMPLATES)
    def test_the_text_of_an_email_that_was_sent_is_told(self, call: Call) -> None:
        caller = call()
        email = self.subject.email or {}
        sent = caller.notify.send_email(**email)
        written = caller.notify.get_template(email["template"]).render(email["personalisation"])
        for name in ("subject", "body"):
            text = revealed(getattr(written, name))
            if text and holds(sent, text):
                assert revealed(getattr(sent, name)) == text, f"the answer holds the {name}, and it is not told"

    @needs(Can.GET)
    @pytest.mark.parametrize("sending", FROM_TEMPLATES)
    def test_for_whom_a_message_is_is_told(self, call: Call, sending: Sending) -> None:
        caller = call()
        found = caller.notify.get(sending.by(caller).id)
        given = getattr(self.subject, sending.sample)["to"]
        assert holds(found, given) is False or revealed(found.recipient) == given

    @needs(Can.LETTER, Can.GET)
    def test_the_address_of_a_letter_is_told(self, call: Call) -> None:
        caller = call()
        letter = self.subject.letter or {}
        found = caller.notify.get(caller.notify.send_letter(**letter).id)
        lines = letter["address"]
        if isinstance(lines, (list, tuple)) and all(holds(found, line) for line in lines):
            assert revealed(found.address) == tuple(lines)

    @needs(Can.EMAIL, Can.GET, Can.SEARCH)
    def test_a_message_that_a_search_found_is_told_as_when_it_is_got(self, call: Call) -> None:
        caller = call()
        email = self.subject.email or {}
        sent = caller.notify.send_email(**email)
        (found,) = islice(caller.notify.search(reference=email["reference"]), 2)
        got = caller.notify.get(sent.id)
        assert found == got

    @needs(Can.CALLBACKS, Can.GET)
    @pytest.mark.parametrize("sending", FROM_TEMPLATES)
    def test_a_receipt_agrees_with_its_message(self, call: Call, sending: Sending) -> None:
        caller = call()
        sent = sending.by(caller)
        receipt = self._receipts(caller)[-1]
        found = caller.notify.get(sent.id)
        for name in ("created_at", "sent_at", "completed_at", "template_id", "template_version"):
            told, known = getattr(receipt, name), getattr(found, name)
            assert None in (told, known) or told == known, name
        if receipt.completed_at is not None:
            assert receipt.occurred_at is not None
            assert receipt.occurred_at >= receipt.completed_at, "it tells what became of the message then"

    @needs(Can.CALLBACKS)
    @pytest.mark.parametrize("sending", FROM_TEMPLATES)
    def test_a_receipt_shows_nothing_personal(self, call: Call, sending: Sending) -> None:
        caller = call()
        sending.by(caller)
        told = " ".join(f"{one!r} {one} {json.dumps(one.to_dict())}" for one in self._receipts(caller))
        for canary in self.subject.canaries:
            assert canary not in told

    @needs(Can.CALLBACKS)
    def test_a_callback_of_a_kind_that_is_new_has_one_key_each_time_that_it_comes(self, call: Call) -> None:
        """Services keep keys of what they have seen: another each time would let it be dealt with for ever."""
        caller = call()
        headers = self._proof_of(caller, _NEW_KIND)
        try:
            first, again = (caller.notify.parse_callback(_NEW_KIND, headers) for _ in range(2))
        except CallbackRefused:
            return
        assert isinstance(first, UnknownEvent)
        assert first.key == again.key
        other = _NEW_KIND.replace(b"contract", b"another")
        assert caller.notify.parse_callback(other, self._proof_of(caller, other)).key != first.key

    @needs(Can.INBOUND_SMS, lambda subject: subject.page is not None)
    def test_received_texts_go_on_to_the_next_page(self, call: Call) -> None:
        caller = call()
        assert self.subject.page is not None
        assert caller.double.text_in is not None, "a double of a provider that receives texts has `text_in`"
        before = len(list(caller.notify.search_inbound_sms()))
        written = [f"contract {number}" for number in range(2 * self.subject.page + 1)]
        for text in written:
            caller.double.text_in("07700900999", text)
        found = list(islice(caller.notify.search_inbound_sms(), before + len(written) + 1))
        assert len({one.id for one in found}) == len(found) == before + len(written)
        assert {one.content.reveal() for one in found} >= set(written)

    @needs(Can.GET)
    @pytest.mark.parametrize("fault", faults())
    def test_a_provider_that_cannot_be_asked_is_not_told_as_well(self, call: Call, fault: Fault) -> None:
        caller = call()
        try:
            caller.notify.check()
        except NotSupported:
            return
        caller.fail(fault)
        with pytest.raises(GovComponentsError):
            caller.notify.check()

    def _receipts(self, caller: NotifyCaller) -> list[DeliveryReceipt]:
        assert caller.double.callbacks is not None, "a double of a provider that calls back has `callbacks`"
        events = [caller.notify.parse_callback(body, headers) for body, headers in caller.double.callbacks()]
        return [one for one in events if isinstance(one, DeliveryReceipt)]

    def _proof_of(self, caller: NotifyCaller, body: bytes) -> Any:
        """The headers with which the provider would send a body: signed, or with the token of any other."""
        if self.subject.signed:
            assert caller.double.sign is not None, "a double of a provider that signs has `sign`"
            return caller.double.sign(body)
        sending = next(one.values[0] for one in FROM_TEMPLATES if getattr(self.subject, one.values[0].sample))
        sending.by(caller)
        assert caller.double.callbacks is not None, "a double of a provider that calls back has `callbacks`"
        return caller.double.callbacks()[-1][1]
