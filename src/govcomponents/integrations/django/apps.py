"""The app: it finds the service's handlers of events when Django starts, as it finds admin modules."""

from __future__ import annotations

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.module_loading import autodiscover_modules

from govcomponents.web.access_logs import hide_callback_queries


class GovComponentsConfig(AppConfig):
    """The app of the components. Handlers of events stand in a module `handlers` of any installed app."""

    name = "govcomponents.integrations.django"
    label = "govcomponents"
    verbose_name = "Government components"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the system checks, and import every app's `handlers`."""
        from govcomponents.integrations.django import checks  # noqa: F401  # registers

        hide_callback_queries()
        autodiscover_modules("handlers")
        post_migrate.connect(_make_tables, sender=self)


def _make_tables(using: str, **_told: object) -> None:
    """Make the tables of the durable layer, or bring them up to date, when its database is migrated."""
    from govcomponents.integrations.django.database import is_in_memory
    from govcomponents.integrations.django.service import durable_setting, gov

    given = durable_setting()
    if given is not None and given.get("database", "default") == using and not is_in_memory(using):
        gov.later.migrate()
