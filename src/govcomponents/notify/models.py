"""Messages: accepted (`Sent`), as one stands at the provider (`Notification`), and many in one request (`Job`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NewType

from govcomponents.core.results import Result
from govcomponents.privacy import Personal

NotificationId = NewType("NotificationId", str)
"""The provider's id of a message."""
TemplateId = NewType("TemplateId", str)
"""The provider's id of a template."""


class Channel(StrEnum):
    """The channel by which a message reaches a person. UNKNOWN is a channel that this version does not know."""

    EMAIL = "email"
    SMS = "sms"
    LETTER = "letter"
    UNKNOWN = "unknown"

    @classmethod
    def _missing_(cls, _value: object) -> Channel:
        return cls.UNKNOWN


class Status(StrEnum):
    """The delivery status of a message, in words that promise no more than is known. UNKNOWN keeps its text beside it.

    QUEUED: accepted by the provider and not yet handed on. SENDING: with the network, mail server or printer.
    SENT: handed to a network that may never say more; it is not known to be delivered. DISPATCHED: a letter was
    printed and posted; nobody reports that it arrived. DELIVERED: the mail server or the phone network took it.
    """

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    DISPATCHED = "dispatched"
    DELIVERED = "delivered"
    TEMPORARY_FAILURE = "temporary_failure"
    PERMANENT_FAILURE = "permanent_failure"
    TECHNICAL_FAILURE = "technical_failure"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"

    @property
    def is_delivered(self) -> bool:
        """Whether the recipient's mail server or phone network confirmed it. Never true of a letter."""
        return self is Status.DELIVERED

    @property
    def has_failed(self) -> bool:
        """Whether it is known that the message did not reach the person and, as it is, never will."""
        return self in _FAILED

    @property
    def is_finished(self) -> bool:
        """Whether the provider will not change the status any more."""
        return self in _FINISHED

    @property
    def may_change(self) -> bool:
        """Whether the status may still change. SENT may, and often never does; so may UNKNOWN."""
        return self not in _FINISHED


