"""GC Notify's wire for what is asked about: pages of messages, templates and previews.

Source: GC Notify docs; cds-snc/notification-api, its OpenAPI description and `app/v2`. The description's list of
statuses to search for is not the service's: the service takes the words that a message's status has.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlencode

from govcomponents.core.messages import Replay, Request
from govcomponents.core.responses import Wire, read_part
from govcomponents.notify.adapters.gc_notify.checks import PROVIDER
from govcomponents.notify.adapters.gc_notify.wire import (
    JSON,
    NOTIFICATIONS_PATH,
    STATUSES,
    NotificationState,
    body,
    notification,
    personalisation_of,
    read,
    read_optional_time,
    unexpected,
)
from govcomponents.notify.models import Channel, TemplateId
from govcomponents.notify.templates import placeholders
from govcomponents.notify.templates.template import Rendered, Template
from govcomponents.privacy import Personal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from govcomponents.core.messages import Response
    from govcomponents.notify.inputs import SearchInput
    from govcomponents.notify.models import Notification

TEMPLATES_PATH: Final = "/v2/templates"
TEMPLATE_PATH: Final = "/v2/template"


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


def get_notifications(query: SearchInput, older_than: str | None) -> Request:
    """GET one page of messages."""
    pairs = [("template_type", channel.value) for channel in query.channels]
    words = sorted(word for word, status in STATUSES.items() if status in query.statuses)
    pairs += [("status", word) for word in (*words, *query.words)]
    if query.reference is not None:
        pairs.append(("reference", query.reference))
    if query.include_jobs:
        pairs.append(("include_jobs", "true"))
    if older_than is not None:
        pairs.append(("older_than", older_than))
    path = f"{NOTIFICATIONS_PATH}?{urlencode(pairs)}" if pairs else NOTIFICATIONS_PATH
    return Request("notify.search", "GET", path, Replay.ALWAYS)


def get_templates(channel: Channel | None) -> Request:
    """GET all templates, of one channel or of all."""
    query = "" if channel is None else f"?type={channel.value}"
    return Request("notify.templates", "GET", f"{TEMPLATES_PATH}{query}", Replay.ALWAYS)


def get_template(template_id: str, version: int | None) -> Request:
    """GET one template."""
    path = f"{TEMPLATE_PATH}/{quote(template_id, safe='')}"
    if version is not None:
        path += f"/version/{version}"
    return Request("notify.template", "GET", path, Replay.ALWAYS)


def post_preview(template_id: str, personalisation: Mapping[str, object]) -> Request:
    """POST a preview. It changes nothing, so it may be repeated."""
    operation = "notify.preview"
    content = body({"personalisation": personalisation_of(personalisation)}, operation, field="personalisation")
    path = f"{TEMPLATE_PATH}/{quote(template_id, safe='')}/preview"
    return Request(operation, "POST", path, Replay.ALWAYS, JSON, content)


def page_items(response: Response, request: Request, name: str) -> list[dict[str, Any]]:
    """The items of a page, each as JSON. Raises UnexpectedReply."""
    try:
        items = json.loads(response.body)[name]
    except (ValueError, RecursionError, KeyError, TypeError):
        raise unexpected(f"it has no list {name}", response, request) from None
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise unexpected(f"{name} is not a list of objects", response, request)
    return items


def to_found(raw: Mapping[str, object], response: Response, request: Request) -> Notification:
    """Read one message of a page."""
    state = read_part(NotificationState, raw, response, request=request, provider=PROVIDER)
    try:
        return notification(state, raw)
    except ValueError:
        raise unexpected("a time is not written as one", response, request) from None


def _template(state: TemplateState, raw: Mapping[str, object]) -> Template:
    return Template(
        id=TemplateId(state.id),
        name=state.name,
        channel=Channel(state.type),
        version=state.version,
        subject=state.subject,
        body=state.body,
        placeholders=placeholders.names(state.subject, state.body),
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
        return tuple(_template(state, raw) for state, raw in zip(answer.templates, raws, strict=True))
    except ValueError:
        raise unexpected("a time is not written as one", response, request) from None


def to_template(response: Response, request: Request) -> Template:
    """Read the answer to asking for one template."""
    state, raw = read(TemplateState, response, request)
    try:
        return _template(state, raw)
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
