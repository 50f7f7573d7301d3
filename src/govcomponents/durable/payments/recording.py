"""A record around the making of a payment: that it is about to be made is committed, then it is made, then its id."""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Protocol

import sqlalchemy as sa

from govcomponents.core.journeys import check_journey, current_journey
from govcomponents.durable.audit.entries import Entry, note, tell_step
from govcomponents.durable.payments.repeating import IS_IN_TIME, PaymentsOf
from govcomponents.durable.payments.watching import FIRST_WATCH
from govcomponents.durable.storage.commit_points import CommitPoint, reached
from govcomponents.durable.storage.faults import fault_name
from govcomponents.durable.storage.schema import PAYMENT, database_time
from govcomponents.durable.storage.writing import begin_writing, refuse_in_handler
from govcomponents.errors import GovComponentsError, InvalidInput, OutcomeUnknown, Unavailable
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


class Recording(Protocol):
    """The maker of a service of payments that records around `create`, for one call."""

    def __call__(self, journey: str | None, *, once: bool) -> PayCalls:
        """Return the service. Raises InvalidInput."""
        ...


def recording(port: PayPort, engine: sa.Engine, runtime: Runtime, journey: str | None, *, once: bool) -> PayCalls:
    """Return the service of payments over a port that records around `create`. Raises InvalidInput."""
    check_journey(journey, "pay.create")
    recorder = _RecordingPort(port, engine, runtime, journey or current_journey(), is_once=once)
    return AsyncPayService(recorder, runtime)


class _RecordingPort(PayPort):
    def __init__(
        self, port: PayPort, engine: sa.Engine, runtime: Runtime, journey: str | None, *, is_once: bool
    ) -> None:
        self.provider = port.provider
        self.capabilities = port.capabilities
        self.limits = port.limits
        self._port = port
        self._engine = engine
        self._runtime = runtime
        self._journey = journey
        self._is_once = is_once

    async def create(self, new: NewPayment) -> Payment:
        if "\0" in new.reference:
            problem, fix = "it holds a NUL, which PostgreSQL does not take", "pass the service's own reference, as text"
            raise InvalidInput(field="reference", problem=problem, fix=fix, operation="pay.create")
        run = self._runtime.transport.run_blocking
        others = PaymentsOf(new, self._runtime.account)
        while not isinstance(record := await run(partial(self._begin, new, others)), int):
            pay = AsyncPayService(self._port, self._runtime)
            if (there := await others.ask(record, pay, self._engine, self._runtime)) is not None:
                return there
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
        is_in_time = await run(lambda: self._note(record, **known, watch_at=database_time() + FIRST_WATCH))
        reached(CommitPoint.PAYMENT_NOTED)
        if is_in_time is None and self._is_once:
            raise OutcomeUnknown(
                "the payment was made and could not be recorded, so another may be begun in its place",
                lookup="call again some seconds later; nobody was given the page of this one",
                operation="pay.create",
            )
        if is_in_time is False:
            raise OutcomeUnknown(
                "this took so long that another payment of the reference was begun in its place",
                lookup="show the person what is known of the other one; nobody was given the page of this one",
                operation="pay.create",
            )
        return payment

    def _begin(self, new: NewPayment, others: PaymentsOf) -> Any:
        """Return the number of the record that is begun or, once only, the row of a payment that is there already."""
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
        refuse_in_handler(self._engine, "pay.create")
        try:
            with self._engine.begin() as connection:
                begin_writing(connection)
                if self._is_once and (there := others.look(connection)) is not None:
                    return there
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

    def _note(self, record: int, **values: Any) -> bool | None:
        """Note what came of it, and return whether nobody began another in its place. None if it cannot be noted.

        The search finds it later; who asked for any payment has it, who asked for the only one is not given it.
        """
        try:
            with self._engine.begin() as connection:
                begin_writing(connection)
                mine = sa.update(PAYMENT).where(PAYMENT.c.id == record, IS_IN_TIME)
                if connection.execute(mine.values(values)).rowcount == 0:
                    return False
                outcome = "made" if "payment_id" in values else "not made" if "is_open" in values else "in doubt"
                step = self._audit(connection, record, outcome, values.get("problem"))
                reached(CommitPoint.PAYMENT_NOTING)
            self._tell(step)
        except (sa.exc.DBAPIError, sa.exc.TimeoutError) as error:  # away, or no connection of the pool came free
            log.error("what came of a payment could not be recorded (%s)", fault_name(error))  # noqa: TRY400  # the text holds the values
            return None
        return True
