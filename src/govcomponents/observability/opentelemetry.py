"""An observer that makes OpenTelemetry's spans and metrics, on its API package alone (extra `opentelemetry`).

An operation is a span of its own, such as "pay.create"; each request of it is a client span below it, by the semantic
conventions for HTTP. The HTTP libraries' own instrumentation is kept from recording our calls, since it records whole
URLs: the one here has the URL's template, "/v1/payments/{payment_id}".
"""

from __future__ import annotations

import hashlib
from contextlib import AbstractContextManager
from functools import partial
from typing import TYPE_CHECKING, Final

from govcomponents.core.http.runtime import VERSION
from govcomponents.core.inputs import flag_argument, method_argument
from govcomponents.core.observe import UNWATCHED, Attempt, Happening, Observer, Operation
from govcomponents.errors import ConfigurationError
from govcomponents.frames import leaving_frames_behind
from govcomponents.observability import names
from govcomponents.observability.provider_keys import ProviderKeys

try:
    from opentelemetry import context, metrics, propagate, trace
    from opentelemetry.metrics import NoOpHistogram, Observation
    from opentelemetry.trace import Link, SpanContext, SpanKind, Status, StatusCode, TraceFlags
except ImportError:
    raise ConfigurationError(
        "OpenTelemetry's API is not installed", fix='pip install "govcomponents[opentelemetry]"'
    ) from None

if TYPE_CHECKING:
    from collections.abc import Iterable

    from opentelemetry.context import Context
    from opentelemetry.metrics import MeterProvider
    from opentelemetry.trace import Span, TracerProvider

    from govcomponents.observability.names import Gauges, Metric

_SCOPE: Final = "govcomponents"
_KINDS: Final = {"outbox.queued": SpanKind.PRODUCER}
_MOST_KNOWN: Final = 1000  # kinds of requests: each has a template, and nobody's data
_PORTS: Final = {"http": 80, "https": 443}
_FAILED: Final = Status(StatusCode.ERROR)


def journey_link(journey: str) -> Link:
    """Return the link that all spans of a journey have, in whatever process they are made."""
    return _link(f"journey {journey}")


def _link(name: str) -> Link:
    """Return a link to a context that is made of a name, so that whoever knows the name finds the same one."""
    digest = hashlib.sha256(f"govcomponents {name}".encode()).digest()
    trace_id, span_id = int.from_bytes(digest[:16], "big"), int.from_bytes(digest[16:24], "big")
    return Link(SpanContext(trace_id, span_id, is_remote=True, trace_flags=TraceFlags(TraceFlags.SAMPLED)))


