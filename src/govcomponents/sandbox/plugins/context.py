"""Services shared by all provider stubs of one sandbox."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

from govcomponents.sandbox.callbacks.destinations import Destinations
from govcomponents.sandbox.callbacks.queue import Callbacks
from govcomponents.sandbox.faults.arming import Faults
from govcomponents.sandbox.http.request_log import RequestLog
from govcomponents.sandbox.plugins.resources import Resources

if TYPE_CHECKING:
    from collections.abc import Callable

    from govcomponents.sandbox.state.clock import SandboxClock
    from govcomponents.sandbox.state.ids import Ids
    from govcomponents.sandbox.state.timeline import Timeline

SignIn: TypeAlias = Literal["page", "at_once"]


@dataclass(frozen=True)
class SandboxContext:
    """Services shared by all provider stubs: clock, ids, timeline, callbacks and faults, with the sandbox's address.

    A stub queues in `callbacks` what it sends to services; `faults` are injected into its calls before it sees them,
    and into its responses. `destinations` are the addresses to which it may send, or which it may ask for something.
    `requests` is the log of the requests that came, `resources` what outlives a reset. All five are made here.
    `callers_time` is the time as callers know it, for what they sign and what is signed for them: in process they
    share the sandbox's clock; over HTTP theirs is the real one, wherever the sandbox's was moved to. `sign_in` says
    how identity providers answer an authorization request: "page" shows a page to choose on, "at_once" redirects
    without one, None does what the world says of each client.
    """

    clock: SandboxClock
    ids: Ids
    timeline: Timeline
    base_url: str
    callers_time: Callable[[], float]
    sign_in: SignIn | None = None
    destinations: Destinations = field(init=False)
    callbacks: Callbacks = field(init=False)
    faults: Faults = field(init=False)
    requests: RequestLog = field(init=False)
    resources: Resources = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "destinations", Destinations())
        object.__setattr__(self, "callbacks", Callbacks(self.clock, self.timeline, self.destinations.permits))
        object.__setattr__(self, "faults", Faults(self.clock))
        object.__setattr__(self, "requests", RequestLog(self.clock))
        object.__setattr__(self, "resources", Resources())
