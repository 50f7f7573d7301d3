"""Interface between a sandbox and its control API and pages: what they read of it, and what they change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from govcomponents.sandbox.plugins.outbox import KeepsMessages

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from govcomponents.core.http.messages import Response
    from govcomponents.sandbox.http.messages import Call
    from govcomponents.sandbox.plugins.context import SandboxContext
    from govcomponents.sandbox.plugins.outbox import OutboxMessage
    from govcomponents.sandbox.plugins.provider import ProviderSpec, RunningProvider


class Reset(Protocol):
    """Starts a sandbox again."""

    def __call__(
        self, *, seed: int | None = None, now: str | None = None, world: Mapping[str, object] | None = None
    ) -> None:
        """Start again; raises ConfigurationError for a wrong world or time, and then nothing has changed."""
        ...


@dataclass(slots=True)
class SandboxControls:
    """A sandbox as its control API and pages see and change it.

    `providers` are those that the world has; `absent` those of the default world that it has not; with `seed` they are
    others after a reset. `respond` answers a request. `drop_connections` ends every open connection but the caller's,
    and says how many.
    """

    context: SandboxContext
    reset: Reset
    drop_connections: Callable[[], int]
    respond: Callable[[Call], Response]
    seed: int = 0
    providers: Sequence[RunningProvider] = ()
    absent: Sequence[ProviderSpec] = ()

    def messages(self) -> list[OutboxMessage]:
        """Every message as its reader sees it, oldest first."""
        kept = [one.stub for one in self.providers if isinstance(one.stub, KeepsMessages)]
        return [message for stub in kept for message in stub.outbox()]
