"""GC Notify behind the notify port."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from govcomponents.notify.adapters.doubts import DAY, by_reference
from govcomponents.notify.adapters.gc_notify.wire import BASE_URL, KEY_SHAPE, WIRE
from govcomponents.notify.adapters.notifications_api.adapter import FAMILY, NotificationsApi
from govcomponents.notify.capabilities import NotifyCapability
from govcomponents.notify.models import Channel

if TYPE_CHECKING:
    from collections.abc import Mapping

    from govcomponents.core.http.client import Credential
    from govcomponents.core.http.messages import Request
    from govcomponents.notify.adapters.notifications_api.callbacks import CallbackReader
    from govcomponents.notify.adapters.notifications_api.error_mapping import ErrorMapping
    from govcomponents.notify.inputs import JobInput
    from govcomponents.notify.models import Job
    from govcomponents.privacy import Secret


class GcNotify(NotificationsApi):
    """Sends through GC Notify, Canada's notification service.

    The whole key travels with each request, so no clock has to be right. A key does not show whether it is live, so no
    guard can keep a live key out of a test: use test keys, or team and safelist keys, outside production. Just after
    sending, the service may not know a message yet: then `get` raises NotFound.
    """

    provider = WIRE.provider
    capabilities = FAMILY | {NotifyCapability.JOBS}
    # It answers before it saves, and lists messages for 7 days.
    doubts = by_reference(visible_after=600, kept_for=6.5 * DAY)
    # GC Notify docs: testing. The number must be written so.
    test_recipients = MappingProxyType(
        {Channel.EMAIL: "simulate-delivered@notification.canada.ca", Channel.SMS: "+16132532222"}
    )
    messages_per_minute = 1000  # GC Notify docs: limits
    wire = WIRE
    base_url = BASE_URL
    key_shape = (KEY_SHAPE, 'it starts with "gcntfy-" and ends with the service\'s id and a secret')

    def credential(self, key: Secret) -> Credential:
        """Return what puts the whole key into the header of a request."""

        async def sign(_request: Request) -> Mapping[str, str]:
            return {"Authorization": f"ApiKey-v1 {key.reveal()}"}

        return sign

    def callbacks(self) -> CallbackReader:
        """Return the reader of callbacks."""
        from govcomponents.notify.adapters.gc_notify.callbacks import READER

        return READER

    def errors(self) -> ErrorMapping:
        """Return the error mapping of the service."""
        from govcomponents.notify.adapters.gc_notify.error_mapping import ERRORS

        return ERRORS

    async def send_job(self, job: JobInput) -> Job:
        """POST /v2/notifications/bulk."""
        request = WIRE.post_job(job)
        return WIRE.to_job(job.channel, await self._send(request, 201), request)
