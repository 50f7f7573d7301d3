"""The renewals of this service: one table, and what may happen to a row of it."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

RENEWED_FOR = 300 * 86_400.0
"""Seconds after which a licence that was paid may be renewed again: two months before its year is over."""

_METADATA = sa.MetaData()
_RENEWALS = sa.Table(
    "renewal",
    _METADATA,
    sa.Column("reference", sa.String(20), primary_key=True),
    sa.Column("owner", sa.String(300), nullable=False, index=True),
    sa.Column("name", sa.String(200), nullable=False),
    sa.Column("email", sa.String(320), nullable=False),
    sa.Column("language", sa.String(2), nullable=False, default="en"),
    sa.Column("state", sa.String(10), nullable=False, default="new"),
    sa.Column("attempt", sa.Integer, nullable=False, default=0),
    sa.Column("payment_id", sa.String(64)),
    sa.Column("started_at", sa.Float, nullable=False, default=0.0),
    sa.Column("note", sa.String(80), nullable=False, default=""),
)
_COLUMNS = _RENEWALS.c
_UNPAID = _COLUMNS.state.in_(("new", "paying"))
# One for each person, also of somebody who signs in in two tabs at once.
sa.Index("renewal_unpaid", _COLUMNS.owner, unique=True, sqlite_where=_UNPAID, postgresql_where=_UNPAID)


@dataclass(frozen=True)
class Renewal:
    """One renewal. `state` is new, paying, paid or refunded; each attempt to pay has a reference of its own.

    `note` tells caseworkers what they have to see to.
    """

    reference: str
    owner: str
    name: str
    email: str
    language: str
    state: str
    attempt: int
    payment_id: str | None
    started_at: float
    note: str

    @property
    def payment_reference(self) -> str:
        """The reference of the present attempt to pay."""
        return f"{self.reference}-{self.attempt}"


async def make_table(engine: AsyncEngine) -> None:
    """Make the table, if it is not there. Several processes start at once."""
    async with engine.begin() as connection:
        if engine.dialect.name == "postgresql":  # where one of two that make a table at once would fail
            await connection.execute(sa.select(sa.func.pg_advisory_xact_lock(1)))
        elif engine.dialect.name == "sqlite":
            await connection.exec_driver_sql("BEGIN IMMEDIATE")
        await connection.run_sync(_METADATA.create_all)


async def begin(connection: AsyncConnection, owner: str, name: str, email: str) -> None:
    """Begin a renewal for somebody who has just signed in, unless they have one at present.

    Raises sqlalchemy.exc.IntegrityError if they have begun one meanwhile, in another tab.
    """
    if await present(connection, owner) is None:
        values = {"reference": f"LIC-{secrets.token_hex(4).upper()}", "owner": owner, "name": name, "email": email}
        await connection.execute(_RENEWALS.insert().values(**values))


async def present(connection: AsyncConnection, owner: str) -> Renewal | None:
    """Return the renewal that somebody has still to pay, or has paid lately: there is no other to pay then."""
    is_lately_paid = (_COLUMNS.state == "paid") & (_COLUMNS.started_at > time.time() - RENEWED_FOR)
    return await _one(connection, (_COLUMNS.owner == owner) & (_UNPAID | is_lately_paid))


async def find(connection: AsyncConnection, reference: str, owner: str) -> Renewal | None:
    """Return somebody's own renewal."""
    return await _one(connection, (_COLUMNS.reference == reference) & (_COLUMNS.owner == owner))


async def of_anybody(connection: AsyncConnection, reference: str) -> Renewal | None:
    """Return a renewal, whosever it is: for caseworkers."""
    return await _one(connection, _COLUMNS.reference == reference)


async def by_payment(connection: AsyncConnection, payment_reference: str) -> Renewal | None:
    """Return the renewal of which a payment is the present attempt."""
    reference, _, attempt = payment_reference.rpartition("-")
    found = await _one(connection, _COLUMNS.reference == reference)
    return found if found is not None and str(found.attempt) == attempt else None


async def newest(connection: AsyncConnection) -> list[Renewal]:
    """Return the renewals for which somebody began to pay last, for caseworkers."""
    last_first = sa.select(_RENEWALS).order_by(_COLUMNS.started_at.desc(), _COLUMNS.reference)
    return [Renewal(*row) for row in await connection.execute(last_first.limit(200))]


async def start_paying(connection: AsyncConnection, renewal: Renewal, language: str) -> Renewal | None:
    """Count an attempt to pay, and return the renewal as it is then; None for the second of two clicks."""
    values = {"attempt": renewal.attempt + 1, "language": language, "payment_id": None, "started_at": time.time()}
    if renewal.state != "new" or not await _change(connection, renewal, state="paying", **values):
        return None
    return await _one(connection, _COLUMNS.reference == renewal.reference)


async def keep_payment(connection: AsyncConnection, payment_reference: str, payment_id: str) -> bool:
    """Keep the id of the payment of an attempt; False if that was given up."""
    renewal = await by_payment(connection, payment_reference)
    return renewal is not None and renewal.state != "new" and await _change(connection, renewal, payment_id=payment_id)


async def mark_paid(connection: AsyncConnection, renewal: Renewal) -> bool:
    """Mark a renewal as paid; False if it was so already."""
    return renewal.state == "paying" and await _change(connection, renewal, state="paid")


async def let_try_again(connection: AsyncConnection, renewal: Renewal) -> bool:
    """Let somebody try again whose payment is over, or was not made; not if one came meanwhile."""
    same = _COLUMNS.payment_id.is_not_distinct_from(renewal.payment_id)
    return renewal.state == "paying" and await _change(connection, renewal, same, state="new", payment_id=None)


async def mark_refunded(connection: AsyncConnection, renewal: Renewal) -> bool:
    """Mark a renewal as refunded; False if it was so already."""
    return renewal.state == "paid" and await _change(connection, renewal, state="refunded", note="")


async def keep_unrefunded(connection: AsyncConnection, reference: str) -> None:
    """Keep that a renewal is paid still, whose refund was given up: it can be asked for again."""
    is_it = (_COLUMNS.reference == reference) & (_COLUMNS.state == "refunded")
    await connection.execute(_RENEWALS.update().where(is_it).values(state="paid"))


async def keep_note(connection: AsyncConnection, reference: str, note: str) -> None:
    """Keep what caseworkers have to see to."""
    await connection.execute(_RENEWALS.update().where(_COLUMNS.reference == reference).values(note=note))


async def _one(connection: AsyncConnection, which: sa.ColumnElement[bool]) -> Renewal | None:
    row = (await connection.execute(sa.select(_RENEWALS).where(which))).first()
    return None if row is None else Renewal(*row)


async def _change(
    connection: AsyncConnection, renewal: Renewal, *also: sa.ColumnElement[bool], **values: object
) -> bool:
    """Change a row, if it is as it was read: of two that come at once, only one does."""
    same = (_COLUMNS.reference == renewal.reference) & (_COLUMNS.state == renewal.state)
    same &= _COLUMNS.attempt == renewal.attempt
    return (await connection.execute(_RENEWALS.update().where(same, *also).values(**values))).rowcount == 1
