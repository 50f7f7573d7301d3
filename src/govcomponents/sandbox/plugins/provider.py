"""Protocols of a provider of the sandbox: its specification, and the stub that stands in for it.

A provider is one package. Its module has a `ProviderSpec`, which an entry point of the group `govcomponents.sandbox`
names by the provider's section: `toybank = "toybank.sandbox:SPEC"`. Nothing else of the sandbox has to know it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias, runtime_checkable

from govcomponents.sandbox.faults.catalogue import TRANSPORT_FAULTS, Fault
from govcomponents.sandbox.http.messages import RouteOwner

if TYPE_CHECKING:
    from govcomponents.core.http.messages import Request, Response
    from govcomponents.errors import GovComponentsError
    from govcomponents.sandbox.http.messages import Call
    from govcomponents.sandbox.plugins.context import SandboxContext

Section: TypeAlias = Mapping[str, object]
"""One provider's part of a world."""
BuildStub: TypeAlias = "Callable[[SandboxContext], ProviderStub]"
"""Builds the stub of a section that has been read; called anew for each reset."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of what a stub holds, for people: its name, its number or value, and where more of it is seen."""

    name: str
    value: str
    href: str | None = None


@runtime_checkable
class ProviderStub(RouteOwner, Protocol):
    """One provider's stand-in: its routes, and the settings with which a client reaches it."""

    def client_settings(self) -> Mapping[str, object] | None:
        """Settings of a client of the world's first service; None if the world has none that a client can be."""
        ...

    def summary(self) -> Iterable[Fact]:
        """A few lines without personal data about what it holds now; the sandbox's first page shows them."""
        ...


@runtime_checkable
class RotatesKeys(Protocol):
    """A stub that signs, and can change its keys as the provider does."""

    def rotate_keys(self) -> None:
        """Sign with a new key from now on; the old one stays published as long as the provider keeps it."""
        ...


@runtime_checkable
class SetsEnvironment(Protocol):
    """A stub whose clients need more of their environment than the settings of a service, such as whom to trust."""

    def environment(self) -> Mapping[str, str]:
        """Return the further variables, by name."""
        ...


@runtime_checkable
class CorruptsResponses(Protocol):
    """A stub with faults that corrupt what its own responses hold, such as tokens."""

    def corrupt(self, fault: str, response: Response) -> Response:
        """Corrupt a response as the fault of that name says; one that holds nothing to corrupt stays as it is."""
        ...


@runtime_checkable
class TakesCards(Protocol):
    """A stub into whose pages or API people may type the number of a real card, which no state file may keep."""

    card_operations: frozenset[str]
    """The names of the routes that take a card's number."""

    def may_be_real(self, number: str) -> bool:
        """Whether a number is no documented test card's, and could be a real card's."""
        ...


@runtime_checkable
class SignsPeopleIn(Protocol):
    """A stub of an identity provider that can be told who signs in."""

    def owns(self, path: str) -> bool:
        """Whether a path is one of its own."""
        ...

    @property
    def people(self) -> tuple[str, ...]:
        """The names of those who can sign in."""
        ...

    def sign_in_as(self, person: str) -> None:
        """Sign this person in at once, from now on."""
        ...

    def sign_in_as_the_world_says(self) -> None:
        """Undo `sign_in_as`."""
        ...


@runtime_checkable
class KnowsCallers(Protocol):
    """A stub that can tell by which of the world's keys a call came."""

    def caller(self, call: Call) -> str:
        """Return the name of the service and of its key, without the key; an empty text if it is none of them."""
        ...


@runtime_checkable
class KnowsRemedies(Protocol):
    """A stub that knows more of a refusal than its provider tells."""

    def remedy(self, call: Call) -> str:
        """Return what is not as the world has it, and how to change the world, without what the call holds."""
        ...


def _empty() -> Section:
    return {}


@dataclass(frozen=True, kw_only=True)
class ProviderSpec:
    """Registers a provider with the sandbox.

    `section`: the name of its part of a world, and of it in faults and in the control API. `name`: for people.
    `component`: whose settings a client of it has. `start_path`: where its API begins, below the sandbox's address.
    `read`: checks the section for a sandbox at an address, and returns what builds the stub; raises
    ConfigurationError that names the wrong place. `faults`: those of its own, besides lost and broken responses.
    `default_section`: its section of a default world. `is_default`: whether the default world has it; only a built-in
    provider can, so that an installed package does not change what the same seed gives.
    `send_callbacks_to`: changes a section so that all callbacks go below one URL. `redirect_to`: changes it so that
    people who sign in may come back to a URL, before all others; without it, what the section lists is changed.
    `explain`: the error of the SDK that a refusal stands for, at a time in seconds since the epoch; the request log
    shows it. `speaks_http`: whether its API is below the sandbox's address; one that listens elsewhere has no lost and
    broken responses of HTTP.
    `operations`: the names of what it does besides its routes, which its own faults can be injected into.
    `methods`: the methods of a service, such as "pay.refund", each with the operations by one of which a client does
    it: a fault is armed by either name, so that a suite holds for every provider. A method whose name is that of its
    one operation is left out.
    `callback_kinds`: the kinds of its callbacks, as their `Callback` has them; None if nobody knows them beforehand.
    """

    section: str
    name: str
    component: Literal["pay", "notify", "identity"]
    start_path: str
    read: Callable[[Section, str], BuildStub]
    faults: tuple[Fault, ...] = field(default=(), repr=False)
    default_section: Callable[[], Section] = _empty
    is_default: bool = False
    send_callbacks_to: Callable[[Section, str], Section] | None = None
    redirect_to: Callable[[Section, str], Section] | None = None
    explain: Callable[[Request, Response, float], GovComponentsError] | None = field(default=None, repr=False)
    speaks_http: bool = True
    operations: tuple[str, ...] = ()
    methods: Mapping[str, tuple[str, ...]] = field(default_factory=dict, repr=False)
    callback_kinds: tuple[str, ...] | None = None

    def all_faults(self) -> dict[str, Fault]:
        """Every fault that can be injected into its calls, by name."""
        usual = TRANSPORT_FAULTS if self.speaks_http else ()
        return {fault.kind.name: fault for fault in (*usual, *self.faults)}


@dataclass(frozen=True, slots=True)
class RunningProvider:
    """A provider that a sandbox's world has: its specification and its stub."""

    spec: ProviderSpec
    stub: ProviderStub
