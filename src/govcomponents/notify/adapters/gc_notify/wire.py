"""GC Notify's wire: paths, requests and the models of its answers, in both directions.

Sources: GC Notify docs; cds-snc/notification-api, its OpenAPI description and `app/v2`. Where the description, the docs
and the service differ, all forms are read and the described one is sent.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, TypeVar
from urllib.parse import quote

from govcomponents.core import responses
from govcomponents.core.client import request_id
from govcomponents.core.messages import Replay, Request, Response
from govcomponents.core.responses import LazyJson, Wire
from govcomponents.errors import UnexpectedReply
from govcomponents.notify.adapters.gc_notify.checks import PROVIDER, refuse, scheduled_for, template_id, uuid
from govcomponents.notify.adapters.gc_notify.files import with_files
from govcomponents.notify.models import Channel, Notification, NotificationId, Sent, Status, TemplateId
from govcomponents.privacy import Personal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from govcomponents.notify.inputs import EmailInput, SmsInput

BASE_URL: Final = "https://api.notification.canada.ca"

EMAIL_PATH: Final = "/v2/notifications/email"
SMS_PATH: Final = "/v2/notifications/sms"
NOTIFICATIONS_PATH: Final = "/v2/notifications"

JSON: Final = {"Content-Type": "application/json"}  # anything else is answered with 415
_PHONE: Final = re.compile(r"\+?[0-9 ().\-\u00a0]+")

# What the provider calls the states of a message, and the one of ours that promises no more.
STATUSES: Final[Mapping[str, Status]] = {
    "created": Status.QUEUED,
    "pending-virus-check": Status.QUEUED,
    "sending": Status.SENDING,
    "pending": Status.SENDING,
    "sent": Status.SENT,
    "delivered": Status.DELIVERED,
    "temporary-failure": Status.TEMPORARY_FAILURE,
    "permanent-failure": Status.PERMANENT_FAILURE,
    "provider-failure": Status.PERMANENT_FAILURE,
    "technical-failure": Status.TECHNICAL_FAILURE,
    "validation-failed": Status.REJECTED,
    "virus-scan-failed": Status.REJECTED,
    "pii-check-failed": Status.REJECTED,
    "cancelled": Status.CANCELLED,
}


class TemplateUsed(Wire):
    """The template of a message, and the version that was used."""

    id: str
    version: int
    uri: str | None = None


class SentContent(Wire):
    """What will be sent: an email has a subject and an address it comes from, a text message a number or name."""

    body: str
    subject: str | None = None
    from_email: str | None = None
    from_number: str | None = None


class SentMessage(Wire):
    """The answer to a message that was accepted."""

    id: str
    reference: str | None = None
    content: SentContent
    uri: str | None = None
    template: TemplateUsed
    scheduled_for: str | None = None


class NotificationState(Wire):
    """A message, as getting it answers."""

    id: str
    reference: str | None = None
    email_address: str | None = None
    phone_number: str | None = None
    type: str
    status: str
    status_description: str | None = None
    provider_response: str | None = None
    template: TemplateUsed
    body: str | None = None
    subject: str | None = None
    created_at: str
    created_by_name: str | None = None
    sent_at: str | None = None
    completed_at: str | None = None
    scheduled_for: str | None = None
    postage: str | None = None


def read_time(text: str) -> datetime:
    """Read a time of the provider; the docs' examples have a space for the T and no zone, which is UTC."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def read_optional_time(text: str | None) -> datetime | None:
    """Read a time that may be absent."""
    return read_time(text) if text else None


def _lookup(reference: str | None) -> str:
    if reference is None:
        return (
            "the message had no reference, so it cannot be looked up: send again only if a second copy does no harm, "
            "and give each message a reference of its own"
        )
    return (
        "wait a few minutes, because GC Notify stores a message some time after it accepts it, then search for the "
        "message's reference before sending it again"
    )


def _text_of(value: object) -> object:
    """Write one value of personalisation as the description has it: a text. A list stays one, which makes bullets."""
    if isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, (list, tuple)):
        return [_text_of(item) for item in value]
    return value


def personalisation_of(values: Mapping[str, object]) -> dict[str, object]:
    """Write the values of placeholders, without files."""
    return {name: _text_of(value) for name, value in values.items()}


def _with_extra(fields: dict[str, object], extra: Mapping[str, object], operation: str) -> bytes:
    fields.update(extra)
    if "scheduled_for" in fields:
        fields["scheduled_for"] = scheduled_for(fields["scheduled_for"], operation)
    return body(fields, operation, field="extra" if extra else "arguments")


