"""What callers pass, made ready: checked against what the adapter can do, the guard and the templates' registry."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, TypeAlias

from govcomponents.errors import ConfigurationError, InvalidInput
from govcomponents.notify import inputs
from govcomponents.notify.models import Channel
from govcomponents.notify.port import NotifyCapability as Can
from govcomponents.notify.templates.personalisation import has_file

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime
    from typing import IO

    from govcomponents.notify.bulk.jobs import JobInput
    from govcomponents.notify.bulk.plan import BulkPlan
    from govcomponents.notify.bulk.results import BulkProgress, RowResult
    from govcomponents.notify.bulk.spreadsheets import Row
    from govcomponents.notify.events import NotifyEvent
    from govcomponents.notify.inputs import (
        EmailInput,
        LetterInput,
        PrecompiledInput,
        Recipient,
        SearchInput,
        SmsInput,
    )
    from govcomponents.notify.models import Status
    from govcomponents.notify.port import NotifyPort
    from govcomponents.notify.templates.formats import Language
    from govcomponents.notify.templates.personalisation import Personalisation
    from govcomponents.notify.templates.registry import TemplateChoice
    from govcomponents.notify.templates.template import Rendered, Template

TemplateLike: TypeAlias = "str | TemplateChoice | Enum"
"""A template's id; or its name, its choice or its enum member where the service has a registry."""

MAX_LETTER_BYTES = 5 * 1024 * 1024


