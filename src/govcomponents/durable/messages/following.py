"""The follow-up: messages that were accepted three days ago, and of which no receipt came, are asked for."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa

from govcomponents.core.http.single_attempt import single_attempt, steady_time
from govcomponents.durable.inbox.events import subject_named
from govcomponents.durable.inbox.store import insert_event
from govcomponents.durable.storage.schedule import give_back, turn_since
from govcomponents.durable.storage.schema import INBOX, OUTBOX, State
from govcomponents.errors import GovComponentsError, NotFound
from govcomponents.notify.capabilities import NotifyCapability
from govcomponents.notify.events import DeliveryReceipt
from govcomponents.privacy import Personal

if TYPE_CHECKING:
    from govcomponents.core.http.runtime import Runtime
    from govcomponents.durable.outbox.capturing import Calls
    from govcomponents.durable.storage.sealing import PayloadKeys
    from govcomponents.notify.models import Notification

_HOUR: Final = 3600.0
_AFTER: Final = 72 * _HOUR
"""Seconds until a provider has tried for long enough: GOV.UK Notify ends within 72 hours."""
_WITHIN: Final = 30.0
_AT_ONCE: Final = 1000
_WITH_RECEIPTS: Final = ("notify.send_email", "notify.send_sms")


async def follow_up(engine: sa.Engine, calls: Calls, runtime: Runtime, keys: PayloadKeys) -> int:
    """Ask for messages without a receipt, once an hour, and tell the handlers of DeliveryReceipt. Returns how many."""
    run = runtime.transport.run_blocking
    told = 0
    for account, notify in calls.notify.items():
        if NotifyCapability.GET not in notify.capabilities:
            continue
        name = f"notify.follow_up {account}"
        span = await run(partial(turn_since, engine, name, _HOUR))
        if span is None:
            continue
        for row in await run(partial(_unheard, engine, account, span)):
            try:
                with single_attempt(steady_time() + _WITHIN):
                    message = await notify.get(row.provider_id)
            except NotFound:
                continue  # it is not kept any more
            except GovComponentsError:
                await run(partial(give_back, engine, name, span, _HOUR))
                break  # the same messages are asked for at the next turn
            event = _receipt(message, account)
            told += await run(partial(_tell, engine, event, keys))
    return told


def _unheard(engine: sa.Engine, account: str, span: tuple[float, float]) -> list[Any]:
    accepted = sa.select(OUTBOX.c.provider_id).where(
        OUTBOX.c.state == int(State.DONE),
        OUTBOX.c.account == account,
        OUTBOX.c.operation.in_(_WITH_RECEIPTS),
        OUTBOX.c.provider_id.is_not(None),
        OUTBOX.c.ended_at > span[0] - _AFTER,
        OUTBOX.c.ended_at <= span[1] - _AFTER,
    )
    with engine.connect() as connection:
        rows = {subject_named("notify", row.provider_id): row for row in connection.execute(accepted.limit(_AT_ONCE))}
        heard = sa.select(INBOX.c.subject).where(INBOX.c.subject.in_(list(rows)), INBOX.c.account == account)
        for subject in connection.scalars(heard):
            rows.pop(subject, None)
    return list(rows.values())


def _receipt(message: Notification, account: str) -> DeliveryReceipt:
    return DeliveryReceipt(
        account=account,
        key=f"follow-up {message.id} {message.status.value}",
        occurred_at=message.completed_at,
        notification_id=message.id,
        reference=message.reference,
        channel=message.channel,
        status=message.status,
        raw_status=message.raw_status,
        recipient=message.recipient or Personal(""),
        template_id=message.template_id,
        template_version=message.template_version,
        created_at=message.created_at,
        sent_at=message.sent_at,
        completed_at=message.completed_at,
    )


def _tell(engine: sa.Engine, event: DeliveryReceipt, keys: PayloadKeys) -> bool:
    with engine.begin() as connection:
        return insert_event(connection, event, "notify", keys)
