"""The service's own records of payments and refunds, of one account: those of a day, and those of given ids."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import sqlalchemy as sa

from govcomponents.durable.storage.faults import store_faults
from govcomponents.durable.storage.schema import OUTBOX, PAYMENT, State

if TYPE_CHECKING:
    from datetime import datetime

    from govcomponents.durable.inbox.handling import RunBlocking

Rows: TypeAlias = dict[str, Any]
"""Rows by the id of what they are of at the provider."""

_AT_ONCE: Final = 500
"""Ids that one statement asks for: SQLite may take no more than 999 parameters."""


@dataclass(frozen=True, slots=True)
class Records:
    """The records that the service has of one account, read on its `engine`."""

    engine: sa.Engine
    account: str
    run: RunBlocking

    async def payments(self, first: datetime, last: datetime) -> Rows:
        """Return the payments whose making was begun in a time, up to its end."""
        during = (PAYMENT.c.created_at >= first.timestamp(), PAYMENT.c.created_at < last.timestamp())
        return await self._rows(self._made(*during))

    async def payments_by_id(self, ids: Sequence[str]) -> Rows:
        """Return those of the payments that are recorded, on whatever day."""
        return await self._in_parts(self._made(), PAYMENT.c.payment_id, ids)

    async def refunds(self, first: datetime, last: datetime) -> Rows:
        """Return the refunds that the provider is known to have accepted in a time, up to its end."""
        during = (OUTBOX.c.ended_at >= first.timestamp(), OUTBOX.c.ended_at < last.timestamp())
        return await self._rows(self._refunded(*during))

    async def refunds_by_id(self, ids: Sequence[str], since: datetime) -> Rows:
        """Return those of the refunds that are recorded, and were accepted after a time, which finds them quickly."""
        refunded = self._refunded(OUTBOX.c.ended_at >= since.timestamp())
        return await self._in_parts(refunded, OUTBOX.c.provider_id, ids)

    def _made(self, *conditions: sa.ColumnElement[bool]) -> sa.Select[Any]:
        mine = (PAYMENT.c.account == self.account, PAYMENT.c.payment_id.is_not(None), *conditions)
        columns = (PAYMENT.c.payment_id, PAYMENT.c.reference, PAYMENT.c.minor, PAYMENT.c.currency)
        return sa.select(*columns).where(*mine)

    def _refunded(self, *conditions: sa.ColumnElement[bool]) -> sa.Select[Any]:
        mine = (OUTBOX.c.account == self.account, OUTBOX.c.operation == "pay.refund", *conditions)
        is_done = (OUTBOX.c.state == int(State.DONE), OUTBOX.c.provider_id.is_not(None))
        return sa.select(OUTBOX.c.provider_id, OUTBOX.c.reference, OUTBOX.c.created_at).where(*mine, *is_done)

    async def _in_parts(self, query: sa.Select[Any], column: sa.ColumnElement[Any], ids: Sequence[str]) -> Rows:
        found: Rows = {}
        for begin in range(0, len(ids), _AT_ONCE):
            found |= await self._rows(query.where(column.in_(ids[begin : begin + _AT_ONCE])))
        return found

    async def _rows(self, query: sa.Select[Any]) -> Rows:
        return await self.run(partial(self._read, query))

    def _read(self, query: sa.Select[Any]) -> Rows:
        with store_faults("reconcile"), self.engine.connect() as connection:
            return {row[0]: row for row in connection.execute(query)}
