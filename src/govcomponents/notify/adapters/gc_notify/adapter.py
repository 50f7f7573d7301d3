"""GC Notify behind the notify port."""

from __future__ import annotations

from typing import TYPE_CHECKING

from govcomponents.core.client import HttpClient, checked_base_url
from govcomponents.notify.adapters.gc_notify import keys, wire
from govcomponents.notify.adapters.gc_notify.checks import PROVIDER
from govcomponents.notify.models import Channel
from govcomponents.notify.policy import Policy
from govcomponents.notify.port import NotifyCapability, NotifyPort

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping
    from typing import Self

    from govcomponents.core.messages import Request, Response
    from govcomponents.core.runtime import Runtime
    from govcomponents.notify.bulk.jobs import Job, JobInput
    from govcomponents.notify.events import NotifyEvent
    from govcomponents.notify.inputs import EmailInput, SearchInput, SmsInput
    from govcomponents.notify.models import Notification, NotificationId, Sent
    from govcomponents.notify.templates.template import Rendered, Template
    from govcomponents.privacy import Secret
    from govcomponents.settings import NotifySettings


class GcNotify(NotifyPort):
    """Sends through GC Notify, Canada's notification service.

    The whole key travels with each request, so no clock has to be right. A key does not show whether it is live, so no
    guard can keep a live key out of a test: use test keys, or team and safelist keys, outside production.
    """

    provider = PROVIDER
    capabilities = frozenset(
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
            NotifyCapability.JOBS,
        }
    )

    def __init__(
        self,
        key: Secret,
        runtime: Runtime,
        base_url: str = wire.BASE_URL,
        callback_tokens: tuple[Secret, ...] = (),
    ) -> None:
        from govcomponents.notify.adapters.gc_notify.refusals import is_rate_limit

        self._key = key
        self._clock = runtime.clock
        self._callback_tokens = callback_tokens
        self.policy = Policy(runtime)
        self._http = HttpClient(
            runtime, provider=self.provider, base_url=base_url, credential=self._sign, is_rate_limit=is_rate_limit
        )

    @classmethod
    def from_settings(cls, settings: NotifySettings, runtime: Runtime) -> Self:
        """Build the adapter. Raises ConfigurationError if the key is missing or cut, or the base URL is not one."""
        settings.own_settings()
        key = settings.checked_key(
            cls.provider,
            keys.SHAPE,
            form='it starts with "gcntfy-" and ends with the service\'s id and a secret',
            where="set it to an API key from the page API integration",
        )
        base_url = checked_base_url(settings.base_url or wire.BASE_URL, setting=settings.variable("base_url"))
        return cls(key, runtime, base_url, tuple(settings.callback_tokens))

    async def _sign(self, _request: Request) -> Mapping[str, str]:
        return keys.header(self._key)

    async def _send(self, request: Request, success: int = 200) -> Response:
        response = await self._http.send(request)
        if response.status == success:
            return response
        from govcomponents.notify.adapters.gc_notify.refusals import refusal

        raise refusal(response, request, self._clock())

    async def send_email(self, email: EmailInput) -> Sent:
        """POST /v2/notifications/email."""
        request = wire.send_email(email)
        return wire.to_sent(Channel.EMAIL, await self._send(request, 201), request)

    async def send_sms(self, message: SmsInput) -> Sent:
        """POST /v2/notifications/sms."""
        request = wire.send_sms(message)
        return wire.to_sent(Channel.SMS, await self._send(request, 201), request)

    async def get(self, notification_id: NotificationId) -> Notification:
        """GET /v2/notifications/{id}. Just after sending, the service may not know the message yet: NotFound."""
        request = wire.get_notification(notification_id)
        return wire.to_notification(await self._send(request), request)

    async def search(self, query: SearchInput) -> AsyncGenerator[Notification, None]:
        """GET /v2/notifications, page after page until one is empty. Letters are none of this service's messages."""
        from govcomponents.notify.adapters.gc_notify import reading

        if Channel.LETTER in query.channels:
            raise self.unsupported(NotifyCapability.LETTER, operation="notify.search")
        older_than = query.older_than
        while True:
            request = reading.get_notifications(query, older_than)
            response = await self._send(request)
            items = reading.page_items(response, request, "notifications")
            for raw in items:
                found = reading.to_found(raw, response, request)
                older_than = found.id
                yield found
            if not items:
                return

    async def templates(self, channel: Channel | None) -> tuple[Template, ...]:
        """GET /v2/templates."""
        from govcomponents.notify.adapters.gc_notify import reading

        if channel is Channel.LETTER:
            raise self.unsupported(NotifyCapability.LETTER, operation="notify.templates")
        request = reading.get_templates(channel)
        return reading.to_templates(await self._send(request), request)

    async def template(self, template_id: str, version: int | None) -> Template:
        """GET /v2/template/{id}, or one of its versions."""
        from govcomponents.notify.adapters.gc_notify import reading

        request = reading.get_template(template_id, version)
        return reading.to_template(await self._send(request), request)

    async def preview(self, template_id: str, personalisation: Mapping[str, object]) -> Rendered:
        """POST /v2/template/{id}/preview."""
        from govcomponents.notify.adapters.gc_notify import reading

        request = reading.post_preview(template_id, personalisation)
        return reading.to_rendered(await self._send(request), request)

    async def send_job(self, job: JobInput) -> Job:
        """POST /v2/notifications/bulk."""
        from govcomponents.notify.adapters.gc_notify import bulk

        request = bulk.post_job(job)
        return bulk.to_job(job.channel, await self._send(request, 201), request)

    def read_callback(self, body: bytes, authorization: str | None) -> NotifyEvent:
        """Check the bearer token, then read the body."""
        from govcomponents.notify.adapters.gc_notify import callbacks

        callbacks.check_token(authorization, self._callback_tokens)
        return callbacks.parse(body)
