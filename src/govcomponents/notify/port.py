"""The port of the notify component, which every adapter implements."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from govcomponents.core.ports.port import Port
from govcomponents.notify.capabilities import NotifyCapability
from govcomponents.settings import NotifySettings

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping

    from govcomponents.notify.events import InboundSms, NotifyEvent
    from govcomponents.notify.inputs import EmailInput, JobInput, LetterInput, PrecompiledInput, SearchInput, SmsInput
    from govcomponents.notify.models import Channel, Job, Notification, NotificationId, Sent
    from govcomponents.notify.templates.template import Rendered, Template


class NotifyPort(Port[NotifySettings]):
    """The port of the notify component. An operation that an adapter leaves out raises NotSupported, unsent.

    `test_recipients` are addresses of the provider's own, by channel: what is sent there is checked and reaches nobody.
    `messages_per_minute` is how many the provider permits one service: the pace of `send_many`, unless it is told one.
    """

    test_recipients: Mapping[Channel, str] = MappingProxyType({})
    messages_per_minute: float = 3000

    async def send_email(self, email: EmailInput) -> Sent:
        """Send one email from a template."""
        raise self.unsupported(NotifyCapability.EMAIL, operation="notify.send_email")

    async def send_sms(self, message: SmsInput) -> Sent:
        """Send one text message from a template."""
        raise self.unsupported(NotifyCapability.SMS, operation="notify.send_sms")

    async def send_letter(self, letter: LetterInput) -> Sent:
        """Send one letter from a template."""
        raise self.unsupported(NotifyCapability.LETTER, operation="notify.send_letter")

    async def send_precompiled_letter(self, letter: PrecompiledInput) -> Sent:
        """Send one letter that is a PDF already."""
        raise self.unsupported(NotifyCapability.PRECOMPILED, operation="notify.send_precompiled_letter")

    async def get(self, notification_id: NotificationId) -> Notification:
        """Return one message as it stands now."""
        raise self.unsupported(NotifyCapability.GET, operation="notify.get")

    def search(self, query: SearchInput) -> AsyncGenerator[Notification, None]:
        """Give the messages that fit, newest first, page after page."""
        raise self.unsupported(NotifyCapability.SEARCH, operation="notify.search")

    async def get_letter_pdf(self, notification_id: NotificationId, wait: float) -> bytes:
        """Return a letter's PDF; wait for it for at most so many seconds."""
        raise self.unsupported(NotifyCapability.LETTER_PDF, operation="notify.get_letter_pdf")

    async def list_templates(self, channel: Channel | None) -> tuple[Template, ...]:
        """Return all templates in their present version."""
        raise self.unsupported(NotifyCapability.TEMPLATES, operation="notify.list_templates")

    async def get_template(self, template_id: str, version: int | None) -> Template:
        """Return one template, in its present version or another."""
        raise self.unsupported(NotifyCapability.TEMPLATES, operation="notify.get_template")

    async def preview(self, template_id: str, personalisation: Mapping[str, object]) -> Rendered:
        """Let the provider fill a template, and send nothing."""
        raise self.unsupported(NotifyCapability.PREVIEW, operation="notify.preview")

    def search_inbound_sms(self, older_than: str | None) -> AsyncGenerator[InboundSms, None]:
        """Give the text messages that people sent to the service, newest first."""
        raise self.unsupported(NotifyCapability.INBOUND_SMS, operation="notify.search_inbound_sms")

    async def send_job(self, job: JobInput) -> Job:
        """Send many messages in one request, which is accepted whole or refused whole."""
        raise self.unsupported(NotifyCapability.JOBS, operation="notify.send_job")

    async def parse_callback(self, body: bytes, headers: Mapping[str, str]) -> NotifyEvent:
        """Verify a callback, then read it. The names of `headers` are in lower case."""
        raise self.unsupported(NotifyCapability.CALLBACKS, operation="notify.parse_callback")
