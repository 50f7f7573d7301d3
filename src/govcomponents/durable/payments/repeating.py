"""The payment that a reference has already: who asks for one again is given that, and no second is made."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa

from govcomponents.durable.payments.finding import known_payments, lock_reference, search_for
from govcomponents.durable.storage.schema import PAYMENT, database_time
from govcomponents.errors import NotSupported, OutcomeUnknown, ReferenceReused
from govcomponents.money import Money
from govcomponents.pay.ids import PaymentId

if TYPE_CHECKING:
    from govcomponents.core.http.runtime import Runtime
    from govcomponents.durable.outbox.capturing import PayCalls
    from govcomponents.pay.inputs import NewPayment
    from govcomponents.pay.models import Payment

_OPERATION: Final = "pay.create"
_IN_TIME: Final = 10.0
"""Seconds for which somebody who makes a payment is waited for. Whoever takes longer is too late if another begins."""
_SUPERSEDED: Final = "Superseded"
IS_IN_TIME: Final = PAYMENT.c.problem.is_distinct_from(_SUPERSEDED)
"""Whether nobody else has begun a payment of the reference in the place of a row's."""


class PaymentsOf:
    """The payments that one reference has, or may have, and what was found out about them."""

    def __init__(self, new: NewPayment, account: str) -> None:
        self._new = new
        self._account = account
        self._over: set[str] = set()
        self._unmade: set[int] = set()

    def look(self, connection: sa.Connection) -> Any:
        """Return the row of the newest that is not known to be over. None: one may be begun, in this transaction.

        Others who look wait for its end. Whoever was making one that was not in time is too late then.
        """
        lock_reference(connection, self._account, self._new.reference)
        made = PAYMENT.c.payment_id.is_not(None) & PAYMENT.c.payment_id.not_in(self._over)
        may_be = (PAYMENT.c.is_open == 1) & PAYMENT.c.payment_id.is_(None)
        mine = (PAYMENT.c.account == self._account, PAYMENT.c.reference == self._new.reference)
        if self._unmade:  # before looking: who records a payment meanwhile is either seen, or too late
            late = sa.update(PAYMENT).where(*mine, may_be, PAYMENT.c.id.in_(self._unmade))
            connection.execute(late.values(is_open=0, problem=_SUPERSEDED))
        rows = sa.select(PAYMENT, (database_time() - PAYMENT.c.created_at).label("age"))
        return connection.execute(rows.where(*mine, made | may_be).order_by(PAYMENT.c.id.desc()).limit(1)).first()

    async def ask(self, row: Any, pay: PayCalls, engine: sa.Engine, runtime: Runtime) -> Payment | None:
        """Return the payment of a row if it is paid or may yet be; None if it is over, or was not made in time.

        Raises OutcomeUnknown if it may be being made; ReferenceReused if it is not over and of another amount.
        """
        payment_id = row.payment_id
        if payment_id is None:
            known = await runtime.transport.run_blocking(partial(known_payments, engine, row, _OPERATION))
            with suppress(NotSupported):  # a provider that cannot be searched
                payment_id = await search_for(pay, row, known)
        if payment_id is None:
            if row.age > _IN_TIME:
                self._unmade.add(row.id)
                return None
            raise OutcomeUnknown(
                "a payment of this reference is being made, or its making was cut short",
                lookup="show the person what is known, and call again some seconds later",
                operation=_OPERATION,
            )
        payment = await pay.get(PaymentId(payment_id))
        if payment.is_finished and not payment.is_paid:
            self._over.add(payment_id)
            self._unmade.add(row.id)
            return None
        if Money(row.minor, row.currency) != self._new.amount:
            raise ReferenceReused(
                problem="a payment of another amount has it, which is paid or may yet be",
                fix="give each payment a reference of its own, or cancel the one that is there first",
                operation=_OPERATION,
            )
        return payment
