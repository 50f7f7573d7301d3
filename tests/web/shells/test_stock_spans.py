"""The stock instrumentations of frameworks record no code of a sign-in and nobody: in spans, metrics and logs."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qsl

import pytest

pytest.importorskip("flask")
pytest.importorskip("django")
pytest.importorskip("fastapi")

from fastapi import FastAPI
from flask import Flask
from opentelemetry.instrumentation.asgi import OpenTelemetryMiddleware
from opentelemetry.instrumentation.django import DjangoInstrumentor
from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor
from opentelemetry.instrumentation.flask import FlaskInstrumentor
from opentelemetry.instrumentation.logging import LoggingInstrumentor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from govcomponents import AsyncGovComponents, GovComponents
from govcomponents.contracts.web.browser import Browser, Reply, WebClient
from govcomponents.contracts.web.suite import WebSuite, _world
from govcomponents.web.recorded_spans import hide_callback_query_of_span
from spellings import leaked
from web.on_django import test_django
from web.on_django.test_django import database  # noqa: F401  # the tables of its project
from web.shells import test_fastapi, test_flask


class Watched:
    """What the instrumentations of one framework recorded."""

    def __init__(self) -> None:
        self.spans = InMemorySpanExporter()
        self.tracers = TracerProvider()
        self.tracers.add_span_processor(SimpleSpanProcessor(self.spans))
        self.reader = InMemoryMetricReader()
        self.meters = MeterProvider([self.reader])

    def told(self) -> str:
        data = self.reader.get_metrics_data()
        spans = [span.to_json() for span in self.spans.get_finished_spans()]
        assert spans
        return "\n".join(spans) + (data.to_json() if data else "")


def flask(gov: Any, watched: Watched) -> WebClient:
    class Instrumented(Flask):
        pass

    before = test_flask.Flask
    try:
        test_flask.Flask = instrumented(before, watched)
        return test_flask.serve(gov, [])
    finally:
        test_flask.Flask = before


def instrumented(kind: type[Flask], watched: Watched) -> Callable[[str], Flask]:
    def make(name: str) -> Flask:
        app = kind(name)
        FlaskInstrumentor().instrument_app(app, tracer_provider=watched.tracers, meter_provider=watched.meters)
        return app

    return make


def fastapi(gov: Any, watched: Watched) -> WebClient:
    app = test_fastapi.service(gov, [])
    FastAPIInstrumentor.instrument_app(app, tracer_provider=watched.tracers, meter_provider=watched.meters)
    return test_fastapi.AsgiClient(app)


def starlette(gov: Any, watched: Watched) -> WebClient:
    app: FastAPI = test_fastapi.service(gov, [])
    whole: Any = OpenTelemetryMiddleware(app, tracer_provider=watched.tracers, meter_provider=watched.meters)
    return test_fastapi.AsgiClient(whole)


def django(gov: Any, watched: Watched) -> WebClient:
    DjangoInstrumentor().instrument(tracer_provider=watched.tracers, meter_provider=watched.meters)
    return test_django.serve(gov, [])


@pytest.fixture
def logs(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    LoggingInstrumentor().instrument(set_logging_format=False)
    with caplog.at_level(logging.DEBUG):
        yield caplog
    LoggingInstrumentor().uninstrument()


@pytest.mark.parametrize("serve", [flask, fastapi, starlette, django])
def test_no_code_of_a_sign_in_is_recorded(
    serve: Callable[[Any, Watched], WebClient], logs: pytest.LogCaptureFixture
) -> None:
    watched = Watched()
    kind = AsyncGovComponents if serve in (fastapi, starlette) else GovComponents
    gov = kind.sandbox(_world())
    gov.simulator.one_login.sign_in_as("SAM")
    try:
        browser = Browser(serve(gov, watched))
        path = WebSuite.at_provider(gov, browser.get("/protected"))
        canaries = {value for name, value in parse_qsl(path.partition("?")[2]) if name in ("code", "state")}
        assert browser.get(path).status == 303
        canaries |= {browser.get("/open").text, *browser.cookies.values()}
        refused: Reply = Browser(browser.client).get(
            "/gov/callback?code=canary-code-7d1f&state=canary-state-7d1f&session_state=x"
        )
        assert refused.status == 400
        canaries |= {"canary-code-7d1f", "canary-state-7d1f"}
    finally:
        if serve is django:
            DjangoInstrumentor().uninstrument()
    assert len(canaries) >= 5
    told = watched.told()
    assert "/gov/callback" in told
    assert leaked(canaries, told) == set()
    assert leaked(canaries, logs.text) == set()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("http.target", "/gov/callback?code=canary-7d1f&state=canary-7d1f"),
        ("http.url", "https://service.example.gov.uk/gov/callback?state=canary-7d1f&code=canary-7d1f"),
        ("url.full", "https://service.example.gov.uk/gov/callback?a=b&code=canary-7d1f"),
        ("url.query", "code=canary-7d1f&state=canary-7d1f"),
    ],
)
def test_it_is_masked_by_whatever_name_it_is_recorded(name: str, value: str) -> None:
    with TracerProvider().get_tracer("t").start_as_current_span("GET", attributes={name: value, "page": 7}) as span:
        hide_callback_query_of_span()
    told = dict(span.attributes)
    assert "canary" not in str(told)
    assert "code=***" in str(told[name])
    assert told["page"] == 7


def test_where_nothing_is_recorded_nothing_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    hide_callback_query_of_span()
    monkeypatch.delitem(sys.modules, "opentelemetry.trace")
    hide_callback_query_of_span()
