"""An observer that makes OpenTelemetry's spans and metrics, on its API package alone (extra `opentelemetry`).

An operation is a span of its own, such as "pay.create"; each request of it is a client span below it, by the semantic
conventions for HTTP. The HTTP libraries' own instrumentation is kept from recording our calls, since it records whole
URLs: the one here has the URL's template, "/v1/payments/{payment_id}".
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Final

from govcomponents.core.http.runtime import VERSION
from govcomponents.core.observe import Attempt, Happening, Observer, Operation
from govcomponents.errors import ConfigurationError
from govcomponents.frames import leaving_frames_behind
from govcomponents.observability import names

try:
    from opentelemetry import context, metrics, propagate, trace
    from opentelemetry.metrics import NoOpHistogram
    from opentelemetry.trace import SpanKind, Status, StatusCode
except ImportError:
    raise ConfigurationError(
        "OpenTelemetry's API is not installed", fix='pip install "govcomponents[opentelemetry]"'
    ) from None

if TYPE_CHECKING:
    from opentelemetry.metrics import MeterProvider
    from opentelemetry.trace import Span, TracerProvider

_SCOPE: Final = "govcomponents"
_FAILED: Final = Status(StatusCode.ERROR)


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
        self.tracer = trace.get_tracer(_SCOPE, VERSION, tracer_provider)
        self.propagates = propagates
        meter = metrics.get_meter(_SCOPE, VERSION, meter_provider)
        operations, requests = names.OPERATION_DURATION, names.REQUEST_DURATION
        self._operations = meter.create_histogram(operations.name, operations.unit, operations.told)
        self._requests = meter.create_histogram(requests.name, requests.unit, requests.told)
        self._waits = meter.create_counter(names.WAIT.name, names.WAIT.unit, names.WAIT.told)
        self.measures = not isinstance(self._operations, NoOpHistogram)
        self._about: dict[tuple[str, str, str], dict[str, str]] = {}
        self._happenings = meter.create_counter(names.HAPPENINGS.name, names.HAPPENINGS.unit, names.HAPPENINGS.told)

    def operation(self, operation: Operation, /) -> AbstractContextManager[object]:
        """Begin the span of an operation."""
        return _OperationSpan(self, operation)

    def attempt(self, attempt: Attempt, /) -> AbstractContextManager[object] | None:
        """Begin the span of a request, if that of its operation is recorded; what is not sampled has no parts."""
        if trace.get_current_span().is_recording():
            return _AttemptSpan(self, attempt)
        if self.propagates:
            propagate.inject(attempt.headers)
        return _Unrecorded(self, attempt) if self.measures else None

    def happened(self, happening: Happening, /) -> None:
        """Count what happened, and note it on the span that is open."""
        about = {
            names.HAPPENING: happening.name,
            names.PROVIDER: happening.provider,
            names.ACCOUNT: happening.account,
        }
        reason = happening.labels.get("reason", "")
        self._happenings.add(1, {**about, names.REASON: reason})
        if happening.seconds is not None:
            self._waits.add(happening.seconds, about)
        trace.get_current_span().add_event(happening.name, {**about, **happening.labels})

    def about(self, it: Operation) -> dict[str, str]:
        """Return the attributes of all calls of one operation, made once."""
        known = self._about.get((it.name, it.provider, it.account))
        if known is None:
            known = {
                names.COMPONENT: it.component,
                names.OPERATION: it.name,
                names.PROVIDER: it.provider,
                names.ACCOUNT: it.account,
            }
            self._about[it.name, it.provider, it.account] = known
        return known

    def ended_operation(self, it: Operation) -> None:
        """Measure an operation that has ended."""
        about = {
            names.OPERATION: it.name,
            names.PROVIDER: it.provider,
            names.ACCOUNT: it.account,
            names.ERROR_TYPE: it.error or "",
        }
        self._operations.record(it.seconds, about)

    def ended_attempt(self, it: Attempt) -> None:
        """Measure a request that has ended."""
        about: dict[str, str | int] = {
            names.METHOD: it.method,
            names.SERVER: it.server,
            names.STATUS: "" if it.status is None else it.status,
            names.ERROR_TYPE: it.outcome if it.status is None else "",
            names.TEMPLATE: it.template,
        }
        self._requests.record(it.seconds, about)


class _OperationSpan(AbstractContextManager[None]):
    __slots__ = ("_observer", "_operation", "_span", "_token")

    def __init__(self, observer: OpenTelemetryObserver, operation: Operation) -> None:
        self._observer = observer
        self._operation = operation

    def __enter__(self) -> None:
        it, observer = self._operation, self._observer
        self._span: Span = observer.tracer.start_span(it.name, attributes=observer.about(it))
        # Also one that is not recorded, so that no part of the call takes the caller's own span for its operation's.
        self._token = context.attach(trace.set_span_in_context(self._span))

    def __exit__(self, *_exception: object) -> None:
        it, span, observer = self._operation, self._span, self._observer
        context.detach(self._token)
        if span.is_recording():
            span.set_attribute(names.ATTEMPTS, it.attempts)
            if it.error:
                span.set_attribute(names.ERROR_TYPE, it.error)
                span.set_status(_FAILED)
            span.end()
        if observer.measures:
            observer.ended_operation(it)


class _Unrecorded(AbstractContextManager[None]):
    """Measures a request that has no span."""

    __slots__ = ("_attempt", "_observer")

    def __init__(self, observer: OpenTelemetryObserver, attempt: Attempt) -> None:
        self._observer = observer
        self._attempt = attempt

    def __exit__(self, *_exception: object) -> None:
        self._observer.ended_attempt(self._attempt)


class _AttemptSpan(AbstractContextManager[None]):
    __slots__ = ("_attempt", "_observer", "_span", "_token")

    def __init__(self, observer: OpenTelemetryObserver, attempt: Attempt) -> None:
        self._observer = observer
        self._attempt = attempt

    def __enter__(self) -> None:
        it, observer = self._attempt, self._observer
        about: dict[str, str | int] = {
            names.METHOD: it.method,
            names.SERVER: it.server,
            names.TEMPLATE: it.template,
            names.URL: f"//{it.server}{'' if it.port is None else f':{it.port}'}{it.template}",
            names.PROVIDER: it.operation.provider,
        }
        if it.port is not None:
            about[names.PORT] = it.port
        if it.number > 1:
            about[names.RESEND_COUNT] = it.number - 1
        name = f"{it.method} {it.template}" if it.template else it.method
        self._span: Span = observer.tracer.start_span(name, kind=SpanKind.CLIENT, attributes=about)
        inside = trace.set_span_in_context(self._span)
        self._token = context.attach(inside)
        if observer.propagates:
            propagate.inject(it.headers, inside)

    def __exit__(self, *_exception: object) -> None:
        it, span = self._attempt, self._span
        context.detach(self._token)
        if it.status is not None:
            span.set_attribute(names.STATUS, it.status)
        if it.status is None or it.status >= 400:
            span.set_attribute(names.ERROR_TYPE, it.outcome if it.status is None else str(it.status))
            span.set_status(_FAILED)
        if it.request_id is not None:
            span.set_attribute(names.PROVIDER_REQUEST, it.request_id)
        span.end()
        if self._observer.measures:
            self._observer.ended_attempt(it)
