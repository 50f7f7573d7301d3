"""What Prometheus sees is the same, by whichever of the observers a process is watched: one dashboard serves both."""

from __future__ import annotations

from collections.abc import Iterator

from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.trace import TracerProvider
from prometheus_client import REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from govcomponents import GovComponents
from govcomponents.observability import METRICS, OpenTelemetryObserver, PrometheusObserver
from observability.test_observers import work

Series = dict[str, set[tuple[tuple[str, str], ...]]]


def series(text: str) -> Series:
    """The series of our metrics, each with its labels, but for those that are empty or the exporter's own."""
    found: Series = {}
    ours = tuple(metric.prometheus_name.removesuffix("_total") for metric in METRICS)
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if sample.name.startswith(ours) and not sample.name.endswith("_created"):
                labels = {name: value for name, value in sample.labels.items() if value and "otel_scope" not in name}
                found.setdefault(sample.name, set()).add(tuple(sorted(labels.items())))
    return found


def watched_by_opentelemetry() -> Series:
    reader = PrometheusMetricReader()
    meters = MeterProvider([reader])
    with GovComponents.sandbox(observers=[OpenTelemetryObserver(TracerProvider(), meters)]) as gov:
        work(gov)
    text = generate_latest(REGISTRY).decode()
    meters.shutdown()
    return series(text)


def watched_by_prometheus() -> Series:
    registry = CollectorRegistry()
    with GovComponents.sandbox(observers=[PrometheusObserver(registry)]) as gov:
        work(gov)
    return series(generate_latest(registry).decode())


def test_both_observers_give_the_same_series_with_the_same_labels() -> None:
    one, other = watched_by_opentelemetry(), watched_by_prometheus()
    assert one.keys() == other.keys()
    for name in one:
        assert one[name] == other[name], name


def bounds(found: Series) -> Iterator[float]:
    for labels in found["govcomponents_operation_duration_seconds_bucket"]:
        yield float(dict(labels)["le"])


def test_a_call_of_milliseconds_is_told_from_one_of_seconds() -> None:
    """The bounds that OpenTelemetry takes by itself are of milliseconds: the first above 0 would be 5 seconds."""
    assert sum(bound < 1 for bound in set(bounds(watched_by_opentelemetry()))) >= 5
