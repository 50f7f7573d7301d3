"""A process that `opentelemetry-instrument` starts has spans of this package's calls, without a line of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from opentelemetry.metrics import NoOpMeterProvider
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from govcomponents import GovComponents
from govcomponents.observability import OpenTelemetryObserver
from govcomponents.observability.instrumentor import GovComponentsInstrumentor


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    kept = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(kept))
    instrumentor = GovComponentsInstrumentor()
    instrumentor.instrument(tracer_provider=provider, meter_provider=NoOpMeterProvider(), skip_dep_check=True)
    instrumentor.instrument(tracer_provider=provider, meter_provider=NoOpMeterProvider())  # twice is as once
    yield kept
    instrumentor.uninstrument()


def searched(**given: object) -> None:
    with GovComponents.sandbox(**given) as gov:
        list(gov.pay.search())


def test_components_are_watched_once_and_not_after_it_ended(spans: InMemorySpanExporter) -> None:
    searched()
    assert [span.name for span in spans.get_finished_spans()] == ["GET /v1/payments", "pay.search"]
    spans.clear()
    searched(observers=[OpenTelemetryObserver(TracerProvider(), NoOpMeterProvider())])  # its own, elsewhere
    assert spans.get_finished_spans() == ()
    GovComponentsInstrumentor().uninstrument()
    searched()
    assert spans.get_finished_spans() == ()


def test_it_is_found_as_that_of_other_libraries_is() -> None:
    (found,) = entry_points(group="opentelemetry_instrumentor", name="govcomponents")
    assert found.load() is GovComponentsInstrumentor


PROGRAM = """
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import ConsoleSpanExporter, SimpleSpanProcessor
from govcomponents import GovComponents

provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(ConsoleSpanExporter()))
trace.set_tracer_provider(provider)  # as a distribution of OpenTelemetry does, which is not installed here
with GovComponents.sandbox() as gov:
    list(gov.pay.search())
"""


def test_the_command_watches_a_program_that_knows_nothing_of_it() -> None:
    command = [Path(sys.executable).parent / "opentelemetry-instrument", sys.executable, "-c", PROGRAM]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert '"name": "pay.search"' in done.stdout
