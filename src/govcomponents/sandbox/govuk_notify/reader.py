"""A message as its reader sees it, for the outbox page."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from govcomponents.sandbox.outbox import OutboxMessage

if TYPE_CHECKING:
    from govcomponents.sandbox.govuk_notify.messages import Message


def as_read(message: Message, now: float) -> OutboxMessage:
    """Render one message."""
    text = message.body
    if message.channel == "sms" and message.service.sms_prefix:
        text = f"{message.service.name}: {text}"
    if message.channel == "letter":
        text = f"{_address(message)}\n\n{message.subject}\n\n{text}"
    return OutboxMessage(
        id=message.id,
        kind=message.channel,
        at=datetime.fromtimestamp(message.created_at, UTC),
        to=message.to or "",
        text=text,
        status=message.shown_status(now),
        sender=message.sender or message.service.name,
        subject=message.subject or "",
        html=None,
        fragments=message.fragments if message.channel == "sms" else None,
        reference=message.reference,
        template=message.template.name if message.template else "Ready-made letter",
    )


def _address(message: Message) -> str:
    from govcomponents.notify.postal import PostalAddress

    return "\n".join(PostalAddress.from_personalisation(message.personalisation).lines)
