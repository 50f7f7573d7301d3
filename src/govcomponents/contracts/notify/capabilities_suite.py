"""The part of the notify contract that proves capabilities: options, files, received texts and callbacks that work."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from itertools import islice
from typing import Any

import pytest

from govcomponents.contracts.notify.subject import (
    FROM_TEMPLATES,
    Arrived,
    Call,
    NotifyCaller,
    NotifySubject,
    NotifyTests,
    Sending,
)
from govcomponents.contracts.suite import needs
from govcomponents.errors import CallbackRefused, InvalidInput, NotSupported, Refused
from govcomponents.notify.capabilities import NotifyCapability as Can
from govcomponents.notify.events import DeliveryReceipt
from govcomponents.notify.models import Status
from govcomponents.notify.templates.attachments import Attachment

_UNSUBSCRIBE = "https://service.example.gov.uk/unsubscribe/one-click"
_LINK = "http://evil.example.com/pay-here"


def _are_dated(subject: NotifySubject) -> bool:
    return subject.callbacks_hold_for is not None


_LINES = "Siân Ŵyn\n.a dot begins this line\n..and two this\nFrom here on"


class NotifyCapabilities(NotifyTests):
    """Each option, file, received text and callback that is declared arrives as it was meant."""

    def test_the_double_shows_what_the_declared_options_need(self) -> None:
        for can, sample in ((Can.ATTACHMENTS, "file"), (Can.REPLY_TO, "reply_to"), (Can.SENDER, "sender")):
            assert (can in self.subject.capabilities) == (getattr(self.subject, sample) is not None), sample

    @needs(Can.EMAIL, Can.ATTACHMENTS)
    def test_a_file_arrives_as_it_was_sent(self, call: Call) -> None:
        caller = call()
        sample = self._given(self.subject.file, "file")
        caller.notify.send_email(**sample)
        files = [value for value in sample["personalisation"].values() if isinstance(value, Attachment)]
        assert files
        assert list(self._arrived(caller).files) == [base64.b64decode(file.content) for file in files]

    @needs(Can.EMAIL, Can.REPLY_TO)
    def test_answers_go_to_the_address_that_was_given(self, call: Call) -> None:
        caller = call()
        caller.notify.send_email(**self._given(self.subject.email, "email"))
        assert self._arrived(caller).reply_to != self.subject.reply_to
        caller.notify.send_email(**{**self._again(), "reply_to": self.subject.reply_to})
        assert self._arrived(caller).reply_to == self.subject.reply_to

    @needs(Can.SMS, Can.SENDER)
    def test_a_text_comes_from_the_sender_that_was_given(self, call: Call) -> None:
        caller, sms = call(), self._given(self.subject.sms, "sms")
        caller.notify.send_sms(**sms)
        assert self._arrived(caller).sender != self.subject.sender
        caller.notify.send_sms(**{**sms, "reference": "CONTRACT-2", "sender": self.subject.sender})
        assert self._arrived(caller).sender == self.subject.sender

    @needs(Can.EMAIL, Can.UNSUBSCRIBE)
    def test_a_reader_can_unsubscribe_with_one_click(self, call: Call) -> None:
        caller = call()
        caller.notify.send_email(**self._given(self.subject.email, "email"))
        assert self._arrived(caller).unsubscribe_url is None
        caller.notify.send_email(**self._again(), one_click_unsubscribe_url=_UNSUBSCRIBE)
        assert self._arrived(caller).unsubscribe_url == _UNSUBSCRIBE

    @needs(Can.EMAIL)
    def test_a_value_arrives_as_it_was_given(self, call: Call) -> None:
        caller = call()
        values: Mapping[str, Any] = self._given(self.subject.email, "email")["personalisation"]
        name = next(name for name, value in values.items() if isinstance(value, str))
        caller.notify.send_email(**{**self._again(), "personalisation": {**values, name: _LINES}})
        for line in _LINES.split("\n") if caller.double.arrived is not None else ():
            assert line in self._arrived(caller).text, "the double shall show the text with the values in it"

    @needs(Can.EMAIL, Can.SANITISE)
    def test_links_in_a_value_that_is_sanitised_do_not_arrive(self, call: Call) -> None:
        caller = call()
        values: Mapping[str, Any] = self._given(self.subject.email, "email")["personalisation"]
        name = next(name for name, value in values.items() if isinstance(value, str))
        unsafe = {**values, name: f"Sam {_LINK}"}
        sent = caller.notify.send_email(**{**self._again(), "personalisation": unsafe}, sanitise=[name])
        assert _LINK not in self._arrived(caller).text
        assert "Sam" in self._arrived(caller).text, "the double shall show the text with the values in it"
        assert list(sent.sanitised) == [name]

    @needs(Can.INBOUND_SMS)
    def test_a_text_that_a_person_sent_is_found(self, call: Call) -> None:
        caller = call()
        assert caller.double.text_in is not None, "a double of a provider that receives texts has `text_in`"
        before = {text.id for text in caller.notify.search_inbound_sms()}
        caller.double.text_in("07700900999", "STOP canary")
        (found,) = [text for text in caller.notify.search_inbound_sms() if text.id not in before]
        assert found.content.reveal() == "STOP canary"
        assert found.sender.reveal().endswith("7700900999")
        assert found.occurred_at.tzinfo is not None

    @needs(Can.CALLBACKS)
    @pytest.mark.parametrize("sending", FROM_TEMPLATES)
    def test_a_callback_tells_what_became_of_a_message(self, call: Call, sending: Sending) -> None:
        caller = call()
        sent = sending.by(caller)
        sending.by(caller, reference="CONTRACT-2")
        assert caller.double.callbacks is not None, "a double of a provider that calls back has `callbacks`"
        messages = caller.double.callbacks()
        events = [caller.notify.parse_callback(body, headers) for body, headers in messages]
        ours = [one for one in events if isinstance(one, DeliveryReceipt) and one.notification_id == sent.id]
        assert ours
        assert (ours[-1].channel, ours[-1].reference) == (sending.channel, sent.reference)
        assert ours[-1].status.is_finished
        assert len({event.key for event in events}) == len(events)
        assert all(event.occurred_at is None or event.occurred_at.tzinfo is not None for event in events)
        body, headers = messages[0]
        assert caller.notify.parse_callback(body, headers).key == events[0].key
        spoilt = {name: value[:-1] + ("x" if value[-1:] != "x" else "y") for name, value in headers.items()}
        other_scheme = {
            name: value.replace("Bearer ", "Basic ") if value.startswith("Bearer ") else value + "x"
            for name, value in headers.items()
        }
        for untrue in ({}, spoilt, other_scheme):
            with pytest.raises(CallbackRefused):
                caller.notify.parse_callback(body, untrue)

    @needs(Can.CALLBACKS)
    @pytest.mark.parametrize("sending", FROM_TEMPLATES)
    def test_a_callback_with_a_status_that_is_new_is_told_as_unknown(self, call: Call, sending: Sending) -> None:
        """Where a provider signs what it sends, what was changed on the way is refused; what it signs may be new."""
        caller = call()
        sending.by(caller)
        assert caller.double.callbacks is not None, "a double of a provider that calls back has `callbacks`"
        body, headers = caller.double.callbacks()[-1]
        event = caller.notify.parse_callback(body, headers)
        assert isinstance(event, DeliveryReceipt)
        changed = body.replace(f'"{event.raw_status}"'.encode(), b'"never-heard-of"')
        assert changed != body, "the double's callbacks hold the provider's word for the status"
        if self.subject.signed:
            with pytest.raises(CallbackRefused):
                caller.notify.parse_callback(changed, headers)
            headers = self._signed(caller, changed)
        try:
            other = caller.notify.parse_callback(changed, headers)
        except CallbackRefused:
            pytest.fail("where callbacks are signed, the subject has `signed=True`, and the double has `sign`")
        assert isinstance(other, DeliveryReceipt)
        assert (other.status, other.raw_status) == (Status.UNKNOWN, "never-heard-of")
        assert not other.status.is_finished

    @needs(Can.CALLBACKS, _are_dated)
    def test_a_callback_that_is_kept_for_long_is_refused(self, call: Call) -> None:
        caller = call()
        next(iter(self._senders())).by(caller)
        assert caller.double.callbacks is not None, "a double of a provider that calls back has `callbacks`"
        assert caller.double.later is not None, "a double of a provider whose callbacks are dated has `later`"
        body, headers = caller.double.callbacks()[-1]
        assert caller.notify.parse_callback(body, headers).key
        caller.double.later(self.subject.callbacks_hold_for or 0)
        with pytest.raises(CallbackRefused):
            caller.notify.parse_callback(body, headers)

    @needs(Can.CALLBACKS)
    def test_a_callback_that_cannot_be_read_is_refused(self, call: Call) -> None:
        caller = call()
        next(iter(self._senders())).by(caller)
        assert caller.double.callbacks is not None, "a double of a provider that calls back has `callbacks`"
        body, headers = caller.double.callbacks()[-1]
        for wrong in (b"", b"[]", b"7", body[:-9], b" " * 10_000_000):
            proof = self._signed(caller, wrong) if self.subject.signed else headers
            with pytest.raises(CallbackRefused):
                caller.notify.parse_callback(wrong, proof)

    @needs(Can.EMAIL, Can.SEARCH)
    @pytest.mark.parametrize(
        "other",
        [{"channel": "letter"}, {"status": "cancelled"}, {"raw_status": "never-heard-of"}, {"older_than": "first"}],
        ids=lambda other: next(iter(other)),
    )
    def test_a_filter_is_kept_to_or_refused(self, call: Call, other: Mapping[str, Any]) -> None:
        """It is never dropped in silence: a search that finds too much is acted on as if all of it fitted."""
        caller, email = call(), self._given(self.subject.email, "email")
        sent = caller.notify.send_email(**email)
        asked = {"older_than": sent.id} if "older_than" in other else other
        try:
            found = [one.id for one in islice(caller.notify.search(**asked, reference=email["reference"]), 9)]
        except (InvalidInput, NotSupported, Refused):
            return
        assert found == [], "a filter was dropped: keep to it, or refuse it"

    def _signed(self, caller: NotifyCaller, body: bytes) -> Mapping[str, str]:
        assert caller.double.sign is not None, "a double of a provider that signs has `sign`"
        return caller.double.sign(body)

    def _senders(self) -> list[Sending]:
        """The operations of which there are callbacks, as far as they are declared."""
        return [one.values[0] for one in FROM_TEMPLATES if getattr(self.subject, one.values[0].sample) is not None]

    def _again(self) -> dict[str, Any]:
        """The email's sample with another reference, as of another message."""
        return {**self._given(self.subject.email, "email"), "reference": "CONTRACT-2"}

    def _given(self, sample: Mapping[str, Any] | None, name: str) -> Mapping[str, Any]:
        assert sample is not None, f"the subject of an adapter that declares this has `{name}`"
        return sample

    def _arrived(self, caller: NotifyCaller) -> Arrived:
        assert caller.double.arrived is not None, "a double of a provider with these options has `arrived`"
        return caller.double.arrived()[-1]
