"""The port of the notify component: what every adapter implements."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from govcomponents.core.port import Port

if TYPE_CHECKING:
    from govcomponents.notify.inputs import EmailInput, SmsInput
    from govcomponents.notify.models import Notification, NotificationId, Sent


class NotifyCapability(StrEnum):
    """What an adapter may declare. An operation or argument that needs more is refused before anything is sent."""

    EMAIL = "email"
    SMS = "text_messages"
    GET = "get"
    REPLY_TO = "reply_to_addresses"
    SENDER = "text_message_senders"
    UNSUBSCRIBE = "one_click_unsubscribe"
    SANITISE = "sanitising"


class NotifyPort(Port):
    """What an adapter of the notify component implements; what it leaves out raises NotSupported, unsent."""

    async def send_email(self, email: EmailInput) -> Sent:
        """Send one email from a template."""
        raise self.unsupported(NotifyCapability.EMAIL, operation="notify.send_email")

    async def send_sms(self, message: SmsInput) -> Sent:
        """Send one text message from a template."""
        raise self.unsupported(NotifyCapability.SMS, operation="notify.send_sms")

    async def get(self, notification_id: NotificationId) -> Notification:
        """Return one message as it stands now."""
        raise self.unsupported(NotifyCapability.GET, operation="notify.get")
