"""The part of the notify contract that is about letters, reading, searching and sending to many."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import pytest

from govcomponents.contracts.faults import EVERY, Fault
from govcomponents.errors import CallbackRefused, InvalidInput, NotSupported, OutcomeUnknown
from govcomponents.notify.models import Channel
from govcomponents.notify.port import NotifyCapability as Can

if TYPE_CHECKING:
    import asyncio

    from govcomponents.contracts.notify.suite import Caller, NotifySubject

_ID = "99999999-9999-4999-8999-999999999999"
_REFUSED: Mapping[Can, tuple[str, Mapping[str, Any]]] = {
    Can.LETTER: ("send_letter", {"address": ["Sam", "1 Street", "SW1A 1AA"], "template": _ID}),
    Can.PRECOMPILED: ("send_precompiled_letter", {"pdf": b"%PDF-1.4", "reference": "r"}),
    Can.SEARCH: ("search", {}),
    Can.LETTER_PDF: ("letter_pdf", {"notification_id": _ID}),
    Can.TEMPLATES: ("templates", {}),
    Can.PREVIEW: ("preview", {"template": _ID}),
    Can.RECEIVED_TEXTS: ("received_texts", {}),
    Can.CALLBACKS: ("read_callback", {"body": b"{}", "authorization": "Bearer x"}),
}


async def _wait(caller: Caller, seconds: float) -> None:
    await caller.provider.transport.sleep(seconds)


class MoreOperations:
    """Tests that `NotifySuite` inherits. Those of reads run where the subject says `answers_reads`."""

    @pytest.fixture
    def answering(self, subject: NotifySubject, call: Callable[..., Caller]) -> Caller:
        """A caller on a provider that answers everything that its adapter declares."""
        if not subject.answers_reads:
            pytest.skip("the provider of these tests does not answer reads")
        return call()

    def test_every_other_operation_that_is_not_declared_is_refused_unsent(self, call: Callable[..., Caller]) -> None:
        caller = call()
        for capability, (operation, arguments) in _REFUSED.items():
            if capability in caller.port.capabilities:
                continue
            with pytest.raises(NotSupported):
                list(getattr(caller.notify, operation)(**arguments))
        assert caller.wire.sent == []

    def test_a_callback_without_its_token_is_refused(self, call: Callable[..., Caller]) -> None:
        caller = call()
        if Can.CALLBACKS not in caller.port.capabilities:
            pytest.skip("the adapter does not declare callbacks")
        with pytest.raises(CallbackRefused):
            caller.notify.read_callback(b"{}", None)

    @pytest.mark.parametrize("name", ["letter", "precompiled"])
    def test_a_letter_is_accepted_once(self, subject: NotifySubject, call: Callable[..., Caller], name: str) -> None:
        arguments: Mapping[str, Any] | None = getattr(subject, name)
        if arguments is None:
            pytest.skip(f"the adapter does not declare {name}")
        operation = {"letter": "send_letter", "precompiled": "send_precompiled_letter"}[name]
        caller = call()
        sent = getattr(caller.notify, operation)(**arguments)
        assert sent.channel is Channel.LETTER
        assert caller.provider.count() == 1
        lost = call({EVERY: Fault.TIME_OUT_AFTER})
        with pytest.raises(OutcomeUnknown):
            getattr(lost.notify, operation)(**arguments)
        assert lost.provider.count() == 1

    def test_a_letter_has_a_pdf_in_the_end(
        self, subject: NotifySubject, answering: Caller, runner: asyncio.Runner
    ) -> None:
        if subject.precompiled is None or Can.LETTER_PDF not in answering.port.capabilities:
            pytest.skip("the adapter does not declare PDFs of ready-made letters")
        sent = answering.notify.send_precompiled_letter(**subject.precompiled)
        runner.run(_wait(answering, 60.0))
        assert answering.notify.letter_pdf(sent.id).startswith(b"%PDF-")

    def test_a_message_is_found_by_its_reference_and_sent_once(self, subject: NotifySubject, answering: Caller) -> None:
        if subject.email is None or Can.SEARCH not in answering.port.capabilities:
            pytest.skip("the adapter does not declare search")
        sent = answering.notify.send_email(**subject.email)
        found = list(answering.notify.search(reference=subject.email["reference"]))
        assert [one.id for one in found] == [sent.id]
        again = answering.notify.send_email(**subject.email, once=True)
        assert (again.id, again.is_repeat) == (sent.id, True)
        assert answering.provider.count() == 1
        assert [one.id for one in answering.notify.follow_up([sent.id])] == [sent.id]

    def test_templates_are_read_and_previewed(self, subject: NotifySubject, answering: Caller) -> None:
        if subject.email is None or Can.TEMPLATES not in answering.port.capabilities:
            pytest.skip("the adapter does not declare templates")
        template_id = subject.email["template"]
        template = answering.notify.template(template_id)
        assert template.id == template_id
        assert template_id in {one.id for one in answering.notify.templates(Channel.EMAIL)}
        offline = answering.notify.render(template, subject.email["personalisation"])
        if Can.PREVIEW in answering.port.capabilities:
            preview = answering.notify.preview(template_id, subject.email["personalisation"])
            assert (preview.body, preview.subject) == (offline.body, offline.subject)
            assert preview.html in (None, offline.html)  # not every provider gives it

    def test_received_texts_come_one_by_one(self, answering: Caller) -> None:
        if Can.RECEIVED_TEXTS not in answering.port.capabilities:
            pytest.skip("the adapter does not declare received texts")
        for text in answering.notify.received_texts():
            assert text.content.reveal() not in repr(text)

    def test_many_are_sent_to_and_nobody_twice(self, subject: NotifySubject, answering: Caller) -> None:
        if subject.email is None:
            pytest.skip("the adapter does not declare email")
        values = subject.email["personalisation"]
        rows = [{"email address": f"person{number}@example.com", **values} for number in range(3)]
        options = {"channel": "email", "batch": "contract", "concurrency": 2}
        result = answering.notify.send_many([*rows, rows[0]], subject.email["template"], **options)
        assert (result.progress.accepted, result.progress.duplicates, result.is_complete) == (3, 1, True)
        assert answering.provider.count() == 3
        with pytest.raises(InvalidInput):
            answering.notify.send_many([{"name": "Sam"}], subject.email["template"], **options)
