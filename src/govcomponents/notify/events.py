"""What a provider tells by callback: typed events, each with a key by which a repeated one is known.

Callbacks come at least once and in any order, so keep the `key` of each that was dealt with, and compare.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from pydantic import AwareDatetime, Field

from govcomponents.notify.inbound_sms import InboundSms
from govcomponents.notify.models import Channel, NotificationId, Result, Status, TemplateId
from govcomponents.privacy import Personal


class DeliveryReceipt(Result):
    """What became of an email or a text message. Letters have none, and neither have some failures: poll those."""

    notification_id: NotificationId
    reference: str | None
    channel: Channel
    status: Status
    raw_status: str
    recipient: Personal[str]
    template_id: TemplateId | None
    template_version: int | None
    created_at: AwareDatetime | None
    sent_at: AwareDatetime | None
    completed_at: AwareDatetime | None
    raw: Mapping[str, object] = Field(repr=False, exclude=True)

    @property
    def key(self) -> tuple[str, str]:
        """What is the same when the same receipt comes again."""
        return self.notification_id, self.raw_status


class TextReceived(Result):
    """Somebody sent the service a text message."""

    text: InboundSms

    @property
    def key(self) -> tuple[str, str]:
        """What is the same when the same text comes again."""
        return self.text.id, "received"


class LetterReturned(Result):
    """A letter came back. This may come weeks later, and the letter's status does not show it.

    `sent_by` is the person who sent it in the provider's pages; None if it was sent through the API.
    """

    notification_id: NotificationId
    reference: str | None
    sent_at: AwareDatetime
    sent_by: Personal[str] | None
    template_id: TemplateId | None
    template_name: str | None
    template_version: int | None
    raw: Mapping[str, object] = Field(repr=False, exclude=True)

    @property
    def key(self) -> tuple[str, str]:
        """What is the same when the same report comes again."""
        return self.notification_id, "returned"


class Complaint(Result):
    """Somebody reported an email as spam. Do not write to them again."""

    complaint_id: str
    notification_id: NotificationId
    reference: str | None
    recipient: Personal[str]
    made_at: AwareDatetime | None
    raw: Mapping[str, object] = Field(repr=False, exclude=True)

    @property
    def key(self) -> tuple[str, str]:
        """What is the same when the same complaint comes again."""
        return self.complaint_id, "complaint"


class HealthCheck(Result):
    """The provider tried whether the callback's address answers. Answer with 2xx; there is nothing else to do."""

    raw: Mapping[str, object] = Field(repr=False, exclude=True)

    @property
    def key(self) -> tuple[str, str]:
        """What is the same when it comes again: all of them are alike."""
        return "", "health_check"


NotifyEvent: TypeAlias = DeliveryReceipt | TextReceived | LetterReturned | Complaint | HealthCheck
"""Everything that a callback can be."""
