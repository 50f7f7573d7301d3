"""The adapter fulfils the contract over answers by script; what it does not declare there is refused unsent."""

import itertools
import json
import time
from urllib.parse import parse_qsl, urlsplit

from govcomponents.contracts.pay.suite import PayDouble, PaySubject, PaySuite
from govcomponents.core.http.messages import Response
from govcomponents.core.transports.scripted import ScriptedTransport
from govcomponents.pay.adapters.stripe.adapter import Stripe
from govcomponents.pay.capabilities import PayCapability as Can
from govcomponents.pay.states import PaymentStatus
from govcomponents.settings import PaySettings

from .context import BEYOND_THE_LIMITS, KEY, MONTH, SECRET
from .test_contract import CREATE

CANARIES = (KEY, SECRET, "canary@example.com", "canary-token", "canary-metadata", "/c/pay/")


class Endless(ScriptedTransport):
    """Plays one function for every request."""

    def __init__(self, step):
        super().__init__()
        self.step = step

    async def send(self, request):
        self.sent.append(request)
        return self.step(request)


class CreatesAndGets(Stripe):
    """The adapter with less declared, and so with the rest refused."""

    capabilities = frozenset({Can.CREATE, Can.GET})


class Answers:
    """A few Sessions, answered as the API reference shows; each idempotency key makes one."""

    def __init__(self):
        self.sessions = {}
        self.keys = {}
        self.now = time.time()
        self.numbers = itertools.count(1)

    def __call__(self, request):
        assert request.headers["Authorization"] == f"Bearer {KEY}"
        assert request.headers["Stripe-Version"] == "2026-06-24.dahlia"
        path = urlsplit(request.url).path.removeprefix("/v1/checkout/sessions")
        if request.method == "POST":
            assert path == ""
            key = request.headers["Idempotency-Key"]
            if key not in self.keys:
                self.keys[key] = self.create(dict(parse_qsl(request.body.decode())))
            return self.reply(200, self.sessions[self.keys[key]])
        session = self.sessions.get(path.removeprefix("/"))
        if session is None:
            return self.reply(404, {"error": {"type": "invalid_request_error", "code": "resource_missing"}})
        if session["status"] == "open" and self.now >= session["expires_at"]:
            session.update(status="expired", url=None)
        return self.reply(200, session)

    def create(self, form):
        identifier = f"cs_test_{next(self.numbers)}"
        self.sessions[identifier] = {
            "id": identifier,
            "object": "checkout.session",
            "mode": form["mode"],
            "status": "open",
            "payment_status": "unpaid",
            "amount_total": int(form["line_items[0][price_data][unit_amount]"]),
            "currency": form["line_items[0][price_data][currency]"],
            "client_reference_id": form["client_reference_id"],
            "created": int(self.now),
            "expires_at": int(form["expires_at"]),
            "metadata": {name[9:-1]: value for name, value in form.items() if name.startswith("metadata[")},
            "payment_intent": None,
            "customer_email": form.get("customer_email"),
            "url": f"https://checkout.stripe.com/c/pay/{identifier}",
        }
        return identifier

    @staticmethod
    def reply(status, body):
        return Response(status, {"content-type": "application/json", "request-id": "req_1"}, json.dumps(body).encode())

    def end(self, url, intent, **more):
        session = self.sessions[url.rpartition("/")[2]]
        whole = {"id": "pi_1", "amount": session["amount_total"], "currency": session["currency"], **intent}
        session.update(more, payment_intent=whole)

    def pay(self, url):
        card = {"last4": "4242", "brand": "visa"}
        charge = {
            "id": "ch_1",
            "amount": 1,
            "currency": "gbp",
            "captured": True,
            "payment_method_details": {"card": card},
        }
        intent = {"status": "succeeded", "latest_charge": charge}
        self.end(url, intent, status="complete", payment_status="paid")

    def decline(self, url):
        error = {"code": "card_declined", "decline_code": "generic_decline"}
        self.end(url, {"status": "requires_payment_method", "last_payment_error": error})

    def captured(self):
        return sum(session["payment_status"] == "paid" for session in self.sessions.values())

    def later(self, seconds):
        self.now += seconds


def build(runtime):
    return CreatesAndGets.from_settings(PaySettings(api_key=KEY, webhook_secrets=(SECRET,)), runtime)


def connect():
    answers = Answers()
    return PayDouble(
        transport=Endless(answers),
        clock=lambda: answers.now,
        pay=answers.pay,
        decline=answers.decline,
        payments=lambda: len(answers.sessions),
        refunds=lambda: 0,
        captured=answers.captured,
        later=answers.later,
    )


class TestOverAScript(PaySuite):
    subject = PaySubject(
        build=build,
        connect=connect,
        create=CREATE,
        bad_input=[*BEYOND_THE_LIMITS, {"extra": {"mode": "setup"}}],
        canaries=CANARIES,
        card="4242424242424242",
        declined=PaymentStatus.STARTED,
        expires_after=MONTH,
        unknown_id="cs_test_nobody",
    )
