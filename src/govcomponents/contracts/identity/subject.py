"""What the suites of the identity port stand on: what they must know of an adapter, and their fixtures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from govcomponents.contracts.faults import Fault, FaultyTransport
from govcomponents.contracts.identity.fake_provider import FakeOpenIdProvider, FakeProfile
from govcomponents.contracts.modes import BlockingView, Mode
from govcomponents.core.runtime import Runtime
from govcomponents.identity.service import AsyncIdentityService, IdentityService

if TYPE_CHECKING:
    import asyncio

    from govcomponents.core.observe import CallEvent
    from govcomponents.core.transports.base import Transport
    from govcomponents.identity.pending import Pending
    from govcomponents.identity.port import IdentityPort


@dataclass(frozen=True)
class IdentityDouble:
    """A provider that works.

    `visit` plays a person who signs in and is proved as far as is asked; it takes the sign-in's URL and returns the
    URL at which they come back. `redeemed` counts the codes that were exchanged, `wait` lets time pass.
    """

    transport: Transport
    clock: Callable[[], float]
    visit: Callable[[str], str]
    redeemed: Callable[[], int]
    wait: Callable[[float], None]


@dataclass(frozen=True)
class IdentitySubject:
    """What the suite must know of an adapter.

    `build` makes the port on a runtime; `connect` gives a fresh provider. `ask` are valid arguments of start: proof of
    identity, if the adapter declares it. `fake` is the provider as the same `build` expects it, for hostile tokens.
    `canaries` lists every text of the provider's person and of this service's keys that must never be seen.
    """

    build: Callable[[Runtime], IdentityPort]
    connect: Callable[[], IdentityDouble]
    ask: Mapping[str, Any]
    fake: FakeProfile
    canaries: tuple[str, ...]


@dataclass
class Caller:
    """One caller, blocking or asyncio, on a transport that goes wrong as planned."""

    identity: Any
    port: IdentityPort
    wire: FaultyTransport
    provider: IdentityDouble
    events: list[CallEvent] = field(default_factory=list)

    def sign_in(self, **ask: Any) -> tuple[Pending, str]:
        """Start, and let the person come back: what is kept, and the callback."""
        started = self.identity.start(**ask)
        return started.pending, self.provider.visit(started.url)


Call = Callable[..., Caller]
CallFake = Callable[[], tuple[FakeOpenIdProvider, Caller]]
NOW = 1_790_000_000


class IdentityFixtures:
    """The fixtures of every suite: the subject, callers, and callers of a provider that forges."""

    @pytest.fixture
    def subject(self) -> IdentitySubject:
        """Say what is tested."""
        raise NotImplementedError("a suite's subclass supplies the fixture `subject`")

    @pytest.fixture
    def call(self, subject: IdentitySubject, mode: Mode, runner: asyncio.Runner) -> Call:
        """Make a caller; the arguments are a plan of faults, and another provider."""

        def make(plan: Mapping[int, Fault] | None = None, provider: IdentityDouble | None = None) -> Caller:
            found = provider or subject.connect()
            wire = FaultyTransport(found.transport, plan)
            events: list[CallEvent] = []
            port = subject.build(Runtime(wire, clock=found.clock, observers=(events.append,)))
            identity: Any = (
                IdentityService(port) if mode is Mode.BLOCKING else BlockingView(AsyncIdentityService(port), runner)
            )
            return Caller(identity, port, wire, found, events)

        return make

    @pytest.fixture
    def call_fake(self, subject: IdentitySubject, call: Call) -> CallFake:
        """Make a caller of a provider that signs whatever the test wants."""

        def make() -> tuple[FakeOpenIdProvider, Caller]:
            fake = FakeOpenIdProvider(subject.fake, lambda: NOW)
            return fake, call(
                provider=IdentityDouble(fake, lambda: NOW, fake.visit, lambda: fake.redeemed, lambda _: None)
            )

        return make
