"""A mail server behind the notify port: emails from template files, sent by SMTP."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Final, TypeVar

from govcomponents.core.http.client import HttpClient
from govcomponents.core.http.messages import Replay, Request
from govcomponents.notify.adapters.smtp.settings import MailSettings, ascii_address
from govcomponents.notify.capabilities import NotifyCapability as Can
from govcomponents.notify.models import Channel, NotificationId, Sent, TemplateId
from govcomponents.notify.port import NotifyPort
from govcomponents.privacy import Personal

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Self

    from govcomponents.core.http.messages import Response
    from govcomponents.core.http.runtime import Runtime
    from govcomponents.notify.inputs import EmailInput
    from govcomponents.notify.templates.files import TemplateFolder
    from govcomponents.notify.templates.template import Rendered, Template
    from govcomponents.settings import NotifySettings

_ACCEPTED = 250
_SMALL: Final = 5_000
"""Characters that are rendered in a few milliseconds, which no event loop has to notice."""
T = TypeVar("T")


def _length(value: object) -> int:
    if isinstance(value, (str, bytes)):
        return len(value)
    return sum(map(_length, value)) if isinstance(value, (list, tuple)) else 1


class Smtp(NotifyPort):
    """Sends emails through a mail server, with templates from files.

    A mail server takes an email and tells no more: there is nothing to look up, and what cannot be delivered comes
    back as an email to the sender's address. `reply_to` is an email address here, not an id. A file is part of the
    email, so it is made with `attach(..., as_link=False)`. Each email has a Message-ID of its own, made before the
    first attempt, which is also the id of what was sent.
    """

    provider = "SMTP"
    capabilities = frozenset(
        {Can.EMAIL, Can.ATTACHMENTS, Can.TEMPLATES, Can.PREVIEW, Can.REPLY_TO, Can.UNSUBSCRIBE, Can.SANITISE}
    )

    def __init__(self, settings: MailSettings, runtime: Runtime) -> None:
        self._settings = settings
        self._runtime = runtime

    @classmethod
    def from_settings(cls, settings: NotifySettings, runtime: Runtime) -> Self:
        """Build the adapter. Raises ConfigurationError if a setting is missing or wrong."""
        return cls(MailSettings.read(settings), runtime)

    # Both are made when they are first used, so that building the component imports no mail library and no renderer.

    @cached_property
    def _mail(self) -> HttpClient:
        from govcomponents.notify.adapters.smtp.transport import SmtpTransport

        server = self._settings.server
        transport = SmtpTransport(self._runtime.transport, server)
        return HttpClient(replace(self._runtime, transport=transport), provider=self.provider, base_url=server.url)

    @cached_property
    def _folder(self) -> TemplateFolder:
        from govcomponents.notify.templates.files import TemplateFolder

        setting = self._settings.templates_setting
        return TemplateFolder(self._settings.templates, provider=self.provider, setting=setting)

    async def _send(self, request: Request, stage: str) -> Response:
        answer = await self._mail.send(request)
        if answer.status == _ACCEPTED and answer.header("stage") == stage:
            return answer
        from govcomponents.notify.adapters.smtp.transport import refusal

        raise refusal(answer, request, self.provider)

    async def send_email(self, email: EmailInput) -> Sent:
        """Fill the template, and hand the email to the mail server."""
        from govcomponents.notify.adapters.smtp import message as mail

        operation = "notify.send_email"
        if email.extra:
            raise mail.wrong("extra", "a mail server has no fields of its own", "leave it out", operation)

        def address(text: str, name: str) -> str:
            checked = ascii_address(text)
            if checked is None:
                fix = "give one address, such as name@example.com"
                raise mail.wrong(name, "it is not an email address", fix, operation)
            return checked

        template = self._folder.get(email.template, operation)
        values, enclosures = mail.set_apart(email.personalisation, operation)
        content = await self._aside(values, lambda: template.fill(values, email.sanitise, operation))
        unsubscribe = email.one_click_unsubscribe_url
        message_id = mail.new_message_id(self._settings.sender)
        headers = mail.Headers(
            sender=self._settings.sender,
            sender_name=self._settings.sender_name,
            recipient=address(email.to.reveal(), "to"),
            message_id=message_id,
            sent_at=self._runtime.clock(),
            reference=email.reference,
            reply_to=None if email.reply_to is None else address(email.reply_to, "reply_to"),
            unsubscribe_url=None if unsubscribe is None else unsubscribe.reveal(),
        )
        whole = await self._aside(
            (content.html, *(file.data for file in enclosures)),
            lambda: mail.compose(headers, content, operation, enclosures),
        )
        request = Request(
            operation,
            "MAIL",
            "",
            Replay.UNSENT,
            {"mail-from": headers.sender, "rcpt-to": headers.recipient},
            whole,
            lookup=f"search the mail server's log for the Message-ID {message_id} before sending it again",
        )
        answer = await self._send(request, "content")
        return Sent(
            id=NotificationId(message_id),
            channel=Channel.EMAIL,
            reference=email.reference,
            template_id=TemplateId(email.template),
            template_version=None,
            subject=Personal(content.subject),
            body=Personal(content.text),
            sender=headers.sender,
            sanitised=content.sanitised,
            raw={"status": answer.status, "reply": answer.body.decode("utf-8", "replace")},
        )

    async def _aside(self, content: Mapping[str, object] | Sequence[str | bytes], work: Callable[[], T]) -> T:
        """Do the work here if its content is small, otherwise off the event loop, which has others to serve."""
        values = content.values() if isinstance(content, Mapping) else content
        if sum(_length(value) for value in values) <= _SMALL:
            return work()
        return await self._runtime.transport.run_blocking(work)

    async def check(self) -> None:
        """Connect to the mail server and log in, and hand over nothing."""
        await self._send(Request("notify.check", "NOOP", "", Replay.ALWAYS), "noop")

    async def list_templates(self, channel: Channel | None) -> tuple[Template, ...]:
        """Read every template file. Those of other channels than email are none."""
        if channel not in (None, Channel.EMAIL):
            return ()
        return tuple(source.template() for source in self._folder.all("notify.list_templates"))

    async def get_template(self, template_id: str, version: int | None) -> Template:
        """Read one template file. Raises NotFound for a version that is not 1, the only one that there is."""
        return self._folder.version(template_id, version, "notify.get_template").template()

    async def preview(self, template_id: str, personalisation: Mapping[str, object]) -> Rendered:
        """Fill a template file, and send nothing."""
        operation = "notify.preview"
        template = self._folder.get(template_id, operation)
        return await self._aside(personalisation, lambda: template.preview(personalisation, operation))
