"""The mop-up: recorded payments are looked at until they have ended, whatever their person and their webhooks do."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa

from govcomponents.core.http.single_attempt import single_attempt, steady_time
from govcomponents.durable.asking import asking
from govcomponents.durable.inbox.events import CaptureDue, CaptureMissing
from govcomponents.durable.inbox.store import insert_event
from govcomponents.durable.storage.commit_points import CommitPoint, reached
from govcomponents.durable.storage.faults import store_faults
from govcomponents.durable.storage.schema import IS_WATCHED, PAYMENT, database_time
from govcomponents.errors import GovComponentsError, NotFound
from govcomponents.pay.events import PaymentChange, PaymentChanged
from govcomponents.pay.ids import PaymentId
from govcomponents.pay.states import FailureReason, PaymentStatus

if TYPE_CHECKING:
    from govcomponents.core.http.runtime import Runtime
    from govcomponents.durable.outbox.capturing import Calls
    from govcomponents.durable.storage.sealing import PayloadKeys
    from govcomponents.pay.models import Payment

FIRST_WATCH: Final = 3 * 3600.0
"""Seconds after which a payment is looked at for the first time: its person has 90 minutes to pay."""
_HALF_HOUR: Final = 1800.0
_DAY: Final = 86_400.0
_CAPTURE_DUE: Final = 4 * _DAY
"""The money of a payment that waits for `capture` is let go of after five days with GOV.UK Pay, a week with Stripe."""
_CAPTURE_MISSING: Final = 8 * _DAY
_GIVE_UP: Final = 90 * _DAY
_AT_ONCE: Final = 50
_WITHIN: Final = 30.0
_CHANGES: Final = {
    PaymentStatus.STARTED: PaymentChange.STARTED,
    PaymentStatus.SUBMITTED: PaymentChange.SUBMITTED,
    PaymentStatus.CAPTURABLE: PaymentChange.CAPTURABLE,
    PaymentStatus.SUCCEEDED: PaymentChange.SUCCEEDED,
    PaymentStatus.FAILED: PaymentChange.FAILED,
    PaymentStatus.CANCELLED: PaymentChange.CANCELLED,
    PaymentStatus.ERROR: PaymentChange.FAILED,
}


async def watch_payments(
    engine: sa.Engine, calls: Calls, runtime: Runtime, keys: PayloadKeys, until: float | None = None
) -> int:
    """Look at the payments whose time has come, and tell the handlers of PaymentChanged. Returns how many changed."""
    run = runtime.transport.run_blocking
    changed = 0
    for row in await run(lambda: _due(engine)):
        if until is not None and steady_time() > until:
            break  # they are due at the next turn, too
        pay = calls.pay.get(row.account)
        if pay is None or not await run(partial(_mine, engine, row)):
            continue
        reached(CommitPoint.JOB_TAKEN)
        try:
            with single_attempt(steady_time() + _WITHIN), asking("pay.get", row.account):
                payment = await pay.get(PaymentId(row.payment_id))
        except NotFound:
            await run(partial(_settle, engine, row, None, keys))
        except GovComponentsError:
            continue  # it is looked at again in half an hour
        else:
            reached(CommitPoint.JOB_ASKED)
            changed += await run(partial(_settle, engine, row, payment, keys))
            reached(CommitPoint.JOB_TOLD)
    return changed


def _due(engine: sa.Engine) -> list[Any]:
    due = sa.select(PAYMENT, database_time().label("now")).where(IS_WATCHED, PAYMENT.c.watch_at <= database_time())
    with store_faults("run_due"), engine.connect() as connection:
        return list(connection.execute(due.order_by(PAYMENT.c.watch_at).limit(_AT_ONCE)))


def _mine(engine: sa.Engine, row: Any) -> bool:
    """Whether this worker is the one to look: it takes the others' turn by putting it off."""
    same = (PAYMENT.c.id == row.id, PAYMENT.c.watch_at == row.watch_at)
    with store_faults("run_due"), engine.begin() as connection:
        later = sa.update(PAYMENT).where(*same).values(watch_at=database_time() + _HALF_HOUR)
        return connection.execute(later).rowcount == 1


def _settle(engine: sa.Engine, row: Any, payment: Payment | None, keys: PayloadKeys) -> bool:
    """Keep the status, and tell of what changed, in one transaction."""
    age = row.now - row.created_at
    values: dict[str, Any] = {"status": None if payment is None else payment.status.value, "watch_at": None}
    wait = _wait(payment, age)
    if wait is not None:
        values["watch_at"] = database_time() + wait
    with store_faults("run_due"), engine.begin() as connection:
        connection.execute(sa.update(PAYMENT).where(PAYMENT.c.id == row.id).values(values))
        if payment is None:
            return False
        told = {"account": row.account, "payment_id": payment.id, "reference": row.reference, "journey": row.journey}
        if payment.status is PaymentStatus.CAPTURABLE and age > _CAPTURE_DUE:
            insert_event(connection, CaptureDue(key=f"due {payment.id}", **told), "payments", keys)
        if payment.is_paid and not payment.is_captured and age > _CAPTURE_MISSING:
            insert_event(connection, CaptureMissing(key=f"missing {payment.id}", **told), "payments", keys)
        if payment.status.value == row.status or payment.status not in _CHANGES:
            return False
        return insert_event(connection, _changed(payment, row), "pay", keys)


def _wait(payment: Payment | None, age: float) -> float | None:
    """Return the seconds until the next look; None if there is nothing more to see."""
    if payment is None or age > _GIVE_UP:
        return None
    if not payment.is_finished:
        return _HALF_HOUR if age < _DAY else _DAY
    is_open = payment.is_paid and not payment.is_captured and age <= _CAPTURE_MISSING
    return _DAY if is_open else None


def _changed(payment: Payment, row: Any) -> PaymentChanged:
    change = _CHANGES[payment.status]
    if payment.failure is FailureReason.EXPIRED:
        change = PaymentChange.EXPIRED
    return PaymentChanged(
        account=row.account,
        key=f"mop-up {payment.id} {payment.status.value}",
        raw_type="mop_up",
        occurred_at=datetime.fromtimestamp(row.now, UTC),
        payment_id=payment.id,
        reference=payment.reference,
        change=change,
        state=payment.state,
        amount=payment.total if payment.is_paid else payment.amount,
        payment_amount=payment.amount,
    )
