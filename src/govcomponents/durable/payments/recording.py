"""A record around the making of a payment: that it is about to be made is committed, then it is made, then its id."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa

from govcomponents.core.journeys import check_journey, current_journey
from govcomponents.durable.audit.entries import Entry, note, tell_step
from govcomponents.durable.payments.watching import FIRST_WATCH
from govcomponents.durable.storage.commit_points import CommitPoint, reached
from govcomponents.durable.storage.faults import fault_name
from govcomponents.durable.storage.schema import PAYMENT, database_time
from govcomponents.errors import GovComponentsError, OutcomeUnknown, Unavailable
from govcomponents.pay.async_service import AsyncPayService
from govcomponents.pay.port import PayPort

if TYPE_CHECKING:
    from govcomponents.core.http.runtime import Runtime
    from govcomponents.durable.outbox.capturing import PayCalls
    from govcomponents.pay.inputs import NewPayment
    from govcomponents.pay.models import Payment

log = logging.getLogger("govcomponents")

_FIRST_LOOK: Final = 300.0
"""Seconds until a payment that came to no end is looked for: whoever makes it may still be at it until then."""


def recording(port: PayPort, engine: sa.Engine, runtime: Runtime, journey: str | None) -> PayCalls:
    """Return the service of payments over a port that records around `create`. Raises InvalidInput."""
    check_journey(journey, "pay.create")
    return AsyncPayService(_RecordingPort(port, engine, runtime, journey or current_journey()), runtime)


class _RecordingPort(PayPort):
    def __init__(self, port: PayPort, engine: sa.Engine, runtime: Runtime, journey: str | None) -> None:
        self.provider = port.provider
        self.capabilities = port.capabilities
        self.limits = port.limits
        self._port = port
        self._engine = engine
        self._runtime = runtime
        self._journey = journey

    async def create(self, new: NewPayment) -> Payment:
        run = self._runtime.transport.run_blocking
        record = await run(lambda: self._begin(new))
        reached(CommitPoint.PAYMENT_BEGUN)
        try:
            payment = await self._port.create(new)
        except OutcomeUnknown as error:
            problem = type(error).__name__
            await run(lambda: self._note(record, problem=problem))
            raise
        except GovComponentsError as error:
            problem = type(error).__name__
            await run(lambda: self._note(record, problem=problem, is_open=0))
            raise
        reached(CommitPoint.PAYMENT_MADE)
        known = {"payment_id": payment.id, "status": payment.status.value, "is_open": 0}
        await run(lambda: self._note(record, **known, watch_at=database_time() + FIRST_WATCH))
        reached(CommitPoint.PAYMENT_NOTED)
        return payment

    def _begin(self, new: NewPayment) -> int:
        values = {
            "account": self._runtime.account,
            "reference": new.reference,
            "journey": self._journey,
            "minor": new.amount.minor,
            "currency": new.amount.currency,
        }
        statement = sa.insert(PAYMENT).values(
            values | {"created_at": database_time(), "look_at": database_time() + _FIRST_LOOK}
        )
        try:
            with self._engine.begin() as connection:
                record: int = connection.execute(statement.returning(PAYMENT.c.id)).scalar_one()
                step = self._audit(connection, record, "begun", None)
                reached(CommitPoint.PAYMENT_BEGINNING)
        except (sa.exc.DBAPIError, sa.exc.TimeoutError) as error:  # away, or no connection of the pool came free
            raise Unavailable(
                f"the payment could not be recorded ({fault_name(error)}), so it was not made",
                fix="see that the database is there, and that `govcomponents durable migrate` has been run",
                operation="pay.create",
            ) from None
        self._tell(step)
        return record

    def _tell(self, step: Entry | None) -> None:
        if step is not None:
            tell_step(self._runtime.observers, step, self.provider)

    def _audit(self, connection: sa.Connection, record: int, outcome: str, problem: str | None) -> Entry | None:
        if self._journey is None:
            return None
        account, item, what = self._runtime.account, f"payment {record}", "pay.create"
        entry = Entry(journey=self._journey, account=account, what=what, outcome=outcome, item=item, problem=problem)
        note(connection, [entry])
        return entry

    def _note(self, record: int, **values: Any) -> None:
        """Note what came of it. If that cannot be done, the caller has its payment, and the search finds it later."""
        try:
            with self._engine.begin() as connection:
                connection.execute(sa.update(PAYMENT).where(PAYMENT.c.id == record).values(values))
                outcome = "made" if "payment_id" in values else "not made" if "is_open" in values else "in doubt"
                step = self._audit(connection, record, outcome, values.get("problem"))
                reached(CommitPoint.PAYMENT_NOTING)
            self._tell(step)
        except (sa.exc.DBAPIError, sa.exc.TimeoutError) as error:  # away, or no connection of the pool came free
            log.error("what came of a payment could not be recorded (%s)", fault_name(error))  # noqa: TRY400  # the text holds the values
