"""The search for payments whose making came to no end: by their reference, at the provider."""

from __future__ import annotations

import hashlib
from contextlib import aclosing
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa

from govcomponents.core.http.single_attempt import single_attempt, steady_time
from govcomponents.durable.asking import asking
from govcomponents.durable.audit.entries import Entry, note, tell_step
from govcomponents.durable.inbox.events import PaymentFound
from govcomponents.durable.inbox.store import insert_event
from govcomponents.durable.outbox.outcomes import told
from govcomponents.durable.payments.watching import FIRST_WATCH
from govcomponents.durable.storage.commit_points import CommitPoint, reached
from govcomponents.durable.storage.faults import store_faults
from govcomponents.durable.storage.schema import IS_UNKNOWN, PAYMENT, database_time
from govcomponents.durable.storage.sealing import PayloadKeys
from govcomponents.durable.storage.writing import writing
from govcomponents.errors import GovComponentsError
from govcomponents.money import Money
from govcomponents.pay.ids import PaymentId

if TYPE_CHECKING:
    from govcomponents.core.http.runtime import Runtime
    from govcomponents.durable.outbox.capturing import Calls, PayCalls

_AT_ONCE: Final = 50
_LOOKS: Final = 3
_BETWEEN: Final = 1800.0
"""Seconds between two looks: the search of a provider may lag behind."""
_AWAY: Final = 300.0
"""Seconds until a provider that could not be asked is asked again."""
_WITHIN: Final = 30.0
_CLOCKS_DIFFER: Final = 300.0
_NO_KEYS: Final = PayloadKeys()  # it holds nothing about people


async def find_lost(engine: sa.Engine, calls: Calls, runtime: Runtime, until: float | None = None) -> int:
    """Look for the payments whose making came to no end, and tell of those that are there. Returns how many."""
    run = runtime.transport.run_blocking
    found = 0
    for row in await run(lambda: _due(engine)):
        if until is not None and steady_time() > until:
            break  # they are due at the next turn, too
        if (pay := calls.pay.get(row.account)) is None:
            await run(partial(_put_off, engine, row, "NotConfigured"))
            continue
        try:
            with single_attempt(steady_time() + _WITHIN), asking("pay.search", row.account):
                there = await search_for(pay, row, await run(partial(known_payments, engine, row)))
        except GovComponentsError as error:
            await run(partial(_put_off, engine, row, told(error)))
            continue
        if await run(partial(_settle, engine, row, there)):
            found += 1
            if row.journey is not None:
                tell_step(runtime.observers, _found_step(row))
    return found


def _put_off(engine: sa.Engine, row: Any, problem: str) -> None:
    """Look again later, without counting: nobody could say yet whether the payment is there."""
    mine = (PAYMENT.c.id == row.id, IS_UNKNOWN, PAYMENT.c.looks == row.looks)
    with store_faults("run_due"), engine.begin() as connection:
        later = {"look_at": database_time() + _AWAY, "problem": problem}
        connection.execute(sa.update(PAYMENT).where(*mine).values(later))


async def search_for(pay: PayCalls, row: Any, known: set[str]) -> str | None:
    """Search the provider for the payment of a row, apart from those that are known; None if it has none."""
    since = datetime.fromtimestamp(row.created_at - _CLOCKS_DIFFER, UTC)
    async with aclosing(pay.search(reference=row.reference, created_from=since)) as payments:
        async for one in payments:
            if one.reference == row.reference and one.amount == Money(row.minor, row.currency) and one.id not in known:
                return one.id
    return None


def _due(engine: sa.Engine) -> list[Any]:
    due = sa.select(PAYMENT).where(IS_UNKNOWN, PAYMENT.c.look_at <= database_time())
    with store_faults("run_due"), engine.connect() as connection:
        return list(connection.execute(due.order_by(PAYMENT.c.look_at).limit(_AT_ONCE)))


def known_payments(engine: sa.Engine, row: Any, operation: str = "run_due") -> set[str]:
    """Return the payments of a row's reference that were made and recorded as they should be."""
    made = sa.select(PAYMENT.c.payment_id).where(PAYMENT.c.payment_id.is_not(None), *_of_reference(row))
    with store_faults(operation), engine.connect() as connection:
        return set(connection.scalars(made))


def lock_reference(connection: sa.Connection, account: str, reference: str) -> None:
    """Wait for who has a reference in hand, and keep others off until the transaction ends. SQLite has one writer."""
    if connection.dialect.name == "postgresql":
        named = f"{account} {reference}".encode("utf-8", "surrogatepass")
        number = int.from_bytes(hashlib.sha256(named).digest()[:8], "big", signed=True)
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(number)))


def _of_reference(row: Any) -> tuple[sa.ColumnElement[bool], ...]:
    return (PAYMENT.c.account == row.account, PAYMENT.c.reference == row.reference)


def _settle(engine: sa.Engine, row: Any, payment_id: str | None) -> bool:
    mine = (PAYMENT.c.id == row.id, IS_UNKNOWN, PAYMENT.c.looks == row.looks)
    if payment_id is None:
        is_last = row.looks + 1 >= _LOOKS
        later = {"looks": row.looks + 1, "look_at": database_time() + _BETWEEN}
        if is_last:
            later |= {"is_open": 0, "problem": "NotMade"}
        with store_faults("run_due"), engine.begin() as connection:
            connection.execute(sa.update(PAYMENT).where(*mine).values(later))
        return False
    reached(CommitPoint.PAYMENT_FOUND)
    event = PaymentFound(
        key=payment_id,
        account=row.account,
        payment_id=PaymentId(payment_id),
        reference=row.reference,
        journey=row.journey,
    )
    with writing(engine, "run_due") as connection:
        lock_reference(connection, row.account, row.reference)
        if connection.scalar(sa.select(sa.exists().where(PAYMENT.c.payment_id == payment_id, *_of_reference(row)))):
            return False  # another worker found it for another row: this one is still due, and the next turn knows
        values = {"payment_id": payment_id, "is_open": 0, "problem": None, "watch_at": database_time() + FIRST_WATCH}
        if connection.execute(sa.update(PAYMENT).where(*mine).values(values)).rowcount != 1:
            return False  # another worker was there first
        if row.journey is not None:
            note(connection, [_found_step(row)])
        is_told = insert_event(connection, event, "payments", _NO_KEYS)
        reached(CommitPoint.PAYMENT_SETTLING)
    reached(CommitPoint.PAYMENT_SETTLED)
    return is_told


def _found_step(row: Any) -> Entry:
    item = f"payment {row.id}"
    return Entry(journey=row.journey, account=row.account, what="pay.create", outcome="found", item=item)
