"""The wire of the notifications-api family: requests that send, get and search, and the models of their answers.

Sources: GOV.UK Notify REST API docs; alphagov/notifications-api, `app/models.py` and `app/v2`; the OpenAPI description
of cds-snc/notification-api. Where docs and servers differ, all forms are read and the documented one is sent.
"""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, Required, TypeVar
from urllib.parse import urlencode

from typing_extensions import TypedDict

from govcomponents.core.canonical_json import NotCanonical, parse
from govcomponents.core.http import responses
from govcomponents.core.http.client import request_id
from govcomponents.core.http.extra_fields import with_extra
from govcomponents.core.http.messages import Replay, Request, Response
from govcomponents.core.http.responses import LazyJson, Wire
from govcomponents.core.times import utc_time
from govcomponents.core.validation import is_id
from govcomponents.errors import InvalidInput, UnexpectedReply
from govcomponents.notify.models import Channel, Notification, NotificationId, Sent, Status, TemplateId
from govcomponents.privacy import Personal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from govcomponents.notify.inputs import EmailInput, LetterInput, PrecompiledInput, SearchInput, SmsInput

EMAIL_PATH: Final = "/v2/notifications/email"
SMS_PATH: Final = "/v2/notifications/sms"
NOTIFICATIONS_PATH: Final = "/v2/notifications"
NOTIFICATION: Final = "/v2/notifications/{id}"
NO_ID: Final = "00000000-0000-0000-0000-000000000000"

JSON: Final = {"Content-Type": "application/json"}  # GC Notify answers anything else with 415
_UUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


# The parts of answers are typed dictionaries, which pydantic makes in less time than models.
class TemplateUsed(TypedDict, total=False):
    """The template of a message, and the version that was used."""

    id: Required[str]
    version: Required[int]
    uri: str | None


class SentContent(TypedDict, total=False):
    """The content to be sent: an email has a subject and an address it comes from, a text message a number or name."""

    body: Required[str]
    subject: str | None
    from_email: str | None
    from_number: str | None
    one_click_unsubscribe_url: str | None


class SentMessage(Wire):
    """The answer to a message that was accepted."""

    id: str
    reference: str | None = None
    content: SentContent
    uri: str | None = None
    template: TemplateUsed
    scheduled_for: str | None = None
    sanitised_content: dict[str, Any] | None = None


class NotificationState(Wire):
    """A message, as getting it answers.

    Only GOV.UK Notify has addresses, costs and links to unsubscribe; only GC Notify says more of the status.
    """

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
    one_click_unsubscribe_url: str | None = None
    one_click_unsubscribe: str | None = None
    estimated_delivery: str | None = None
    is_cost_data_ready: bool | None = None
    cost_in_pounds: float | None = None
    cost_details: dict[str, Any] | None = None


def read_optional_time(text: str | None) -> datetime | None:
    """Read a time that may be absent."""
    return utc_time(text) if text else None


W = TypeVar("W", bound=Wire)