def body(fields: Mapping[str, object], operation: str, *, field: str) -> bytes:
    """Write a request's body. Raises InvalidInput for what JSON cannot hold."""
    try:
        return json.dumps(fields, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    except (TypeError, ValueError, RecursionError):
        raise refuse(
            field,
            "it cannot be written as JSON",
            "give texts (without lone surrogates), numbers, lists and mappings only",
            operation,
        ) from None


def send_email(email: EmailInput) -> Request:
    """POST an email."""
    operation = "notify.send_email"
    fields: dict[str, object] = {
        "email_address": email.to.reveal(),
        "template_id": template_id(email.template, operation),
    }
    if email.personalisation:
        fields["personalisation"] = with_files(personalisation_of(email.personalisation), operation)
    if email.reference is not None:
        fields["reference"] = email.reference
    if email.reply_to is not None:
        fields["email_reply_to_id"] = uuid(
            email.reply_to, field="reply_to", fix="copy the address's id from Settings", operation=operation
        )
    return _post(operation, EMAIL_PATH, _with_extra(fields, email.extra, operation), email.reference)


def send_sms(message: SmsInput) -> Request:
    """POST a text message.

    The service looks for a number anywhere in the text that it is given, so "call 613 253 2222" would be sent to
    that number; anything but a number is refused here.
    """
    operation = "notify.send_sms"
    number = message.to.reveal()
    if not _PHONE.fullmatch(number.strip()):
        raise refuse("to", "it is not a phone number alone", "give one number, such as +16132532222", operation)
    fields: dict[str, object] = {
        "phone_number": number,
        "template_id": template_id(message.template, operation),
    }
    if message.personalisation:
        fields["personalisation"] = personalisation_of(message.personalisation)
    if message.reference is not None:
        fields["reference"] = message.reference
    if message.sender is not None:
        fields["sms_sender_id"] = uuid(
            message.sender, field="sender", fix="copy the id of the sender from Settings", operation=operation
        )
    return _post(operation, SMS_PATH, _with_extra(fields, message.extra, operation), message.reference)


def _post(operation: str, path: str, content: bytes, reference: str | None) -> Request:
    return Request(operation, "POST", path, Replay.UNSENT, JSON, content, None, _lookup(reference))


def get_notification(notification_id: str) -> Request:
    """GET one message."""
    return Request("notify.get", "GET", f"{NOTIFICATIONS_PATH}/{quote(notification_id, safe='')}", Replay.ALWAYS)


W = TypeVar("W", bound=Wire)


def read(model: type[W], response: Response, request: Request) -> tuple[W, Mapping[str, object]]:
    """Read an answer as a model and as it is. Raises UnexpectedReply, which names what is wrong and no value."""
    return responses.read(model, response, request=request, provider=PROVIDER), LazyJson(response.body)


def unexpected(problem: str, response: Response, request: Request) -> UnexpectedReply:
    """The error for an answer that cannot be read."""
    return UnexpectedReply(
        f"the answer is not of the documented form: {problem}",
        lookup=request.lookup,
        operation=request.operation,
        provider=PROVIDER,
        status=response.status,
        request_id=request_id(response),
    )


def to_sent(channel: Channel, response: Response, request: Request) -> Sent:
    """Read the answer to a message that was accepted."""
    message, raw = read(SentMessage, response, request)
    content = message.content
    return Sent(
        id=NotificationId(message.id),
        channel=channel,
        reference=message.reference,
        template_id=TemplateId(message.template.id),
        template_version=message.template.version,
        subject=None if content.subject is None else Personal(content.subject),
        body=Personal(content.body),
        sender=content.from_email or content.from_number,
        raw=raw,
    )


def to_notification(response: Response, request: Request) -> Notification:
    """Read the answer to getting a message."""
    state, raw = read(NotificationState, response, request)
    try:
        return notification(state, raw)
    except ValueError:
        raise unexpected("a time is not written as one", response, request) from None


def notification(state: NotificationState, raw: Mapping[str, object]) -> Notification:
    """Make the model that callers see. Raises ValueError for a time that cannot be read."""
    recipient = state.email_address or state.phone_number
    return Notification(
        id=NotificationId(state.id),
        channel=Channel(state.type),
        status=STATUSES.get(state.status, Status.UNKNOWN),
        provider_status=state.status,
        reference=state.reference,
        recipient=None if recipient is None else Personal(recipient),
        address=None,
        template_id=TemplateId(state.template.id),
        template_version=state.template.version,
        subject=None if state.subject is None else Personal(state.subject),
        body=None if state.body is None else Personal(state.body),
        created_at=read_time(state.created_at),
        sent_at=read_optional_time(state.sent_at),
        completed_at=read_optional_time(state.completed_at),
        created_by=None if state.created_by_name is None else Personal(state.created_by_name),
        postage=state.postage,
        raw=raw,
    )
