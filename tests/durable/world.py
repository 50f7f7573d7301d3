"""A sandbox whose requests can fail, components over it, and the durable layer on one database."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from govcomponents import GovComponents, Happening, NotSent, Observer, OutcomeUnknown
from govcomponents.core.http.messages import Request, Response
from govcomponents.core.transports.in_process import InProcessTransport
from govcomponents.durable import Durable, WorkerOptions
from govcomponents.durable.storage.schema import OUTBOX, PAUSE
from govcomponents.sandbox.app import Sandbox

EMAIL, SMS = "5ab1ec0d-0000-4000-8000-000000000101", "5ab1ec0d-0000-4000-8000-000000000102"
VALUES = {"name": "Canary Nightingale", "amount": "£145.00", "reference": "RENEW-7", "refund": True}


class Failing(InProcessTransport):
    """A sandbox's transport on which the next requests fail as they are told."""

    def __init__(self, sandbox: Sandbox) -> None:
        super().__init__(sandbox.handle, sandbox.clock.advance)
        self.faults: list[Callable[[Request], Response | None]] = []
        self.sent: list[Request] = []

    async def send(self, request: Request) -> Response:
        self.sent.append(request)
        if request.method == "POST" and self.faults and (answer := self.faults.pop(0)(request)) is not None:
            return answer
        return await super().send(request)

    def lost(self, request: Request) -> Response:
        """The provider acts, and its answer is lost."""
        self._handle(request)
        raise OutcomeUnknown("the answer was lost", operation=request.operation)

    def unheard(self, request: Request) -> Response:
        """The provider never hears of it, and nobody knows."""
        raise OutcomeUnknown("the answer was lost", operation=request.operation)

    def unsent(self, request: Request) -> Response:
        raise NotSent("no connection", operation=request.operation)


class Hearing(Observer):
    def __init__(self) -> None:
        self.names: list[str] = []

    def happened(self, happening: Happening) -> None:
        self.names.append(happening.name)


class World:
    """A sandbox, components over it, and the durable layer on one database."""

    def __init__(self, engine: sa.Engine, lease: float = 60.0) -> None:
        self.sandbox = Sandbox()
        self.wire = Failing(self.sandbox)
        self.hearing = Hearing()
        self.gov = GovComponents.from_settings(self.sandbox.settings(), transport=self.wire, observers=[self.hearing])
        self.engine = engine
        self.later = Durable(self.gov, engine, worker=WorkerOptions(lease=lease, concurrency=4))

    def email(self, reference: str = "R-1", **more: Any) -> None:
        self.later.notify.send_email("sam@example.com", EMAIL, VALUES, reference=reference, **more)

    def row(self, reference: str = "R-1") -> Any:
        with self.engine.connect() as connection:
            return connection.execute(sa.select(OUTBOX).where(OUTBOX.c.reference == reference)).one()

    def let_pass(self, seconds: float) -> None:
        """Let time go by: everything that waits is due so much earlier."""
        with self.engine.begin() as connection:
            connection.execute(
                sa.update(OUTBOX).values(
                    due_at=OUTBOX.c.due_at - seconds,
                    doubt_since=OUTBOX.c.doubt_since - seconds,
                    give_up_at=OUTBOX.c.give_up_at - seconds,
                    created_at=OUTBOX.c.created_at - seconds,
                )
            )
            connection.execute(sa.update(PAUSE).values(until=PAUSE.c.until - seconds))

    def held(self, reference: str = "R-1") -> int:
        """How many messages the provider has under a reference."""
        return len(list(self.gov.notify.search(reference=reference)))
