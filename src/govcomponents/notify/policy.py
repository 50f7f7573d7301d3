"""The rules of one `gov.notify` for all of its messages: its pace, its guard of recipients, its templates by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, TypeAlias

from govcomponents.core.validation import is_text
from govcomponents.errors import ConfigurationError, InvalidInput

if TYPE_CHECKING:
    from typing import Self

    from govcomponents.core.http.runtime import Runtime
    from govcomponents.notify.guards import RecipientGuard
    from govcomponents.notify.limiters import Limiter, Pacer
    from govcomponents.notify.models import Channel
    from govcomponents.notify.templates.registry import TemplateChoice, TemplateRegistry
    from govcomponents.settings import NotifySettings

TemplateLike: TypeAlias = "str | TemplateChoice | Enum"
"""A template: its id; or its name, its choice or its member of an enumeration where the service has a registry."""

_NO_REGISTRY = "set GOVCOMPONENTS_NOTIFY__TEMPLATES_FILE, or give templates=... where the components are made"


@dataclass(frozen=True, slots=True)
class Policy:
    """The rules of one service. Each is None where it has none."""

    pacer: Pacer | None = None
    guard: RecipientGuard | None = None
    templates: TemplateRegistry | None = None
    limiter: Limiter | None = None

    @classmethod
    def from_settings(
        cls, settings: NotifySettings, runtime: Runtime, templates: TemplateRegistry | None = None
    ) -> Self:
        """Read the settings; `templates` stands in for the file. Raises ConfigurationError if that cannot be read."""
        pacer = guard = limiter = None
        if settings.limiter_url is not None:
            limiter = _limiter(settings)
        elif settings.requests_per_minute is not None:
            from govcomponents.notify.limiters import Pacer

            pacer = Pacer(settings.requests_per_minute)
        guarded = settings.allowed_recipients or settings.redirect_emails_to or settings.redirect_texts_to
        if guarded and runtime.is_production is not True:
            from govcomponents.notify.guards import RecipientGuard

            emails, numbers = settings.redirect_emails_to, settings.redirect_texts_to
            guard = RecipientGuard.make(
                [one.reveal() for one in settings.allowed_recipients],
                emails.reveal() if emails else None,
                numbers.reveal() if numbers else None,
            )
        if templates is None and settings.templates_file is not None:
            from govcomponents.notify.templates.registry import TemplateRegistry

            environment = "production" if runtime.is_production else "test"
            templates = TemplateRegistry.from_toml(settings.templates_file, environment=environment)
        return cls(pacer, guard, templates, limiter)

    def registry(self) -> TemplateRegistry:
        """Return the templates by name. Raises ConfigurationError if there are none."""
        if self.templates is None:
            raise ConfigurationError("there is no registry of templates", fix=_NO_REGISTRY)
        return self.templates

    def choice(self, template: TemplateLike, channel: Channel | None, operation: str) -> TemplateChoice | None:
        """Return the template that was named or chosen; None if it is given by its id.

        Raises InvalidInput for one of another channel, ConfigurationError for a name without a registry.
        """
        if self.templates is None and type(template) is str:
            return None
        choice = self._choice(template)
        if choice is not None and channel is not None and choice.channel is not channel:
            raise InvalidInput(
                field="template",
                problem=f"the template {choice.name!r} is for {choice.channel.value}",
                fix="use a template of this channel",
                operation=operation,
            )
        return choice

    def _choice(self, template: TemplateLike) -> TemplateChoice | None:
        from govcomponents.notify.templates.registry import TemplateChoice

        if isinstance(template, TemplateChoice):
            return template
        if isinstance(template, Enum) and not isinstance(template, str):
            return self.registry().choose(template)
        if self.templates is not None and template in self.templates:
            return self.templates.choose(template)
        return None

    def template_id(self, template: TemplateLike, operation: str) -> str:
        """Return the id of a template that is named, chosen or given by its id. Raises InvalidInput."""
        choice = self.choice(template, None, operation)
        return _checked_id(template, operation) if choice is None else choice.id

    def filled(
        self, template: TemplateLike, values: Mapping[str, object] | None, channel: Channel, operation: str
    ) -> tuple[str, Mapping[str, object]]:
        """Return a template's id, and the values for it, checked against its placeholders where those are known."""
        if values is None:
            values = {}
        choice = self.choice(template, channel, operation)
        if choice is None:
            return _checked_id(template, operation), values
        choice.check(values, operation)
        return choice.id, choice.written(values)


def _limiter(settings: NotifySettings) -> Limiter:
    """Make the limiter of the settings. Its name is the key's, by a digest, as the provider's limit is the key's."""
    from hashlib import sha256

    from govcomponents.notify.limiters import LimitsLimiter

    if settings.limiter_url is None or settings.requests_per_minute is None:
        raise ConfigurationError(
            "a shared limiter needs the pace that the processes share",
            fix=f"set {settings.variable('requests_per_minute')} to what the provider permits, such as 3000",
        )
    key = "" if settings.api_key is None else sha256(settings.api_key.reveal().encode()).hexdigest()[:16]
    return LimitsLimiter.from_url(
        settings.limiter_url.reveal(),
        per_minute=settings.requests_per_minute,
        key=f"govcomponents-notify-{key or settings.adapter}",
    )


def _checked_id(template: object, operation: str) -> str:
    if not isinstance(template, str) or not template.strip() or not is_text(template):
        fix = "give the template's id, as the provider's pages show it"
        raise InvalidInput(field="template", problem="it is not a template's id", fix=fix, operation=operation)
    return template