class Arguments:
    """What blocking and asyncio callers share: the port, and everything that happens before it is called."""

    def __init__(self, port: NotifyPort) -> None:
        self._port = port

    def _email(
        self,
        to: Recipient,
        template: TemplateLike,
        personalisation: Personalisation | None,
        reference: str | None,
        reply_to: str | None,
        one_click_unsubscribe_url: str | None,
        sanitise: Sequence[str],
        extra: Mapping[str, object] | None,
    ) -> EmailInput:
        operation = "notify.send_email"
        port = self._port
        needed = [Can.EMAIL]
        if reply_to is not None:
            needed.append(Can.REPLY_TO)
        if one_click_unsubscribe_url is not None:
            needed.append(Can.UNSUBSCRIBE)
        if sanitise:
            needed.append(Can.SANITISE)
        port.require(*needed, operation=operation)
        template_id, values = self._chosen(template, personalisation, Channel.EMAIL, operation)
        if port.policy.guard is not None:
            to = port.policy.guard.recipient(to, Channel.EMAIL, operation)
        email = inputs.email_input(
            to, template_id, values, reference, reply_to, one_click_unsubscribe_url, sanitise, extra
        )
        if has_file(email.personalisation):
            port.require(Can.ATTACHMENTS, operation=operation)
        return email

    def _sms(
        self,
        to: Recipient,
        template: TemplateLike,
        personalisation: Personalisation | None,
        reference: str | None,
        sender: str | None,
        extra: Mapping[str, object] | None,
    ) -> SmsInput:
        operation = "notify.send_sms"
        port = self._port
        port.require(*([Can.SMS] if sender is None else [Can.SMS, Can.SENDER]), operation=operation)
        template_id, values = self._chosen(template, personalisation, Channel.SMS, operation)
        if port.policy.guard is not None:
            to = port.policy.guard.recipient(to, Channel.SMS, operation)
        message = inputs.sms_input(to, template_id, values, reference, sender, extra)
        _refuse_files(message.personalisation, operation)
        return message

    def _letter(
        self,
        address: Sequence[str] | str,
        template: TemplateLike,
        personalisation: Personalisation | None,
        reference: str | None,
        extra: Mapping[str, object] | None,
    ) -> LetterInput:
        operation = "notify.send_letter"
        port = self._port
        port.require(Can.LETTER, operation=operation)
        template_id, values = self._chosen(template, personalisation, Channel.LETTER, operation)
        if port.policy.guard is not None:
            port.policy.guard.letter(operation)
        letter = inputs.letter_input(address, template_id, values, reference, extra)
        _refuse_files(letter.personalisation, operation)
        return letter

    def _precompiled(
        self,
        pdf: bytes | str | os.PathLike[str] | IO[bytes],
        reference: str,
        postage: str | None,
        extra: Mapping[str, object] | None,
    ) -> PrecompiledInput:
        from govcomponents.notify.templates.attachments import read_pdf

        operation = "notify.send_precompiled_letter"
        self._port.require(Can.PRECOMPILED, operation=operation)
        if self._port.policy.guard is not None:
            self._port.policy.guard.letter(operation)
        return inputs.precompiled_input(read_pdf(pdf, MAX_LETTER_BYTES), reference, postage, extra)

    def _search(
        self,
        channel: Channel | str | None,
        status: Status | str | Sequence[Status | str],
        reference: str | None,
        older_than: str | None,
        include_jobs: object,
    ) -> SearchInput:
        self._port.require(Can.SEARCH, operation="notify.search")
        return inputs.search_input(channel, status, reference, older_than, include_jobs)

    def _bulk(
        self,
        rows: Iterable[Mapping[str, object]] | str | os.PathLike[str],
        template: TemplateLike,
        channel: Channel | str,
        batch: str,
        checkpoint: str | os.PathLike[str] | None,
        per_minute: float,
        concurrency: int,
        on_progress: Callable[[BulkProgress], None] | None,
        on_result: Callable[[RowResult], None] | None,
    ) -> BulkPlan:
        from govcomponents.notify.bulk.plan import BulkPlan, checked

        wanted = Channel(channel)
        checked(wanted, batch, per_minute, concurrency)
        self._port.require(Can.EMAIL if wanted is Channel.EMAIL else Can.SMS, operation="notify.send_many")
        choice = self._choice(template)
        template_id = self._template_id(template)

        def prepare(row: Row, reference: str) -> EmailInput | SmsInput:
            values: Personalisation = row.values  # type: ignore[assignment]  # checked by what follows
            if wanted is Channel.EMAIL:
                return self._email(row.to, template_id, values, reference, None, None, (), None)
            return self._sms(row.to, template_id, values, reference, None, None)

        placeholders = None if choice is None else choice.placeholders
        return BulkPlan(
            self._port,
            rows,
            prepare,
            wanted,
            batch,
            template_id,
            placeholders,
            checkpoint,
            per_minute,
            concurrency,
            on_progress,
            on_result,
        )

    def _job(
        self,
        rows: Iterable[Mapping[str, object]] | str | os.PathLike[str],
        template: TemplateLike,
        channel: Channel | str,
        name: str,
        reference: str | None,
        sender: str | None,
        send_at: datetime | None,
    ) -> JobInput:
        from govcomponents.notify.bulk.jobs import job_input

        operation = "notify.send_job"
        self._port.require(Can.JOBS, operation=operation)
        wanted, guard, choice = Channel(channel), self._port.policy.guard, self._choice(template)

        def allowed(to: str) -> Recipient:
            return to if guard is None else guard.recipient(to, wanted, operation)

        return job_input(
            rows, self._template_id(template), wanted, name, reference, sender, send_at, allowed=allowed, choice=choice
        )

    def _chosen(
        self, template: TemplateLike, personalisation: Personalisation | None, channel: Channel, operation: str
    ) -> tuple[str, Personalisation | None]:
        """The id of a template, and its values checked against its placeholders where those are known."""
        choice = self._choice(template)
        if choice is None:
            return template, personalisation  # type: ignore[return-value]  # a text, or refused by the input model
        if choice.channel is not channel:
            raise InvalidInput(
                field="template",
                problem=f"the template {choice.name!r} is for {choice.channel.value}",
                fix="use a template of this channel",
                operation=operation,
            )
        if isinstance(personalisation, dict) or personalisation is None:
            from govcomponents.notify.templates.personalisation import checked_values

            choice.check(personalisation or {}, operation)
            if choice.language != "en" and personalisation:
                try:
                    return choice.id, checked_values(personalisation, choice.language)  # type: ignore[return-value]  # the same values, written out
                except ValueError:
                    return choice.id, personalisation
        return choice.id, personalisation

    def _choice(self, template: TemplateLike) -> TemplateChoice | None:
        registry = self._port.policy.registry
        if registry is None and type(template) is str:
            return None
        from govcomponents.notify.templates.registry import TemplateChoice

        if isinstance(template, TemplateChoice):
            return template
        if isinstance(template, Enum) and not isinstance(template, str):
            if registry is None:
                raise ConfigurationError(
                    "a template was named, and there is no registry of templates",
                    fix="set GOVCOMPONENTS_NOTIFY__TEMPLATES_FILE, or call use_templates(...)",
                )
            return registry.choose(template)
        if registry is not None and template in set(registry):
            return registry.choose(template)
        return None

    def _template_id(self, template: TemplateLike) -> str:
        choice = self._choice(template)
        return inputs.checked_id(template if choice is None else choice.id, "notify.get_template", "template")

    def _shown(self, personalisation: Personalisation | None) -> Mapping[str, object]:
        """The values of a preview."""
        from govcomponents.notify.templates.personalisation import checked_values

        self._port.require(Can.PREVIEW, operation="notify.preview")
        try:
            return checked_values(personalisation or {})
        except ValueError as error:
            raise InvalidInput(
                field="personalisation",
                problem=str(error),
                fix="give each placeholder a text, a number, True or False, a date, or a list of those",
                operation="notify.preview",
            ) from None

    def use_templates(self, registry: object) -> None:
        """Name templates by a registry (`TemplateRegistry`) from now on. Do this once, when the service starts."""
        from dataclasses import replace

        from govcomponents.notify.templates.registry import TemplateRegistry

        if not isinstance(registry, TemplateRegistry):
            raise ConfigurationError(
                "it is not a TemplateRegistry", fix="make one with TemplateRegistry.from_toml(...)"
            )
        self._port.policy = replace(self._port.policy, registry=registry)

    def named(self, name: str | Enum, language: Language = "en") -> TemplateChoice:
        """Choose a template of the registry by its name and language.

        Raises ConfigurationError if there is no registry, no such name, or no id for this environment and language.
        """
        registry = self._port.policy.registry
        if registry is None:
            raise ConfigurationError(
                "there is no registry of templates",
                fix="set GOVCOMPONENTS_NOTIFY__TEMPLATES_FILE, or call use_templates(...)",
            )
        return registry.choose(name, language)

    def render(
        self, template: Template, personalisation: Personalisation | None = None, *, service_name: str | None = None
    ) -> Rendered:
        """Fill a template that was got before, as `preview` does, without a network call.

        `service_name` is given if the service's text messages start with it: it counts for their length. Raises
        InvalidInput if a placeholder has no value, and for anything that is not a Template.
        """
        from govcomponents.notify.templates.template import Template

        if not isinstance(template, Template):
            raise InvalidInput(
                field="template",
                problem="it is not a template that was got before",
                fix="give what gov.notify.get_template(...) returned, or a Template made from its text",
                operation="notify.render",
            )
        return template.render(personalisation, service_name=service_name)

    def read_callback(self, body: bytes, authorization: str | None) -> NotifyEvent:
        """Verify a callback, then read it: a delivery receipt, a received text, a returned letter or a complaint.

        `body` is the request's raw body and `authorization` its Authorization header. Answer the provider with 2xx
        once the event is stored; it tries again after 5xx and 429 only. Use the event's `key` to know a repeated one.
        Raises CallbackRefused if the token is none of those configured, or if the body cannot be read.
        """
        self._port.require(Can.CALLBACKS, operation="notify.read_callback")
        return self._port.read_callback(body, authorization)


def _refuse_files(values: Mapping[str, object], operation: str) -> None:
    if has_file(values):
        raise InvalidInput(
            field="personalisation",
            problem="it holds a file, and files go by email only",
            fix="send an email, or leave the file out",
            operation=operation,
        )
