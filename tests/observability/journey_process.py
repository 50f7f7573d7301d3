"""One process of a journey; its spans leave by OTLP: python -m observability.journey_process PART URL AT."""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.metrics import NoOpMeterProvider
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from durable.test_inbox import EMAIL, KEY, PERSON, VALUES, callback_world, receipt, webhook
from govcomponents import GovComponents, Money
from govcomponents.durable import Durable, WorkerOptions
from govcomponents.identity import PendingSignIn
from govcomponents.notify import DeliveryReceipt
from govcomponents.observability import OpenTelemetryObserver
from govcomponents.pay import PaymentChanged

JOURNEY = "licence-7"
BACK = "https://service.example.gov.uk/back"


def web(later: Durable) -> None:
    """The service: somebody signs in and pays, and an email is put down for later."""
    gov = later.components
    gov.simulator.one_login.sign_in_as("SAM")
    with gov.journey(JOURNEY):
        signing_in = gov.identity.start()
    kept = PendingSignIn.load(signing_in.pending.dump())
    later.signed_in(gov.identity.complete(kept, gov.simulator.visit(signing_in.url).headers["location"]))
    with gov.journey(JOURNEY):
        payment = later.pay.create(Money.gbp("145.00"), "RENEW-7", "Renew a licence", BACK)
        later.notify.send_email(PERSON, EMAIL, VALUES, reference="R-1")
    list(gov.pay.search(email=PERSON))  # of another case: no part of the journey
    sys.stdout.write(payment.id)


def worker(later: Durable) -> None:
    """A worker, another day."""
    later.run_due()


def callbacks(later: Durable, payment_id: str) -> None:
    """Where callbacks arrive, and are handled."""
    later.when(PaymentChanged)(lambda event, transaction: None)
    later.when(DeliveryReceipt)(lambda event, transaction: None)
    gov = later.components
    gov.pay.get = lambda *_args, **_kwargs: None
    payment: Any = SimpleNamespace(id=payment_id)
    later.receive("pay", *webhook(payment))
    later.receive("notify", *receipt(1))
    later.run_due()


if __name__ == "__main__":
    part, url, collector, *rest = sys.argv[1:]
    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=collector)))
    observer = OpenTelemetryObserver(provider, NoOpMeterProvider())
    with GovComponents.sandbox(callback_world(), observers=[observer]) as gov:
        durable = Durable(gov, url, keys=[KEY], worker=WorkerOptions(concurrency=1))
        durable.migrate()
        {"web": web, "worker": worker, "callbacks": callbacks}[part](durable, *rest)
        durable.engine.dispose()
    provider.shutdown()
