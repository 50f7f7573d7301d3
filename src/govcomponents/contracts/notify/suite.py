"""The contract of the notify port: an adapter's tests subclass `NotifySuite` and supply the fixture `subject`."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from govcomponents.contracts.faults import EVERY, Fault, FaultyTransport
from govcomponents.contracts.modes import BlockingView, Mode
from govcomponents.contracts.notify.further_suite import MoreOperations
from govcomponents.core.runtime import Runtime
from govcomponents.errors import (
    GovComponentsError,
    InvalidInput,
    NotFound,
    NotSent,
    NotSupported,
    OutcomeUnknown,
    RateLimited,
    Unavailable,
    UnexpectedReply,
)
from govcomponents.notify.models import Channel
from govcomponents.notify.port import NotifyCapability as Can
from govcomponents.notify.service import AsyncNotify, Notify

if TYPE_CHECKING:
    import asyncio

    from govcomponents.core.observe import CallEvent
    from govcomponents.core.transports.base import Transport
    from govcomponents.notify.port import NotifyPort


@dataclass(frozen=True)
class NotifyDouble:
    """A provider that works: the way to it, its clock, and how many messages it holds."""

    transport: Transport
    clock: Callable[[], float]
    count: Callable[[], int]


@dataclass(frozen=True)
class NotifySubject:
    """What the suite must know of an adapter.

    `build` makes the port on a runtime; `connect` gives a fresh provider that holds nothing. `email`, `sms` and
    `letter` are valid arguments of sending, with personal data that can be told apart: `canaries` lists every text
    that must never be seen outside the messages themselves, the key's secret among them. `job` is what `send_job`
    takes, with its rows as a list, where the adapter declares jobs; the provider counts a job's messages as its own.
    `letter` and `precompiled` are arguments of sending letters. `answers_reads` says that the provider behind `connect`
    answers searches, templates and all else that the adapter declares.
    """

    build: Callable[[Runtime], NotifyPort]
    connect: Callable[[], NotifyDouble]
    canaries: tuple[str, ...]
    email: Mapping[str, Any] | None = None
    sms: Mapping[str, Any] | None = None
    job: Mapping[str, Any] | None = None
    letter: Mapping[str, Any] | None = None
    precompiled: Mapping[str, Any] | None = None
    answers_reads: bool = False
    unknown_id: str = "99999999-9999-4999-8999-999999999999"


@dataclass
class Caller:
    """One caller, blocking or asyncio, on a transport that goes wrong as planned."""

    notify: Any
    port: NotifyPort
    wire: FaultyTransport
    provider: NotifyDouble
    events: list[CallEvent] = field(default_factory=list)


Call = Callable[..., Caller]
Sample = tuple[str, Channel, Mapping[str, Any]]

_SENDS: Mapping[Fault, tuple[type[GovComponentsError], int]] = {
    Fault.NOT_CONNECTED: (NotSent, 0),
    Fault.TIME_OUT_BEFORE: (OutcomeUnknown, 0),
    Fault.TIME_OUT_AFTER: (OutcomeUnknown, 1),
    Fault.DROPPED_BEFORE: (OutcomeUnknown, 0),
    Fault.DROPPED_AFTER: (OutcomeUnknown, 1),
    Fault.TOO_MANY_REQUESTS: (RateLimited, 0),
    Fault.SERVER_ERROR: (OutcomeUnknown, 0),
    Fault.BAD_GATEWAY: (OutcomeUnknown, 0),
    Fault.MALFORMED: (UnexpectedReply, 1),
}
_REPEATED = (Fault.NOT_CONNECTED, Fault.TOO_MANY_REQUESTS)
_CHANNELS = {"send_email": (Can.EMAIL, Channel.EMAIL, "email"), "send_sms": (Can.SMS, Channel.SMS, "sms")}
_OPTIONS: Mapping[Can, tuple[str, Mapping[str, Any]]] = {
    Can.REPLY_TO: ("send_email", {"reply_to": "99999999-9999-4999-8999-999999999999"}),
    Can.UNSUBSCRIBE: ("send_email", {"one_click_unsubscribe_url": "https://service.example.gov.uk/stop"}),
    Can.SANITISE: ("send_email", {"sanitise": ["name"]}),
    Can.SENDER: ("send_sms", {"sender": "99999999-9999-4999-8999-999999999999"}),
}


class NotifySuite(MoreOperations):
    """What every adapter of the notify port must do. Each test runs for blocking and for asyncio callers."""

    @pytest.fixture
    def subject(self) -> NotifySubject:
        """Say what is tested."""
        raise NotImplementedError("a suite's subclass supplies the fixture `subject`")

    @pytest.fixture
    def call(self, subject: NotifySubject, mode: Mode, runner: asyncio.Runner) -> Call:
        """Make a caller; the argument is a plan of faults."""

        def make(plan: Mapping[int, Fault] | None = None) -> Caller:
            provider = subject.connect()
            wire = FaultyTransport(provider.transport, plan)
            events: list[CallEvent] = []
            port = subject.build(Runtime(wire, clock=provider.clock, observers=(events.append,)))
            notify: Any = Notify(port) if mode is Mode.BLOCKING else BlockingView(AsyncNotify(port), runner)
            return Caller(notify, port, wire, provider, events)

        return make

    @pytest.fixture(params=sorted(_CHANNELS))
    def channel(self, request: pytest.FixtureRequest, subject: NotifySubject) -> Sample:
        """Each way to send that the subject gives arguments for."""
        operation: str = request.param
        _, channel, name = _CHANNELS[operation]
        arguments: Mapping[str, Any] | None = getattr(subject, name)
        if arguments is None:
            pytest.skip(f"the adapter does not declare {operation}")
        return operation, channel, arguments

    def test_arguments_are_given_for_all_that_is_declared(self, subject: NotifySubject, call: Call) -> None:
        declared = call().port.capabilities
        for capability, _, name in _CHANNELS.values():
            assert (capability in declared) == (getattr(subject, name) is not None)
        assert (Can.JOBS in declared) == (subject.job is not None)

    def test_a_message_is_accepted_once(self, call: Call, channel: Sample) -> None:
        operation, kind, arguments = channel
        caller = call()
        sent = getattr(caller.notify, operation)(**arguments)
        assert sent.channel is kind
        assert sent.id
        assert sent.reference == arguments.get("reference")
        assert caller.provider.count() == 1

    def test_a_message_can_be_looked_up(self, call: Call, channel: Sample) -> None:
        operation, kind, arguments = channel
        caller = call()
        if Can.GET not in caller.port.capabilities:
            pytest.skip("the adapter does not declare get")
        sent = getattr(caller.notify, operation)(**arguments)
        found = caller.notify.get(sent.id)
        assert (found.id, found.channel, found.reference) == (sent.id, kind, sent.reference)
        assert found.created_at.tzinfo is not None
        assert found.is_finished != found.may_change

    def test_what_does_not_exist_is_not_found(self, subject: NotifySubject, call: Call) -> None:
        caller = call()
        if Can.GET not in caller.port.capabilities:
            pytest.skip("the adapter does not declare get")
        with pytest.raises(NotFound):
            caller.notify.get(subject.unknown_id)

    def test_what_is_not_declared_is_refused_unsent(self, subject: NotifySubject, call: Call) -> None:
        caller = call()
        declared = caller.port.capabilities
        refused = [
            (operation, {"to": "sam@example.com", "template": subject.unknown_id})
            for operation, (capability, _, _) in _CHANNELS.items()
            if capability not in declared
        ]
        for capability, (operation, option) in _OPTIONS.items():
            if capability not in declared and (arguments := getattr(subject, _CHANNELS[operation][2])) is not None:
                refused.append((operation, {**arguments, **option}))
        for operation, arguments in refused:
            with pytest.raises(NotSupported):
                getattr(caller.notify, operation)(**arguments)
        if Can.GET not in declared:
            with pytest.raises(NotSupported):
                caller.notify.get(subject.unknown_id)
        if Can.JOBS not in declared:
            with pytest.raises(NotSupported):
                caller.notify.send_job([{"to": "sam@example.com"}], subject.unknown_id, channel="email", name="job")
        assert caller.wire.sent == []

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
            {"extra": {"field": ...}},
        ],
        ids=str,
    )
    def test_bad_input_is_never_sent(self, call: Call, channel: Sample, wrong: Mapping[str, Any]) -> None:
        operation, _, arguments = channel
        caller = call()
        with pytest.raises(InvalidInput) as caught:
            getattr(caller.notify, operation)(**{**arguments, **wrong})
        assert caller.wire.sent == []
        assert caught.value.fix
        assert caught.value.operation == f"notify.{operation}"

    @pytest.mark.parametrize("fault", list(Fault), ids=str)
    def test_a_fault_gives_its_error_and_nothing_is_sent_twice(self, call: Call, channel: Sample, fault: Fault) -> None:
        operation, _, arguments = channel
        error, held = _SENDS[fault]
        caller = call({EVERY: fault})
        with pytest.raises(error) as caught:
            getattr(caller.notify, operation)(**arguments)
        assert type(caught.value) is error
        assert caller.provider.count() == held
        assert len(caller.wire.sent) == (3 if fault in _REPEATED else 1)
        if isinstance(caught.value, (OutcomeUnknown, UnexpectedReply)):
            assert caught.value.lookup

    @pytest.mark.parametrize("fault", _REPEATED, ids=str)
    def test_what_was_certainly_not_accepted_is_sent_again(self, call: Call, channel: Sample, fault: Fault) -> None:
        operation, _, arguments = channel
        caller = call({0: fault})
        assert getattr(caller.notify, operation)(**arguments).id
        assert caller.provider.count() == 1
        assert len(caller.wire.waits) == 1

    def test_a_job_is_accepted_whole(self, subject: NotifySubject, call: Call) -> None:
        caller = call()
        if subject.job is None:
            pytest.skip("the adapter does not declare jobs")
        job = caller.notify.send_job(**subject.job)
        assert job.id
        assert job.count == caller.provider.count() == len(subject.job["rows"])
        assert len(caller.wire.sent) == 1

    @pytest.mark.parametrize("fault", list(Fault), ids=str)
    def test_a_fault_gives_its_error_and_no_job_is_sent_twice(
        self, subject: NotifySubject, call: Call, fault: Fault
    ) -> None:
        error, held = _SENDS[fault]
        caller = call({EVERY: fault})
        if subject.job is None:
            pytest.skip("the adapter does not declare jobs")
        with pytest.raises(error) as caught:
            caller.notify.send_job(**subject.job)
        assert type(caught.value) is error
        assert caller.provider.count() == held * len(subject.job["rows"])
        assert len(caller.wire.sent) == (3 if fault in _REPEATED else 1)

    @pytest.mark.parametrize("fault", [fault for fault in Fault if fault is not Fault.MALFORMED], ids=str)
    def test_a_read_is_repeated_after_any_fault(self, call: Call, channel: Sample, fault: Fault) -> None:
        operation, _, arguments = channel
        caller = call({1: fault})
        if Can.GET not in caller.port.capabilities:
            pytest.skip("the adapter does not declare get")
        sent = getattr(caller.notify, operation)(**arguments)
        assert caller.notify.get(sent.id).id == sent.id

    @pytest.mark.parametrize("fault", list(Fault), ids=str)
    def test_a_read_that_keeps_failing_gives_a_typed_error(
        self, subject: NotifySubject, call: Call, fault: Fault
    ) -> None:
        caller = call({EVERY: fault})
        if Can.GET not in caller.port.capabilities:
            pytest.skip("the adapter does not declare get")
        with pytest.raises((NotSent, OutcomeUnknown, Unavailable, RateLimited, UnexpectedReply, NotFound)):
            caller.notify.get(subject.unknown_id)

    @pytest.mark.parametrize("fault", [None, *Fault], ids=str)
    def test_nothing_personal_or_secret_is_seen(
        self, subject: NotifySubject, call: Call, channel: Sample, fault: Fault | None, caplog: pytest.LogCaptureFixture
    ) -> None:
        operation, _, arguments = channel
        caller = call({} if fault is None else {EVERY: fault})
        seen: list[str] = []
        with caplog.at_level("DEBUG"):
            try:
                sent = getattr(caller.notify, operation)(**arguments)
                seen += [repr(sent), str(sent), sent.model_dump_json(), repr(caller.notify.get(sent.id))]
            except GovComponentsError as error:
                seen += [str(error), repr(error), repr(pickle.loads(pickle.dumps(error))), repr(error.__dict__)]  # noqa: S301  # our own bytes
        seen += [repr(caller.events), repr(caller.wire.sent), repr(caller.port), caplog.text]
        for canary in subject.canaries:
            assert canary not in " ".join(seen)
