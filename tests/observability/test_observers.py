"""The observers that are ready to use tell what happened, by closed sets of words, and hold nobody's data."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable
from pathlib import Path

import pytest
import structlog
from opentelemetry import semconv, trace
from opentelemetry.metrics import NoOpMeterProvider
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import Decision, Sampler, SamplingResult
from opentelemetry.trace import SpanKind, StatusCode
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from govcomponents import Attempt, GovComponents, GovComponentsError, Money, Observer, SignInError
from govcomponents.observability import METRICS, LogObserver, OpenTelemetryObserver, PrometheusObserver, names

CANARIES = ("canary", "07700900199", "api_test_", "RENEW-7", "licence")
TEMPLATE = "5ab1ec0d-0000-4000-8000-000000000102"


def work(gov: GovComponents) -> None:
    """A few calls: some go well, one is tried again, some are refused; people are in their arguments."""
    gov.pay.create(Money.gbp("145.00"), "RENEW-7", "Renew a licence", "https://service.example.gov.uk/back")
    list(gov.pay.search(email="canary@example.com"))
    gov.simulator.control.arm("pay", "unavailable", operation="pay.search", times=1)
    list(gov.pay.search(cardholder_name="Canary Example"))
    gov.notify.send_sms("07700900199", TEMPLATE, {"name": "Canary", "reference": "R", "amount": "£1"}, "RENEW-7")
    with pytest.raises(GovComponentsError):
        gov.pay.get("none")
    gov.simulator.one_login.sign_in_as("SAM")
    signing_in = gov.identity.start()
    with pytest.raises(SignInError):
        gov.identity.complete(signing_in.pending, "?state=another&code=canary")


@pytest.fixture
def watched() -> Callable[[Observer], GovComponents]:
    def make(observer: Observer) -> GovComponents:
        return GovComponents.sandbox(observers=[observer])

    return make


def test_each_operation_is_one_line_with_the_same_keys(
    watched: Callable[[Observer], GovComponents], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "govcomponents.operations")
    work(watched(LogObserver()))
    lines = [record for record in caplog.records if record.name == "govcomponents.operations"]
    by_event = {record.event: record for record in lines}
    paid = by_event["pay.create"]
    assert (paid.levelno, paid.provider, paid.account, paid.attempts, paid.error) == (
        logging.INFO,
        "GOV.UK Pay",
        "default",
        1,
        None,
    )
    assert "seconds=" in paid.getMessage()
    missed = by_event["pay.get"]
    assert (missed.levelno, missed.error) == (logging.WARNING, "NotFound")
    assert by_event["sign_in.refused"].reason == "bad_state"
    told = "\n".join(f"{record.getMessage()} {record.__dict__}" for record in lines)
    assert not [canary for canary in CANARIES if canary in told]


def test_structlog_gets_the_same_keys(watched: Callable[[Observer], GovComponents]) -> None:
    with structlog.testing.capture_logs() as lines:
        work(watched(LogObserver(structlog.get_logger())))
    (missed,) = [line for line in lines if line["event"] == "pay.get"]
    assert missed["log_level"] == "warning"
    assert missed.keys() >= {"operation", "provider", "account", "seconds", "attempts", "error"}
    assert not [canary for canary in CANARIES if canary in json.dumps(lines)]


def test_prometheus_counts_operations_requests_and_what_happens(
    watched: Callable[[Observer], GovComponents],
) -> None:
    registry = CollectorRegistry()
    work(watched(PrometheusObserver(registry)))
    text = generate_latest(registry).decode()
    families = {family.name: family for family in text_string_to_metric_families(text)}
    of_calls = set(METRICS) - set(names.STORE_METRICS)
    assert {metric.prometheus_name.removesuffix("_total") for metric in of_calls} <= families.keys()
    counts = {
        (sample.labels["govcomponents_operation"], sample.labels["error_type"]): sample.value
        for sample in families["govcomponents_operation_duration_seconds"].samples
        if sample.name.endswith("_count")
    }
    assert counts["pay.create", ""] == 1
    assert counts["pay.get", "NotFound"] == 1
    requests = [
        sample.labels
        for sample in families["http_client_request_duration_seconds"].samples
        if sample.name.endswith("_count")
    ]
    assert {one["url_template"] for one in requests} >= {"/v1/payments", "/v1/payments/{payment_id}"}
    assert [one["http_response_status_code"] for one in requests if one["url_template"].endswith("{payment_id}")] == [
        "404"
    ]
    (refused,) = [
        sample
        for sample in families["govcomponents_happenings"].samples
        if sample.labels["govcomponents_happening"] == "sign_in.refused" and sample.name.endswith("_total")
    ]
    assert (refused.labels["govcomponents_reason"], refused.value) == ("bad_state", 1)
    assert not [canary for canary in CANARIES if canary in text]


@pytest.fixture
def spans() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def reader() -> InMemoryMetricReader:
    return InMemoryMetricReader()


@pytest.fixture
def observer(spans: InMemorySpanExporter, reader: InMemoryMetricReader) -> OpenTelemetryObserver:
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(spans))
    return OpenTelemetryObserver(provider, MeterProvider([reader]))


def test_an_operation_is_a_span_and_its_requests_are_spans_below_it(
    watched: Callable[[Observer], GovComponents], observer: OpenTelemetryObserver, spans: InMemorySpanExporter
) -> None:
    gov = watched(observer)
    gov.simulator.control.arm("pay", "unavailable", operation="pay.search", times=1)
    list(gov.pay.search(reference="RENEW-7"))
    *attempts, operation = spans.get_finished_spans()
    assert (operation.name, operation.kind) == ("pay.search", SpanKind.INTERNAL)
    assert operation.attributes is not None
    assert dict(operation.attributes) == {
        "govcomponents.component": "pay",
        "govcomponents.operation": "pay.search",
        "govcomponents.provider": "GOV.UK Pay",
        "govcomponents.account": "default",
        "govcomponents.attempts": 2,
    }
    assert [(span.name, span.kind, span.parent.span_id) for span in attempts if span.parent] == [
        ("GET /v1/payments", SpanKind.CLIENT, operation.context.span_id)
    ] * 2
    first, second = (dict(span.attributes or {}) for span in attempts)
    assert (first["http.response.status_code"], first["error.type"]) == (503, "503")
    # What the conventions require of each client span.
    assert first["http.request.method"] == "GET"
    assert first["url.full"] == f"https://{first['server.address']}/v1/payments"
    assert first["server.port"] == 443
    assert (second["http.response.status_code"], second["http.request.resend_count"]) == (200, 1)
    assert "http.request.resend_count" not in first


def test_a_refusal_is_an_error_on_both_spans(
    watched: Callable[[Observer], GovComponents], observer: OpenTelemetryObserver, spans: InMemorySpanExporter
) -> None:
    with pytest.raises(GovComponentsError):
        watched(observer).pay.get("none")
    attempt, operation = spans.get_finished_spans()
    assert attempt.status.status_code is operation.status.status_code is StatusCode.ERROR
    assert (operation.attributes or {})["error.type"] == "NotFound"
    assert operation.events == ()  # no exception, whose text may hold anything


@pytest.mark.parametrize("propagates", [True, False])
def test_what_is_not_sampled_has_no_parts_and_is_measured_all_the_same(
    spans: InMemorySpanExporter, reader: InMemoryMetricReader, propagates: bool
) -> None:
    asked: list[str] = []

    class Never(Sampler):
        def should_sample(self, parent: object, trace_id: int, name: str, *_: object, **__: object) -> SamplingResult:
            asked.append(name)
            return SamplingResult(Decision.DROP)

        def get_description(self) -> str:
            return "never"

    provider = TracerProvider(sampler=Never())
    provider.add_span_processor(SimpleSpanProcessor(spans))
    sent: list[str | None] = []

    class Spy(Observer):
        def attempt(self, attempt: Attempt, /) -> None:
            sent.append(attempt.headers.get("traceparent"))

    observer = OpenTelemetryObserver(provider, MeterProvider([reader]), propagates=propagates)
    with GovComponents.sandbox(observers=[observer, Spy()]) as gov:
        list(gov.pay.search())
    assert asked == ["pay.search"]
    assert spans.get_finished_spans() == ()
    data = reader.get_metrics_data()
    assert data is not None
    assert '"url.template": "/v1/payments"' in data.to_json()
    (traceparent,) = sent
    assert (traceparent is not None) == propagates
    assert traceparent is None or int(traceparent[-2:], 16) % 2 == 0  # not sampled


def test_what_is_neither_sampled_nor_measured_is_left_alone(spans: InMemorySpanExporter) -> None:
    asked: list[str] = []

    class Never(Sampler):
        def should_sample(self, parent: object, trace_id: int, name: str, *_: object, **__: object) -> SamplingResult:
            asked.append(name)
            return SamplingResult(Decision.DROP)

        def get_description(self) -> str:
            return "never"

    outside, inside = TracerProvider(), TracerProvider(sampler=Never())
    outside.add_span_processor(SimpleSpanProcessor(spans))
    observer = OpenTelemetryObserver(inside, NoOpMeterProvider())
    with (
        outside.get_tracer("service").start_as_current_span("renew"),
        GovComponents.sandbox(observers=[observer]) as gov,
    ):
        list(gov.pay.search())
    assert asked == ["pay.search"]  # and no part of it, although the caller's own span is recorded
    assert [span.name for span in spans.get_finished_spans()] == ["renew"]


def test_spans_stand_below_the_callers_own(
    watched: Callable[[Observer], GovComponents], spans: InMemorySpanExporter
) -> None:
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(spans))
    gov = watched(OpenTelemetryObserver(provider))
    with provider.get_tracer("service").start_as_current_span("renew") as outer:
        list(gov.pay.search())
        assert trace.get_current_span() is outer
    operation = next(span for span in spans.get_finished_spans() if span.name == "pay.search")
    assert operation.parent is not None
    assert operation.parent.span_id == outer.get_span_context().span_id


@pytest.mark.parametrize("propagates", [True, False])
def test_traceparent_goes_out_only_if_asked_for(spans: InMemorySpanExporter, propagates: bool) -> None:
    sent: list[str | None] = []

    class Spy(Observer):
        def attempt(self, attempt: object, /) -> None:
            sent.append(attempt.headers.get("traceparent"))

    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(spans))
    gov = GovComponents.sandbox(observers=[OpenTelemetryObserver(provider, propagates=propagates), Spy()])
    list(gov.pay.search())
    assert [given is not None for given in sent] == [propagates]


def test_nobodys_data_is_in_spans_or_metrics(
    watched: Callable[[Observer], GovComponents],
    observer: OpenTelemetryObserver,
    spans: InMemorySpanExporter,
    reader: InMemoryMetricReader,
) -> None:
    work(watched(observer))
    told = "\n".join(span.to_json() for span in spans.get_finished_spans())
    data = reader.get_metrics_data()
    assert data is not None
    told += data.to_json()
    of_calls = {metric.name for metric in METRICS} - {metric.name for metric in names.STORE_METRICS}
    assert {metric.name for metric in METRICS if metric.name in told} >= of_calls - {names.PROVIDER_KEYS_AGE.name}
    assert not [canary for canary in CANARIES if canary in told]


def test_names_that_are_not_ours_are_those_of_the_conventions() -> None:
    """Compared with the registry of OpenTelemetry's semantic conventions, as its package for Python has it as data."""
    registry = Path(semconv.__path__[0])
    known = {one for file in registry.rglob("*.py") for one in re.findall(r'= "([a-z_.]+)"', file.read_text())}
    ours = {value for name, value in vars(names).items() if name.isupper() and isinstance(value, str)}
    ours |= {metric.name for metric in METRICS}
    foreign = {name for name in ours if not name.startswith("govcomponents.")}
    assert len(foreign) >= 12
    assert foreign - known == set()
