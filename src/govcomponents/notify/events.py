"""Events: what a provider reports by callback, in one of six classes, each with a key by which a repeated one is known.

Callbacks come at least once and in any order: keep the `key` of each that was dealt with, and compare.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal, TypeAlias

from govcomponents.core.results import Result
from govcomponents.notify.models import Channel, NotificationId, Status, TemplateId
from govcomponents.privacy import Personal


class NotifyEventKind(StrEnum):
    """The kinds of events. Each has its own class."""

    DELIVERY_RECEIPT = "delivery_receipt"
    INBOUND_SMS = "inbound_sms"
    LETTER_RETURNED = "letter_returned"
    COMPLAINT = "complaint"
    HEALTH_CHECK = "health_check"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Event(Result):
    """The base of events. `key` is the same each time that the same event comes; `occurred_at` is when it happened."""

    key: str
    occurred_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryReceipt(_Event):
    """A report of what became of an email or a text message.

    Letters have none, and neither have some failures: follow those up. `raw_status` is the provider's own word for
    `status`.
    """

    kind: Literal[NotifyEventKind.DELIVERY_RECEIPT] = field(default=NotifyEventKind.DELIVERY_RECEIPT, init=False)
    notification_id: NotificationId
    reference: str | None
    channel: Channel
    status: Status
    raw_status: str
    recipient: Personal[str]
    template_id: TemplateId | None
    template_version: int | None
    created_at: datetime | None
    sent_at: datetime | None
    completed_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundSms(_Event):
    """A text message that somebody sent to the service, reported by callback or found by searching.

    `sender` is the number in international form without "+", or a name where a network gives one; `number` is the
    service's own number that it was sent to. `occurred_at` is when it was received.
    """

    kind: Literal[NotifyEventKind.INBOUND_SMS] = field(default=NotifyEventKind.INBOUND_SMS, init=False)
    id: str
    sender: Personal[str]
    number: str
    content: Personal[str]
    occurred_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterReturned(_Event):
    """A letter that came back. This may be reported weeks later, and the letter's status does not show it.

    `sent_by` is the person who sent it in the provider's pages; None if it was sent through the API. When it came back
    is not told.
    """

    kind: Literal[NotifyEventKind.LETTER_RETURNED] = field(default=NotifyEventKind.LETTER_RETURNED, init=False)
    notification_id: NotificationId
    reference: str | None
    sent_at: datetime
    sent_by: Personal[str] | None
    template_id: TemplateId | None
    template_name: str | None
    template_version: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint(_Event):
    """An email that its recipient reported as spam. Do not write to them again."""

    kind: Literal[NotifyEventKind.COMPLAINT] = field(default=NotifyEventKind.COMPLAINT, init=False)
    complaint_id: str
    notification_id: NotificationId
    reference: str | None
    recipient: Personal[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthCheck(_Event):
    """The provider's question whether the callback's address answers. Answer with 2xx; nothing else is to do."""

    kind: Literal[NotifyEventKind.HEALTH_CHECK] = field(default=NotifyEventKind.HEALTH_CHECK, init=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownEvent(_Event):
    """An event that is the provider's, and that this version does not know. `raw` is all that is known of it."""

    kind: Literal[NotifyEventKind.UNKNOWN] = field(default=NotifyEventKind.UNKNOWN, init=False)


NotifyEvent: TypeAlias = DeliveryReceipt | InboundSms | LetterReturned | Complaint | HealthCheck | UnknownEvent
"""An event of any kind, as `gov.notify.parse_callback` returns it."""
