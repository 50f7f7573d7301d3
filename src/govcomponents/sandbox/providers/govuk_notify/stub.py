"""The GOV.UK Notify stub: the routes of its v2 API over the services of a world."""

from __future__ import annotations

from typing import TYPE_CHECKING

from govcomponents.errors import ConfigurationError
from govcomponents.sandbox.http.messages import Route, json_response
from govcomponents.sandbox.notifications_api.services import StubOfServices, template_status
from govcomponents.sandbox.plugins.outbox import OutboxMessage
from govcomponents.sandbox.plugins.records import Record
from govcomponents.sandbox.providers.govuk_notify.admission import authenticate, caller_of
from govcomponents.sandbox.providers.govuk_notify.callbacks import KINDS, CallbackSender
from govcomponents.sandbox.providers.govuk_notify.messages import Message, Messages
from govcomponents.sandbox.providers.govuk_notify.responses import Refusal, unknown_route, wrong_method
from govcomponents.sandbox.providers.govuk_notify.retrieval import Retrieval
from govcomponents.sandbox.providers.govuk_notify.schemas import Forms
from govcomponents.sandbox.providers.govuk_notify.sending import Sending
from govcomponents.sandbox.providers.govuk_notify.world import ReceivedText, Service

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from govcomponents.core.http.messages import Response
    from govcomponents.sandbox.http.messages import Call, Handler
    from govcomponents.sandbox.plugins.context import SandboxContext
    from govcomponents.sandbox.providers.govuk_notify.shown.outbox import Outbox
    from govcomponents.sandbox.providers.govuk_notify.world import ApiKey, NotifyWorld

    Endpoint = Callable[[Service, ApiKey, Call], Response]


