"""The delivery receipts that GC Notify sends. Source: GC Notify docs, "Callbacks"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from govcomponents.sandbox.notifications_api.callbacks import callback
from govcomponents.sandbox.providers.gc_notify.messages import FINAL, SENDING_AFTER, write

if TYPE_CHECKING:
    from govcomponents.sandbox.plugins.context import SandboxContext
    from govcomponents.sandbox.providers.gc_notify.messages import Message


class ReceiptSender:
    """Queues receipts for the services that have an address for them."""

    def __init__(self, context: SandboxContext) -> None:
        self._context = context

    def accepted(self, message: Message, after: float | None = None) -> None:
        """Queue the receipt that will come, after so many seconds."""
        service = message.service
        age, status = message.steps[-1]
        if service.callback_url is None or status not in FINAL:
            return
        body = {
            "id": message.id,
            "reference": message.reference,
            "to": message.to,
            "status": status,
            "status_description": message.described(status),
            "provider_response": None,
            "created_at": write(message.created_at),
            "completed_at": write(message.created_at + age),
            "sent_at": write(message.created_at + SENDING_AFTER),
            "notification_type": message.channel,
        }
        made = callback("delivery_status", service.callback_url, service.callback_token, body, message.reference)
        self._context.callbacks.send(made, after=age if after is None else after)
