"""GOV.UK Notify's wire: paths, requests and the models of its answers, in both directions.

Source: GOV.UK Notify REST API docs; alphagov/notifications-api, `app/models.py` and `app/v2`. Where docs and server
differ, both forms are read and the documented one is sent.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, TypeVar
from unicodedata import normalize
from urllib.parse import quote

from pydantic import ValidationError

from govcomponents.core.client import request_id
from govcomponents.core.messages import Replay, Request, Response
from govcomponents.core.responses import LazyJson, Wire, read_part
from govcomponents.errors import InvalidInput, UnexpectedReply
from govcomponents.notify.models import Channel, Notification, NotificationId, Sent, Status, TemplateId
from govcomponents.notify.templates.attachments import Attachment
from govcomponents.privacy import Personal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from govcomponents.notify.inputs import EmailInput, LetterInput, PrecompiledInput, SmsInput

PROVIDER: Final = "GOV.UK Notify"
BASE_URL: Final = "https://api.notifications.service.gov.uk"

EMAIL_PATH: Final = "/v2/notifications/email"
SMS_PATH: Final = "/v2/notifications/sms"
LETTER_PATH: Final = "/v2/notifications/letter"
NOTIFICATIONS_PATH: Final = "/v2/notifications"

JSON: Final = {"Content-Type": "application/json"}
_UUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)

# What the provider calls the states of a message, and the one of ours that promises no more.
STATUSES: Final[Mapping[str, Status]] = {
    "created": Status.QUEUED,
    "accepted": Status.QUEUED,
    "pending-virus-check": Status.QUEUED,
    "sending": Status.SENDING,
    "pending": Status.SENDING,
    "sent": Status.SENT,
    "delivered": Status.DELIVERED,
    "received": Status.DISPATCHED,
    "returned-letter": Status.DISPATCHED,
    "temporary-failure": Status.TEMPORARY_FAILURE,
    "permanent-failure": Status.PERMANENT_FAILURE,
    "technical-failure": Status.TECHNICAL_FAILURE,
    "validation-failed": Status.REJECTED,
    "virus-scan-failed": Status.REJECTED,
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
    one_click_unsubscribe_url: str | None = None


class SentMessage(Wire):
    """The answer to a message that was accepted."""

    id: str
    reference: str | None = None
    content: SentContent
    uri: str | None = None
    template: TemplateUsed
    scheduled_for: str | None = None
    sanitised_content: dict[str, Any] | None = None


class SentPrecompiled(Wire):
    """The answer to a ready-made letter, which is shorter than the others."""

    id: str
    reference: str | None = None
    postage: str | None = None


class NotificationState(Wire):
    """A message, as getting it answers."""

    id: str
    reference: str | None = None
    email_address: str | None = None
    phone_number: str | None = None
    line_1: str | None = None
    line_2: str | None = None
    line_3: str | None = None
    line_4: str | None = None
    line_5: str | None = None
    line_6: str | None = None
    line_7: str | None = None
    postcode: str | None = None
    type: str
    status: str
    template: TemplateUsed
    body: str | None = None
    subject: str | None = None
    created_at: str
    created_by_name: str | None = None
    sent_at: str | None = None
    completed_at: str | None = None
    scheduled_for: str | None = None
    postage: str | None = None
    one_click_unsubscribe_url: str | None = None
    one_click_unsubscribe: str | None = None
    estimated_delivery: str | None = None
    is_cost_data_ready: bool | None = None
    cost_in_pounds: float | None = None
    cost_details: dict[str, Any] | None = None


def write_time(moment: datetime) -> str:
    """Write a time as the provider does: UTC, six digits of a second, and Z."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def read_time(text: str) -> datetime:
    """Read a time of the provider; the docs' examples have a space for the T and no zone, which is UTC."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def read_optional_time(text: str | None) -> datetime | None:
    """Read a time that may be absent."""
    return read_time(text) if text else None


def _uuid(value: str, *, field: str, fix: str, operation: str) -> str:
    if not _UUID.fullmatch(value):
        raise InvalidInput(field=field, problem="it is not a UUID", fix=fix, operation=operation, provider=PROVIDER)
    return value.lower()


def _lookup(reference: str | None) -> str:
    if reference is None:
        return (
            "the message had no reference, so it cannot be looked up: send again only if a second copy does no harm, "
            "and give each message a reference of its own"
        )
    return "wait a minute, then search for the message's reference before sending it again"


def body_of(fields: dict[str, object], extra: Mapping[str, object], operation: str) -> bytes:
    """Write a request's body. Raises InvalidInput for what is not JSON."""
    if extra:
        fields.update(extra)
    try:
        return json.dumps(
            fields, ensure_ascii=False, separators=(",", ":"), allow_nan=False, default=_file_fields
        ).encode()
    except (TypeError, ValueError, RecursionError):
        raise InvalidInput(
            field="extra" if extra else "arguments",
            problem="it cannot be written as JSON",
            fix="give texts (without lone surrogates), numbers, lists and mappings only",
            operation=operation,
            provider=PROVIDER,
        ) from None


