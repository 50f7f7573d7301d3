"""The wire of templates in the notifications-api family: getting them, and letting the provider fill one.

Imported when it is first needed: a service that only sends pays nothing for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from govcomponents.core.http.messages import Replay, Request
from govcomponents.core.http.responses import Wire
from govcomponents.notify.adapters.notifications_api.wire import JSON, personal, read_optional_time
from govcomponents.notify.models import Channel, TemplateId
from govcomponents.notify.templates import placeholders
from govcomponents.notify.templates.template import Rendered, Template
from govcomponents.privacy import Personal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from govcomponents.core.http.messages import Response
    from govcomponents.notify.adapters.notifications_api.wire import NotificationsWire

TEMPLATES_PATH: Final = "/v2/templates"
TEMPLATE_PATH: Final = "/v2/template"
_TEMPLATE: Final = f"{TEMPLATE_PATH}/{{id}}"


class TemplateState(Wire):
    """A template, as the API gives it. Only GOV.UK Notify names its placeholders, and has contact blocks of letters."""

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


def get_templates(channel: Channel | None) -> Request:
    """GET all templates, of one channel or of all."""
    query = "" if channel is None else f"?type={channel.value}"
    return Request("notify.list_templates", "GET", f"{TEMPLATES_PATH}{query}", Replay.ALWAYS, template=TEMPLATES_PATH)


def get_template(wire: NotificationsWire, template_id: str, version: int | None) -> Request:
    """GET one template. Raises InvalidInput for what is no id."""
    operation = "notify.get_template"
    path, pattern = _template_path(wire, template_id, operation), _TEMPLATE
    if version is not None:
        path, pattern = f"{path}/version/{version}", f"{pattern}/version/{{version}}"
    return Request(operation, "GET", path, Replay.ALWAYS, template=pattern)


def post_preview(wire: NotificationsWire, template_id: str, personalisation: Mapping[str, object]) -> Request:
    """POST a preview. It changes nothing, so it may be repeated."""
    operation = "notify.preview"
    fields = {"personalisation": wire.values(personalisation)}
    path = f"{_template_path(wire, template_id, operation)}/preview"
    body = wire.body(fields, operation, field="personalisation")
    return Request(operation, "POST", path, Replay.ALWAYS, JSON, body, template=f"{_TEMPLATE}/preview")


def _template_path(wire: NotificationsWire, template_id: str, operation: str) -> str:
    fix = "copy the template's id from its page"
    return f"{TEMPLATE_PATH}/{wire.path_id(template_id, field='template', fix=fix, operation=operation)}"


def to_templates(wire: NotificationsWire, response: Response, request: Request) -> tuple[Template, ...]:
    """Read the answer to asking for all templates."""
    answer, _ = wire.read(TemplateList, response, request)
    raws = wire.page_items(response, request, "templates")
    try:
        return tuple(_template(state, raw) for state, raw in zip(answer.templates, raws, strict=True))
    except ValueError:
        raise wire.unexpected("a time is not written as one", response, request) from None


def to_template(wire: NotificationsWire, response: Response, request: Request) -> Template:
    """Read the answer to asking for one template."""
    state, raw = wire.read(TemplateState, response, request)
    try:
        return _template(state, raw)
    except ValueError:
        raise wire.unexpected("a time is not written as one", response, request) from None


def _template(state: TemplateState, raw: Mapping[str, object]) -> Template:
    named = state.personalisation
    found = placeholders.names(state.letter_contact_block, state.subject, state.body)
    return Template(
        id=TemplateId(state.id),
        name=state.name,
        channel=Channel(state.type),
        version=state.version,
        subject=state.subject,
        body=state.body,
        placeholders=found if named is None else tuple(named),
        contact_block=state.letter_contact_block,
        postage=state.postage,
        created_at=read_optional_time(state.created_at),
        updated_at=read_optional_time(state.updated_at),
        created_by=personal(state.created_by),
        raw=raw,
    )


def to_rendered(wire: NotificationsWire, response: Response, request: Request) -> Rendered:
    """Read the answer to a preview."""
    answer, raw = wire.read(Previewed, response, request)
    return Rendered(
        channel=Channel(answer.type),
        template_id=TemplateId(answer.id),
        template_version=answer.version,
        subject=personal(answer.subject),
        body=Personal(answer.body),
        html=personal(answer.html),
        postage=answer.postage,
        raw=raw,
    )
