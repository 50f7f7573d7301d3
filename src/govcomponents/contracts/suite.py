"""The base of the suites: what each must know of an adapter, which of its tests an adapter gets, and who calls."""

from __future__ import annotations

import asyncio
import json
import pickle
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property, partial
from itertools import count
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import parse_qsl

import pytest

from govcomponents.contracts.faults import EVERY, ON_A_READ, ON_A_WRITE, Fault, FaultyTransport
from govcomponents.contracts.modes import BlockingView, Mode
from govcomponents.core.http.messages import Replay, Request
from govcomponents.core.http.runtime import Runtime
from govcomponents.core.observe import as_observer
from govcomponents.core.transports.scripted import ScriptedTransport
from govcomponents.errors import GovComponentsError, Unavailable

if TYPE_CHECKING:
    from types import FrameType

    from govcomponents.core.http.transport import Transport
    from govcomponents.core.observe import CallEvent
    from govcomponents.core.ports.port import Port

NEEDS = "gov_needs"
Condition = StrEnum | Callable[[Any], bool]
"""A capability that the adapter must declare, or a question about the subject."""


def needs(*conditions: Condition) -> pytest.MarkDecorator:
    """Mark a test, or a parameter of it, as one for adapters that meet all the conditions."""
    return pytest.mark.gov_needs.with_args(*conditions)  # called with one function, a mark would take it for a test


def faults(*but: Fault) -> list[Any]:
    """Parametrise a test with the faults that can happen, less some."""
    return [pytest.param(fault, marks=needs(_happens(fault)), id=str(fault)) for fault in Fault if fault not in but]


def _happens(fault: Fault) -> Condition:
    return lambda subject: fault in subject.faults


def applies(item: pytest.Item) -> bool:
    """Whether an adapter gets a test. One that cannot be built gets all of them, which then say why."""
    subject = getattr(getattr(item, "cls", None), "subject", None)
    if not isinstance(subject, Subject):  # most tests of a run are not of a suite, and marks take time to find
        return True
    try:
        return all(subject.meets(condition) for mark in item.iter_markers(NEEDS) for condition in mark.args)
    except Exception:  # noqa: BLE001  # whatever an adapter's author got wrong
        return True


@dataclass(frozen=True, kw_only=True)
class Double:
    """A test double of a provider.

    `transport` reaches it and `clock` tells its time. Where the adapter does not speak HTTP, `fail(fault, times)` makes
    the next `times` exchanges go wrong, or all of them for None; over HTTP the suite does so by itself. `close` is
    called when a test is over.
    """

    transport: Transport
    clock: Callable[[], float] = time.time
    fail: Callable[[Fault, int | None], None] | None = None
    close: Callable[[], None] = lambda: None


@dataclass(frozen=True, kw_only=True)
class Subject:
    """An adapter under test.

    `connect` gives a fresh double of its provider. `build` makes the port on a runtime, after `connect`; once it is
    called without, to learn what the adapter declares. `canaries` lists every text that must never be seen: each
    secret of the settings, and the personal data of the samples. `faults` are those that can happen, each with the
    error that a write gives for it; the default is for providers that are reached by HTTP.
    """

    build: Callable[[Runtime], Port[Any]]
    connect: Callable[[], Double]
    canaries: tuple[str, ...]
    faults: Mapping[Fault, type[GovComponentsError]] = field(default_factory=lambda: ON_A_WRITE)

    @cached_property
    def capabilities(self) -> frozenset[StrEnum]:
        """The capabilities that the adapter declares, with these settings."""
        return self.build(Runtime(ScriptedTransport())).capabilities

    def error_of(self, fault: Fault, *, wrote: bool) -> type[GovComponentsError]:
        """The error of a write, or of a read, when the fault stays."""
        error = self.faults[fault]
        return error if wrote or error is not ON_A_WRITE[fault] else ON_A_READ[fault]

    def meets(self, condition: Condition) -> bool:
        """Whether the adapter declares a capability, or the answer to a question about it is yes."""
        return condition in self.capabilities if isinstance(condition, StrEnum) else condition(self)


@dataclass
class Caller:
    """One caller, blocking or asyncio, and the provider that it calls."""

    service: Any
    port: Port[Any]
    transport: FaultyTransport
    double: Any
    subject: Any
    events: list[CallEvent]

    @property
    def has_sent_nothing(self) -> bool:
        """Whether the adapter has not yet done any I/O."""
        return not self.transport.sent and not self.transport.blocking_calls

    def fail(self, fault: Fault, *, after: int = 0, times: int | None = None) -> None:
        """Let exchanges go wrong from now on: after `after` good ones, `times` of them, or all for None."""
        if self.double.fail is not None:
            self.double.fail(fault, times)
            return
        start = len(self.transport.sent) + after
        self.transport.plan = dict.fromkeys(range(start, start + (times or 0)), fault)
        if times is None:
            self.transport.plan = dict.fromkeys(range(start), None) | {EVERY: fault}


