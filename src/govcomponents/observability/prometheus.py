"""An observer that counts for Prometheus, by the library prometheus-client (extra `prometheus`)."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from govcomponents.core.observe import Attempt, Happening, Observer, Operation
from govcomponents.errors import ConfigurationError
from govcomponents.frames import leaving_frames_behind
from govcomponents.observability.names import BUCKETS, HAPPENINGS, OPERATION_DURATION, REQUEST_DURATION, WAIT, error_of

try:
    from prometheus_client import REGISTRY, CollectorRegistry, Counter, Histogram
except ImportError:
    raise ConfigurationError(
        "prometheus-client is not installed", fix='pip install "govcomponents[prometheus]"'
    ) from None

if TYPE_CHECKING:
    from collections.abc import Callable

    from govcomponents.observability.names import Metric


class PrometheusObserver(Observer):
    """Counts operations, requests, waits and what happens beside them: see `METRICS` for names and labels.

    `registry` is where the metrics stand, by default the library's own. Make one observer for each registry, and give
    it to all components of the process: a second one on the same registry raises ValueError.
    """

    @leaving_frames_behind
    def __init__(self, registry: CollectorRegistry = REGISTRY) -> None:
        self._operations = _histogram(OPERATION_DURATION, registry)
        self._requests = _histogram(REQUEST_DURATION, registry)
        self._waits = _counter(WAIT, registry)
        self._happenings = _counter(HAPPENINGS, registry)

    def operation(self, operation: Operation, /) -> AbstractContextManager[object]:
        """Count the operation when it has ended."""
        return _Ended(lambda: self._count_operation(operation))

    def attempt(self, attempt: Attempt, /) -> AbstractContextManager[object]:
        """Count the request when it has ended."""
        return _Ended(lambda: self._count_attempt(attempt))

    def happened(self, happening: Happening, /) -> None:
        """Count what happened, and how long it took."""
        about = (happening.name, happening.provider, happening.account)
        self._happenings.labels(*about, happening.labels.get("reason", "")).inc()
        if happening.seconds is not None:
            self._waits.labels(*about).inc(happening.seconds)

    def _count_operation(self, it: Operation) -> None:
        self._operations.labels(it.name, it.provider, it.account, it.error or "").observe(it.seconds)

    def _count_attempt(self, it: Attempt) -> None:
        status = "" if it.status is None else str(it.status)
        self._requests.labels(it.method, it.server, it.port, it.template, status, error_of(it)).observe(it.seconds)


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
