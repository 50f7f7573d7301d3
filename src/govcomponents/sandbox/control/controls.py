"""Interface between a sandbox and its control API and pages: what they read of it, and what they change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

from govcomponents.sandbox.plugins.outbox import KeepsMessages, SearchesMessages

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from govcomponents.core.http.messages import Response
    from govcomponents.sandbox.http.messages import Call
    from govcomponents.sandbox.plugins.context import SandboxContext
    from govcomponents.sandbox.plugins.outbox import OutboxMessage
    from govcomponents.sandbox.plugins.provider import ProviderSpec, RunningProvider
    from govcomponents.sandbox.scenarios.player import Scenarios


class Reset(Protocol):
    """Starts a sandbox again."""

    def __call__(
        self, *, seed: int | None = None, now: str | None = None, world: Mapping[str, object] | None = None
    ) -> None:
        """Start again; raises ConfigurationError for a wrong world or time, and then nothing has changed."""
        ...


class TakesSnapshots(Protocol):
    """Keeps states of a sandbox by name, and brings it back to them. Every method raises ConfigurationError."""

    def names(self) -> list[str]:
        """Return the names of those that were taken, oldest first."""
        ...

    def take(self, name: str) -> None:
        """Keep the present state under a name."""
        ...

    def restore(self, name: str) -> None:
        """Bring the sandbox back to one."""
        ...

    def forget(self, name: str) -> None:
        """Let one go."""
        ...


class HasProviders(Protocol):
    """A sandbox, as much of it as its neighbours show."""

    base_url: str
    providers: tuple[RunningProvider, ...]


class ManagesWorlds(Protocol):
    """Adds and removes sandboxes behind one address. Every method raises ConfigurationError."""

    def add(self, name: str, *, by: Literal["prefix", "host"] = "prefix") -> HasProviders:
        """Add one."""
        ...

    def all(self) -> Mapping[str, HasProviders]:
        """Return those that were added, by name."""
        ...

    def remove(self, name: str) -> None:
        """Take one away."""
        ...


@dataclass(slots=True)
class SandboxControls:
    """A sandbox as its control API and pages see and change it.

    `providers` are those that the world has; `absent` those of the default world that it has not; with `seed` they are
    others after a reset. `respond` answers a request. `scenarios` are those that can be played, `snapshots`
    those that were taken. `worlds` are the sandboxes beside it, where it is served.
    `drop_connections` ends every open connection but the caller's,
    and says how many.
    """

    context: SandboxContext
    reset: Reset
    drop_connections: Callable[[], int]
    respond: Callable[[Call], Response]
    scenarios: Scenarios
    snapshots: TakesSnapshots
    seed: int = 0
    providers: Sequence[RunningProvider] = ()
    absent: Sequence[ProviderSpec] = ()
    worlds: ManagesWorlds | None = None

    def messages(self) -> list[OutboxMessage]:
        """Every message as its reader sees it, oldest first."""
        kept = [one.stub for one in self.providers if isinstance(one.stub, KeepsMessages)]
        return [message for stub in kept for message in stub.outbox()]

    def newest_messages(self, words: Sequence[str], limit: int) -> tuple[list[OutboxMessage], int]:
        """The newest messages that hold all words (in lower case), newest first, and how many there are of all."""
        found, total = [], 0
        for one in self.providers:
            stub = one.stub
            if isinstance(stub, SearchesMessages):
                newest, count = stub.newest_messages(words, limit)
            elif isinstance(stub, KeepsMessages):
                kept = stub.outbox()
                newest, count = [each for each in kept[::-1] if holds(each, words)][:limit], len(kept)
            else:
                continue
            found += newest
            total += count
        return sorted(found, key=lambda message: message.at, reverse=True)[:limit], total

    def message(self, message_id: str) -> OutboxMessage | None:
        """One message, whichever provider keeps it."""
        for one in self.providers:
            stub = one.stub
            if isinstance(stub, SearchesMessages):
                if (found := stub.outbox_message(message_id)) is not None:
                    return found
            elif isinstance(stub, KeepsMessages):
                found = next((message for message in stub.outbox() if message.id == message_id), None)
                if found is not None:
                    return found
        return None

    def keeper_of(self, message_id: str) -> SearchesMessages:
        """The stub that keeps a message. Raises LookupError if none does, or if nothing can happen to its messages."""
        for one in self.providers:
            if isinstance(one.stub, SearchesMessages) and one.stub.outbox_message(message_id) is not None:
                return one.stub
        raise LookupError("there is no such message")


def holds(message: OutboxMessage, words: Sequence[str]) -> bool:
    """Whether a message holds all words, which are in lower case."""
    told = f"{message.to} {message.subject} {message.text} {message.reference or ''} {message.status}".lower()
    return all(word in told for word in words)