class OpenTelemetryObserver(Observer):
    """Makes a span for each operation and one for each of its requests, and the metrics of `METRICS`.

    `tracer_provider` and `meter_provider` are those that the application set, unless they are given. With `propagates`
    the provider is sent `traceparent`; government's own providers take no notice of it, so by default it is not.
    """

    @leaving_frames_behind
    def __init__(
        self,
        tracer_provider: TracerProvider | None = None,
        meter_provider: MeterProvider | None = None,
        *,
        propagates: bool = False,
    ) -> None:
        operation, fix = "OpenTelemetryObserver", "give a provider of OpenTelemetry, or leave it out for the global one"
        if tracer_provider is not None:
            method_argument(tracer_provider, "get_tracer", field="tracer_provider", fix=fix, operation=operation)
        if meter_provider is not None:
            method_argument(meter_provider, "get_meter", field="meter_provider", fix=fix, operation=operation)
        flag_argument(propagates, field="propagates", operation=operation)
        self.tracer = trace.get_tracer(_SCOPE, VERSION, tracer_provider)
        self._propagates = propagates
        meter = metrics.get_meter(_SCOPE, VERSION, meter_provider)
        operations, requests = names.OPERATION_DURATION, names.REQUEST_DURATION
        of = partial(meter.create_histogram, explicit_bucket_boundaries_advisory=names.BUCKETS)
        self._operations = of(operations.name, operations.unit, operations.told)
        self._requests = of(requests.name, requests.unit, requests.told)
        self._waits = meter.create_counter(names.WAIT.name, names.WAIT.unit, names.WAIT.told)
        self.measures = not isinstance(self._operations, NoOpHistogram)
        self._operations_known: dict[tuple[str, str, str], dict[str, str]] = {}
        self._attempts_known: dict[tuple[str, str, int, str, str], tuple[str, dict[str, str | int]]] = {}
        self._happenings = meter.create_counter(names.HAPPENINGS.name, names.HAPPENINGS.unit, names.HAPPENINGS.told)
        self._meter = meter
        self._provider_keys = ProviderKeys()
        self._add_gauge(names.PROVIDER_KEYS_AGE, self._provider_keys)

    @leaving_frames_behind
    def add_gauges(self, gauges: Gauges) -> None:
        """Show the gauges of a store, such as `later.gauges`, whenever metrics are collected.

        Do it in one process of the service, such as the worker: each would show the same.
        """
        for metric in names.STORE_METRICS:
            self._add_gauge(metric, gauges)

    def _add_gauge(self, metric: Metric, gauges: Gauges) -> None:
        def observe(_options: object) -> Iterable[Observation]:
            for reading in gauges.read():
                if reading.metric is metric:
                    yield Observation(reading.value, dict(zip(metric.labels, reading.labels, strict=True)))

        self._meter.create_observable_gauge(metric.name, [observe], metric.unit, metric.told)

    def operation(self, operation: Operation, /) -> AbstractContextManager[object]:
        """Begin the span of an operation. One that is not sampled, and not measured either, is left alone."""
        about = self._about_operation(operation)
        if operation.journey is None:
            span = self.tracer.start_span(operation.name, attributes=about)
        else:
            about, links = {**about, names.JOURNEY: operation.journey}, [journey_link(operation.journey)]
            span = self.tracer.start_span(operation.name, attributes=about, links=links)
        if not (self.measures or self._propagates or span.is_recording()):
            return UNWATCHED
        return _OperationSpan(self, operation, span)

    def attempt(self, attempt: Attempt, /) -> AbstractContextManager[object] | None:
        """Begin the span of a request, if that of its operation is recorded; what is not sampled has no parts."""
        span: Span | None = None
        inside = None
        if trace.get_current_span().is_recording():
            name, about = self._about_attempt(attempt)
            span = self.tracer.start_span(name, kind=SpanKind.CLIENT, attributes=about)
            if attempt.number > 1:
                span.set_attribute(names.RESEND_COUNT, attempt.number - 1)
            inside = trace.set_span_in_context(span)
        if self._propagates:
            propagate.inject(attempt.headers, inside)
        return _AttemptSpan(self, attempt, span, inside) if inside is not None or self.measures else None

    def happened(self, happening: Happening, /) -> None:
        """Count what happened, and note it on the span that is open."""
        about = {
            names.HAPPENING: happening.name,
            names.PROVIDER: happening.provider,
            names.ACCOUNT: happening.account,
        }
        self._provider_keys.hear(happening)
        reason = happening.labels.get("reason")
        self._happenings.add(1, about if reason is None else {**about, names.REASON: reason})
        if happening.seconds is not None:
            self._waits.add(happening.seconds, about)
        if happening.journey is None and happening.item is None:
            trace.get_current_span().add_event(happening.name, {**about, **happening.labels})
        else:
            self._step(happening, about)

    def _step(self, happening: Happening, about: dict[str, str]) -> None:
        """Make a span of what happened to a row or on a journey: it ends at once, and is found again by its links."""
        told = about | {f"govcomponents.{name}": value for name, value in happening.labels.items()}
        links = []
        if happening.journey is not None:
            told[names.JOURNEY] = happening.journey
            links.append(journey_link(happening.journey))
        is_of_outbox = happening.name.startswith("outbox.")
        if is_of_outbox and happening.item is not None:
            told |= {names.MESSAGING_SYSTEM: _SCOPE, names.MESSAGING_DESTINATION: "outbox"}
            told[names.MESSAGING_OPERATION] = happening.name.removeprefix("outbox.")
            links.append(_link(f"{happening.account} {happening.labels.get('operation')} {happening.item}"))
        kind = _KINDS.get(happening.name, SpanKind.CONSUMER if is_of_outbox else SpanKind.INTERNAL)
        self.tracer.start_span(happening.name, kind=kind, attributes=told, links=links).end()

    def _about_operation(self, it: Operation) -> dict[str, str]:
        """Return the attributes of all calls of one operation, made once: there are few."""
        key = (it.name, it.provider, it.account)
        known = self._operations_known.get(key)
        if known is None:
            known = self._operations_known[key] = {
                names.COMPONENT: it.component,
                names.OPERATION: it.name,
                names.PROVIDER: it.provider,
                names.ACCOUNT: it.account,
            }
        return known

    def _about_attempt(self, it: Attempt) -> tuple[str, dict[str, str | int]]:
        """Return the name and the attributes of all requests of one kind, made once: there are few."""
        key = (it.method, it.server, it.port, it.template, it.operation.provider)
        known = self._attempts_known.get(key)
        if known is None:
            port = "" if it.port == _PORTS.get(it.scheme) else f":{it.port}"
            about: dict[str, str | int] = {
                names.METHOD: it.method,
                names.SERVER: it.server,
                names.TEMPLATE: it.template,
                names.PORT: it.port,
                names.URL: f"{it.scheme}://{it.server}{port}{it.template}",
                names.PROVIDER: it.operation.provider,
            }
            known = (f"{it.method} {it.template}" if it.template else it.method), about
            if len(self._attempts_known) < _MOST_KNOWN:
                self._attempts_known[key] = known
        return known

    def ended_operation(self, it: Operation) -> None:
        """Measure an operation that has ended."""
        about = {names.OPERATION: it.name, names.PROVIDER: it.provider, names.ACCOUNT: it.account}
        if it.error:
            about[names.ERROR_TYPE] = it.error
        self._operations.record(it.seconds, about)

    def ended_attempt(self, it: Attempt) -> None:
        """Measure a request that has ended."""
        about: dict[str, str | int] = {
            names.METHOD: it.method,
            names.SERVER: it.server,
            names.PORT: it.port,
            names.TEMPLATE: it.template,
        }
        if it.status is not None:
            about[names.STATUS] = it.status
        if error := names.error_of(it):
            about[names.ERROR_TYPE] = error
        self._requests.record(it.seconds, about)


