"""GOV.UK Notify's wire for what is asked about: pages of messages, PDFs, templates, previews and received texts.

Source: GOV.UK Notify REST API docs; alphagov/notifications-api, `app/v2`.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlencode

from govcomponents.core.messages import Replay, Request
from govcomponents.core.responses import Wire, read_part
from govcomponents.notify.adapters.govuk_notify.wire import (
    JSON,
    NOTIFICATIONS_PATH,
    PROVIDER,
    STATUSES,
    body_of,
    read,
    read_optional_time,
    read_time,
    unexpected,
)
from govcomponents.notify.inbound_sms import ReceivedText
from govcomponents.notify.models import Channel, Status, TemplateId
from govcomponents.notify.templates import placeholders
from govcomponents.notify.templates.template import Rendered, Template
from govcomponents.privacy import Personal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from govcomponents.core.messages import Response
    from govcomponents.notify.inputs import SearchInput

TEMPLATES_PATH: Final = "/v2/templates"
TEMPLATE_PATH: Final = "/v2/template"
RECEIVED_PATH: Final = "/v2/received-text-messages"


class TemplateState(Wire):
    """A template, as the API gives it."""

    id: str
    name: str = ""
    type: str
    created_at: str | None = None
    updated_at: str | None = None
    created_by: str | None = None
    version: int
    body: str
    subject: str | None = None
    letter_contact_block: str | None = None
    personalisation: dict[str, Any] | None = None
    postage: str | None = None


class TemplateList(Wire):
    """All templates."""

    templates: tuple[TemplateState, ...]


class Previewed(Wire):
    """A template that the provider filled."""

    id: str
    type: str
    version: int
    body: str
    html: str | None = None
    subject: str | None = None
    postage: str | None = None


class ReceivedState(Wire):
    """A received text, as the API gives it."""

    id: str
    user_number: str
    notify_number: str
    created_at: str
    service_id: str | None = None
    content: str


def _segment(text: str) -> str:
    return quote(text, safe="")


def get_notifications(query: SearchInput, older_than: str | None) -> Request:
    """GET one page of messages."""
    pairs = [("template_type", channel.value) for channel in query.channels]
    wanted = {word for word, status in STATUSES.items() if status in query.statuses and word != "returned-letter"}
    if Status.QUEUED in query.statuses:
        wanted.add("sending")  # a letter that is with the printer is shown as `accepted`
    if "received" in wanted:
        wanted = wanted - {"received"} | {"delivered"}
    wanted.discard("accepted")
    pairs += [("status", word) for word in (*sorted(wanted), *query.words)]
    if query.reference is not None:
        pairs.append(("reference", query.reference))
    if query.include_jobs:
        pairs.append(("include_jobs", "true"))
    return _page("notify.search", NOTIFICATIONS_PATH, pairs, older_than)


def get_received(older_than: str | None) -> Request:
    """GET one page of received texts."""
    return _page("notify.received_texts", RECEIVED_PATH, [], older_than)


def _page(operation: str, path: str, pairs: list[tuple[str, str]], older_than: str | None) -> Request:
    if older_than is not None:
        pairs.append(("older_than", older_than))
    return Request(operation, "GET", f"{path}?{urlencode(pairs)}" if pairs else path, Replay.ALWAYS)


def get_pdf(notification_id: str) -> Request:
    """GET a letter's PDF."""
    path = f"{NOTIFICATIONS_PATH}/{_segment(notification_id)}/pdf"
    return Request("notify.letter_pdf", "GET", path, Replay.ALWAYS, {"Accept": "application/pdf, application/json"})


def get_templates(channel: Channel | None) -> Request:
    """GET all templates, of one channel or of all."""
    query = "" if channel is None else f"?type={channel.value}"
    return Request("notify.templates", "GET", f"{TEMPLATES_PATH}{query}", Replay.ALWAYS)


def get_template(template_id: str, version: int | None) -> Request:
    """GET one template."""
    path = f"{TEMPLATE_PATH}/{_segment(template_id)}"
    if version is not None:
        path += f"/version/{version}"
    return Request("notify.template", "GET", path, Replay.ALWAYS)


def post_preview(template_id: str, personalisation: Mapping[str, object]) -> Request:
    """POST a preview. It changes nothing, so it may be repeated."""
    operation = "notify.preview"
    body = body_of({"personalisation": personalisation}, {}, operation)
    return Request(operation, "POST", f"{TEMPLATE_PATH}/{_segment(template_id)}/preview", Replay.ALWAYS, JSON, body)


def page_items(response: Response, request: Request, name: str) -> list[dict[str, Any]]:
    """The items of a page, each as JSON. Raises UnexpectedReply."""
    try:
        items = json.loads(response.body)[name]
    except (ValueError, RecursionError, KeyError, TypeError):
        raise unexpected(f"it has no list {name}", response, request) from None
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise unexpected(f"{name} is not a list of objects", response, request)
    return items


def to_template(state: TemplateState, raw: Mapping[str, object]) -> Template:
    """Make the model that callers see."""
    named = tuple(state.personalisation) if state.personalisation is not None else None
    found = placeholders.names(state.letter_contact_block, state.subject, state.body)
    return Template(
        id=TemplateId(state.id),
        name=state.name,
        channel=Channel(state.type),
        version=state.version,
        subject=state.subject,
        body=state.body,
        placeholders=found if named is None else named,
        contact_block=state.letter_contact_block,
        postage=state.postage,
        created_at=read_optional_time(state.created_at),
        updated_at=read_optional_time(state.updated_at),
        created_by=None if state.created_by is None else Personal(state.created_by),
        raw=raw,
    )


def to_templates(response: Response, request: Request) -> tuple[Template, ...]:
    """Read the answer to asking for all templates."""
    answer, _ = read(TemplateList, response, request)
    raws = page_items(response, request, "templates")
    try:
        return tuple(to_template(state, raw) for state, raw in zip(answer.templates, raws, strict=True))
    except ValueError:
        raise unexpected("a time is not written as one", response, request) from None


def to_one_template(response: Response, request: Request) -> Template:
    """Read the answer to asking for one template."""
    state, raw = read(TemplateState, response, request)
    try:
        return to_template(state, raw)
    except ValueError:
        raise unexpected("a time is not written as one", response, request) from None


def to_rendered(response: Response, request: Request) -> Rendered:
    """Read the answer to a preview."""
    answer, raw = read(Previewed, response, request)
    return Rendered(
        channel=Channel(answer.type),
        template_id=TemplateId(answer.id),
        template_version=answer.version,
        subject=None if answer.subject is None else Personal(answer.subject),
        body=Personal(answer.body),
        html=None if answer.html is None else Personal(answer.html),
        postage=answer.postage,
        raw=raw,
    )


def to_received_text(raw: Mapping[str, object], response: Response, request: Request) -> ReceivedText:
    """Read one text of a page."""
    state = read_part(ReceivedState, raw, response, request=request, provider=PROVIDER)
    try:
        received_at = read_time(state.created_at)
    except ValueError:
        raise unexpected("a time is not written as one", response, request) from None
    return ReceivedText(
        id=state.id,
        sender=Personal(state.user_number),
        number=state.notify_number,
        content=Personal(state.content),
        received_at=received_at,
        raw=raw,
    )
