"""The adapter of Apprise: one library, and any channel that it knows."""

from __future__ import annotations

import logging
import re
import uuid
from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any, Self
from urllib.parse import quote

import apprise

from govcomponents import ConfigurationError, InvalidInput, NotFound, OutcomeUnknown, Secret, notify
from govcomponents import adapters as sdk
from govcomponents.adapters import NotifyCapability as Can
from govcomponents.notify import Channel

LOOKUP = "look in the channel's own log before sending it again"
PLACEHOLDER = re.compile(r"\(\((.+?)(?:\?\?.*?)?\)\)")
_is_sending = ContextVar("is_sending", default=False)


def _is_not_ours(_: logging.LogRecord) -> bool:
    return not _is_sending.get()


for _name in ("apprise", "urllib3.connectionpool"):  # both write recipients and texts into their lines
    logging.getLogger(_name).addFilter(_is_not_ours)


class AppriseNotify(sdk.NotifyPort):
    """Sends with Apprise. Its settings are EMAIL_URL_SECRET and SMS_URL_SECRET, and TEXTS for the templates."""

    provider = "Apprise"

    def __init__(
        self, runtime: sdk.Runtime, urls: Mapping[Channel, Secret], texts: Mapping[str, Mapping[str, str]]
    ) -> None:
        known = {Channel.EMAIL: Can.EMAIL, Channel.SMS: Can.SMS}
        self.capabilities = frozenset({known[channel] for channel in urls} | {Can.TEMPLATES})
        self._runtime, self._urls = runtime, urls
        self._templates = {name: _template(name, text) for name, text in texts.items()}

    @classmethod
    def from_settings(cls, settings: sdk.NotifySettings, runtime: sdk.Runtime) -> Self:
        own = settings.own_settings(["email_url_secret", "sms_url_secret", "texts"])
        urls = {}
        for channel, name in ((Channel.EMAIL, "email_url_secret"), (Channel.SMS, "sms_url_secret")):
            url = own.get(name)
            if not isinstance(url, Secret):
                continue
            if "{to}" not in url.reveal() or apprise.Apprise.instantiate(_filled(url, "a@example.com")) is None:
                raise ConfigurationError(
                    f"{settings.variable(name)} is no URL that Apprise knows with {{to}} in it",
                    fix="write it as Apprise's documentation shows, and {to} where the recipient belongs",
                )
            urls[channel] = url
        texts = own.get("texts") or {}
        if not isinstance(texts, Mapping) or not all(
            isinstance(text, Mapping) and "body" in text for text in texts.values()
        ):
            raise ConfigurationError(
                f"{settings.variable('texts')} is no table of templates", fix="give each a body, and emails a subject"
            )
        return cls(runtime, urls, texts)

    async def send_email(self, email: sdk.EmailInput) -> notify.Sent:
        return await self._send(Channel.EMAIL, email, "notify.send_email")

    async def send_sms(self, message: sdk.SmsInput) -> notify.Sent:
        return await self._send(Channel.SMS, message, "notify.send_sms")

    async def list_templates(self, channel: Channel | None) -> tuple[notify.Template, ...]:
        return tuple(one for one in self._templates.values() if channel in (None, one.channel))

    async def get_template(self, template_id: str, version: int | None) -> notify.Template:
        return self._template(template_id, "notify.get_template")

    def _template(self, template_id: str, operation: str) -> notify.Template:
        found = self._templates.get(template_id)
        if found is None:
            raise NotFound("there is no such template", fix="add it to TEXTS, or check its name", operation=operation)
        return found

    async def _send(self, channel: Channel, message: sdk.EmailInput | sdk.SmsInput, operation: str) -> notify.Sent:
        if message.extra:
            raise InvalidInput(field="extra", problem="Apprise takes none", fix="omit it", operation=operation)
        template = self._template(message.template, operation)
        rendered = template.render(message.personalisation)
        subject = rendered.subject.reveal() if rendered.subject else ""
        url, body = _filled(self._urls[channel], message.to.reveal()), rendered.body.reveal()

        def work() -> bool:
            token = _is_sending.set(True)
            try:
                channels = apprise.Apprise()
                # A result of Apprise holds its log lines: only whether it succeeded leaves this function.
                return bool(channels.add(url) and channels.notify(body=body, title=subject))
            finally:
                _is_sending.reset(token)

        if not await self._runtime.transport.run_blocking(work):
            raise OutcomeUnknown("Apprise could not say that it was sent", lookup=LOOKUP, operation=operation)
        return notify.Sent(
            id=notify.NotificationId(str(uuid.uuid4())),
            channel=channel,
            reference=message.reference,
            template_id=template.id,
            template_version=template.version,
            subject=rendered.subject,
            body=rendered.body,
            sender=None,
            raw={},
        )


def _filled(url: Secret, recipient: str) -> str:
    return url.reveal().replace("{to}", quote(recipient, safe=""))


def _template(name: str, text: Mapping[str, str]) -> notify.Template:
    subject, body = text.get("subject"), text["body"]
    return notify.Template(
        id=notify.TemplateId(name),
        name=name,
        channel=Channel.SMS if subject is None else Channel.EMAIL,
        version=1,
        subject=subject,
        body=body,
        placeholders=tuple(dict.fromkeys(PLACEHOLDER.findall(f"{subject or ''} {body}"))),
        raw=dict[str, Any](text),
    )
