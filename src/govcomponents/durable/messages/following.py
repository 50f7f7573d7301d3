"""The follow-up: messages that were accepted three days ago, and of which no receipt came, are asked for."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa

from govcomponents.core.http.single_attempt import single_attempt, steady_time
from govcomponents.durable.asking import asking
from govcomponents.durable.inbox.events import subject_named
from govcomponents.durable.inbox.store import insert_event
from govcomponents.durable.storage.commit_points import CommitPoint, reached
from govcomponents.durable.storage.faults import store_faults
from govcomponents.durable.storage.schedule import advance, come_again, is_turn, position
from govcomponents.durable.storage.schema import INBOX, OUTBOX, State, database_time
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
_AWAY: Final = 300.0
"""Seconds until a provider that was away is asked again."""
_WITH_RECEIPTS: Final = ("notify.send_email", "notify.send_sms")


async def follow_up(
    engine: sa.Engine, calls: Calls, runtime: Runtime, keys: PayloadKeys, until: float | None = None
) -> int:
    """Ask for messages without a receipt, once an hour, and tell the handlers of DeliveryReceipt. Returns how many.

    How far it came is kept only when all of them were told of: a worker that dies meanwhile leaves out none.
    """
    run = runtime.transport.run_blocking
    told = 0
    for account, notify in calls.notify.items():
        turn, done = f"notify.follow_up {account}", f"notify.followed {account}"
        if NotifyCapability.GET not in notify.capabilities or not await run(partial(is_turn, engine, turn, _HOUR)):
            continue
        reached(CommitPoint.JOB_TAKEN)
        is_left = True
        while is_left:
            since = await run(partial(position, engine, done, _HOUR + _AFTER))
            rows, upto, is_left = await run(partial(_unheard, engine, account, since))
            for row in rows:
                if until is not None and steady_time() > until:
                    await run(partial(come_again, engine, turn, 0.0))
                    return told
                try:
                    with single_attempt(steady_time() + _WITHIN), asking("notify.get", account):
                        message = await notify.get(row.provider_id)
                except NotFound:
                    continue  # it is not kept any more
                except GovComponentsError:
                    await run(partial(come_again, engine, turn, _AWAY))
                    break
                reached(CommitPoint.JOB_ASKED)
                told += await run(partial(_tell, engine, _receipt(message, account), keys))
                reached(CommitPoint.JOB_TOLD)
            else:
                await run(partial(advance, engine, done, upto))
                continue
            break  # the provider is away: the same messages are asked for at the next turn
    return told


def _unheard(engine: sa.Engine, account: str, since: float) -> tuple[list[Any], float, bool]:
    """Return messages that were accepted after a time and of which nothing was heard, how far that is, and if any more.

    Rows that were put down in one statement have one time: they are taken together.
    """
    accepted = (
        OUTBOX.c.state == int(State.DONE),
        OUTBOX.c.account == account,
        OUTBOX.c.operation.in_(_WITH_RECEIPTS),
        OUTBOX.c.provider_id.is_not(None),
        OUTBOX.c.ended_at > since,
    )
    last = sa.select(OUTBOX.c.ended_at).where(*accepted).order_by(OUTBOX.c.ended_at).offset(_AT_ONCE - 1).limit(1)
    with store_faults("run_due"), engine.connect() as connection:
        end: float = connection.execute(sa.select(database_time() - _AFTER)).scalar_one()
        nth = connection.scalar(last.where(OUTBOX.c.ended_at <= end))
        upto = end if nth is None else nth
        found = sa.select(OUTBOX.c.provider_id).where(*accepted, OUTBOX.c.ended_at <= upto)
        rows = {subject_named("notify", row.provider_id): row for row in connection.execute(found)}
        subjects = list(rows)
        for first in range(0, len(subjects), _AT_ONCE):
            some = subjects[first : first + _AT_ONCE]
            heard = sa.select(INBOX.c.subject).where(INBOX.c.subject.in_(some), INBOX.c.account == account)
            for subject in connection.scalars(heard):
                rows.pop(subject, None)
    return list(rows.values()), upto, nth is not None


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
    with store_faults("run_due"), engine.begin() as connection:
        return insert_event(connection, event, "notify", keys)
