"""A mail server behind the notify port: emails from template files, sent by SMTP."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from govcomponents.core.client import HttpClient
from govcomponents.core.messages import Replay, Request
from govcomponents.errors import InvalidInput, NotFound
from govcomponents.notify.adapters.smtp.addresses import ascii_address
from govcomponents.notify.adapters.smtp.files import TemplateFolder
from govcomponents.notify.adapters.smtp.server import MailSettings
from govcomponents.notify.models import Channel, NotificationId, Sent, TemplateId
from govcomponents.notify.policy import Policy
from govcomponents.notify.port import NotifyCapability, NotifyPort
from govcomponents.privacy import Personal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Self

    from govcomponents.core.runtime import Runtime
    from govcomponents.notify.inputs import EmailInput
    from govcomponents.notify.templates.template import Rendered, Template
    from govcomponents.settings import NotifySettings

_PROVIDER = "SMTP"
_ACCEPTED = 250


class Smtp(NotifyPort):
    """Sends emails through a mail server, with templates from files.

    A mail server takes an email and tells no more: there is nothing to look up, and what cannot be delivered comes
    back as an email to the sender's address. `reply_to` is an email address here, not an id. A file is part of the
    email, so it is made with `attach(..., as_link=False)`. Each email has a Message-ID of its own, made before the
    first attempt, which is also the id of what was sent.
    """

    provider = _PROVIDER
    capabilities = frozenset(
        {
            NotifyCapability.EMAIL,
            NotifyCapability.ATTACHMENTS,
            NotifyCapability.TEMPLATES,
            NotifyCapability.PREVIEW,
            NotifyCapability.REPLY_TO,
            NotifyCapability.UNSUBSCRIBE,
            NotifyCapability.SANITISE,
        }
    )

    def __init__(self, settings: MailSettings, runtime: Runtime) -> None:
        self._settings = settings
        self._templates = TemplateFolder(settings.templates)
        self._runtime = runtime
        self.policy = Policy(runtime)
        self._client: HttpClient | None = None

    @classmethod
    def from_settings(cls, settings: NotifySettings, runtime: Runtime) -> Self:
        """Build the adapter. Raises ConfigurationError if a setting is missing or wrong."""
        return cls(MailSettings.read(settings), runtime)

    def _mail(self) -> HttpClient:
        """What sends: made at the first email, so that building the component imports no mail library."""
        if self._client is None:
            from govcomponents.notify.adapters.smtp.transport import SmtpTransport

            server = self._settings.server
            transport = SmtpTransport(self._runtime.transport, server)
            self._client = HttpClient(
                replace(self._runtime, transport=transport), provider=self.provider, base_url=server.url
            )
        return self._client

    async def send_email(self, email: EmailInput) -> Sent:
        """Render the template, and hand the email to the mail server."""
        from govcomponents.notify.adapters.smtp import message as mail
        from govcomponents.notify.adapters.smtp.enclosures import set_apart
        from govcomponents.notify.adapters.smtp.rendering import fill

        operation = "notify.send_email"
        if email.extra:
            raise _wrong("extra", "a mail server has no fields of its own", "leave it out", operation)
        template = self._templates.get(email.template, operation, self.provider)
        values, enclosures = set_apart(email.personalisation, operation, self.provider)
        rendered = fill(template, values, email.sanitise, operation, self.provider)
        unsubscribe = email.one_click_unsubscribe_url
        message_id = mail.new_message_id(self._settings.sender)
        headers = mail.Headers(
            sender=self._settings.sender,
            sender_name=self._settings.sender_name,
            recipient=_address(email.to.reveal(), "to", operation),
            message_id=message_id,
            sent_at=self._runtime.clock(),
            reference=email.reference,
            reply_to=None if email.reply_to is None else _address(email.reply_to, "reply_to", operation),
            unsubscribe_url=None if unsubscribe is None else unsubscribe.reveal(),
        )
        body = mail.compose(headers, rendered.content, operation, enclosures)
        request = Request(
            operation,
            "MAIL",
            "",
            Replay.UNSENT,
            {"mail-from": headers.sender, "rcpt-to": headers.recipient},
            body,
            lookup=f"search the mail server's log for the Message-ID {message_id} before sending it again",
        )
        answer = await self._mail().send(request)
        if answer.status != _ACCEPTED or answer.header("stage") != "content":
            from govcomponents.notify.adapters.smtp.refusals import refusal

            raise refusal(answer, request, self.provider)
        return Sent(
            id=NotificationId(message_id),
            channel=Channel.EMAIL,
            reference=email.reference,
            template_id=TemplateId(email.template),
            template_version=None,
            subject=Personal(rendered.content.subject),
            body=Personal(rendered.content.text),
            sender=headers.sender,
            sanitised=rendered.sanitised,
            raw={"status": answer.status, "reply": answer.body.decode("utf-8", "replace")},
        )

    async def check(self) -> None:
        """Connect to the mail server and log in, and hand over nothing."""
        from govcomponents.notify.adapters.smtp.transport import NOOP

        request = Request("notify.check", NOOP, "", Replay.ALWAYS)
        answer = await self._mail().send(request)
        if answer.status != _ACCEPTED:
            from govcomponents.notify.adapters.smtp.refusals import refusal

            raise refusal(answer, request, self.provider)

    async def templates(self, channel: Channel | None) -> tuple[Template, ...]:
        """Read every template file. Those of other channels than email are none."""
        from govcomponents.notify.adapters.smtp.rendering import template_of

        if channel not in (None, Channel.EMAIL):
            return ()
        operation = "notify.templates"
        names = self._templates.names(operation, self.provider)
        return tuple(template_of(self._templates.get(name, operation, self.provider)) for name in names)

    async def template(self, template_id: str, version: int | None) -> Template:
        """Read one template file. Raises NotFound for a version that is not 1, the only one that there is."""
        from govcomponents.notify.adapters.smtp.rendering import ONLY_VERSION, template_of

        operation = "notify.template"
        source = self._templates.get(template_id, operation, self.provider)
        if version not in (None, ONLY_VERSION):
            raise NotFound(
                "a template file has one version only",
                fix="leave the version out",
                operation=operation,
                provider=self.provider,
            )
        return template_of(source)

    async def preview(self, template_id: str, personalisation: Mapping[str, object]) -> Rendered:
        """Fill a template file, and send nothing."""
        from govcomponents.notify.adapters.smtp.rendering import preview

        operation = "notify.preview"
        return preview(
            self._templates.get(template_id, operation, self.provider), personalisation, operation, self.provider
        )


def _address(text: str, field: str, operation: str) -> str:
    address = ascii_address(text)
    if address is None:
        raise _wrong(field, "it is not an email address", "give one address, such as name@example.com", operation)
    return address


def _wrong(field: str, problem: str, fix: str, operation: str) -> InvalidInput:
    return InvalidInput(field=field, problem=problem, fix=fix, operation=operation, provider=_PROVIDER)
