"""The app: it finds the service's handlers of events when Django starts, as it finds admin modules."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class GovComponentsConfig(AppConfig):
    """The app of the components. Handlers of events stand in a module `handlers` of any installed app."""

    name = "govcomponents.integrations.django"
    label = "govcomponents"
    verbose_name = "Government components"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the system checks, and import every app's `handlers`."""
        from govcomponents.integrations.django import checks  # noqa: F401  # registers

        autodiscover_modules("handlers")
