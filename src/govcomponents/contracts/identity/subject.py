"""An identity adapter under test: its double, the fake provider that forges, and callers of either."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from govcomponents.contracts.identity.fake_provider import FakeOpenIdProvider, FakeProfile
from govcomponents.contracts.suite import Caller, Double, Subject, Suite
from govcomponents.identity.async_service import AsyncIdentityService
from govcomponents.identity.capabilities import IdentityCapability as Can
from govcomponents.identity.service import IdentityService

if TYPE_CHECKING:
    from govcomponents.identity.models import Identity
    from govcomponents.identity.pending import PendingSignIn


@dataclass(frozen=True, kw_only=True)
class IdentityDouble(Double):
    """A test double of an identity provider.

    `visit` takes the URL that a person is sent to, plays one who signs in and is proved as far as is asked, and
    returns the URL at which they come back; of the claims, those are given that were asked for, and no others.
    `redeemed` counts the codes that were exchanged. `logout_notice` and `account_event` make a genuine notification
    about the person with a subject, as its body and headers: give those that the adapter declares.
    """

    visit: Callable[[str], str]
    redeemed: Callable[[], int]
    logout_notice: Callable[[str], tuple[bytes, Mapping[str, str]]] | None = None
    account_event: Callable[[str], tuple[bytes, Mapping[str, str]]] | None = None

    @classmethod
    def of_fake(cls, fake: FakeOpenIdProvider) -> IdentityDouble:
        """Use a fake provider as the double."""
        return cls(
            transport=fake,
            clock=lambda: fake.now,
            visit=fake.visit,
            redeemed=lambda: fake.redeemed,
            logout_notice=fake.logout_notice,
            account_event=fake.account_event,
        )


@dataclass(frozen=True, kw_only=True)
class IdentitySubject(Subject):
    """An identity adapter under test: see `Subject` for `build`, `connect` and `faults`.

    `ask` are arguments of `start`: with proof of identity, if the adapter declares it. `proves` is what a proof tells
    of the person: "name", "birth_date", or both. `fake` describes the provider for hostile tokens, which need it; the
    same `build` must fit it. `canaries` lists every text of the person and of the service's keys that must never be
    seen.
    """

    connect: Callable[[], IdentityDouble]
    ask: Mapping[str, Any]
    proves: frozenset[str] = frozenset({"name", "birth_date"})
    fake: FakeProfile | None = None

    @property
    def profile(self) -> FakeProfile:
        """The fake provider's profile, in a test that needs it."""
        assert self.fake is not None
        return self.fake


@dataclass
class IdentityCaller(Caller):
    """One caller of `identity`."""

    double: IdentityDouble
    subject: IdentitySubject

    @property
    def identity(self) -> Any:
        """The service, blocking or seen as a blocking one."""
        return self.service

    def sign_in(self, **ask: Any) -> tuple[PendingSignIn, str]:
        """Start, and let the person come back: what is kept, and the callback."""
        started = self.identity.start(**ask)
        return started.pending, self.double.visit(started.url)


Call = Callable[..., IdentityCaller]
CallFake = Callable[[], tuple[FakeOpenIdProvider, IdentityCaller]]
NOW = 1_790_000_000


class IdentityTests(Suite):
    """Base of the suites of the identity port."""

    subject: ClassVar[IdentitySubject]
    services = (IdentityService, AsyncIdentityService)
    always = frozenset({str(Can.SIGN_IN)})
    caller = IdentityCaller

    def _tells_what_it_proves(self, identity: Identity) -> None:
        """Check that a proof tells what the subject says that it tells, which is something, and nothing else."""
        told = {name for name in ("name", "birth_date") if getattr(identity, name) is not None}
        assert told, "whoever is proved is told of: by `names`, `birth_dates` or both"
        assert told == self.subject.proves, "the subject's `proves` is what a proof tells of the person"

    @pytest.fixture
    def call_fake(self, call: Call) -> CallFake:
        """Make a fake provider, and a caller of it."""

        def make() -> tuple[FakeOpenIdProvider, IdentityCaller]:
            fake = FakeOpenIdProvider(self.subject.profile, lambda: NOW)
            return fake, call(IdentityDouble.of_fake(fake))

        return make
