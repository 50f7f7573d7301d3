"""The adapter fulfils the contract over answers by script; what it does not declare there is refused unsent."""

import itertools
import json
import time

from govcomponents.contracts.pay.suite import PayDouble, PaySubject, PaySuite
from govcomponents.core.http.messages import Response
from govcomponents.core.transports.scripted import ScriptedTransport
from govcomponents.pay.adapters.govuk_pay.adapter import GovUkPay
from govcomponents.pay.capabilities import PayCapability as Can
from govcomponents.pay.states import PaymentStatus
from govcomponents.settings import PaySettings

from .context import BEYOND_THE_LIMITS, KEY, MONTH, SECRET
from .test_contract import CANARIES, CREATE


class Endless(ScriptedTransport):
    """Plays one function for every request."""

    def __init__(self, step):
        super().__init__()
        self.step = step

    async def send(self, request):
        self.sent.append(request)
        return self.step(request)


class CreatesAndGets(GovUkPay):
    """The adapter with less declared, and so with the rest refused."""

    capabilities = frozenset({Can.CREATE, Can.GET, Can.PREFILLED_DETAILS})


class Answers:
    """A few payments, answered as the documentation shows."""

    def __init__(self):
        self.payments, self.known = {}, {}
        self.now = time.time()
        self.numbers = itertools.count(1)

    def __call__(self, request):
        path = request.url.removeprefix("https://publicapi.payments.service.gov.uk")
        assert request.headers["Authorization"] == f"Bearer {KEY}"
        if request.method == "POST":
            assert path == "/v1/payments"
            fields = json.loads(request.body)
            identifier = f"payment{next(self.numbers)}"
            self.known[identifier] = fields.get("prefilled_cardholder_details")
            self.payments[identifier] = {
                "payment_id": identifier,
                "created_date": "2026-03-02T09:12:44.310Z",
                "state": {"status": "created", "finished": False},
                "at": self.now,
                **{
                    name: fields[name]
                    for name in ("amount", "reference", "description", "metadata", "email")
                    if name in fields
                },
            }
            return self.found(identifier, 201)
        identifier = path.removeprefix("/v1/payments/")
        if identifier not in self.payments:
            return self.reply(404, {"code": "P0200", "description": "Not found"})
        return self.found(identifier, 200)

    def found(self, identifier, status):
        payment = self.payments[identifier]
        if payment["state"]["status"] == "created" and self.now - payment["at"] > 86_400:
            payment["state"] = {"status": "failed", "finished": True, "code": "P0020"}
        links = {}
        if not payment["state"]["finished"]:
            url = f"https://www.payments.service.gov.uk/secure/{identifier}"
            links = {"next_url": {"href": url, "method": "GET"}}
        return self.reply(status, {**payment, "_links": links})

    @staticmethod
    def reply(status, body):
        return Response(status, {"content-type": "application/json"}, json.dumps(body).encode())

    def end(self, url, state, **more):
        self.payments[url.rpartition("/")[2]] |= {"state": state, **more}

    def pay(self, url):
        self.end(url, {"status": "success", "finished": True}, card_details={"last_digits_card_number": "4242"})

    def page(self, url):
        return f"<html lang=en>{json.dumps(self.known[url.rpartition('/')[2]])}</html>"

    def decline(self, url):
        self.end(url, {"status": "failed", "finished": True, "code": "P0010"})

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
        page=answers.page,
        payments=lambda: len(answers.payments),
        refunds=lambda: 0,
        captured=lambda: 0,
        later=answers.later,
    )


class TestOverAScript(PaySuite):
    subject = PaySubject(
        build=build,
        connect=connect,
        create=CREATE,
        bad_input=BEYOND_THE_LIMITS,
        canaries=CANARIES,
        card="4242424242424242",
        declined=PaymentStatus.FAILED,
        expires_after=MONTH,
    )
