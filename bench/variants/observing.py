"""A call without network, watched or not, and OpenTelemetry's SDK by itself for the same spans and measurements."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from bench.stage import PAYMENT
from bench.variants.measuring import choose, cpu_of

COUNT = 20_000
OPERATION = {
    "govcomponents.component": "pay",
    "govcomponents.operation": "pay.get",
    "govcomponents.provider": "GOV.UK Pay",
    "govcomponents.account": "default",
}
REQUEST = {
    "http.request.method": "GET",
    "server.address": "publicapi.payments.service.gov.uk",
    "server.port": 443,
    "url.template": "/v1/payments/{payment_id}",
    "url.full": "https://publicapi.payments.service.gov.uk/v1/payments/{payment_id}",
    "govcomponents.provider": "GOV.UK Pay",
}


class Nowhere:
    """A span processor that leaves spans alone: exporting them is nobody's part of a call."""

    def on_start(self, *_: object, **__: object) -> None: ...

    def on_end(self, _span: object) -> None: ...

    def _on_ending(self, _span: object) -> None: ...

    def shutdown(self) -> None: ...

    def force_flush(self, *_: object) -> bool:
        return True


def providers(*, is_sampled: bool, is_measured: bool) -> tuple[Any, Any]:
    from opentelemetry.metrics import NoOpMeterProvider
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import InMemoryMetricReader
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ALWAYS_ON

    tracers = TracerProvider(sampler=ALWAYS_ON if is_sampled else ALWAYS_OFF)
    tracers.add_span_processor(Nowhere())
    return tracers, MeterProvider([InMemoryMetricReader()]) if is_measured else NoOpMeterProvider()


def get_watched(*observers: Any, inside: Callable[[Callable[[], object]], Callable[[], object]] | None = None) -> None:
    """Print the CPU of `pay.get` over a transport that answers at once, or of what does it `inside` something."""
    from govcomponents import GovComponents, Settings
    from govcomponents.core.http.messages import Request, Response
    from govcomponents.core.transports.scripted import ScriptedTransport

    answer = Response(200, {}, json.dumps(PAYMENT).encode())
    payment_id = PAYMENT["payment_id"]

    class AtOnce(ScriptedTransport):
        async def send(self, _request: Request) -> Response:
            return answer

    settings = Settings(environment="test", pay={"api_key": "api_test_bench"})
    with GovComponents.from_settings(settings, observers=observers, transport=AtOnce([])) as gov:
        get = gov.pay.get

        def call() -> object:
            return get(payment_id)

        cpu_of(call if inside is None else inside(call), COUNT, warm_up=500)


def unwatched() -> None:
    get_watched()


def by_nothing() -> None:
    from govcomponents import Attempt, Observer, Operation

    class Nothing(Observer):
        def operation(self, operation: Operation, /) -> None: ...

        def attempt(self, attempt: Attempt, /) -> None: ...

    get_watched(Nothing())


def by_opentelemetry(*, is_sampled: bool, is_measured: bool) -> None:
    from govcomponents.observability import OpenTelemetryObserver

    get_watched(OpenTelemetryObserver(*providers(is_sampled=is_sampled, is_measured=is_measured)))


def spans(*, is_sampled: bool, is_measured: bool) -> Callable[[Callable[[], object]], Callable[[], object]]:
    """Return what does a call inside the SDK's own spans and records of the same, and nothing else."""
    from opentelemetry.trace import SpanKind

    tracers, meters = providers(is_sampled=is_sampled, is_measured=is_measured)
    tracer, meter = tracers.get_tracer("bench"), meters.get_meter("bench")
    operations, requests = meter.create_histogram("operations", "s"), meter.create_histogram("requests", "s")
    of_operation = {name: value for name, value in OPERATION.items() if name != "govcomponents.component"}
    of_request = {name: value for name, value in REQUEST.items() if name not in ("url.full", "govcomponents.provider")}
    of_request["http.response.status_code"] = 200

    def sampled(call: Callable[[], object]) -> None:
        with tracer.start_as_current_span("pay.get", attributes=OPERATION) as span:
            with tracer.start_as_current_span("GET", kind=SpanKind.CLIENT, attributes=REQUEST) as request:
                call()
                request.set_attribute("http.response.status_code", 200)
            if is_measured:
                requests.record(0.1, of_request)
            span.set_attribute("govcomponents.attempts", 1)
        if is_measured:
            operations.record(0.1, of_operation)

    def unsampled(call: Callable[[], object]) -> None:  # one span: what is not sampled needs no parts
        with tracer.start_as_current_span("pay.get", attributes=OPERATION):
            call()
            if is_measured:
                requests.record(0.1, of_request)
        if is_measured:
            operations.record(0.1, of_operation)

    chosen = sampled if is_sampled else unsampled
    return lambda call: lambda: chosen(call)


def by_bare_spans(*, is_sampled: bool, is_measured: bool) -> None:
    """Print the CPU of `pay.get` that nobody watches, inside the SDK's own spans."""
    get_watched(inside=spans(is_sampled=is_sampled, is_measured=is_measured))


def of_each(run: Callable[..., None], name: str) -> dict[str, object]:
    """The functions of one kind, sampled and not, with metrics and without."""
    return {
        f"{name}_{'sampled' if is_sampled else 'unsampled'}{'_measured' if is_measured else ''}": (
            lambda is_sampled=is_sampled, is_measured=is_measured: run(is_sampled=is_sampled, is_measured=is_measured)
        )
        for is_sampled in (True, False)
        for is_measured in (True, False)
    }


VARIANTS: dict[str, Any] = {
    "unwatched": unwatched,
    "by_nothing": by_nothing,
    **of_each(by_opentelemetry, "get"),
    **of_each(by_bare_spans, "bare"),
}

if __name__ == "__main__":
    choose(VARIANTS)
