"""Looking up what is in doubt: whether the provider acted, by the reference or by the state of what was to change."""

from __future__ import annotations

from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import TYPE_CHECKING, Any, Final

from govcomponents.core.ports.doubt import LookUp
from govcomponents.errors import NotFound
from govcomponents.pay.states import PaymentStatus

if TYPE_CHECKING:
    from collections.abc import Mapping

    from govcomponents.core.ports.doubt import Doubt
    from govcomponents.durable.outbox.capturing import NotifyCalls, PayCalls
    from govcomponents.durable.outbox.rows import Claimed
    from govcomponents.pay.models import Payment


class Verdict(Enum):
    """A verdict without a find: it is certainly not there, or nobody can tell any more."""

    ABSENT = "absent"
    UNDECIDABLE = "undecidable"


_CLOCKS_DIFFER: Final = timedelta(minutes=5)


async def look_up_message(notify: NotifyCalls, row: Claimed, doubt: Doubt) -> str | Verdict:
    """Return the id of the message that the provider has under the row's reference, or what that means."""
    if doubt.look_up is not LookUp.REFERENCE:
        return Verdict.UNDECIDABLE
    channel = row.operation.removeprefix("notify.send_")
    async with aclosing(notify.search(channel=channel, reference=row.reference)) as found:
        async for message in found:
            return message.id
    return Verdict.ABSENT


async def look_up_change(pay: PayCalls, row: Claimed, doubt: Doubt, asked: Mapping[str, Any]) -> str | Verdict:
    """Return the id of what was changed, as the payment itself tells, or what its state means."""
    if doubt.look_up is not LookUp.STATE:
        return Verdict.UNDECIDABLE
    try:
        payment = await pay.get(asked["payment_id"])
    except NotFound:
        return Verdict.UNDECIDABLE
    if row.operation == "pay.refund":
        return await _refund(pay, row, payment, asked)
    wanted = PaymentStatus.CANCELLED if row.operation == "pay.cancel" else PaymentStatus.SUCCEEDED
    if payment.status is wanted:
        return payment.id
    # What has come to another end is asked for again too: the provider's refusal then says why.
    return Verdict.ABSENT


async def _refund(pay: PayCalls, row: Claimed, payment: Payment, asked: Mapping[str, Any]) -> str | Verdict:
    """What is left tells: as much as before, and nothing was refunded; less by the amount, and this may be why."""
    if payment.refundable is None:
        return Verdict.UNDECIDABLE
    if payment.refundable.available == asked["available"]:
        return Verdict.ABSENT
    begun = datetime.fromtimestamp(row.created_at, UTC) - _CLOCKS_DIFFER
    refunds = await pay.list_refunds(payment.id)
    ours = [
        one
        for one in refunds
        if one.amount == asked["amount"] and not (one.created_at is not None and one.created_at < begun)
    ]
    is_all = payment.refundable.available == asked["available"] - asked["amount"]
    return ours[0].id if is_all and len(ours) == 1 else Verdict.UNDECIDABLE
