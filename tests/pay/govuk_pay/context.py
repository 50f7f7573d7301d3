"""The sandbox as the pay contract sees a provider."""

import hmac
import json

from govcomponents.contracts.pay.suite import PayDouble
from govcomponents.core.transports.in_process import InProcessTransport
from govcomponents.money import Money
from govcomponents.sandbox import payer
from govcomponents.sandbox.app import Sandbox
from govcomponents.sandbox.browser import FormBrowser

KEY = "api_test_canary0key0of0the0tests"
MONTH = 30 * 86_400
BEYOND_THE_LIMITS = [
    {"amount": Money(10_000_001)},
    {"amount": Money(100, "XXX")},
    {"reference": "x" * 256},
    {"description": "x" * 256},
    {"return_url": "https://service.example.gov.uk/" + "x" * 2000},
    {"email": "x" * 255},
    {"metadata": {f"name{number}": 1 for number in range(16)}},
    {"metadata": {"x" * 31: "long"}},
    {"metadata": {"name": "x" * 101}},
    {"metadata": {"name": "a", "NAME": "b"}},
    {"extra": {"field": ...}},
]
SECRET = "webhook_test_canary0secret0of0the0tests"


def world(**changed):
    service = {
        "name": "Renew a licence",
        "api_keys": [{"key": KEY}],
        "webhooks": [{"url": "https://licences.example.gov.uk/webhook", "secret": SECRET}],
        **changed,
    }
    return {"pay": {"services": [service]}}


def provider_of(sandbox):
    browser = FormBrowser(sandbox.visit)
    charges = sandbox.pay.charges

    def dispute(url):
        payer.pay_by_card(browser, url)
        sandbox.clock.advance(3600)
        sandbox.pay.act("payments", charges()[-1].id, "dispute")

    return PayDouble(
        transport=InProcessTransport(sandbox.handle, sandbox.clock.advance),
        clock=sandbox.clock.time,
        pay=lambda url: payer.pay_by_card(browser, url, cardholder_name="Canary Nightingale"),
        decline=lambda url: payer.pay_by_card(browser, url, payer.DECLINED_CARD),
        dispute=dispute,
        page=lambda url: browser.open(url).text,
        payments=lambda: len(charges()),
        refunds=lambda: sum(len(charge.refunds) for charge in charges()),
        captured=lambda: sum(charge.captured_at is not None for charge in charges()),
        later=sandbox.clock.advance,
        webhooks=lambda: [
            (delivery.callback.body, delivery.callback.headers) for delivery in sandbox.callbacks.deliveries()
        ],
        sign=lambda body: {"pay-signature": hmac.new(SECRET.encode(), body, "sha256").hexdigest()},
    )


def connect():
    return provider_of(Sandbox(world()))


def bodies(sandbox):
    return [json.loads(delivery.callback.body) for delivery in sandbox.callbacks.deliveries()]
