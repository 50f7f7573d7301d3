"""A template filled for one message, as the provider answers it and as its reader sees it, with the rules on content.

Source: alphagov/notifications-api, `app/notifications/validators.py`; notifications-utils, `template.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from govcomponents.notify.models import Channel
from govcomponents.notify.rendering import sms
from govcomponents.notify.templates import placeholders
from govcomponents.notify.templates import template as templates
from govcomponents.sandbox.plugins.outbox import Attachment, OutboxMessage
from govcomponents.sandbox.providers.govuk_notify.files import decoded, is_file
from govcomponents.sandbox.providers.govuk_notify.responses import bad_request, invalid

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from govcomponents.sandbox.plugins.records import Action
    from govcomponents.sandbox.providers.govuk_notify.messages import Message
    from govcomponents.sandbox.providers.govuk_notify.world import Service, Template, TemplateVersion


_CHANNEL_NAMES = {"email": "emails", "sms": "text messages", "letter": "letters"}


@dataclass(frozen=True, slots=True)
class Content:
    """A template filled for one message."""

    body: str
    subject: str | None
    length: sms.TextLength | None = None


def check_permission(service: Service, channel: str) -> None:
    """Raise Refusal if the service may not send through a channel."""
    if channel not in service.permissions:
        raise bad_request(f"Service is not allowed to send {_CHANNEL_NAMES[channel]}")


def find_template(service: Service, template_id: str, channel: str) -> Template:
    """Return the template that a message is sent with. Raises Refusal."""
    template = service.by_template_id.get(template_id)
    if template is None:
        raise bad_request("Template not found")
    if template.type != channel:
        raise bad_request(f"{template.type} template is not suitable for {channel} notification")
    if template.archived:
        raise bad_request("Template has been deleted")
    return template


def wanted(service: Service, template: Template, version: TemplateVersion) -> tuple[str, ...]:
    """The placeholders of a template, with those of a letter's contact block first."""
    block = service.contact_block(template) if template.type == "letter" else None
    return placeholders.names(block, version.subject, version.content)


def fill(service: Service, template: Template, version: TemplateVersion, values: Mapping[str, object]) -> Content:
    """Fill a template. Raises Refusal for values that are missing, and for a file that is not in an email."""
    given = placeholders.Values(values)
    if template.type == "letter" and (data := templates.long_qr_code(version.content, given)) is not None:
        raise invalid(
            "Cannot create a usable QR code - the link is too long",
            data=data,
            num_bytes=len(data.encode()),
            max_bytes=templates.MAX_QR_BYTES,
        )
    if missing := given.missing(wanted(service, template, version)):
        raise bad_request(f"Missing personalisation: {', '.join(missing)}")
    if template.type != "email" and any(is_file(value) for value in values.values()):
        raise bad_request("Can only send a file by email")
    if template.type == "sms":
        filled = placeholders.fill(version.content, given)
        prefix = service.name if service.sms_prefix else None
        length = sms.measure(sms.clean(filled, prefix=prefix), prefix=prefix)
        return Content(sms.encode(sms.clean(filled)), None, length)
    channel = Channel(template.type)
    subject = templates.fill_subject(version.subject or "", given, channel)
    return Content(templates.fill_body(version.content, given), subject)


def html_body(version: TemplateVersion, values: Mapping[str, object]) -> str:
    """The HTML fragment of an email."""
    return templates.email_html(version.content, placeholders.Values(values))


def check_not_empty(content: Content) -> None:
    """Raise Refusal if nothing is left to send."""
    if not content.body:
        raise bad_request("Your message is empty.")


def check_length(content: Content) -> None:
    """Raise Refusal if the message is too long for its channel."""
    if content.length is not None:
        if content.length.is_too_long:
            count = len(content.body.encode("utf-16-le")) // 2
            raise bad_request(
                "Your message is too long. Text messages cannot be longer than 918 characters. "
                f"Your message is {count} characters long."
            )
        return
    size = len(content.body.encode("utf-8", "surrogatepass"))
    if size > templates.MAX_EMAIL_BYTES:
        raise bad_request(
            f"Your message is too long. Emails cannot be longer than {templates.MAX_EMAIL_BYTES} bytes. "
            f"Your message is {size} bytes."
        )


def to_outbox(message: Message, now: float, marks: Sequence[Action] = (), *, is_whole: bool = True) -> OutboxMessage:
    """Render one message. `marks` is what can happen to it yet; one that is not whole lacks its HTML and its files."""
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
        html=_document(message) if is_whole and message.channel == "email" else None,
        fragments=message.fragments if message.channel == "sms" else None,
        reference=message.reference,
        template=message.template.name if message.template else "Ready-made letter",
        template_id=message.template_id,
        attachments=_attachments(message) if is_whole else (),
        marks=marks,
    )


def _attachments(message: Message) -> list[Attachment]:
    """The files behind the links of an email, and the PDF of a ready-made letter."""
    files = [Attachment(name, "application/octet-stream", decoded(data)) for name, data in message.files]
    return [*files, Attachment("letter.pdf", "application/pdf", message.pdf)] if message.pdf else files


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