class _OperationSpan(AbstractContextManager[None]):
    """The span of an operation, recorded or not: no part of the call takes the caller's own span for it."""

    __slots__ = ("_observer", "_operation", "_span", "_token")

    def __init__(self, observer: OpenTelemetryObserver, operation: Operation, span: Span) -> None:
        self._observer = observer
        self._operation = operation
        self._span = span

    def __enter__(self) -> None:
        self._token = context.attach(trace.set_span_in_context(self._span))

    def __exit__(self, *_exception: object) -> None:
        it, span = self._operation, self._span
        context.detach(self._token)
        if span.is_recording():
            span.set_attribute(names.ATTEMPTS, it.attempts)
            if it.error:
                span.set_attribute(names.ERROR_TYPE, it.error)
                span.set_status(_FAILED)
            span.end()
        if self._observer.measures:
            self._observer.ended_operation(it)


class _AttemptSpan(AbstractContextManager[None]):
    """The span of a request, if it has one, and its measurement."""

    __slots__ = ("_attempt", "_inside", "_observer", "_span", "_token")

    def __init__(
        self, observer: OpenTelemetryObserver, attempt: Attempt, span: Span | None, inside: Context | None
    ) -> None:
        self._observer = observer
        self._attempt = attempt
        self._span = span
        self._inside = inside

    def __enter__(self) -> None:
        self._token = None if self._inside is None else context.attach(self._inside)

    def __exit__(self, *_exception: object) -> None:
        it, span = self._attempt, self._span
        if self._token is not None:
            context.detach(self._token)
        if span is not None:
            if it.status is not None:
                span.set_attribute(names.STATUS, it.status)
            if error := names.error_of(it):
                span.set_attribute(names.ERROR_TYPE, error)
                span.set_status(_FAILED)
            if it.request_id is not None:
                span.set_attribute(names.PROVIDER_REQUEST, it.request_id)
            span.end()
        if self._observer.measures:
            self._observer.ended_attempt(it)
