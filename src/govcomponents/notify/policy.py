"""What holds for every message of one `gov.notify`, whatever the adapter: its pace, its guard and its templates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Self

    from govcomponents.core.runtime import Runtime
    from govcomponents.notify.guards import RecipientGuard
    from govcomponents.notify.pacing import Pacer
    from govcomponents.notify.templates.registry import TemplateRegistry
    from govcomponents.settings import NotifySettings


@dataclass(frozen=True, slots=True)
class Policy:
    """What holds for every message. `runtime` is for waiting and for the time."""

    runtime: Runtime | None = None
    pacer: Pacer | None = None
    guard: RecipientGuard | None = None
    registry: TemplateRegistry | None = None

    @classmethod
    def from_settings(cls, settings: NotifySettings, runtime: Runtime) -> Self:
        """Read the settings. Raises ConfigurationError if the templates' file cannot be read."""
        pacer = guard = registry = None
        if settings.requests_per_minute is not None:
            from govcomponents.notify.pacing import Pacer

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
        if settings.templates_file is not None:
            from govcomponents.notify.templates.registry import TemplateRegistry

            environment = "production" if runtime.is_production else "test"
            registry = TemplateRegistry.from_toml(settings.templates_file, environment=environment)
        return cls(runtime, pacer, guard, registry)
