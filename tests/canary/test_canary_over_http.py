"""No key and nobody is in what leaves with an error over the real transports: frames, chains, logs, reports, spans.

Every operation of the canary test, blocking and asyncio, against the sandbox over loopback HTTP, with faults on the
wire. Each error goes through Sentry's SDK at its defaults, in memory, and through a walk of our own; OpenTelemetry's
instrumentations of requests, urllib3 and aiohttp watch all the while. What is found is looked for in every spelling.
"""

from __future__ import annotations

import dataclasses
import json
import logging
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import pytest
import sentry_sdk
from opentelemetry.instrumentation.aiohttp_client import AioHttpClientInstrumentor
from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor
from opentelemetry.instrumentation.flask import FlaskInstrumentor
from opentelemetry.instrumentation.logging import LoggingInstrumentor
from opentelemetry.instrumentation.requests import RequestsInstrumentor
from opentelemetry.instrumentation.urllib3 import URLLib3Instrumentor
from opentelemetry.sdk.metrics import Counter, Histogram, MeterProvider, UpDownCounter
from opentelemetry.sdk.metrics.export import AggregationTemporality, InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client import CollectorRegistry, generate_latest
from sentry_sdk.transport import Transport as SentryTransport
from tenacity import stop_after_attempt

from canary.telling import CALLERS_OWN, told_by_error, told_by_result
from canary.test_canary import CARD, EMAIL, LINE, NAME, OPERATIONS, PHONE, WRONG, _world_canaries
from govcomponents import AsyncGovComponents, GovComponents, GovComponentsError, NotSupported, Observer, RetryPolicy
from govcomponents.contracts.modes import BlockingView, Mode
from govcomponents.core.transports.aio.sending import AiohttpTransport
from govcomponents.core.transports.blocking import RequestsTransport
from govcomponents.identity import SignIn
from govcomponents.observability import LogObserver, OpenTelemetryObserver, PrometheusObserver
from govcomponents.sandbox.browser import FormBrowser
from govcomponents.sandbox.providers import fault_catalogue
from govcomponents.sandbox.server import SandboxServer, serving
from govcomponents.sandbox.world import default_world
from spellings import leaked, spellings

if TYPE_CHECKING:
    import asyncio

    from govcomponents import Settings

FAULTS = ("connection_dropped_before_acceptance", "malformed_response", "bad_gateway")
FURTHER_FAULTS = ("time_out_after_acceptance", "key_revoked", "rate_limited", "oversize_response")
FEW = ("pay.create", "pay.search", "notify.send_email", "identity.complete")


class InMemory(SentryTransport):
    """Keeps what Sentry's SDK would send."""

    sent: list[dict[str, Any]]

    def __init__(self, options: dict[str, Any]) -> None:
        super().__init__(options)
        self.sent = []

    def capture_envelope(self, envelope: Any) -> None:
        self.sent += [item.payload.json for item in envelope.items if item.payload.json]


@dataclasses.dataclass
class Watched:
    """The tools that watch this process."""

    sentry: InMemory
    spans: InMemorySpanExporter
    metrics: InMemoryMetricReader
    tracing: Observer
    registry: CollectorRegistry = dataclasses.field(default_factory=CollectorRegistry)

    def begin(self) -> None:
        """Forget what another test left: its breadcrumbs would be in each report of this one, and searched again."""
        self.sentry.sent = []
        sentry_sdk.get_isolation_scope().clear_breadcrumbs()

    def observers(self) -> tuple[Observer, ...]:
        """Ours, of which Prometheus' begins anew."""
        self.registry = CollectorRegistry()
        return (self.tracing, PrometheusObserver(self.registry), LogObserver())

    def reported(self) -> str:
        """What Sentry's SDK sent, but for the variables and the source lines of the caller's own frames."""
        sentry_sdk.capture_message("the end")  # with all that was noted on the way
        sent, self.sentry.sent = self.sentry.sent, []
        for event in sent:
            for value in event.get("exception", {}).get("values", ()):
                stack = value.get("stacktrace") or {}
                stack["frames"] = [
                    frame
                    for frame in stack.get("frames", ())
                    if not any(part in frame.get("abs_path", "") for part in CALLERS_OWN)
                ]
        return json.dumps(sent, default=str, ensure_ascii=False)

    def traced(self) -> str:
        """What is since the last time in the spans and metrics of the stock instrumentations and our own observers."""
        found = [span.to_json() for span in self.spans.get_finished_spans()]
        self.spans.clear()
        data = self.metrics.get_metrics_data()
        return "\n".join(found) + (data.to_json() if data else "")

    def counted(self) -> str:
        """What Prometheus would be told: all since the start, so once at the end is enough."""
        return generate_latest(self.registry).decode()


@pytest.fixture(scope="module")
def watched() -> Iterator[Watched]:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    kinds = (Counter, UpDownCounter, Histogram)
    reader = InMemoryMetricReader(dict.fromkeys(kinds, AggregationTemporality.DELTA))  # else each look tells all again
    meters = MeterProvider([reader])
    instrumentors = [
        *(RequestsInstrumentor(), URLLib3Instrumentor(), AioHttpClientInstrumentor(), LoggingInstrumentor()),
        *(FlaskInstrumentor(), FastAPIInstrumentor()),
    ]
    for one in instrumentors:
        one.instrument(tracer_provider=provider, meter_provider=meters, set_logging_format=False)
    sentry_sdk.init(dsn="https://key@sentry.invalid/1", transport=InMemory, traces_sample_rate=1.0)
    transport = sentry_sdk.get_client().transport
    assert isinstance(transport, InMemory)
    yield Watched(transport, exporter, reader, OpenTelemetryObserver(provider, meters))
    sentry_sdk.init()
    for one in instrumentors:
        one.uninstrument()


