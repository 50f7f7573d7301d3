"""A message as its reader sees it, for the outbox page."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from govcomponents.sandbox.outbox import OutboxMessage

if TYPE_CHECKING:
    from govcomponents.sandbox.providers.govuk_notify.messages import Message


def to_outbox(message: Message, now: float) -> OutboxMessage:
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
        html=_document(message) if message.channel == "email" else None,
        fragments=message.fragments if message.channel == "sms" else None,
        reference=message.reference,
        template=message.template.name if message.template else "Ready-made letter",
    )


def _document(message: Message) -> str:
    """The email as a mail program shows it, between what the provider puts round it in a plain form."""
    from html import escape

    from govcomponents.notify.templates.placeholders import Values
    from govcomponents.notify.templates.template import email_html

    template = message.template
    version = template and template.version(message.template_version)
    fragment = email_html(version.content, Values(message.personalisation)) if version else ""
    subject = escape(message.subject or "")
    return (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{subject}</title></head>'
        '<body style="font-family: Helvetica, Arial, sans-serif; margin: 0;">'
        f'<div style="max-width: 580px; margin: 0 auto; padding: 20px;">{fragment}</div></body></html>'
    )


def _address(message: Message) -> str:
    from govcomponents.notify.recipients import PostalAddress

    return "\n".join(PostalAddress.from_personalisation(message.personalisation).lines)
