"""The port of the notify component: what every adapter implements."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from govcomponents.core.port import Port
from govcomponents.notify.policy import Policy
from govcomponents.settings import NotifySettings

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping

    from govcomponents.core.runtime import Runtime
    from govcomponents.notify.bulk.jobs import Job, JobInput
    from govcomponents.notify.events import InboundSms, NotifyEvent
    from govcomponents.notify.inputs import EmailInput, LetterInput, PrecompiledInput, SearchInput, SmsInput
    from govcomponents.notify.models import Channel, Notification, NotificationId, Sent
    from govcomponents.notify.templates.template import Rendered, Template


class NotifyCapability(StrEnum):
    """What an adapter may declare. An operation or argument that needs more is refused before anything is sent."""

    EMAIL = "email"
    SMS = "text_messages"
    LETTER = "letters"
    PRECOMPILED = "ready_made_letters"
    ATTACHMENTS = "files_by_email"
    GET = "get"
    SEARCH = "search"
    LETTER_PDF = "pdfs_of_letters"
    TEMPLATES = "templates"
    PREVIEW = "preview"
    INBOUND_SMS = "inbound_text_messages"
    REPLY_TO = "reply_to_addresses"
    SENDER = "text_message_senders"
    UNSUBSCRIBE = "one_click_unsubscribe"
    SANITISE = "sanitising"
    CALLBACKS = "callbacks"
    JOBS = "jobs"


class NotifyPort(Port[NotifySettings]):
    """What an adapter of the notify component implements; what it leaves out raises NotSupported, unsent."""

    policy: Policy = Policy()

    def furnish(self, settings: NotifySettings, runtime: Runtime) -> None:
        """Take over the pace, the guard and the templates of the settings. Raises ConfigurationError."""
        self.policy = Policy.from_settings(settings, runtime)

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

    def read_callback(self, body: bytes, authorization: str | None) -> NotifyEvent:
        """Verify a callback, then read it."""
        raise self.unsupported(NotifyCapability.CALLBACKS, operation="notify.read_callback")
