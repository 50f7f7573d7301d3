"""GOV.UK Notify behind the notify port."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from govcomponents.errors import Unavailable
from govcomponents.notify.adapters.doubts import DAY, by_reference
from govcomponents.notify.adapters.govuk_notify.wire import BASE_URL, KEY_SHAPE, WIRE, ServiceKey
from govcomponents.notify.adapters.notifications_api.adapter import FAMILY, NotificationsApi
from govcomponents.notify.capabilities import NotifyCapability
from govcomponents.notify.models import Channel

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping

    from govcomponents.core.http.client import Credential
    from govcomponents.core.http.messages import Request
    from govcomponents.notify.adapters.notifications_api.callbacks import CallbackReader
    from govcomponents.notify.adapters.notifications_api.error_mapping import ErrorMapping
    from govcomponents.notify.events import InboundSms
    from govcomponents.notify.inputs import LetterInput, PrecompiledInput
    from govcomponents.notify.models import NotificationId, Sent
    from govcomponents.privacy import Secret


class GovUkNotify(NotificationsApi):
    """Sends through GOV.UK Notify.

    An API key does not show whether it is live, so no guard can keep a live key out of a test: use keys of the kinds
    "Test" or "Team and guest list" outside production.
    """

    provider = WIRE.provider
    capabilities = FAMILY | {
        NotifyCapability.UNSUBSCRIBE,
        NotifyCapability.SANITISE,
        NotifyCapability.LETTER,
        NotifyCapability.PRECOMPILED,
        NotifyCapability.LETTER_PDF,
        NotifyCapability.INBOUND_SMS,
    }
    # Its own limit for a request is 30 seconds, and it lists messages for 7 days unless the service sets less.
    doubts = by_reference(visible_after=35, kept_for=6.5 * DAY)
    # GOV.UK Notify docs: smoke testing.
    test_recipients = MappingProxyType(
        {Channel.EMAIL: "simulate-delivered@notifications.service.gov.uk", Channel.SMS: "07700900000"}
    )
    wire = WIRE
    base_url = BASE_URL
    key_shape = (KEY_SHAPE, "its name, the service's id and a secret, with hyphens between them")

    def credential(self, key: Secret) -> Credential:
        """Return the credential, which signs each request with a token of its own."""
        service_key = ServiceKey.parse(key)

        async def sign(_request: Request) -> Mapping[str, str]:
            return {"Authorization": f"Bearer {service_key.token(self._clock())}"}

        return sign

    def callbacks(self) -> CallbackReader:
        """Return the reader of callbacks."""
        from govcomponents.notify.adapters.govuk_notify.callbacks import READER

        return READER

    def errors(self) -> ErrorMapping:
        """Return the error mapping of the service."""
        from govcomponents.notify.adapters.govuk_notify.error_mapping import ERRORS

        return ERRORS

    async def send_letter(self, letter: LetterInput) -> Sent:
        """POST /v2/notifications/letter."""
        request = WIRE.send_letter(letter)
        return WIRE.to_sent(Channel.LETTER, await self._send(request, 201), request)

    async def send_precompiled_letter(self, letter: PrecompiledInput) -> Sent:
        """POST /v2/notifications/letter, with a PDF."""
        request = WIRE.send_precompiled_letter(letter)
        return WIRE.to_sent_precompiled(await self._send(request, 201), request)

    async def get_letter_pdf(self, notification_id: NotificationId, wait: float) -> bytes:
        """GET /v2/notifications/{id}/pdf, again while it is not made yet."""
        request = WIRE.get_pdf(notification_id)
        waited, pause = 0.0, 1.0
        while True:
            try:
                response = await self._send(request)
            except Unavailable as error:
                if error.code != "PDFNotReadyError" or waited >= wait:
                    raise
            else:
                if response.body.startswith(b"{"):
                    raise WIRE.unexpected("it is not a PDF", response, request)
                return response.body
            pause = min(pause, wait - waited)
            await self._http.transport.sleep(pause)
            waited += pause
            pause = min(pause * 2, 10.0)

    async def search_inbound_sms(self, older_than: str | None) -> AsyncGenerator[InboundSms, None]:
        """GET /v2/received-text-messages, page after page until one is empty."""
        while True:
            request = WIRE.get_received(older_than)
            response = await self._send(request)
            items = WIRE.page_items(response, request, "received_text_messages")
            for raw in items:
                text = WIRE.to_received_text(raw, response, request)
                older_than = text.id
                yield text
            if not items:
                return