class NotificationsWire:
    """Requests and answers of one provider of the family. A provider overrides what it does its own way.

    `statuses` are the provider's words for the state of a message, each with the one of ours that promises no more.
    `lookup` tells how to find a message by its reference after an answer was lost.
    """

    provider: str
    statuses: Mapping[str, Status]
    lookup: str

    def __init__(self) -> None:
        self._encode = json.JSONEncoder(
            ensure_ascii=False, separators=(",", ":"), allow_nan=False, default=self.file_fields
        ).encode

    # What is sent

    def refused(self, field: str, problem: str, fix: str, operation: str) -> InvalidInput:
        """Return the error for an argument that cannot be sent as it is."""
        return InvalidInput(field=field, problem=problem, fix=fix, operation=operation, provider=self.provider)

    def uuid(self, value: str, *, field: str, fix: str, operation: str) -> str:
        """Return an id in lower case. Raises InvalidInput unless it is a UUID."""
        if not _UUID.fullmatch(value):
            raise self.refused(field, "it is not a UUID", fix, operation)
        return value.lower()

    def template_id(self, template: str, operation: str) -> str:
        """Return a template's id. Raises InvalidInput unless it is a UUID."""
        return self.uuid(template, field="template", fix="copy the template's id from its page", operation=operation)

    def path_id(self, value: str, *, field: str, fix: str, operation: str) -> str:
        """Return an id that may stand in a path. Raises InvalidInput for another, which could name another resource."""
        if not is_id(value):
            raise self.refused(field, "it is not an id", fix, operation)
        return value

    def sender_id(self, sender: str, operation: str) -> str:
        """Return the id of a sender of text messages. Raises InvalidInput unless it is a UUID."""
        return self.uuid(sender, field="sender", fix="copy the id of the sender from Settings", operation=operation)

    def values(self, values: Mapping[str, object]) -> Mapping[str, object]:
        """Write the values of placeholders, without files."""
        return values

    def email_values(self, values: Mapping[str, object], _operation: str) -> Mapping[str, object]:
        """Write the personalisation of an email. A file that is left in it, `file_fields` writes."""
        return self.values(values)

    def sms_values(self, values: Mapping[str, object]) -> Mapping[str, object]:
        """Write the personalisation of a text message."""
        return self.values(values)

    def file_fields(self, value: object) -> dict[str, object]:
        """Write a file. Raises TypeError for what is none."""
        raise TypeError(type(value).__name__)

    def extra_fields(self, extra: Mapping[str, object], _operation: str) -> Mapping[str, object]:
        """Check the provider's own fields, as the caller gave them."""
        return extra

    def body(self, fields: Mapping[str, object], operation: str, *, field: str = "arguments") -> bytes:
        """Write a request's body. Raises InvalidInput for what is not JSON."""
        try:
            return self._encode(fields).encode()
        except (TypeError, ValueError, RecursionError):
            raise self.refused(
                field,
                "it cannot be written as JSON",
                "give texts (without lone surrogates), numbers, lists and mappings only",
                operation,
            ) from None

    def send_email(self, email: EmailInput) -> Request:
        """POST an email."""
        operation = "notify.send_email"
        fields: dict[str, object] = {
            "email_address": email.to.reveal(),
            "template_id": self.template_id(email.template, operation),
        }
        if email.personalisation:
            fields["personalisation"] = self.email_values(email.personalisation, operation)
        if email.reply_to is not None:
            fields["email_reply_to_id"] = self.uuid(
                email.reply_to, field="reply_to", fix="copy the address's id from Settings", operation=operation
            )
        if email.one_click_unsubscribe_url is not None:
            fields["one_click_unsubscribe_url"] = email.one_click_unsubscribe_url.reveal()
        if email.sanitise:
            fields["sanitise_content_for"] = email.sanitise
        return self.post(operation, EMAIL_PATH, fields, email)

    def send_sms(self, message: SmsInput) -> Request:
        """POST a text message."""
        operation = "notify.send_sms"
        fields: dict[str, object] = {
            "phone_number": message.to.reveal(),
            "template_id": self.template_id(message.template, operation),
        }
        if message.personalisation:
            fields["personalisation"] = self.sms_values(message.personalisation)
        if message.sender is not None:
            fields["sms_sender_id"] = self.sender_id(message.sender, operation)
        return self.post(operation, SMS_PATH, fields, message)

    def post(
        self,
        operation: str,
        path: str,
        fields: dict[str, object],
        message: EmailInput | SmsInput | LetterInput | PrecompiledInput,
    ) -> Request:
        """POST a message, with its reference and what else the caller gave for the wire."""
        reference, extra = message.reference, message.extra
        if reference is not None:
            fields["reference"] = reference
        more = self.extra_fields(extra, operation) if extra else None
        whole = with_extra(fields, more, operation=operation, provider=self.provider)
        body = self.body(whole, operation, field="extra" if extra else "arguments")
        return Request(
            operation, "POST", path, Replay.UNSENT, JSON, body, lookup=self._lookup(reference), template=path
        )

    def _lookup(self, reference: str | None) -> str:
        if reference is None:
            return (
                "the message had no reference, so it cannot be looked up: send again only if a second copy does no "
                "harm, and give each message a reference of its own"
            )
        return self.lookup

    # What is asked for

    def get_notification(self, notification_id: str) -> Request:
        """GET one message."""
        path = notification_path(self, notification_id, "notify.get")
        return Request("notify.get", "GET", path, Replay.ALWAYS, template=NOTIFICATION)

    def check(self) -> Request:
        """GET a message that cannot be: a 404 of the service's says that it took the key, and shows nothing."""
        path = f"{NOTIFICATIONS_PATH}/{NO_ID}"
        return Request("notify.check", "GET", path, Replay.ALWAYS, template=NOTIFICATION)

    def get_notifications(self, query: SearchInput, older_than: str | None) -> Request:
        """GET one page of messages."""
        pairs = [] if query.channel is None else [("template_type", query.channel.value)]
        pairs += [("status", word) for word in (*sorted(self.words_of(query.status)), *query.raw_status)]
        if query.reference is not None:
            pairs.append(("reference", query.reference))
        if query.include_jobs:
            pairs.append(("include_jobs", "true"))
        return page("notify.search", NOTIFICATIONS_PATH, pairs, older_than)

    def words_of(self, statuses: Iterable[Status]) -> set[str]:
        """Return the provider's words by which messages of our statuses are found."""
        wanted = frozenset(statuses)
        return {word for word, status in self.statuses.items() if status in wanted}

    # What is answered

    def read(self, model: type[W], response: Response, request: Request) -> tuple[W, Mapping[str, object]]:
        """Read an answer as a model and as it is. Raises UnexpectedReply, which names what is wrong and no value."""
        found = responses.read(model, response, request=request, provider=self.provider)
        return found, LazyJson(response.body)

    def unexpected(self, problem: str, response: Response, request: Request) -> UnexpectedReply:
        """Return the error for an answer that cannot be read."""
        return UnexpectedReply(
            f"the answer is not of the documented form: {problem}",
            lookup=request.lookup,
            operation=request.operation,
            provider=self.provider,
            status=response.status,
            request_id=request_id(response),
        )

    def page_items(self, response: Response, request: Request, name: str) -> list[dict[str, Any]]:
        """Return the items of a page, each as JSON. Raises UnexpectedReply."""
        try:
            found = parse(response.body)
        except NotCanonical as error:
            raise self.unexpected(f"the body: {error}", response, request) from None
        items = found.get(name) if isinstance(found, dict) else None
        if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
            raise self.unexpected(f"{name} is not a list of objects", response, request)
        return items

    def to_sent(self, channel: Channel, response: Response, request: Request) -> Sent:
        """Read the answer to a message that was accepted."""
        message, raw = self.read(SentMessage, response, request)
        content = message.content
        return Sent(
            id=NotificationId(message.id),
            channel=channel,
            reference=message.reference,
            template_id=TemplateId(message.template["id"]),
            template_version=message.template["version"],
            subject=personal(content.get("subject")),
            body=Personal(content["body"]),
            sender=content.get("from_email") or content.get("from_number"),
            sanitised=tuple(message.sanitised_content or ()),
            raw=raw,
        )

    def to_notification(self, response: Response, request: Request) -> Notification:
        """Read the answer to getting a message."""
        state, raw = self.read(NotificationState, response, request)
        return self._notification(state, raw, response, request)

    def to_found(self, raw: Mapping[str, object], response: Response, request: Request) -> Notification:
        """Read one message of a page."""
        state = responses.read_part(NotificationState, raw, response, request=request, provider=self.provider)
        return self._notification(state, raw, response, request)

    def _notification(
        self, state: NotificationState, raw: Mapping[str, object], response: Response, request: Request
    ) -> Notification:
        try:
            return self._as_notification(state, raw)
        except ValueError:
            raise self.unexpected("a time is not written as one", response, request) from None

    def _as_notification(self, state: NotificationState, raw: Mapping[str, object]) -> Notification:
        channel = Channel(state.type)
        return Notification(
            id=NotificationId(state.id),
            channel=channel,
            status=self.statuses.get(state.status, Status.UNKNOWN),
            raw_status=state.status,
            reference=state.reference,
            recipient=personal(state.email_address or state.phone_number),
            address=Personal(_address(state)) if channel is Channel.LETTER else None,
            template_id=TemplateId(state.template["id"]),
            template_version=state.template["version"],
            subject=personal(state.subject),
            body=personal(state.body),
            created_at=utc_time(state.created_at),
            sent_at=read_optional_time(state.sent_at),
            completed_at=read_optional_time(state.completed_at),
            estimated_delivery=read_optional_time(state.estimated_delivery),
            created_by=personal(state.created_by_name),
            postage=state.postage,
            unsubscribe_url=personal(state.one_click_unsubscribe_url or state.one_click_unsubscribe),
            cost=state.cost_in_pounds,
            fragments=_whole(state.cost_details, "billable_sms_fragments"),
            sheets=_whole(state.cost_details, "billable_sheets_of_paper"),
            raw=raw,
        )


def notification_path(wire: NotificationsWire, notification_id: str, operation: str) -> str:
    """Return the path of one message. Raises InvalidInput for what is no id."""
    fix = "give the `id` that an earlier answer holds"
    known = wire.path_id(notification_id, field="notification_id", fix=fix, operation=operation)
    return f"{NOTIFICATIONS_PATH}/{known}"


def page(operation: str, path: str, pairs: list[tuple[str, str]], older_than: str | None) -> Request:
    """GET one page of a list."""
    if older_than is not None:
        pairs = [*pairs, ("older_than", older_than)]
    url = f"{path}?{urlencode(pairs)}" if pairs else path
    return Request(operation, "GET", url, Replay.ALWAYS, template=path)


def personal(text: str | None) -> Personal[str] | None:
    """Guard a text that may be absent."""
    return None if text is None else Personal(text)


def _address(state: NotificationState) -> tuple[str, ...]:
    lines = (state.line_1, state.line_2, state.line_3, state.line_4, state.line_5, state.line_6, state.line_7)
    return tuple(line for line in (*lines, state.postcode) if line)


def _whole(details: Mapping[str, object] | None, name: str) -> int | None:
    value = (details or {}).get(name)
    return value if isinstance(value, int) else None
