"""The contract of the notify port: an adapter's tests subclass `NotifySuite` and set `subject`."""

from __future__ import annotations

import asyncio
from itertools import islice
from typing import Any

import pytest

from govcomponents.contracts.notify.capabilities_suite import NotifyCapabilities
from govcomponents.contracts.notify.faults_suite import NotifyFaults
from govcomponents.contracts.notify.readings_suite import NotifyReadings
from govcomponents.contracts.notify.subject import (
    FROM_TEMPLATES,
    SAMPLES,
    SENDS,
    Arrived,
    Call,
    NotifyDouble,
    NotifySubject,
    Sending,
)
from govcomponents.contracts.suite import fields_of, needs, writes
from govcomponents.errors import GovComponentsError, InvalidInput, NotSupported, ReferenceReused
from govcomponents.notify.capabilities import NotifyCapability as Can
from govcomponents.notify.models import Channel, Status

__all__ = ["Arrived", "NotifyDouble", "NotifySubject", "NotifySuite"]


class NotifySuite(NotifyCapabilities, NotifyReadings, NotifyFaults):
    """The contract of the notify port, kept by every adapter. Each test runs for blocking and asyncio callers."""

    def test_samples_are_given_of_all_that_is_declared(self) -> None:
        for capability, sample in SAMPLES.items():
            assert (capability in self.subject.capabilities) == (getattr(self.subject, sample) is not None)

    @pytest.mark.parametrize("sending", SENDS)
    def test_a_message_is_accepted_once(self, call: Call, sending: Sending) -> None:
        caller = call()
        sent = sending.by(caller)
        assert sent.channel is sending.channel
        assert sent.id
        assert sent.reference == getattr(self.subject, sending.sample).get("reference")
        assert caller.double.count() == 1
        assert not caller.has_sent_nothing, "it is done by the runtime's transport, which holds up no event loop"

    @pytest.mark.parametrize("sending", SENDS)
    def test_each_message_has_an_id_of_its_own(self, call: Call, sending: Sending) -> None:
        caller = call()
        assert len({sending.by(caller, reference=f"CONTRACT-{number}").id for number in range(2)}) == 2

    @pytest.mark.parametrize("sending", FROM_TEMPLATES)
    def test_a_message_goes_to_whom_it_is_for(self, call: Call, sending: Sending) -> None:
        caller = call()
        sending.by(caller)
        if caller.double.arrived is not None:
            assert caller.double.arrived()[-1].to == getattr(self.subject, sending.sample)["to"]

    @needs(Can.GET)
    @pytest.mark.parametrize("sending", FROM_TEMPLATES)
    def test_a_message_can_be_looked_up(self, call: Call, sending: Sending) -> None:
        caller = call()
        sent = sending.by(caller)
        found = caller.notify.get(sent.id)
        assert (found.id, found.channel, found.reference) == (sent.id, sending.channel, sent.reference)
        assert found.created_at.tzinfo is not None
        assert found.is_finished != found.may_change
        assert not found.status.has_failed

    @needs(Can.EMAIL, Can.SEARCH, lambda subject: subject.page is not None)
    def test_a_search_goes_on_to_the_next_page(self, call: Call) -> None:
        caller, email = call(), self._sample("email")
        assert self.subject.page is not None
        sent = {caller.notify.send_email(**email).id for _ in range(self.subject.page + 1)}
        found = [one.id for one in islice(caller.notify.search(), len(sent) + 1)]
        assert (len(found), set(found)) == (len(sent), sent)

    @pytest.mark.parametrize("sending", FROM_TEMPLATES)
    def test_a_field_of_the_providers_own_is_sent_or_refused(self, call: Call, sending: Sending) -> None:
        """It is never dropped in silence; the provider may know no such field, and say so."""
        caller = call()
        try:
            sending.by(caller, extra={"contract_field": "contract-value"})
        except (InvalidInput, NotSupported):
            assert caller.has_sent_nothing
        except GovComponentsError:
            assert any(b"contract-value" in (request.body or b"") for request in caller.transport.sent)
        else:
            assert any(b"contract-value" in (request.body or b"") for request in caller.transport.sent)

    @pytest.mark.parametrize("sending", FROM_TEMPLATES)
    def test_a_field_that_the_adapter_sends_is_not_replaced(self, call: Call, sending: Sending) -> None:
        """The provider's own fields go along in `extra`, beside what the arguments say and not instead of it."""
        caller = call()
        sending.by(caller)
        sent = list(caller.transport.sent)
        for name in fields_of(writes(sent)):
            with pytest.raises((InvalidInput, NotSupported)):
                sending.by(caller, extra={name: "another"})
        assert list(caller.transport.sent) == sent

    @needs(Can.GET)
    @pytest.mark.parametrize("sending", FROM_TEMPLATES)
    def test_a_status_that_is_new_is_unknown_and_nothing_else(self, call: Call, sending: Sending) -> None:
        caller = call()
        sent = sending.by(caller)
        word = caller.notify.get(sent.id).raw_status
        caller.transport.rewrite = lambda body: body.replace(f'"{word}"'.encode(), b'"never-heard-of"')
        found = caller.notify.get(sent.id)
        if found.raw_status != word:  # where it is one word of the provider's
            assert (found.status, found.raw_status) == (Status.UNKNOWN, "never-heard-of")
            assert not found.is_finished

    @needs(Can.PRECOMPILED, Can.LETTER_PDF)
    def test_a_letter_has_a_pdf_in_the_end(self, call: Call, gov_runner: asyncio.Runner) -> None:
        caller = call()
        sent = caller.notify.send_precompiled_letter(**self._sample("precompiled"))

        async def wait() -> None:
            await caller.double.transport.sleep(60.0)

        gov_runner.run(wait())
        assert caller.notify.get_letter_pdf(sent.id).startswith(b"%PDF-")

    @needs(Can.EMAIL, Can.SEARCH)
    def test_a_message_is_found_by_its_reference_and_sent_once(self, call: Call) -> None:
        caller, email = call(), self._sample("email")
        sent = caller.notify.send_email(**email)
        caller.notify.send_email(**{**email, "reference": "CONTRACT-2"})
        found = list(islice(caller.notify.search(reference=email["reference"]), 9))
        assert [one.id for one in found] == [sent.id]
        again = caller.notify.send_email(**email, once=True)
        assert (again.id, again.is_repeat) == (sent.id, True)
        with pytest.raises(ReferenceReused):
            caller.notify.send_email(**{**email, "to": "somebody.else@example.com"}, once=True)
        assert caller.double.count() == 2
        assert [one.id for one in caller.notify.follow_up([sent.id])] == [sent.id]

    @needs(Can.EMAIL, Can.TEMPLATES)
    def test_templates_are_read_and_previewed(self, call: Call) -> None:
        caller, email = call(), self._sample("email")
        template_id = email["template"]
        template = caller.notify.get_template(template_id)
        assert template.id == template_id
        assert template_id in {one.id for one in caller.notify.list_templates()}
        of_emails = caller.notify.list_templates(Channel.EMAIL)
        assert template_id in {one.id for one in of_emails}
        assert {one.channel for one in of_emails} == {Channel.EMAIL}
        offline = template.render(email["personalisation"])
        if Can.PREVIEW in caller.port.capabilities:
            preview = caller.notify.preview(template_id, email["personalisation"])
            assert (preview.body, preview.subject) == (offline.body, offline.subject)
            assert preview.html in (None, offline.html)  # not every provider gives it

    @needs(Can.INBOUND_SMS)
    def test_received_texts_come_one_by_one(self, call: Call) -> None:
        for text in call().notify.search_inbound_sms():
            assert text.content.reveal() not in repr(text)

    @needs(Can.EMAIL)
    def test_many_are_sent_to_and_nobody_twice(self, call: Call) -> None:
        caller, email = call(), self._sample("email")
        values = email["personalisation"]
        rows = [{"email address": f"person{number}@example.com", **values} for number in range(3)]
        options = {"channel": "email", "batch": "contract", "concurrency": 2}
        result = caller.notify.send_many([*rows, rows[0]], email["template"], **options)
        assert (result.progress.accepted, result.progress.duplicates, result.is_complete) == (3, 1, True)
        assert caller.double.count() == 3
        with pytest.raises(InvalidInput):
            caller.notify.send_many([{"name": "Sam"}], email["template"], **options)

    @needs(Can.JOBS)
    def test_a_job_is_accepted_whole(self, call: Call) -> None:
        caller, job = call(), self._sample("job")
        accepted = caller.notify.send_job(**job)
        assert accepted.id
        assert accepted.count == caller.double.count() == len(job["rows"])
        assert len(caller.transport.sent) == 1

    def _sample(self, name: str) -> Any:
        return getattr(self.subject, name)