class GovUkNotifyStub(StubOfServices[Service]):
    """The v2 API of GOV.UK Notify. `messages` is what was sent; `world` the services that there are."""

    section = "notify"

    def __init__(self, world: NotifyWorld, context: SandboxContext) -> None:
        super().__init__(world.services)
        self._context = context
        self.world = world
        self.messages: Messages = Messages()
        self._lifetime = world.platform.token_lifetime_seconds
        self._callbacks = CallbackSender(context)
        for service in self.world.services:
            self._callbacks.learn(service)
        forms = Forms(context.clock.time)
        self._sending = Sending(world.platform, self.messages, forms, context, self._callbacks)
        self._outbox: Outbox | None = None
        self._retrieval = Retrieval(world.platform, self.messages, forms, context)

    def routes(self) -> Iterable[Route]:
        """All routes of the API."""
        yield Route("GET", "/_status", self._status)
        posts = {"email": "notify.send_email", "sms": "notify.send_sms", "letter": "notify.send_letter"}
        for channel, operation in posts.items():
            yield Route("POST", f"/v2/notifications/{channel}", self._known(self._post(channel)), operation)
        yield Route("POST", "/v2/notifications/<channel>", self._known(self._post_other), "notify.send_other")
        retrieval = self._retrieval
        yield Route("GET", "/v2/notifications", self._known(retrieval.many), "notify.search")
        yield Route(
            "GET",
            "/v2/notifications/<notification_id>",
            self._known(lambda service, _key, call: retrieval.one(service, call.params["notification_id"])),
            "notify.get",
        )
        yield Route(
            "GET",
            "/v2/notifications/<notification_id>/pdf",
            self._known(lambda service, _key, call: retrieval.pdf(service, call.params["notification_id"])),
            "notify.get_letter_pdf",
        )
        yield Route(
            "GET",
            "/v2/template/<template_id>",
            self._known(lambda service, _key, call: retrieval.template(service, call.params["template_id"])),
            "notify.get_template",
        )
        yield Route(
            "GET",
            "/v2/template/<template_id>/version/<int:version>",
            self._known(
                lambda service, _key, call: retrieval.template(
                    service, call.params["template_id"], int(call.params["version"])
                )
            ),
            "notify.template_version",
        )
        yield Route(
            "POST",
            "/v2/template/<template_id>/preview",
            self._known(lambda service, _key, call: retrieval.preview(service, call.params["template_id"], call.body)),
            "notify.preview",
        )
        yield Route(
            "GET",
            "/v2/templates",
            self._known(lambda service, _key, call: retrieval.templates(service, call)),
            "notify.list_templates",
        )
        yield Route(
            "GET",
            "/v2/received-text-messages",
            self._known(lambda service, _key, call: retrieval.received(service, call)),
            "notify.search_inbound_sms",
        )

    def owns(self, path: str) -> bool:
        """Whether a path is the API's."""
        return path.startswith("/v2/") or path in ("/v2", "/_status")

    def missing(self, _call: Call, allowed: frozenset[str]) -> Response:
        """Answer in the older form, as the server does before it knows which API is meant."""
        return wrong_method() if allowed else unknown_route()

    def client_settings(self) -> Mapping[str, object] | None:
        """Settings that reach the first active service, and those others that are named accounts.

        With a test key, if a service has one.
        """
        usable = [one for one in self.world.services if one.active and one.api_keys]
        if not usable:
            return None
        settings = {**_settings_of(usable[0]), "base_url": self._context.base_url}
        accounts = {one.account: _settings_of(one) for one in usable[1:] if one.account is not None}
        return {**settings, "accounts": accounts} if accounts else settings

    def _known(self, response: Endpoint) -> Handler:
        """A handler that first finds out who calls, and answers refusals."""

        def handler(call: Call) -> Response:
            try:
                header = call.headers.get("authorization", "")
                now = self._context.callers_time()
                service, key = authenticate(header, self._services, now, self._lifetime, self._revoked)
                return response(service, key, call)
            except Refusal as refusal:
                return refusal.response()

        return handler

    def _post(self, channel: str) -> Endpoint:
        return lambda service, key, call: self._sending.post(service, key, channel, call.body)

    def _post_other(self, service: Service, key: ApiKey, call: Call) -> Response:
        return self._sending.post(service, key, call.params["channel"], call.body)

    def _status(self, call: Call) -> Response:
        more = {} if dict(call.query).get("simple") else {"git_commit": "sandbox", "build_time": None}
        return json_response(200, {"status": "ok", **more})

    def call_back(self, kind: str, url: str, bearer_token: str, service_id: str | None = None) -> None:
        """Send callbacks of a kind ("delivery_status", "inbound_sms", "complaint", "returned_letter") to `url`.

        Without `service_id`, for the first service. Raises ConfigurationError if there is no such kind or service.
        """
        if kind not in KINDS:
            raise ConfigurationError(f"there is no callback {kind!r}", fix=f"use one of {', '.join(KINDS)}")
        service = self._service(service_id)
        self._callbacks.add(service.id, kind, url, bearer_token)

    def _service(self, service_id: str | None) -> Service:
        services = self._services
        found = next(iter(services.values()), None) if service_id is None else services.get(service_id)
        if found is None:
            raise ConfigurationError("the sandbox has no such service", fix="give the id of a service of its world")
        return found

    def receive_text(self, sender: str, content: str, service_id: str | None = None) -> str:
        """Let somebody send a text to a service; returns the text's id, and tells the service by callback."""
        service = self._service(service_id)
        number = service.inbound_numbers[0].number if service.inbound_numbers else "07700900500"
        text = ReceivedText(id=self._context.ids.uuid(), user_number=sender, notify_number=number, content=content)
        self._retrieval.keep_text(service, text)
        self._context.timeline.record("notify", "A person sent a text message", person=sender)
        self._callbacks.received(service, text)
        return text.id

    def complain(self, message_id: str) -> None:
        """Let the reader of an email report it as spam. Raises ConfigurationError if it is not an email."""
        self._callbacks.complaint(self._message(message_id, "email"))

    def return_letter(self, message_id: str) -> None:
        """Let the post bring a letter back. Its status still reads as before. Raises ConfigurationError."""
        message = self._message(message_id, "letter")
        message.steps = (*message.steps, (self._context.clock.time() - message.created_at, "returned-letter"))
        self._callbacks.returned(message)

    def _message(self, message_id: str, channel: str) -> Message:
        message = self.messages.get(message_id)
        if message is None or message.channel != channel:
            raise ConfigurationError(f"the sandbox has no {channel} with that id", fix="give the `id` of what was sent")
        return message

    def templates_of(self, service: Service) -> Iterable[Record]:
        """Return the records of a service's templates."""
        for one in service.templates:
            yield Record(
                id=one.id,
                title=one.name,
                status=template_status(one.type, is_archived=one.archived),
                facts=[
                    ("Service", service.name),
                    ("Version", str(one.current.version)),
                    ("Versions", ", ".join(str(was.version) for was in one.versions)),
                    ("Written by", one.created_by),
                ],
                text=(f"{one.current.subject}\n\n" if one.current.subject else "") + one.current.content,
            )

    def caller(self, call: Call) -> str:
        """Name the service and the key by which a call came."""
        found = caller_of(call.headers.get("authorization", ""), self._services)
        if found is None:
            return ""
        service, key = found
        return f"{service.name}, key {key.name}" if key is not None else f"{service.name}, a key that it does not have"

    def _on_outbox(self) -> Outbox:
        if self._outbox is None:
            from govcomponents.sandbox.providers.govuk_notify.shown.outbox import Outbox

            self._outbox = Outbox(self.messages, self._callbacks, self._context)
        return self._outbox

    def newest_messages(self, words: Sequence[str], limit: int) -> tuple[list[OutboxMessage], int]:
        """The newest messages that hold all words (in lower case), newest first, and how many there are of all."""
        return self._on_outbox().newest(words, limit)

    def outbox_message(self, message_id: str) -> OutboxMessage | None:
        """One message as its reader sees it, if it is on the outbox."""
        return self._on_outbox().one(message_id)

    def delete_message(self, message_id: str) -> None:
        """Take one off the outbox; the API still knows it. Raises LookupError."""
        self._on_outbox().delete(message_id)

    def mark_message(self, message_id: str, mark: str) -> None:
        """Let a message bounce, be reported as spam or be returned. Raises LookupError."""
        self._on_outbox().mark(message_id, mark)

    def outbox(self) -> Sequence[OutboxMessage]:
        """All messages as their readers see them, oldest first."""
        from govcomponents.sandbox.providers.govuk_notify.content import to_outbox

        return [to_outbox(message, self._context.clock.time()) for message in reversed(list(self.messages.newest()))]

    def templates(self) -> Mapping[str, str]:
        """Return the names of the templates of all services, by their ids."""
        return {one.id: one.name for service in self.world.services for one in service.templates}


def _settings_of(service: Service) -> dict[str, object]:
    usable = [key for key in service.api_keys if not key.revoked] or list(service.api_keys)
    key = next((key for key in usable if key.kind == "test"), usable[0])
    settings: dict[str, object] = {"api_key": f"{key.name}-{service.id}-{key.secret}"}
    if tokens := list(dict.fromkeys(callback.bearer_token for callback in service.callbacks)):
        settings["callback_tokens"] = tokens
    return settings
