"""The contract of the notify port when it does not go well: bad input, faults at every step, leaks."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pytest

from govcomponents.contracts.faults import RETRY_AFTER, Fault
from govcomponents.contracts.notify.subject import FROM_TEMPLATES, SENDS, Call, NotifyCaller, NotifyTests, Sending
from govcomponents.contracts.suite import faults, injections, needs, shown_by, writes
from govcomponents.errors import (
    GovComponentsError,
    InvalidInput,
    NotFound,
    NotSent,
    NotSupported,
    OutcomeUnknown,
    RateLimited,
    UnexpectedReply,
)
from govcomponents.notify.capabilities import NotifyCapability as Can

_ID = "99999999-9999-4999-8999-999999999999"
_TO_SAM = {"to": "sam@example.com", "template": _ID}
_OPERATIONS: Mapping[Can, tuple[str, Mapping[str, Any]]] = {
    Can.EMAIL: ("send_email", _TO_SAM),
    Can.SMS: ("send_sms", {"to": "07700900123", "template": _ID}),
    Can.LETTER: ("send_letter", {"address": ["Sam", "1 Street", "SW1A 1AA"], "template": _ID}),
    Can.PRECOMPILED: ("send_precompiled_letter", {"pdf": b"%PDF-1.4", "reference": "r"}),
    Can.GET: ("get", {"notification_id": _ID}),
    Can.SEARCH: ("search", {}),
    Can.LETTER_PDF: ("get_letter_pdf", {"notification_id": _ID}),
    Can.TEMPLATES: ("list_templates", {}),
    Can.PREVIEW: ("preview", {"template": _ID}),
    Can.INBOUND_SMS: ("search_inbound_sms", {}),
    Can.JOBS: ("send_job", {"rows": [{"to": "sam@example.com"}], "template": _ID, "channel": "email", "name": "job"}),
    Can.CALLBACKS: ("parse_callback", {"body": b"{}", "headers": {"authorization": "Bearer x"}}),
}
_OPTIONS: Mapping[Can, tuple[Can, str, str, Mapping[str, Any]]] = {
    Can.REPLY_TO: (Can.EMAIL, "send_email", "email", {"reply_to": _ID}),
    Can.UNSUBSCRIBE: (Can.EMAIL, "send_email", "email", {"one_click_unsubscribe_url": "https://example.gov.uk/stop"}),
    Can.SANITISE: (Can.EMAIL, "send_email", "email", {"sanitise": ["name"]}),
    Can.SENDER: (Can.SMS, "send_sms", "sms", {"sender": _ID}),
}


_WAS_NOT_ACCEPTED = (NotSent, RateLimited)


class NotifyFaults(NotifyTests):
    """The faults that a notify adapter must refuse, and what it must do when an exchange fails."""

    def test_what_is_not_declared_is_refused_unsent(self, call: Call) -> None:
        caller = call()
        declared = caller.port.capabilities
        for capability, (operation, arguments) in _OPERATIONS.items():
            if capability not in declared:
                with pytest.raises(NotSupported):
                    list(getattr(caller.notify, operation)(**arguments))
        for capability, (needed, operation, sample, option) in _OPTIONS.items():
            if capability not in declared and needed in declared:
                with pytest.raises(NotSupported):
                    getattr(caller.notify, operation)(**getattr(self.subject, sample), **option)
        assert caller.has_sent_nothing

    @needs(Can.GET)
    def test_what_does_not_exist_is_not_found(self, call: Call) -> None:
        with pytest.raises(NotFound):
            call().notify.get(self.subject.unknown_id)

    @pytest.mark.parametrize(
        "wrong",
        [
            {"to": " "},
            {"to": 7},
            {"template": ""},
            {"template": None},
            {"personalisation": {"name": None}},
            {"personalisation": {"name": float("nan")}},
            {"personalisation": {"name": ...}},
            {"personalisation": {"name": [["nested"]]}},
            {"personalisation": {"first name": "Sam", "first_name": "Sam"}},
            {"personalisation": "name"},
            {"reference": "x" * 1001},
            {"reference": 7},
            {"extra": "fields"},
        ],
        ids=str,
    )
    @pytest.mark.parametrize("sending", FROM_TEMPLATES)
    def test_bad_input_is_never_sent(self, call: Call, sending: Sending, wrong: Mapping[str, Any]) -> None:
        _is_refused(call(), sending, wrong)

    @pytest.mark.parametrize("sending", FROM_TEMPLATES)
    def test_what_this_adapter_refuses_is_never_sent(self, call: Call, sending: Sending) -> None:
        caller = call()
        for wrong in self.subject.bad_input:
            _is_refused(caller, sending, wrong)

    @pytest.mark.parametrize("fault", faults())
    @pytest.mark.parametrize("sending", SENDS)
    def test_a_fault_gives_its_error_and_nothing_is_sent_twice(
        self, call: Call, sending: Sending, fault: Fault
    ) -> None:
        self._check(fault, call, sending.by, sending.operation, messages=1)

    @needs(Can.JOBS)
    @pytest.mark.parametrize("fault", faults())
    def test_a_fault_gives_its_error_and_no_job_is_sent_twice(self, call: Call, fault: Fault) -> None:
        job: Any = self.subject.job
        self._check(fault, call, lambda caller: caller.notify.send_job(**job), "send_job", messages=len(job["rows"]))

    def _check(
        self, fault: Fault, call: Call, send: Callable[[NotifyCaller], object], operation: str, messages: int
    ) -> None:
        error = self.subject.faults[fault]
        assert issubclass(error, (OutcomeUnknown, UnexpectedReply)) or not fault.acted

        def prepare() -> tuple[NotifyCaller, Callable[[], object]]:
            caller = call()
            return caller, lambda: send(caller)

        for injection in injections(prepare, fault):
            assert injection.is_of(self.subject.error_of(fault, wrote=injection.wrote), operation=f"notify.{operation}")
            assert injection.error is not None
            assert injection.error.operation == f"notify.{operation}"
            assert injection.caller.double.count() == (messages if fault.acted and injection.wrote else 0)
            assert len(writes(injection.sent)) <= 1 + len(injection.caller.transport.waits)
            is_repeated = error in _WAS_NOT_ACCEPTED and self.subject.repeats
            if injection.wrote:
                assert len(injection.caller.transport.waits) == (2 if is_repeated else 0)
                assert not isinstance(injection.error, (OutcomeUnknown, UnexpectedReply)) or injection.error.lookup
                assert not isinstance(injection.error, RateLimited) or injection.error.retry_after == RETRY_AFTER

    @needs(lambda subject: subject.repeats)
    @pytest.mark.parametrize("sending", SENDS)
    def test_what_was_certainly_not_accepted_is_sent_again(self, call: Call, sending: Sending) -> None:
        for fault in (fault for fault, error in self.subject.faults.items() if error in _WAS_NOT_ACCEPTED):
            caller = call()
            caller.fail(fault, times=1)
            assert sending.by(caller).id
            assert caller.double.count() == 1
            assert len(caller.transport.waits) == 1

    @needs(Can.GET)
    @pytest.mark.parametrize("fault", faults(Fault.MALFORMED))
    @pytest.mark.parametrize("sending", FROM_TEMPLATES)
    def test_a_read_is_repeated_after_any_fault(self, call: Call, sending: Sending, fault: Fault) -> None:
        caller = call()
        sent = sending.by(caller)
        caller.fail(fault, times=1)
        assert caller.notify.get(sent.id).id == sent.id

    @needs(Can.GET)
    @pytest.mark.parametrize("fault", faults())
    def test_a_read_that_keeps_failing_gives_its_error(self, call: Call, fault: Fault) -> None:
        caller = call()
        caller.fail(fault)
        with pytest.raises((self.subject.error_of(fault, wrote=False), NotFound)):
            caller.notify.get(self.subject.unknown_id)

    @pytest.mark.parametrize("fault", [None, *faults()])
    @pytest.mark.parametrize("sending", SENDS)
    def test_nothing_personal_or_secret_is_seen(
        self, call: Call, sending: Sending, fault: Fault | None, caplog: pytest.LogCaptureFixture
    ) -> None:
        caller = call()
        if fault is not None:
            caller.fail(fault)
        seen: list[str] = []
        with caplog.at_level("DEBUG"):
            try:
                sent = sending.by(caller)
                seen += [repr(sent), str(sent), json.dumps(sent.to_dict())]
                if Can.GET in caller.port.capabilities:
                    seen.append(repr(caller.notify.get(sent.id)))
            except GovComponentsError as error:
                seen += shown_by(error)
        seen += [repr(caller.events), repr(caller.transport.sent), repr(caller.port), caplog.text]
        for canary in self.subject.canaries:
            assert canary not in " ".join(seen)

    @needs(Can.GET)
    @pytest.mark.parametrize("sending", SENDS)
    def test_a_message_that_is_looked_up_shows_nothing_personal(self, call: Call, sending: Sending) -> None:
        caller = call()
        found = caller.notify.get(sending.by(caller).id)
        told = f"{found!r} {found}"
        for canary in self.subject.canaries:
            assert canary not in told

    @needs(Can.SEARCH)
    @pytest.mark.parametrize("fault", [None, *faults()])
    @pytest.mark.parametrize("sending", SENDS)
    def test_a_search_shows_nothing_personal_or_secret(
        self, call: Call, sending: Sending, fault: Fault | None, caplog: pytest.LogCaptureFixture
    ) -> None:
        caller = call()
        sending.by(caller)
        self._shows_nothing(caller, caller.notify.search, fault, caplog, self.subject.canaries)

    @needs(Can.INBOUND_SMS)
    @pytest.mark.parametrize("fault", [None, *faults()])
    def test_what_a_person_wrote_is_not_seen(
        self, call: Call, fault: Fault | None, caplog: pytest.LogCaptureFixture
    ) -> None:
        caller = call()
        assert caller.double.text_in is not None, "a double of a provider that receives texts has `text_in`"
        caller.double.text_in("07700900999", "STOP canary")
        canaries = (*self.subject.canaries, "7700900999", "STOP canary")
        self._shows_nothing(caller, caller.notify.search_inbound_sms, fault, caplog, canaries)

    def _shows_nothing(
        self,
        caller: NotifyCaller,
        search: Callable[[], Iterable[Any]],
        fault: Fault | None,
        caplog: pytest.LogCaptureFixture,
        canaries: Iterable[str],
    ) -> None:
        """Search, and look at all that can be seen of it: what was found, the error, events, the log."""
        if fault is not None:
            caller.fail(fault)
        seen: list[str] = []
        with caplog.at_level("DEBUG"):
            try:
                found = list(search())
                assert found
                seen += [repr(found), *map(str, found), json.dumps([one.to_dict() for one in found])]
            except GovComponentsError as error:
                seen += shown_by(error)
        seen += [repr(caller.events), repr(caller.transport.sent), repr(caller.port), caplog.text]
        for canary in canaries:
            assert canary not in " ".join(seen)


def _is_refused(caller: NotifyCaller, sending: Sending, wrong: Mapping[str, Any]) -> None:
    with pytest.raises(InvalidInput) as caught:
        sending.by(caller, **wrong)
    assert caller.has_sent_nothing
    assert caught.value.fix
    assert caught.value.operation == f"notify.{sending.operation}"
