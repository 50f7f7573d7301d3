"""The base of adapters for the notifications-api family, behind the notify port.

What the services of the family have in common is here; an adapter is what its service does its own way.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from govcomponents.core.http.client import HttpClient
from govcomponents.core.http.retry import retry_after
from govcomponents.core.validation import checked_base_url
from govcomponents.notify.capabilities import NotifyCapability
from govcomponents.notify.models import Channel
from govcomponents.notify.port import NotifyPort

if TYPE_CHECKING:
    import re
    from collections.abc import AsyncGenerator, Mapping
    from typing import Self

    from govcomponents.core.http.client import Credential
    from govcomponents.core.http.messages import Request, Response
    from govcomponents.core.http.runtime import Runtime
    from govcomponents.notify.adapters.notifications_api.callbacks import CallbackReader
    from govcomponents.notify.adapters.notifications_api.error_mapping import ErrorMapping
    from govcomponents.notify.adapters.notifications_api.wire import NotificationsWire
    from govcomponents.notify.events import NotifyEvent
    from govcomponents.notify.inputs import EmailInput, SearchInput, SmsInput
    from govcomponents.notify.models import Notification, NotificationId, Sent
    from govcomponents.notify.templates.template import Rendered, Template
    from govcomponents.privacy import Secret
    from govcomponents.settings import NotifySettings

FAMILY = frozenset(
    {
        NotifyCapability.EMAIL,
        NotifyCapability.SMS,
        NotifyCapability.ATTACHMENTS,
        NotifyCapability.GET,
        NotifyCapability.SEARCH,
        NotifyCapability.TEMPLATES,
        NotifyCapability.PREVIEW,
        NotifyCapability.REPLY_TO,
        NotifyCapability.SENDER,
        NotifyCapability.CALLBACKS,
    }
)
"""The capabilities of every service of the family."""


class NotificationsApi(NotifyPort, ABC):
    """Sends through a service of the notifications-api family.

    A subclass sets `provider`, `capabilities`, `wire`, `base_url` and `key_shape` (the pattern of a whole API key, and
    the same in words), makes its `credential`, and gives its `callbacks` and `errors`.
    """

    wire: NotificationsWire
    base_url: str
    key_shape: tuple[re.Pattern[str], str]

    def __init__(
        self,
        key: Secret,
        runtime: Runtime,
        base_url: str | None = None,
        callback_tokens: tuple[Secret, ...] = (),
    ) -> None:
        self._clock = runtime.clock
        self._callback_tokens = callback_tokens
        self._http = HttpClient(
            runtime,
            provider=self.provider,
            base_url=base_url or self.base_url,
            credential=self.credential(key),
            is_rate_limit=self._passes_soon,
        )

    def _passes_soon(self, response: Response) -> bool:
        """Whether a 429 may be answered by the same request again: only if it says when.

        The services of the family do not say when, and count the requests that they refuse too: who tries again at
        once stays refused for as long as they try.
        """
        return retry_after(response) is not None and self.errors().is_rate_limit(response)

    @classmethod
    def from_settings(cls, settings: NotifySettings, runtime: Runtime) -> Self:
        """Build the adapter. Raises ConfigurationError if the key is missing or cut, or the base URL is not one."""
        settings.own_settings()
        shape, form = cls.key_shape
        where = "set it to an API key from the page API integration"
        key = settings.checked_key(cls.provider, shape, form=form, where=where)
        base_url = checked_base_url(settings.base_url or cls.base_url, setting=settings.variable("base_url"))
        return cls(key, runtime, base_url, tuple(settings.callback_tokens))

    @abstractmethod
    def credential(self, key: Secret) -> Credential:
        """Return the credential: the maker of the headers that prove who sends."""

    @abstractmethod
    def callbacks(self) -> CallbackReader:
        """Return the reader of callbacks. It is asked for when the first one comes."""

    @abstractmethod
    def errors(self) -> ErrorMapping:
        """Return the error mapping of the service. It is asked for when the first request fails."""

    async def _send(self, request: Request, success: int = 200) -> Response:
        return self._checked(await self._http.send(request), request, success)

    def _checked(self, response: Response, request: Request, success: int) -> Response:
        """Return an answer of the status that means success. Raises the error that any other stands for."""
        if response.status == success:
            return response
        raise self.errors().error(response, request, self._clock())

    async def check(self) -> None:
        """Ask for a message that cannot be: whoever is told that there is none was let in."""
        from govcomponents.notify.adapters.notifications_api.error_mapping import parts

        request = self.wire.check()
        response = await self._http.send(request)
        if response.status != 404 or not any(parts(response)):  # a 404 of somebody else's, such as a proxy, has neither
            raise self.errors().error(response, request, self._clock())

    async def send_email(self, email: EmailInput) -> Sent:
        """POST /v2/notifications/email."""
        request = self.wire.send_email(email)
        response = self._checked(await self._http.send(request), request, 201)
        return self.wire.to_sent(Channel.EMAIL, response, request)

    async def send_sms(self, message: SmsInput) -> Sent:
        """POST /v2/notifications/sms."""
        request = self.wire.send_sms(message)
        response = self._checked(await self._http.send(request), request, 201)
        return self.wire.to_sent(Channel.SMS, response, request)

    async def get(self, notification_id: NotificationId) -> Notification:
        """GET /v2/notifications/{id}."""
        request = self.wire.get_notification(notification_id)
        return self.wire.to_notification(await self._send(request), request)

    async def search(self, query: SearchInput) -> AsyncGenerator[Notification, None]:
        """GET /v2/notifications, page after page until one is empty: the link to a next page never ends."""
        self._require_channel(query.channel, operation="notify.search")
        older_than = query.older_than
        while True:
            request = self.wire.get_notifications(query, older_than)
            response = await self._send(request)
            items = self.wire.page_items(response, request, "notifications")
            for raw in items:
                found = self.wire.to_found(raw, response, request)
                older_than = found.id
                if not query.status or query.raw_status or found.status in query.status:
                    yield found
            if not items:
                return

    async def list_templates(self, channel: Channel | None) -> tuple[Template, ...]:
        """GET /v2/templates."""
        from govcomponents.notify.adapters.notifications_api import templates

        self._require_channel(channel, operation="notify.list_templates")
        request = templates.get_templates(channel)
        return templates.to_templates(self.wire, await self._send(request), request)

    async def get_template(self, template_id: str, version: int | None) -> Template:
        """GET /v2/template/{id}, or one of its versions."""
        from govcomponents.notify.adapters.notifications_api import templates

        request = templates.get_template(self.wire, template_id, version)
        return templates.to_template(self.wire, await self._send(request), request)

    async def preview(self, template_id: str, personalisation: Mapping[str, object]) -> Rendered:
        """POST /v2/template/{id}/preview."""
        from govcomponents.notify.adapters.notifications_api import templates

        request = templates.post_preview(self.wire, template_id, personalisation)
        return templates.to_rendered(self.wire, await self._send(request), request)

    def _require_channel(self, channel: Channel | None, *, operation: str) -> None:
        """Refuse letters where the service has none."""
        if channel is Channel.LETTER:
            self.require(NotifyCapability.LETTER, operation=operation)

    async def parse_callback(self, body: bytes, headers: Mapping[str, str]) -> NotifyEvent:
        """Check the bearer token, then read the body."""
        return self.callbacks().read(body, headers.get("authorization"), self._callback_tokens)
