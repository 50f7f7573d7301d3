"""Refunds and disputes: searched once an hour, and told once each to the handlers of their events."""

from __future__ import annotations

from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Final

from govcomponents.durable.asking import asking
from govcomponents.durable.inbox.store import insert_event
from govcomponents.durable.storage.commit_points import CommitPoint, reached
from govcomponents.durable.storage.faults import store_faults
from govcomponents.durable.storage.schedule import is_turn
from govcomponents.errors import GovComponentsError
from govcomponents.pay.capabilities import PayCapability
from govcomponents.pay.events import DisputeChanged, RefundChanged

if TYPE_CHECKING:
    from collections.abc import Collection

    import sqlalchemy as sa

    from govcomponents.core.http.runtime import Runtime
    from govcomponents.durable.outbox.capturing import Calls, PayCalls
    from govcomponents.durable.storage.sealing import PayloadKeys

_HOUR: Final = 3600.0
_REFUNDS: Final = timedelta(days=7)
_DISPUTES: Final = timedelta(days=28)  # shorter than handled events are kept, by which a repeated one is known


async def watch_refunds(
    engine: sa.Engine, calls: Calls, runtime: Runtime, keys: PayloadKeys, kinds: Collection[str]
) -> int:
    """Search what changed, and tell of it once for each status. Returns how much there was to tell.

    Only what this process has handlers for is searched: `kinds` are the names of those events.
    """
    run = runtime.transport.run_blocking
    told = 0
    for account, pay in calls.pay.items():
        for kind, capability, operation, search in (
            ("pay.RefundChanged", PayCapability.SEARCH_REFUNDS, "pay.search_refunds", _refunds),
            ("pay.DisputeChanged", PayCapability.DISPUTES, "pay.search_disputes", _disputes),
        ):
            is_possible = kind in kinds and capability in pay.capabilities
            if not is_possible or not await run(partial(is_turn, engine, f"{kind} {account}", _HOUR)):
                continue
            reached(CommitPoint.JOB_TAKEN)
            try:
                with asking(operation, account):
                    events = await search(pay, account, datetime.fromtimestamp(runtime.clock(), UTC))
            except GovComponentsError:
                continue  # the next hour will do
            reached(CommitPoint.JOB_ASKED)
            for event in events:
                told += await run(partial(_tell, engine, event, keys))
                reached(CommitPoint.JOB_TOLD)
    return told


def _tell(engine: sa.Engine, event: RefundChanged | DisputeChanged, keys: PayloadKeys) -> bool:
    with store_faults("run_due"), engine.begin() as connection:
        return insert_event(connection, event, "pay", keys)


async def _refunds(pay: PayCalls, account: str, now: datetime) -> list[RefundChanged | DisputeChanged]:
    async with aclosing(pay.search_refunds(created_from=now - _REFUNDS)) as refunds:
        return [
            RefundChanged(
                account=account,
                key=f"search {one.id} {one.status.value}",
                raw_type="search",
                occurred_at=now,
                payment_id=one.payment_id,
                refund_id=one.id,
                status=one.status,
                amount=one.amount,
            )
            async for one in refunds
            if one.is_finished
        ]


async def _disputes(pay: PayCalls, account: str, now: datetime) -> list[RefundChanged | DisputeChanged]:
    async with aclosing(pay.search_disputes(created_from=now - _DISPUTES)) as disputes:
        return [
            DisputeChanged(
                account=account,
                key=f"search {one.id} {one.status.value}",
                raw_type="search",
                occurred_at=now,
                payment_id=one.payment_id,
                dispute_id=one.id,
                status=one.status,
                amount=one.amount,
            )
            async for one in disputes
        ]