_FAILED = frozenset(
    {
        Status.TEMPORARY_FAILURE,
        Status.PERMANENT_FAILURE,
        Status.TECHNICAL_FAILURE,
        Status.REJECTED,
        Status.CANCELLED,
    }
)
_FINISHED = _FAILED | {Status.DELIVERED, Status.DISPATCHED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent(Result):
    """A message that the provider accepted. Nothing more is known: `Notification.status` tells what follows.

    `body` is what the provider will send, as the provider gives it (GOV.UK Notify: the Markdown of an email or a
    letter with its placeholders filled; a text message without the service's name in front). It holds personal data,
    and for files by email the keys that open them. `sender` is the address or number that the recipient will see.
    `sanitised` names the placeholders whose values the provider changed. `is_repeat` is true if nothing was sent now,
    because `once` found that the provider holds the message already.
    """

    id: NotificationId
    channel: Channel
    reference: str | None
    template_id: TemplateId | None
    template_version: int | None
    subject: Personal[str] | None
    body: Personal[str] | None
    sender: str | None
    sanitised: tuple[str, ...] = ()
    postage: str | None = None
    is_repeat: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification(Result):
    """A message as it stands at the provider.

    `recipient` is the address or number as it was given to the provider, not put in any normal form; a letter has
    `address` instead, its lines as given. `raw_status` is the provider's own word for `status`. `completed_at` is when
    the status last changed to one that the provider reports, and does not mean that it is final.
    `estimated_delivery` is of letters only. `cost` is in pounds, without regard to a free allowance; None until it is
    known. `fragments` is the number of text messages that it was charged as, `sheets` the sheets of paper of a letter.
    """

    id: NotificationId
    channel: Channel
    status: Status
    raw_status: str
    reference: str | None
    recipient: Personal[str] | None
    address: Personal[tuple[str, ...]] | None
    template_id: TemplateId | None
    template_version: int | None
    subject: Personal[str] | None
    body: Personal[str] | None
    created_at: datetime
    sent_at: datetime | None
    completed_at: datetime | None
    estimated_delivery: datetime | None = None
    created_by: Personal[str] | None = None
    postage: str | None = None
    unsubscribe_url: Personal[str] | None = None
    cost: float | None = None
    fragments: int | None = None
    sheets: int | None = None

    @property
    def is_delivered(self) -> bool:
        """Whether the recipient's mail server or phone network confirmed it. Never true of a letter."""
        return self.status.is_delivered

    @property
    def has_failed(self) -> bool:
        """Whether it is known that the message did not reach the person and, as it is, never will."""
        return self.status.has_failed

    @property
    def is_finished(self) -> bool:
        """Whether the provider will not change the status any more."""
        return self.status.is_finished

    @property
    def may_change(self) -> bool:
        """Whether the status may still change."""
        return self.status.may_change

    @property
    def may_send_again(self) -> bool:
        """Whether sending the same message again may help.

        True of a temporary or technical failure of an email or a text message. A letter with a technical failure
        must not be sent again: the provider's staff deal with it (GOV.UK Notify docs: Message status).
        """
        return self.channel in (Channel.EMAIL, Channel.SMS) and self.status in (
            Status.TEMPORARY_FAILURE,
            Status.TECHNICAL_FAILURE,
        )

    @property
    def meaning(self) -> str:
        """The status explained in a sentence for staff: what it says, and what it does not."""
        return _MEANINGS.get((self.channel, self.status)) or _MEANINGS[None, self.status]


_MEANINGS: Mapping[tuple[Channel | None, Status], str] = {
    (None, Status.QUEUED): "Accepted, and waiting to be handed on.",
    (None, Status.SENDING): "Handed on; the provider goes on trying for up to 72 hours.",
    (None, Status.SENT): "Handed on; nothing says whether it was delivered.",
    (None, Status.DISPATCHED): "Printed and posted; nobody reports whether it arrived.",
    (None, Status.DELIVERED): "Delivered.",
    (None, Status.TEMPORARY_FAILURE): "Not delivered for a reason that may pass; it may be sent again.",
    (None, Status.PERMANENT_FAILURE): "Not delivered, and sending it again will not help: the address is wrong.",
    (None, Status.TECHNICAL_FAILURE): "Not delivered because of a fault at the provider; send it again.",
    (None, Status.REJECTED): "Refused after it was accepted: its content does not meet the provider's rules.",
    (None, Status.CANCELLED): "Cancelled before it was sent.",
    (None, Status.UNKNOWN): "The provider gives a status that this version does not know; it may still change.",
    (Channel.EMAIL, Status.DELIVERED): "The recipient's mail server took it; that does not say that it was read.",
    (Channel.SMS, Status.DELIVERED): "The phone network delivered it.",
    (Channel.SMS, Status.SENT): "Handed to an international network; many countries never report more than this.",
    (Channel.SMS, Status.TEMPORARY_FAILURE): "Not delivered: the phone was off, out of reach or full; it was charged.",
    (
        Channel.SMS,
        Status.PERMANENT_FAILURE,
    ): "Not delivered: the number is wrong or was refused; it was charged.",
    (Channel.LETTER, Status.QUEUED): "Accepted, and waiting to be printed or checked.",
    (
        Channel.LETTER,
        Status.TECHNICAL_FAILURE,
    ): "A fault that the provider's staff deal with: do not send it again.",
    (Channel.LETTER, Status.PERMANENT_FAILURE): "The provider cannot print it.",
    (
        Channel.LETTER,
        Status.REJECTED,
    ): "Not printed: its layout, length or address breaks the rules for letters.",
}


class JobStatus(StrEnum):
    """The status of a job. UNKNOWN is a status that this version does not know; `Job.raw_status` has its text.

    LIMITS_EXCEEDED: the service may not send that many now. FINISHED says that every message was made, not that any
    was delivered.
    """

    PENDING = "pending"
    SCHEDULED = "scheduled"
    READY = "ready"
    IN_PROGRESS = "in_progress"
    FINISHED = "finished"
    LIMITS_EXCEEDED = "limits_exceeded"
    CANCELLED = "cancelled"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Job(Result):
    """Many messages that the provider accepted in one request, and deals with later. They are found by searching.

    `id` is not the id of a message; `count` is how many it will make.
    """

    id: str
    name: str | None
    channel: Channel
    status: JobStatus
    raw_status: str
    count: int
    template_id: TemplateId
    template_version: int | None
    created_at: datetime | None
    scheduled_for: datetime | None
