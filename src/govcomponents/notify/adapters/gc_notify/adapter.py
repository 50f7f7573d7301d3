"""GC Notify behind the notify port."""

from __future__ import annotations

from typing import TYPE_CHECKING

from govcomponents.core.client import HttpClient, checked_base_url
from govcomponents.errors import ConfigurationError
from govcomponents.notify.adapters.gc_notify import wire
from govcomponents.notify.adapters.gc_notify.keys import WholeKey
from govcomponents.notify.models import Channel
from govcomponents.notify.port import NotifyCapability, NotifyPort

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Self

    from govcomponents.core.messages import Request, Response
    from govcomponents.core.runtime import Runtime
    from govcomponents.notify.inputs import EmailInput, SmsInput
    from govcomponents.notify.models import Notification, NotificationId, Sent
    from govcomponents.settings import NotifySettings


class GcNotify(NotifyPort):
    """Sends through GC Notify, Canada's notification service.

    The whole key travels with each request, so no clock has to be right. A key does not show whether it is live, so no
    guard can keep a live key out of a test: use test keys, or team and safelist keys, outside production.
    """

    provider = wire.PROVIDER
    capabilities = frozenset(
        {
            NotifyCapability.EMAIL,
            NotifyCapability.SMS,
            NotifyCapability.GET,
            NotifyCapability.REPLY_TO,
            NotifyCapability.SENDER,
        }
    )

    def __init__(self, key: WholeKey, runtime: Runtime, base_url: str = wire.BASE_URL) -> None:
        from govcomponents.notify.adapters.gc_notify.refusals import is_rate_limit

        self._key = key
        self._clock = runtime.clock
        self._http = HttpClient(
            runtime, provider=self.provider, base_url=base_url, credential=self._sign, is_rate_limit=is_rate_limit
        )

    @classmethod
    def from_settings(cls, settings: NotifySettings, runtime: Runtime) -> Self:
        """Build the adapter. Raises ConfigurationError if the key is missing or cut, or the base URL is not one."""
        settings.own_settings("notify")
        if settings.api_key is None:
            raise ConfigurationError(
                "GOVCOMPONENTS_NOTIFY__API_KEY is not set", fix="set it to an API key from the page API integration"
            )
        key = WholeKey.parse(settings.api_key.reveal(), setting="GOVCOMPONENTS_NOTIFY__API_KEY")
        base_url = checked_base_url(settings.base_url or wire.BASE_URL, setting="GOVCOMPONENTS_NOTIFY__BASE_URL")
        return cls(key, runtime, base_url)

    def _sign(self, _request: Request) -> Mapping[str, str]:
        return self._key.header()

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
