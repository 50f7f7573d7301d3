"""An observer that counts for Prometheus, by the library prometheus-client (extra `prometheus`)."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from govcomponents.core.inputs import instance_argument
from govcomponents.core.observe import Attempt, Happening, Observer, Operation
from govcomponents.errors import ConfigurationError
from govcomponents.frames import leaving_frames_behind
from govcomponents.observability.names import (
    BUCKETS,
    HAPPENINGS,
    OPERATION_DURATION,
    PROVIDER_KEYS_AGE,
    REQUEST_DURATION,
    STORE_METRICS,
    WAIT,
    error_of,
)
from govcomponents.observability.provider_keys import ProviderKeys

try:
    from prometheus_client import REGISTRY, CollectorRegistry, Counter, Histogram
    from prometheus_client.core import GaugeMetricFamily
    from prometheus_client.registry import Collector
except ImportError:
    raise ConfigurationError(
        "prometheus-client is not installed", fix='pip install "govcomponents[prometheus]"'
    ) from None

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from govcomponents.observability.names import Gauges, Metric


class PrometheusObserver(Observer):
    """Counts operations, requests, waits and what happens beside them: see `METRICS` for names and labels.

    `registry` is where the metrics stand, by default the library's own. Make one observer for each registry, and give
    it to all components of the process: a second one on the same registry raises ValueError.
    """

    @leaving_frames_behind
    def __init__(self, registry: CollectorRegistry = REGISTRY) -> None:
        fix = "give a prometheus_client.CollectorRegistry, or leave it out"
        instance_argument(registry, CollectorRegistry, field="registry", fix=fix, operation="PrometheusObserver")
        self._operations = _histogram(OPERATION_DURATION, registry)
        self._requests = _histogram(REQUEST_DURATION, registry)
        self._waits = _counter(WAIT, registry)
        self._happenings = _counter(HAPPENINGS, registry)
        self._registry = registry
        self._provider_keys = ProviderKeys()
        registry.register(_Collector((PROVIDER_KEYS_AGE,), self._provider_keys))

    @leaving_frames_behind
    def add_gauges(self, gauges: Gauges) -> None:
        """Show the gauges of a store, such as `later.gauges`, whenever Prometheus asks.

        Do it in one process of the service, such as the worker: each would show the same. Raises ValueError if the
        registry has them already.
        """
        self._registry.register(_Collector(STORE_METRICS, gauges))

    def operation(self, operation: Operation, /) -> AbstractContextManager[object]:
        """Count the operation when it has ended."""
        return _Ended(lambda: self._count_operation(operation))

    def attempt(self, attempt: Attempt, /) -> AbstractContextManager[object]:
        """Count the request when it has ended."""
        return _Ended(lambda: self._count_attempt(attempt))

    def happened(self, happening: Happening, /) -> None:
        """Count what happened, and how long it took."""
        self._provider_keys.hear(happening)
        about = (happening.name, happening.provider, happening.account)
        self._happenings.labels(*about, happening.labels.get("reason", "")).inc()
        if happening.seconds is not None:
            self._waits.labels(*about).inc(happening.seconds)

    def _count_operation(self, it: Operation) -> None:
        self._operations.labels(it.name, it.provider, it.account, it.error or "").observe(it.seconds)

    def _count_attempt(self, it: Attempt) -> None:
        status = "" if it.status is None else str(it.status)
        self._requests.labels(it.method, it.server, it.port, it.template, status, error_of(it)).observe(it.seconds)


class _Collector(Collector):
    """Reads gauges whenever Prometheus asks."""

    def __init__(self, metrics: Sequence[Metric], gauges: Gauges) -> None:
        self._metrics = metrics
        self._gauges = gauges

    def describe(self) -> Iterable[GaugeMetricFamily]:
        """Return the names, so that they can be registered without a reading."""
        return [GaugeMetricFamily(one.prometheus_name, one.told, labels=one.prometheus_labels) for one in self._metrics]

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """Return the readings of now."""
        readings = self._gauges.read()
        for metric, family in zip(self._metrics, self.describe(), strict=True):
            for reading in readings:
                if reading.metric is metric:
                    family.add_metric(reading.labels, reading.value)
            yield family


class _Ended(AbstractContextManager[None]):
    __slots__ = ("_count",)

    def __init__(self, count: Callable[[], None]) -> None:
        self._count = count

    def __exit__(self, *_exception: object) -> None:
        self._count()


def _histogram(metric: Metric, registry: CollectorRegistry) -> Histogram:
    name, labels = metric.prometheus_name, metric.prometheus_labels
    return Histogram(name, metric.told, labels, buckets=BUCKETS, registry=registry)


def _counter(metric: Metric, registry: CollectorRegistry) -> Counter:
    return Counter(metric.prometheus_name, metric.told, metric.prometheus_labels, registry=registry)
