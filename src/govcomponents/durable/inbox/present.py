"""The present state of what an event is about, asked of the provider: handlers act on that, not on the message."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from govcomponents.core.http.single_attempt import single_attempt, steady_time
from govcomponents.durable.inbox.events import CaptureDue, CaptureMissing, PaymentFound
from govcomponents.errors import NotFound, NotSupported, PermissionRefused
from govcomponents.notify.events import DeliveryReceipt
from govcomponents.pay.events import DisputeChanged, PaymentChanged, RefundChanged

if TYPE_CHECKING:
    from govcomponents.accounts import Services
    from govcomponents.identity.async_service import AsyncIdentityService
    from govcomponents.notify.async_service import AsyncNotifyService
    from govcomponents.pay.async_service import AsyncPayService

    Calls = Services[AsyncPayService, AsyncNotifyService, AsyncIdentityService]

_OF_PAYMENTS = (PaymentChanged, RefundChanged, DisputeChanged, PaymentFound, CaptureDue, CaptureMissing)


async def present(event: object, calls: Calls, *, within: float) -> object:
    """Return the event with the state that its payment or message has now; as it came, where nobody can be asked.

    Raises what `get` raises for any other reason: the event waits then, as acting on an old state would be wrong.
    """
    try:
        with single_attempt(steady_time() + within):
            return await _asked(event, calls)
    except (NotFound, NotSupported, PermissionRefused):
        return event


async def _asked(event: object, calls: Calls) -> object:
    if isinstance(event, _OF_PAYMENTS):
        pay = calls.pay.get(event.account)
        if pay is None or event.payment_id is None:
            return event
        payment = await pay.get(event.payment_id)
        if isinstance(event, PaymentChanged):
            return replace(event, payment=payment, state=payment.state, amount=payment.amount)
        return replace(event, payment=payment)
    if isinstance(event, DeliveryReceipt) and (notify := calls.notify.get(event.account)) is not None:
        message = await notify.get(event.notification_id)
        return replace(
            event,
            status=message.status,
            raw_status=message.raw_status,
            sent_at=message.sent_at or event.sent_at,
            completed_at=message.completed_at or event.completed_at,
        )
    return event
