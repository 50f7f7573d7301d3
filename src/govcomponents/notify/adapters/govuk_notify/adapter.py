"""GOV.UK Notify behind the notify port."""

from __future__ import annotations

from typing import TYPE_CHECKING

from govcomponents.core.client import HttpClient, checked_base_url
from govcomponents.errors import Unavailable
from govcomponents.notify.adapters.govuk_notify import wire
from govcomponents.notify.adapters.govuk_notify.keys import SHAPE, ServiceKey
from govcomponents.notify.models import Channel
from govcomponents.notify.policy import Policy
from govcomponents.notify.port import NotifyCapability, NotifyPort

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping
    from typing import Self

    from govcomponents.core.messages import Request, Response
    from govcomponents.core.runtime import Runtime
    from govcomponents.notify.events import NotifyEvent
    from govcomponents.notify.inbound_sms import ReceivedText
    from govcomponents.notify.inputs import EmailInput, LetterInput, PrecompiledInput, SearchInput, SmsInput
    from govcomponents.notify.models import Notification, NotificationId, Sent
    from govcomponents.notify.templates.template import Rendered, Template
    from govcomponents.privacy import Secret
    from govcomponents.settings import NotifySettings


class GovUkNotify(NotifyPort):
    """Sends through GOV.UK Notify.

    An API key does not show whether it is live, so no guard can keep a live key out of a test: use keys of the kinds
    "Test" or "Team and guest list" outside production.
    """

    provider = wire.PROVIDER
    capabilities = frozenset(
        {
            NotifyCapability.EMAIL,
            NotifyCapability.SMS,
            NotifyCapability.GET,
            NotifyCapability.REPLY_TO,
            NotifyCapability.SENDER,
            NotifyCapability.UNSUBSCRIBE,
            NotifyCapability.SANITISE,
            NotifyCapability.LETTER,
            NotifyCapability.PRECOMPILED,
            NotifyCapability.ATTACHMENTS,
            NotifyCapability.SEARCH,
            NotifyCapability.LETTER_PDF,
            NotifyCapability.TEMPLATES,
            NotifyCapability.PREVIEW,
            NotifyCapability.RECEIVED_TEXTS,
            NotifyCapability.CALLBACKS,
        }
    )

    def __init__(
        self,
        key: ServiceKey,
        runtime: Runtime,
        base_url: str = wire.BASE_URL,
        callback_tokens: tuple[Secret, ...] = (),
    ) -> None:
        from govcomponents.notify.adapters.govuk_notify.refusals import is_rate_limit

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
            SHAPE,
            form="its name, the service's id and a secret, with hyphens between them",
            where="set it to an API key from the page API integration",
        )
        base_url = checked_base_url(settings.base_url or wire.BASE_URL, setting=settings.variable("base_url"))
        return cls(ServiceKey.parse(key), runtime, base_url, tuple(settings.callback_tokens))

    async def _sign(self, _request: Request) -> Mapping[str, str]:
        return {"Authorization": f"Bearer {self._key.token(self._clock())}"}

    async def _send(self, request: Request, success: int = 200) -> Response:
        response = await self._http.send(request)
        if response.status == success:
            return response
        from govcomponents.notify.adapters.govuk_notify.refusals import refusal

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
        """GET /v2/notifications/{id}."""
        request = wire.get_notification(notification_id)
        return wire.to_notification(await self._send(request), request)

    async def send_letter(self, letter: LetterInput) -> Sent:
        """POST /v2/notifications/letter."""
        request = wire.send_letter(letter)
        return wire.to_sent(Channel.LETTER, await self._send(request, 201), request)

    async def send_precompiled_letter(self, letter: PrecompiledInput) -> Sent:
        """POST /v2/notifications/letter, with a PDF."""
        request = wire.send_precompiled_letter(letter)
        return wire.to_sent_precompiled(await self._send(request, 201), request)

    async def search(self, query: SearchInput) -> AsyncGenerator[Notification, None]:
        """GET /v2/notifications, page after page until one is empty: the link to a next page never ends."""
        from govcomponents.notify.adapters.govuk_notify import reading

        older_than = query.older_than
        while True:
            request = reading.get_notifications(query, older_than)
            response = await self._send(request)
            items = reading.page_items(response, request, "notifications")
            for raw in items:
                found = wire.to_found(raw, response, request)
                older_than = found.id
                if not query.statuses or query.words or found.status in query.statuses:
                    yield found
            if not items:
                return

    async def letter_pdf(self, notification_id: NotificationId, wait: float) -> bytes:
        """GET /v2/notifications/{id}/pdf, again while it is not made yet."""
        from govcomponents.notify.adapters.govuk_notify import reading

        request = reading.get_pdf(notification_id)
        waited, pause = 0.0, 1.0
        while True:
            try:
                response = await self._send(request)
            except Unavailable as error:
                if error.code != "PDFNotReadyError" or waited >= wait:
                    raise
            else:
                if response.body.startswith(b"{"):
                    raise wire.unexpected("it is not a PDF", response, request)
                return response.body
            pause = min(pause, wait - waited)
            await self._http.transport.sleep(pause)
            waited += pause
            pause = min(pause * 2, 10.0)

    async def templates(self, channel: Channel | None) -> tuple[Template, ...]:
        """GET /v2/templates."""
        from govcomponents.notify.adapters.govuk_notify import reading

        request = reading.get_templates(channel)
        return reading.to_templates(await self._send(request), request)

    async def template(self, template_id: str, version: int | None) -> Template:
        """GET /v2/template/{id}, or one of its versions."""
        from govcomponents.notify.adapters.govuk_notify import reading

        request = reading.get_template(template_id, version)
        return reading.to_one_template(await self._send(request), request)

    async def preview(self, template_id: str, personalisation: Mapping[str, object]) -> Rendered:
        """POST /v2/template/{id}/preview."""
        from govcomponents.notify.adapters.govuk_notify import reading

        request = reading.post_preview(template_id, personalisation)
        return reading.to_rendered(await self._send(request), request)

    async def received_texts(self, older_than: str | None) -> AsyncGenerator[ReceivedText, None]:
        """GET /v2/received-text-messages, page after page until one is empty."""
        from govcomponents.notify.adapters.govuk_notify import reading

        while True:
            request = reading.get_received(older_than)
            response = await self._send(request)
            items = reading.page_items(response, request, "received_text_messages")
            for raw in items:
                text = reading.to_received_text(raw, response, request)
                older_than = text.id
                yield text
            if not items:
                return

    def read_callback(self, body: bytes, authorization: str | None) -> NotifyEvent:
        """Check the bearer token, then read the body."""
        from govcomponents.notify.adapters.govuk_notify import callbacks

        callbacks.check_token(authorization, self._callback_tokens)
        return callbacks.parse(body)
