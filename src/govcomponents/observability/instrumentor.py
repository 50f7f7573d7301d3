"""The instrumentor that the command `opentelemetry-instrument` finds, as it finds those of other libraries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from govcomponents.core.observe import watch_all, watch_no_more
from govcomponents.observability.opentelemetry import OpenTelemetryObserver

if TYPE_CHECKING:
    from opentelemetry.metrics import MeterProvider
    from opentelemetry.trace import TracerProvider


class GovComponentsInstrumentor:
    """Gives components that are made from now on an `OpenTelemetryObserver`, unless they were given one."""

    def instrument(
        self,
        *,
        tracer_provider: TracerProvider | None = None,
        meter_provider: MeterProvider | None = None,
        **_options: object,
    ) -> None:
        """Begin; what was made before stays as it is."""
        watch_all(OpenTelemetryObserver(tracer_provider, meter_provider))

    def uninstrument(self, **_options: object) -> None:
        """Leave what is made from now on alone."""
        watch_no_more(OpenTelemetryObserver)
