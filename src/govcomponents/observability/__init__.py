"""Observers that are ready to use: log lines, Prometheus metrics, and OpenTelemetry's spans and metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from govcomponents.lazy import lazy_exports

if TYPE_CHECKING:
    from govcomponents.observability.logs import LogObserver as LogObserver
    from govcomponents.observability.names import METRICS as METRICS, Metric as Metric
    from govcomponents.observability.opentelemetry import OpenTelemetryObserver as OpenTelemetryObserver
    from govcomponents.observability.prometheus import PrometheusObserver as PrometheusObserver

_HOMES = {
    "observability.logs": "LogObserver",
    "observability.names": "METRICS Metric",
    "observability.opentelemetry": "OpenTelemetryObserver",
    "observability.prometheus": "PrometheusObserver",
}

if not TYPE_CHECKING:
    __all__, __getattr__, __dir__ = lazy_exports(__name__, _HOMES)
