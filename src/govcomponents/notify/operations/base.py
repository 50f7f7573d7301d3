"""The base of both service objects of notifications: the port, how it is sent by, and the policy of the account."""

from __future__ import annotations

from typing import TYPE_CHECKING

from govcomponents.core.ports.service import Service
from govcomponents.notify.policy import Policy
from govcomponents.notify.port import NotifyPort
from govcomponents.notify.sending import Sender

if TYPE_CHECKING:
    from collections.abc import Mapping

    from govcomponents.core.http.runtime import Runtime
    from govcomponents.notify.templates.registry import TemplateRegistry


class NotifyOperations(Service[NotifyPort]):
    """The base of `gov.notify`, for blocking and for asyncio callers."""

    _without_limit = frozenset(
        f"notify.send_{what}" for what in ("email", "sms", "letter", "precompiled_letter", "many", "job")
    )  # they wait for their turn

    def __init__(
        self,
        port: NotifyPort,
        runtime: Runtime,
        siblings: Mapping[str, NotifyPort] | None = None,
        policy: Policy | None = None,
    ) -> None:
        super().__init__(port, runtime, siblings)
        self._policy = policy or Policy()
        self._sender = Sender(port, runtime, self._policy.guard, self._policy.pacer, self._policy.limiter)

    @property
    def templates(self) -> TemplateRegistry:
        """The service's templates by name: `gov.notify.templates.choose("receipt", "cy")`.

        Raises ConfigurationError if there is no registry: it is given where the components are made.
        """
        return self._policy.registry()
