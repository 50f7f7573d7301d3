"""Shared infrastructure for adapters: transport, clock, observers and retry policy."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar, cast

from govcomponents.core.http.retry import RetryPolicy
from govcomponents.errors import DEFAULT_ACCOUNT

if TYPE_CHECKING:
    from govcomponents.core.http.transport import Transport
    from govcomponents.core.observe import Observer
    from govcomponents.core.times import Clock

VERSION = "0.1.0"

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Runtime:
    """Shared infrastructure for the adapters of one `GovComponents`; nothing in it is global.

    `is_production` is what the setting `environment` says of this process, and None where it
    is not set. `account` is the name of the account whose adapter it is given to.
    """

    transport: Transport
    clock: Clock = time.time
    observers: tuple[Observer, ...] = ()
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    user_agent: str = f"govcomponents/{VERSION}"
    is_production: bool | None = None
    account: str = DEFAULT_ACCOUNT
    shared: dict[Hashable, object] = field(default_factory=dict, repr=False, compare=False)
    """Things that the adapters of several accounts have in common, such as an issuer's keys: see `share`."""

    def share(self, key: Hashable, make: Callable[[], T]) -> T:
        """Return what another account's adapter made under the same key, or make it. The key must tell what it is."""
        if key not in self.shared:
            self.shared[key] = make()
        return cast("T", self.shared[key])

    def renew_connections(self) -> None:
        """Let the transport use no connection again that it has now: an answer came that belongs to another call.

        A transport without connections, or of somebody else's making, need not know how.
        """
        renew = getattr(self.transport, "renew", None)
        if callable(renew):
            renew()