@pytest.fixture(scope="module")
def server() -> Iterator[SandboxServer]:
    with serving(port=0) as running:
        yield running


class Told:
    """What was seen, and what must not be in it."""

    def __init__(self, canaries: set[str]) -> None:
        self.canaries = canaries
        self.texts: list[str] = []
        self.is_lacking = False  # whether the adapter refused, before anybody could watch, what it does not support

    def result(self, value: object) -> None:
        if isinstance(value, SignIn):
            value = dataclasses.replace(value, url="")  # it is for the browser, with the state and the nonce in it
        self.texts += told_by_result(value)

    def error(self, error: BaseException) -> None:
        self.is_lacking |= isinstance(error, NotSupported)
        sentry_sdk.capture_exception(error)
        self.texts += told_by_error(error)

    def found(self) -> set[str]:
        return leaked(self.canaries, "\n".join(dict.fromkeys(self.texts)))


class Service:
    """A service that reaches the sandbox over HTTP, with the face that the operations of the canary test expect."""

    def __init__(
        self,
        settings: Settings,
        server: SandboxServer,
        mode: Mode,
        runner: asyncio.Runner,
        observers: Sequence[Observer],
    ) -> None:
        self.sandbox, self.mode, self.runner = server.sandbox, mode, runner
        kind = GovComponents if mode is Mode.BLOCKING else AsyncGovComponents
        made = RequestsTransport if mode is Mode.BLOCKING else AiohttpTransport
        transport = made(connect_timeout=5, read_timeout=0.2, total_timeout=5)
        retry = RetryPolicy(stop=stop_after_attempt(2), wait=lambda _state: 0)
        self.gov: Any = kind.from_settings(settings, transport=transport, retry=retry, observers=observers)
        self.told = Told({EMAIL, PHONE, PHONE.removeprefix("0"), NAME, CARD, LINE, *_world_canaries(default_world())})
        self.errors = 0

    def component(self, name: str) -> Any:
        target = getattr(self.gov, name)
        return target if self.mode is Mode.BLOCKING else BlockingView(target, self.runner)

    def call(self, operation: str, *args: object, shown: bool = True, **kwargs: object) -> Any:
        component, _, name = operation.partition(".")
        try:
            result = getattr(self.component(component), name)(*args, **kwargs)
            if hasattr(result, "__next__"):
                result = list(result)
        except GovComponentsError as error:
            self.errors += 1
            self.told.error(error)
            return None
        if shown:
            self.told.result(result)
        return result

    def browser(self) -> FormBrowser:
        return FormBrowser(self.sandbox.visit)

    def close(self) -> None:
        if self.mode is Mode.BLOCKING:
            self.gov.close()
        else:
            self.runner.run(self.gov.aclose())


@pytest.fixture
def service(server: SandboxServer, gov_mode: Mode, gov_runner: asyncio.Runner, watched: Watched) -> Iterator[Service]:
    server.sandbox.faults.clear()
    watched.begin()
    made = Service(server.sandbox.settings(), server, gov_mode, gov_runner, watched.observers())
    yield made
    server.sandbox.faults.clear()
    made.close()


def assert_nothing_leaked(service: Service, watched: Watched, log: str) -> None:
    traced = watched.traced()
    assert "govcomponents." in traced or service.told.is_lacking  # our own observers watched
    service.told.texts += [watched.reported(), traced, watched.counted(), log]
    assert service.told.found() == set()


def perform(service: Service, operation: str, fault: str | None) -> None:
    """Do an operation on a sandbox whose providers go wrong in one way."""
    if fault is not None:
        providers = fault_catalogue()[fault].providers
        for provider in {"pay", "notify"}.intersection(providers):
            service.sandbox.faults.arm(provider, fault)
        if "one_login" in providers:  # not at the pages, which the person must get
            service.sandbox.faults.arm("one_login", fault, operation="token")
    OPERATIONS[operation](service)


def fault_of(operation: str, mode: Mode) -> str:
    """One of the faults that come most, and another in the other mode: `make conformance` has every pair."""
    return FAULTS[([*OPERATIONS].index(operation) + (mode is Mode.ASYNCIO)) % len(FAULTS)]


@pytest.mark.parametrize("goes_wrong", [False, True])
@pytest.mark.parametrize("operation", OPERATIONS)
def test_nothing_leaks_over_http(
    service: Service, watched: Watched, operation: str, goes_wrong: bool, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        perform(service, operation, fault_of(operation, service.mode) if goes_wrong else None)
    assert_nothing_leaked(service, watched, caplog.text)


@pytest.mark.parametrize("fault", FURTHER_FAULTS)
@pytest.mark.parametrize("operation", FEW)
def test_nothing_leaks_in_rarer_faults(
    service: Service, watched: Watched, operation: str, fault: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        perform(service, operation, fault)
    assert_nothing_leaked(service, watched, caplog.text)


@pytest.mark.parametrize("wrong", WRONG)
def test_nothing_leaks_of_wrong_input(
    service: Service, watched: Watched, wrong: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        assert WRONG[wrong](service) is None
    assert service.errors
    assert_nothing_leaked(service, watched, caplog.text)


def test_every_spelling_is_looked_for() -> None:
    assert {"a b+c@x.example", "a%20b%2Bc%40x.example", "a+b%2Bc%40x.example"} <= spellings("a b+c@x.example")
    import base64

    for before in ("", "x", "xy", "xyz"):
        for after in ("", "1", "12"):
            told = base64.b64encode(f"{before}canary.person@example.com{after}".encode()).decode()
            assert leaked([EMAIL], told), (before, after)
    assert leaked(['Zoë "Z"'], json.dumps('a Zoë "Z".'))