def _file_fields(value: object) -> dict[str, object]:
    """A file as the API wants it: without the options that are left to the provider."""
    if not isinstance(value, Attachment) or not value.as_link:
        raise TypeError
    fields: dict[str, object] = {"file": value.content}
    if value.filename is not None:
        fields["filename"] = value.filename
    if value.confirm_email is not None:
        fields["confirm_email_before_download"] = value.confirm_email
    if value.retention_weeks is not None:
        fields["retention_period"] = f"{value.retention_weeks} week{'' if value.retention_weeks == 1 else 's'}"
    return fields


def send_email(email: EmailInput) -> Request:
    """POST an email."""
    operation = "notify.send_email"
    fields: dict[str, object] = {
        "email_address": email.to.reveal(),
        "template_id": _template_id(email.template, operation),
    }
    if email.personalisation:
        fields["personalisation"] = email.personalisation
    if email.reference is not None:
        fields["reference"] = email.reference
    if email.reply_to is not None:
        fields["email_reply_to_id"] = _uuid(
            email.reply_to,
            field="reply_to",
            fix="copy the address's id from Settings",
            operation=operation,
        )
    if email.one_click_unsubscribe_url is not None:
        fields["one_click_unsubscribe_url"] = email.one_click_unsubscribe_url.reveal()
    if email.sanitise:
        fields["sanitise_content_for"] = email.sanitise
    return _post(operation, EMAIL_PATH, body_of(fields, email.extra, operation), email.reference)


def send_sms(message: SmsInput) -> Request:
    """POST a text message."""
    operation = "notify.send_sms"
    fields: dict[str, object] = {
        "phone_number": message.to.reveal(),
        "template_id": _template_id(message.template, operation),
    }
    if message.personalisation:
        fields["personalisation"] = _composed(message.personalisation)
    if message.reference is not None:
        fields["reference"] = message.reference
    if message.sender is not None:
        fields["sms_sender_id"] = _uuid(
            message.sender, field="sender", fix="copy the id of the sender from Settings", operation=operation
        )
    return _post(operation, SMS_PATH, body_of(fields, message.extra, operation), message.reference)


def _template_id(template: str, operation: str) -> str:
    return _uuid(template, field="template", fix="copy the template's id from its page", operation=operation)


def _post(operation: str, path: str, body: bytes, reference: str | None) -> Request:
    return Request(operation, "POST", path, Replay.UNSENT, JSON, body, None, _lookup(reference))


def _composed(values: Mapping[str, object]) -> Mapping[str, object]:
    """Join letters with accents that are characters of their own: in a text message they would end as "?"."""
    if all(not isinstance(value, str) or value.isascii() for value in values.values()):
        return values
    return {name: normalize("NFC", value) if isinstance(value, str) else value for name, value in values.items()}


def send_letter(letter: LetterInput) -> Request:
    """POST a letter. Its address lines are personalisation with names of their own."""
    operation = "notify.send_letter"
    lines = {f"address_line_{number}": line for number, line in enumerate(letter.address.reveal(), 1)}
    fields: dict[str, object] = {
        "template_id": _template_id(letter.template, operation),
        "personalisation": {**letter.personalisation, **lines},
    }
    if letter.reference is not None:
        fields["reference"] = letter.reference
    return _post(operation, LETTER_PATH, body_of(fields, letter.extra, operation), letter.reference)


