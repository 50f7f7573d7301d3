"""The Stripe stub as the pay contract sees a provider."""

import hmac

from govcomponents.contracts.pay.suite import PayDouble
from govcomponents.core.http.runtime import Runtime
from govcomponents.core.transports.in_process import InProcessTransport
from govcomponents.money import Money
from govcomponents.pay.adapters.stripe.adapter import Stripe
from govcomponents.pay.service import PayService
from govcomponents.sandbox import payer
from govcomponents.sandbox.app import Sandbox
from govcomponents.sandbox.browser import FormBrowser
from govcomponents.settings import PaySettings

DISPUTED = "4000000000000259"
MONTH = 30 * 86_400
BEYOND_THE_LIMITS = [
    {"amount": Money(29)},
    {"amount": Money(100_000_000)},
    {"amount": Money(100, "XXX")},
    {"reference": "x" * 201},
    {"description": "x" * 501},
    {"metadata": {f"name{number}": 1 for number in range(47)}},
    {"metadata": {"x" * 41: "long"}},
    {"metadata": {"name": "x" * 501}},
    {"metadata": {"name[1]": "x"}},
    {"extra": {"field": ...}},
]
KEY = "sk_test_canary0key0of0the0tests"
DECLINED = "4000000000000002"
SECRET = "whsec_canary0secret0of0the0tests"
NOW = "2026-03-02T09:00:00Z"


def world(**changed):
    endpoint = {"url": "https://licences.example.gov.uk/webhook", "secret": SECRET}
    return {"stripe": {"secret_key": KEY, "webhooks": [endpoint], **changed}}


def build(runtime, sandbox=None):
    base_url = "https://sandbox.example.gov.uk/stripe" if sandbox is None else f"{sandbox.base_url}/stripe"
    return Stripe.from_settings(PaySettings(api_key=KEY, webhook_secrets=(SECRET,), base_url=base_url), runtime)


def signed(body, now):
    """Headers as Stripe sends them."""
    signature = hmac.new(SECRET.encode(), f"{now}.".encode() + body, "sha256").hexdigest()
    return {"stripe-signature": f"t={now},v1={signature}"}


def provider_of(sandbox):
    browser = FormBrowser(sandbox.visit)
    stripe = sandbox.stripe
    return PayDouble(
        transport=InProcessTransport(sandbox.handle, sandbox.clock.advance),
        clock=sandbox.clock.time,
        pay=lambda url: payer.pay_by_card(browser, url, cardholder_name="Canary Nightingale"),
        decline=lambda url: payer.pay_by_card(browser, url, payer.DECLINED_CARD),
        dispute=lambda url: payer.pay_by_card(browser, url, DISPUTED),
        payments=lambda: len(stripe.sessions()),
        refunds=lambda: len(stripe.refunds()),
        captured=lambda: sum(charge.captured_at is not None for charge in stripe.charges()),
        later=sandbox.clock.advance,
        webhooks=stripe.messages,
        sign=lambda body: signed(body, int(sandbox.clock.time())),
    )


def connect():
    return provider_of(Sandbox(world()))


class Desk:
    """One sandbox with a stopped clock, a blocking `pay` on it, and a person to pay."""

    def __init__(self, **changed):
        self.sandbox = Sandbox(world(**changed), now=NOW)
        self.stripe = self.sandbox.stripe
        self.transport = InProcessTransport(self.sandbox.handle, self.sandbox.clock.advance)
        self.browser = FormBrowser(self.sandbox.visit)
        self.pay = self.on(self.transport)

    def on(self, transport):
        """The same provider, reached by another transport."""
        runtime = Runtime(transport, clock=self.sandbox.clock.time)
        return PayService(build(runtime, self.sandbox), runtime)

    def new(self, **changed):

        details = {
            "amount": Money(4250),
            "reference": "PERMIT-1",
            "description": "Resident parking permit",
            "return_url": "https://permits.example.gov.uk/return",
            **changed,
        }
        return self.pay.create(**details)

    def person_pays(self, payment, card=payer.GOOD_CARD, **details):
        return payer.pay_by_card(self.browser, payment.next_url.reveal(), card, **details)

    def paid(self, card=payer.GOOD_CARD, **changed):
        payment = self.new(**changed)
        self.person_pays(payment, card)
        return self.pay.get(payment.id)


class Watching:
    """A transport that lets something happen just before a chosen request."""

    def __init__(self, inner, before):
        self.inner, self.before, self.sent = inner, before, []

    async def send(self, request):
        self.sent.append(request)
        for fits, act in list(self.before.items()):
            if request.url.endswith(fits):
                del self.before[fits]
                act()
        return await self.inner.send(request)

    async def sleep(self, seconds):
        await self.inner.sleep(seconds)

    async def aclose(self):
        await self.inner.aclose()
