"""The GC Notify stub: the routes of its v2 API over the services of a world, and its messages for people."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from pydantic_core import from_json

from govcomponents.notify.models import Channel
from govcomponents.notify.templates import placeholders
from govcomponents.notify.templates import template as templates
from govcomponents.sandbox.http.messages import Route, json_response
from govcomponents.sandbox.notifications_api.services import StubOfServices, template_status
from govcomponents.sandbox.plugins.outbox import OutboxMessage
from govcomponents.sandbox.plugins.records import Action, Record
from govcomponents.sandbox.providers.gc_notify.callbacks import ReceiptSender
from govcomponents.sandbox.providers.gc_notify.messages import Messages
from govcomponents.sandbox.providers.gc_notify.refusals import Refusal, authenticate, bad_request
from govcomponents.sandbox.providers.gc_notify.sending import Sending
from govcomponents.sandbox.providers.gc_notify.world import Service

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from govcomponents.core.http.messages import Response
    from govcomponents.sandbox.http.messages import Call, Handler
    from govcomponents.sandbox.plugins.context import SandboxContext
    from govcomponents.sandbox.providers.gc_notify.messages import Message
    from govcomponents.sandbox.providers.gc_notify.world import ApiKey, GcNotifyWorld, Template

    Endpoint = Callable[[Service, ApiKey, Call], Response]

PREFIX: Final = "/gc-notify"
_PAGE: Final = 250
_BOUNCES: Final = (
    Action("permanent-failure", "Let it bounce: no such recipient"),
    Action("temporary-failure", "Let it bounce: full or switched off"),
    Action("technical-failure", "Let the provider fail"),
)


class GcNotifyStub(StubOfServices[Service]):
    """The v2 API of GC Notify. `messages` is what was sent; `world` the services that there are."""

    section = "gc_notify"

    def __init__(self, world: GcNotifyWorld, context: SandboxContext) -> None:
        super().__init__(world.services)
        self.world = world
        self._context = context
        self.messages: Messages = Messages()
        self._base_url = f"{context.base_url}{PREFIX}"
        self._receipts = ReceiptSender(context)
        self._sending = Sending(self.messages, context, self._receipts, self._base_url)

    def routes(self) -> Iterable[Route]:
        """All routes of the API that the adapter and the official clients use."""
        posts = {"email": "notify.send_email", "sms": "notify.send_sms"}
        for channel, operation in posts.items():
            yield Route("POST", f"{PREFIX}/v2/notifications/{channel}", self._known(self._post(channel)), operation)
        yield Route("POST", f"{PREFIX}/v2/notifications/bulk", self._known(self._post_job), "notify.send_job")
        yield Route("GET", f"{PREFIX}/v2/notifications", self._known(self._many), "notify.search")
        yield Route("GET", f"{PREFIX}/v2/notifications/<notification_id>", self._known(self._one), "notify.get")
        yield Route("GET", f"{PREFIX}/v2/templates", self._known(self._templates), "notify.list_templates")
        yield Route("GET", f"{PREFIX}/v2/template/<template_id>", self._known(self._template), "notify.get_template")
        yield Route(
            "GET",
            f"{PREFIX}/v2/template/<template_id>/version/<int:version>",
            self._known(self._template),
            "notify.template_version",
        )
        yield Route("POST", f"{PREFIX}/v2/template/<template_id>/preview", self._known(self._preview), "notify.preview")

    def owns(self, path: str) -> bool:
        """Whether a path is the API's."""
        return path.startswith(f"{PREFIX}/")

    def missing(self, _call: Call, allowed: frozenset[str]) -> Response:
        """Answer in the older form."""
        if allowed:
            return json_response(
                405, {"result": "error", "message": "The method is not allowed for the requested URL."}
            )
        return json_response(404, {"result": "error", "message": "The requested URL was not found on the server."})

    def client_settings(self) -> Mapping[str, object] | None:
        """Settings that reach the first active service, with its test key if it has one."""
        usable = [one for one in self.world.services if one.active and one.api_keys]
        if not usable:
            return None
        service = usable[0]
        key = next((one for one in service.api_keys if one.kind == "test"), service.api_keys[0])
        return {
            "adapter": "gc_notify",
            "api_key": service.key_text(key),
            "base_url": self._base_url,
            "callback_tokens": [service.callback_token],
        }

    def caller(self, call: Call) -> str:
        """Name the service and the key by which a call came."""
        try:
            service, key = authenticate(call.headers.get("authorization", ""), self._services, {})
        except Refusal:
            return ""
        return f"{service.name}, key {key.name}"

    def _known(self, response: Endpoint) -> Handler:
        """A handler that first finds out who calls, and answers refusals."""

        def handler(call: Call) -> Response:
            try:
                service, key = authenticate(call.headers.get("authorization", ""), self._services, self._revoked)
                kind = call.headers.get("content-type", "").partition(";")[0].strip().lower()
                if call.method == "POST" and kind != "application/json":
                    told = "UnsupportedMediaType error: Did not attempt to load JSON data because the request "
                    raise bad_request(f"{told}Content-Type was not 'application/json'.", 415)
                return response(service, key, call)
            except Refusal as refusal:
                return refusal.response()

        return handler

    def _post(self, channel: str) -> Endpoint:
        return lambda service, key, call: self._sending.post(service, key, channel, call.body)

    def _post_job(self, service: Service, key: ApiKey, call: Call) -> Response:
        return self._sending.post_job(service, key, call.body)

    def _is_saved(self, message: Message, now: float) -> bool:
        return message.created_at + self.world.saved_after_seconds <= now

    def _one(self, service: Service, _key: ApiKey, call: Call) -> Response:
        now = self._context.clock.time()
        try:
            wanted = str(uuid.UUID(call.params["notification_id"]))
        except ValueError:
            raise Refusal(400, ("ValidationError", "notification_id is not a valid UUID")) from None
        found = self.messages.get(wanted)
        if found is None or found.service is not service or not self._is_saved(found, now):
            return json_response(404, {"result": "error", "message": "Notification not found in database"})
        return json_response(200, found.state(self._base_url, now))

    def _many(self, service: Service, key: ApiKey, call: Call) -> Response:
        query = dict(call.query)
        now = self._context.clock.time()
        statuses = {value for name, value in call.query if name == "status"}
        if "failed" in statuses:
            statuses |= {"permanent-failure", "temporary-failure", "technical-failure"}
        has_jobs = query.get("include_jobs", "").lower() == "true"
        found, is_older = [], "older_than" not in query
        for message in reversed(self.messages.all()):
            fits = is_older and self._fits(message, service, key, query, has_jobs=has_jobs, now=now)
            if fits and (not statuses or message.step(now)[1] in statuses):
                found.append(message)
            is_older = is_older or message.id == query.get("older_than")
        page = [message.state(self._base_url, now) for message in found[:_PAGE]]
        links = {"current": f"{self._base_url}/v2/notifications"}
        if page:
            links["next"] = f"{self._base_url}/v2/notifications?older_than={page[-1]['id']}"
        return json_response(200, {"notifications": page, "links": links})

    def _fits(
        self, message: Message, service: Service, key: ApiKey, query: Mapping[str, str], *, has_jobs: bool, now: float
    ) -> bool:
        return (
            message.service is service
            and message.key.kind == key.kind
            and self._is_saved(message, now)
            and (has_jobs or message.job_id is None)
            and query.get("reference") in (None, message.reference)
            and query.get("template_type") in (None, message.channel)
        )

    def _templates(self, service: Service, _key: ApiKey, call: Call) -> Response:
        wanted = dict(call.query).get("type")
        found = [_shown(one) for one in service.templates if wanted in (None, one.type) and not one.archived]
        return json_response(200, {"templates": found})

    def _template(self, service: Service, _key: ApiKey, call: Call) -> Response:
        return json_response(200, _shown(self._found(service, call)))

    def _found(self, service: Service, call: Call) -> Template:
        named = next((one for one in service.templates if one.id == call.params["template_id"].lower()), None)
        found = None if named is None else named.in_version(call.params.get("version"))
        if found is None:
            raise Refusal(404, ("NoResultFound", "No result found"))
        return found

    def _preview(self, service: Service, _key: ApiKey, call: Call) -> Response:
        template = self._found(service, call)
        try:
            given = from_json(call.body)
            values = placeholders.Values(given.get("personalisation") or {})
        except (ValueError, AttributeError):
            raise bad_request("Error decoding arguments: the body is no JSON object") from None
        if missing := values.missing(placeholders.names(template.subject, template.content)):
            raise bad_request(f"Missing personalisation: {', '.join(missing)}")
        subject = templates.fill_subject(template.subject or "", values, Channel.EMAIL)
        shown = {
            "id": template.id,
            "type": template.type,
            "version": template.version,
            "body": placeholders.fill(template.content, values),
            "subject": subject if template.type == "email" else None,
            "postage": None,
            "html": templates.email_html(template.content, values) if template.type == "email" else None,
        }
        return json_response(200, shown)

    # -- for people ---------------------------------------------------------------------------------------------------

    def outbox(self) -> Sequence[OutboxMessage]:
        """All messages that are on the outbox, oldest first."""
        return [self._rendered(one) for one in self.messages.all() if one.id not in self.messages.hidden]

    def templates(self) -> Mapping[str, str]:
        """Return the names of the templates of all services, by their ids."""
        return {one.id: one.name for service in self.world.services for one in service.templates}

    def newest_messages(self, words: Sequence[str], limit: int) -> tuple[list[OutboxMessage], int]:
        """The newest messages that hold all words (in lower case), newest first, and how many there are of all."""
        now = self._context.clock.time()
        kept = [one for one in self.messages.all() if one.id not in self.messages.hidden]
        found: list[OutboxMessage] = []
        for one in reversed(kept):
            told = f"{one.to} {one.subject or ''} {one.body} {one.reference or ''} {one.step(now)[1]}".lower()
            if all(word in told for word in words):
                found.append(self._rendered(one))
                if len(found) == limit:
                    break
        return found, len(kept)

    def outbox_message(self, message_id: str) -> OutboxMessage | None:
        """One message, if it is on the outbox."""
        found = self.messages.get(message_id)
        return None if found is None or message_id in self.messages.hidden else self._rendered(found)

    def delete_message(self, message_id: str) -> None:
        """Take one off the outbox. Raises LookupError."""
        if self.messages.get(message_id) is None:
            raise LookupError("there is no such message")
        self.messages.hidden.add(message_id)

    def mark_message(self, message_id: str, mark: str) -> None:
        """Let one bounce, also one that was delivered, as the real service can tell later. Raises LookupError."""
        message = self.messages.get(message_id)
        if message is None or mark not in {one.name for one in _BOUNCES} or message.steps[-1][1] == mark:
            raise LookupError("that cannot happen to it now")
        message.steps = (*message.steps, (self._context.clock.time() - message.created_at, mark))
        self._receipts.accepted(message, after=0.0)
        self._context.timeline.record("notify", f"The message ended as {mark.replace('-', ' ')}", message.reference)

    def templates_of(self, service: Service) -> Iterable[Record]:
        """Return the records of a service's templates."""
        for one in service.templates:
            yield Record(
                id=one.id,
                title=one.name,
                status=template_status(one.type, is_archived=one.archived),
                facts=[("Service", service.name), ("Version", str(one.version))],
                text=(f"{one.subject}\n\n" if one.subject else "") + one.content,
            )

    def _rendered(self, message: Message) -> OutboxMessage:
        status = message.step(self._context.clock.time())[1]
        has_prefix = message.channel == "sms" and message.service.sms_prefix
        return OutboxMessage(
            id=message.id,
            kind=message.channel,
            at=datetime.fromtimestamp(message.created_at, UTC),
            to=message.to,
            text=f"{message.service.name}: {message.body}" if has_prefix else message.body,
            status=status,
            sender=message.service.email_sender if message.channel == "email" else message.service.name,
            subject=message.subject or "",
            html=message.html,
            fragments=message.fragments,
            reference=message.reference,
            template=message.template.name,
            template_id=message.template.id,
            attachments=message.files,
            marks=[one for one in _BOUNCES if one.name != message.steps[-1][1]],
        )


def _shown(template: Template) -> dict[str, object]:
    return {
        "id": template.id,
        "type": template.type,
        "name": template.name,
        "created_at": "2026-01-10T15:00:00.000000Z",
        "updated_at": None,
        "created_by": "team@example.canada.ca",
        "version": template.version,
        "body": template.content,
        "subject": template.subject,
        "postage": None,
    }