def send_precompiled_letter(letter: PrecompiledInput) -> Request:
    """POST a ready-made letter."""
    operation = "notify.send_precompiled_letter"
    fields: dict[str, object] = {"reference": letter.reference, "content": letter.pdf.reveal()}
    if letter.postage is not None:
        fields["postage"] = letter.postage
    return _post(operation, LETTER_PATH, body_of(fields, letter.extra, operation), letter.reference)


def get_notification(notification_id: str) -> Request:
    """GET one message."""
    return Request("notify.get", "GET", f"{NOTIFICATIONS_PATH}/{quote(notification_id, safe='')}", Replay.ALWAYS)


W = TypeVar("W", bound=Wire)


def read(model: type[W], response: Response, request: Request) -> tuple[W, Mapping[str, object]]:
    """Read an answer as a model and as it is. Raises UnexpectedReply, which names what is wrong and no value."""
    try:
        return model.model_validate_json(response.body), LazyJson(response.body)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)[0]
        problem = f"{'.'.join(str(part) for part in found['loc']) or 'the body'}: {found['msg']}"
    raise unexpected(problem, response, request)


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
        sanitised=tuple(message.sanitised_content or ()),
        raw=raw,
    )


def to_sent_precompiled(response: Response, request: Request) -> Sent:
    """Read the answer to a ready-made letter that was taken in; whether it can be printed is found out later."""
    letter, raw = read(SentPrecompiled, response, request)
    return Sent(
        id=NotificationId(letter.id),
        channel=Channel.LETTER,
        reference=letter.reference,
        template_id=None,
        template_version=None,
        subject=None,
        body=None,
        sender=None,
        postage=letter.postage,
        raw=raw,
    )


def to_notification(response: Response, request: Request) -> Notification:
    """Read the answer to getting a message."""
    state, raw = read(NotificationState, response, request)
    try:
        return notification(state, raw)
    except ValueError:
        raise unexpected("a time is not written as one", response, request) from None


def to_found(raw: Mapping[str, object], response: Response, request: Request) -> Notification:
    """Read one message of a page."""
    state = read_part(NotificationState, raw, response, request=request, provider=PROVIDER)
    try:
        return notification(state, raw)
    except ValueError:
        raise unexpected("a time is not written as one", response, request) from None


def notification(state: NotificationState, raw: Mapping[str, object]) -> Notification:
    """Make the model that callers see. Raises ValueError for a time that cannot be read."""
    recipient = state.email_address or state.phone_number
    lines = (state.line_1, state.line_2, state.line_3, state.line_4, state.line_5, state.line_6, state.line_7)
    channel = Channel(state.type)
    address = None
    if channel is Channel.LETTER:
        address = Personal(tuple(line for line in (*lines, state.postcode) if line))
    unsubscribe = state.one_click_unsubscribe_url or state.one_click_unsubscribe
    return Notification(
        id=NotificationId(state.id),
        channel=channel,
        status=STATUSES.get(state.status, Status.UNKNOWN),
        provider_status=state.status,
        reference=state.reference,
        recipient=None if recipient is None else Personal(recipient),
        address=address,
        template_id=TemplateId(state.template.id),
        template_version=state.template.version,
        subject=None if state.subject is None else Personal(state.subject),
        body=None if state.body is None else Personal(state.body),
        created_at=read_time(state.created_at),
        sent_at=read_optional_time(state.sent_at),
        completed_at=read_optional_time(state.completed_at),
        estimated_delivery=read_optional_time(state.estimated_delivery),
        created_by=None if state.created_by_name is None else Personal(state.created_by_name),
        postage=state.postage,
        unsubscribe_url=None if unsubscribe is None else Personal(unsubscribe),
        cost=state.cost_in_pounds,
        fragments=_whole(state.cost_details, "billable_sms_fragments"),
        sheets=_whole(state.cost_details, "billable_sheets_of_paper"),
        raw=raw,
    )


def _whole(details: Mapping[str, object] | None, name: str) -> int | None:
    value = (details or {}).get(name)
    return value if isinstance(value, int) else None