def shown_by(error: BaseException) -> Iterator[str]:
    """Give what an error shows of itself to whoever prints, pickles or reports it.

    An error tracker reports the variables of every frame that the error came through, and of those of the errors that
    led to it. The caller's own frames, up to the service object, hold what the caller gave, and are left out.
    """
    led: BaseException | None = error
    while led is not None:
        yield from (str(led), repr(led), repr(vars(led)))
        for frame, _ in traceback.walk_tb(led.__traceback__):
            if frame.f_globals.get("__name__", "").startswith("govcomponents.") and not is_callers(frame):
                yield from (repr(value) for value in frame.f_locals.values())
        led = led.__cause__ or led.__context__
    yield repr(pickle.loads(pickle.dumps(error)))  # noqa: S301  # our own bytes


def is_callers(frame: FrameType) -> bool:
    """Whether a frame is of the suites themselves."""
    return str(frame.f_globals.get("__name__", "")).startswith("govcomponents.contracts.")


def writes(sent: Iterable[Request]) -> list[Request]:
    """Return the requests that change something: all but reads, and the fetching of access tokens."""
    return [request for request in sent if request.replay is not Replay.ALWAYS]


def fields_of(sent: Iterable[Request]) -> set[str]:
    """The names of the fields that requests send, as members of an object in JSON, or of a form."""
    names: set[str] = set()
    for request in sent:
        body = (request.body or b"").decode()
        names |= set(json.loads(body)) if body.startswith("{") else {name for name, _ in parse_qsl(body)}
    return names


@dataclass(frozen=True)
class Injection:
    """One run of an operation with a fault injected after `after` exchanges: the requests sent, and the error."""

    caller: Any
    sent: list[Request]
    after: int
    error: GovComponentsError | None

    @property
    def wrote(self) -> bool:
        """Whether a write was sent. Where nothing was sent by HTTP, there may have been one."""
        return not self.sent or bool(writes(self.sent))

    def is_of(self, *errors: type[GovComponentsError], operation: str) -> bool:
        """Whether it gave one of these errors, or Unavailable because no access token could be fetched."""
        has_begun = not self.sent or any(request.operation == operation for request in self.sent)
        return type(self.error) in errors or (not has_begun and type(self.error) is Unavailable)


def injections(
    prepare: Callable[[], tuple[Caller, Callable[[], object]]], fault: Fault, *, times: int | None = None
) -> Iterator[Injection]:
    """Inject a fault at an operation's first exchange, then in another run at its second, and so on to its last."""
    for after in count():
        caller, act = prepare()
        first = len(caller.transport.sent)
        caller.fail(fault, after=after, times=times)
        error: GovComponentsError | None = None
        try:
            act()
        except GovComponentsError as caught:
            error = caught
        sent = caller.transport.sent[first:]
        if caller.double.fail is None and len(sent) <= after:
            return
        yield Injection(caller, sent, after, error)
        if caller.double.fail is not None:
            return


def _sleep(sleep: Callable[[float], None], held_up: list[float], seconds: float) -> None:
    """Sleep, and note it where an event loop runs, which other work waits for."""
    with suppress(RuntimeError):
        asyncio.get_running_loop()
        held_up.append(seconds)
    sleep(seconds)


class Suite:
    """Base of the suites. A test class subclasses one and sets `subject`; tests that do not apply are left out."""

    subject: ClassVar[Any]
    services: ClassVar[tuple[Any, Any]]
    """The blocking and the asyncio service of the component."""
    always: ClassVar[frozenset[str]] = frozenset()
    """The capabilities that a test is about which names none: what whoever uses the component at all uses."""
    caller: ClassVar[type[Caller]] = Caller

    @pytest.fixture
    def call(
        self, gov_mode: Mode, gov_runner: asyncio.Runner, monkeypatch: pytest.MonkeyPatch
    ) -> Iterator[Callable[..., Any]]:
        """Make a caller of a fresh double, or of the one that is given. Nothing may hold up its event loop."""
        opened: list[Double] = []
        held_up: list[float] = []
        monkeypatch.setattr(time, "sleep", partial(_sleep, time.sleep, held_up))
        blocking, asynchronous = self.services

        def make(double: Double | None = None) -> Caller:
            found = double or self.subject.connect()
            opened.append(found)
            transport = FaultyTransport(found.transport)
            events: list[CallEvent] = []
            runtime = Runtime(transport, clock=found.clock, observers=(as_observer(events.append),))
            port = self.subject.build(runtime)
            kind = blocking if gov_mode is Mode.BLOCKING else asynchronous
            service: Any = kind(port, runtime)
            if gov_mode is not Mode.BLOCKING:
                service = BlockingView(service, gov_runner)
            return self.caller(service, port, transport, found, self.subject, events)

        yield make
        for double in opened:
            double.close()
        if gov_mode is not Mode.BLOCKING:
            assert not held_up, "the adapter slept where an event loop runs: `await` the transport's `sleep`"
