"""The callbacks that GOV.UK Notify sends: delivery receipts, received texts, complaints and returned letters.

Source: GOV.UK Notify REST API docs, "Callbacks"; alphagov/notifications-api, `app/celery/service_callback_tasks.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from govcomponents.sandbox.notifications_api.callbacks import callback
from govcomponents.sandbox.providers.govuk_notify.messages import SENDING_AFTER, write

if TYPE_CHECKING:
    from collections.abc import Mapping

    from govcomponents.sandbox.plugins.context import SandboxContext
    from govcomponents.sandbox.providers.govuk_notify.messages import Message
    from govcomponents.sandbox.providers.govuk_notify.world import ReceivedText, Service

KINDS: Final = ("delivery_status", "inbound_sms", "complaint", "returned_letter")
_TOLD: Final = frozenset({"delivered", "permanent-failure", "temporary-failure", "technical-failure"})


class CallbackSender:
    """Queues callbacks for the services that have an address for them."""

    def __init__(self, context: SandboxContext) -> None:
        self._context = context
        self._addresses: dict[tuple[str, str], tuple[str, str]] = {}

    def add(self, service_id: str, kind: str, url: str, bearer_token: str) -> None:
        """Send callbacks of a kind to `url` from now on."""
        self._addresses[service_id, kind] = (url, bearer_token)

    def learn(self, service: Service) -> None:
        """Take over the addresses that a world gives."""
        for one in service.callbacks:
            if one.url:
                self.add(service.id, one.kind, one.url, one.bearer_token)

    def _queue(
        self, service: Service, kind: str, body: Mapping[str, object], reference: str | None, after: float = 0.0
    ) -> None:
        address = self._addresses.get((service.id, kind))
        if address is None:
            return
        url, token = address
        self._context.callbacks.send(callback(kind, url, token, body, reference), after=after)

    def accepted(self, message: Message, after: float | None = None) -> None:
        """Queue the receipt that will come, after so many seconds. Letters have none, nor a text that stays `sent`."""
        age, status = message.steps[-1]
        after = age if after is None else after
        if (message.service.id, "delivery_status") not in self._addresses:
            return
        if message.channel == "letter" or status not in _TOLD:
            return
        body = {
            "id": message.id,
            "reference": message.reference,
            "to": message.to,
            "status": status,
            "created_at": write(message.created_at),
            "completed_at": write(message.created_at + age),
            "sent_at": write(message.created_at + SENDING_AFTER),
            "notification_type": message.channel,
            "template_id": message.template_id,
            "template_version": message.template_version,
        }
        self._queue(message.service, "delivery_status", body, message.reference, after)

    def received(self, service: Service, text: ReceivedText) -> None:
        """Queue a received text."""
        body = {
            "id": text.id,
            "source_number": text.user_number,
            "destination_number": text.notify_number,
            "message": text.content,
            "date_received": write(self._context.clock.time()),
        }
        self._queue(service, "inbound_sms", body, None)

    def complaint(self, message: Message) -> None:
        """Queue the report of an email as spam."""
        body = {
            "notification_id": message.id,
            "complaint_id": self._context.ids.uuid(),
            "reference": message.reference,
            "to": message.to,
            "complaint_date": write(self._context.clock.time()),
        }
        self._queue(message.service, "complaint", body, message.reference)

    def returned(self, message: Message) -> None:
        """Queue the report of a letter that came back."""
        template = message.template
        body = {
            "notification_id": message.id,
            "reference": message.reference,
            "date_sent": write(message.created_at),
            "sent_by": "API",
            "template_name": template.name if template else None,
            "template_id": template.id if template else "None",
            "template_version": message.template_version if template else None,
            "spreadsheet_file_name": None,
            "spreadsheet_row_number": None,
            "upload_letter_file_name": None,
        }
        self._queue(message.service, "returned_letter", body, message.reference)
