"""The gauges of the durable layer are shown by both observers, by the same names and labels."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from durable.world import World
from govcomponents import GovComponents, Money
from govcomponents.durable.storage.migrating import migrate
from govcomponents.observability import OpenTelemetryObserver, PrometheusObserver, names

BACK = "https://service.example.gov.uk/back"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'store.db'}")
    migrate(engine)
    made = World(engine)
    yield made
    made.gov.close()
    engine.dispose()


def test_both_observers_show_the_same(world: World) -> None:
    world.email()
    world.later.pay.create(Money.gbp("1.00"), "R-1", "Licence", BACK)
    registry, reader = CollectorRegistry(), InMemoryMetricReader()
    PrometheusObserver(registry).add_gauges(world.later.gauges)
    OpenTelemetryObserver(TracerProvider(), MeterProvider([reader])).add_gauges(world.later.gauges)
    data: Any = reader.get_metrics_data()
    by_opentelemetry = {
        (
            metric.name.replace(".", "_"),
            *sorted((name.replace(".", "_"), value) for name, value in point.attributes.items()),
        )
        for metric in data.resource_metrics[0].scope_metrics[0].metrics
        for point in metric.data.data_points
    }
    text = generate_latest(registry).decode()
    by_prometheus = {
        (sample.name.removesuffix("_seconds"), *sorted(sample.labels.items()))
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    assert by_prometheus == by_opentelemetry
    assert (
        "govcomponents_payments",
        ("govcomponents_account", "default"),
        ("govcomponents_payment_status", "created"),
    ) in (by_prometheus)
    families = {family.name for family in text_string_to_metric_families(text)}
    assert {metric.prometheus_name for metric in names.STORE_METRICS} <= families
    assert "sam@example.com" not in text


def test_a_store_that_is_away_has_no_readings_and_says_why(world: World, caplog: pytest.LogCaptureFixture) -> None:
    registry = CollectorRegistry()
    PrometheusObserver(registry).add_gauges(world.later.gauges)
    with world.engine.begin() as connection:
        connection.execute(sa.text("DROP TABLE gov_outbox"))
    with caplog.at_level(logging.WARNING, "govcomponents"):
        text = generate_latest(registry).decode()
    assert "govcomponents_outbox_rows{" not in text
    assert "the gauges of the store could not be read" in caplog.text


def test_the_age_of_a_providers_keys_is_that_of_their_last_fetch() -> None:
    registry, reader = CollectorRegistry(), InMemoryMetricReader()
    observers = [PrometheusObserver(registry), OpenTelemetryObserver(TracerProvider(), MeterProvider([reader]))]
    with GovComponents.sandbox(observers=observers) as gov:
        gov.simulator.one_login.sign_in_as("SAM")
        signing_in = gov.identity.start()
        gov.identity.complete(signing_in.pending, gov.simulator.visit(signing_in.url).headers["location"])
        labels = {"govcomponents_provider": "GOV.UK One Login", "govcomponents_account": "default"}
        age = registry.get_sample_value(
            "govcomponents_provider_keys_age_seconds", labels | {"govcomponents_source": "jwks"}
        )
        assert age is not None
        assert 0 <= age < 300
    data = reader.get_metrics_data()
    assert data is not None
    assert '"govcomponents.provider_keys.age"' in data.to_json()
