"""A client of the sandbox that knows nothing of the adapter: bare requests and JSON."""

import json

from govcomponents.core.http.messages import Replay, Request
from govcomponents.sandbox import payer
from govcomponents.sandbox.app import Sandbox
from govcomponents.sandbox.browser import FormBrowser
from pay.govuk_pay.context import KEY, world

NEW = {
    "amount": 3000,
    "reference": "R-1",
    "description": "A thing",
    "return_url": "https://service.example.gov.uk/return",
}


class Raw:
    """Speaks the wire's own words to a sandbox of one service."""

    def __init__(self, sandbox=None, key=KEY, **changed):
        self.sandbox = sandbox or Sandbox(world(**changed))
        self.key = key
        self.person = FormBrowser(self.sandbox.visit)

    def __call__(self, method, path, body=None, headers=None, *, content_type="application/json"):
        sent = {"Authorization": f"Bearer {self.key}", **(headers or {})}
        if body is not None:
            sent["Content-Type"] = content_type
            body = body if isinstance(body, bytes) else json.dumps(body).encode()
        url = path if path.startswith("http") else self.sandbox.base_url + path
        answer = self.sandbox.handle(Request("raw", method, url, Replay.UNSENT, sent, body))
        is_json = answer.body and answer.headers.get("content-type", "").startswith("application/json")
        return answer.status, json.loads(answer.body) if is_json else answer.body

    def new(self, **changed):
        fields = {name: value for name, value in {**NEW, **changed}.items() if value is not ...}
        status, body = self("POST", "/v1/payments", fields)
        assert status == 201, body
        return body

    def get(self, payment_id):
        return self("GET", f"/v1/payments/{payment_id}")[1]

    def state(self, payment_id):
        return self.get(payment_id)["state"]

    def pay(self, payment, card=payer.GOOD_CARD):
        return payer.pay_by_card(self.person, payment["_links"]["next_url"]["href"], card)

    def paid(self, card=payer.GOOD_CARD, **changed):
        payment = self.new(**changed)
        self.pay(payment, card)
        return self.get(payment["payment_id"])

    def agreement(self, card=payer.GOOD_CARD):
        agreement = self("POST", "/v1/agreements", {"reference": "A-1", "description": "Instalments"})[1]
        self.paid(card, set_up_agreement=agreement["agreement_id"])
        return agreement["agreement_id"]

    def later(self, **time):
        from datetime import timedelta

        self.sandbox.clock.advance(timedelta(**time).total_seconds())
