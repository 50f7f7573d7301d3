"""The stub as a plain HTTP client sees it, and a Session to make on it."""

import json
from urllib.parse import urlencode

from govcomponents.core.http.messages import Replay, Request
from govcomponents.sandbox import payer
from govcomponents.sandbox.app import Sandbox
from govcomponents.sandbox.browser import FormBrowser
from pay.stripe.context import KEY, NOW, world

SESSION = {
    "mode": "payment",
    "line_items[0][quantity]": "2",
    "line_items[0][price_data][currency]": "gbp",
    "line_items[0][price_data][unit_amount]": "2125",
    "line_items[0][price_data][product_data][name]": "Permit",
    "success_url": "https://permits.example.gov.uk/return?s={CHECKOUT_SESSION_ID}",
    "client_reference_id": "PERMIT-1",
    "payment_intent_data[metadata][reference]": "PERMIT-1",
}
START = 1772442000  # NOW


class Raw:
    """The stub as a plain HTTP client sees it."""

    def __init__(self, state=None, **changed):
        self.sandbox = Sandbox(world(**changed), now=NOW, state=state)
        self.browser = FormBrowser(self.sandbox.visit)

    def call(self, method, path, form=None, *, key=KEY, headers=None):
        url = f"{self.sandbox.base_url}/stripe{path}"
        body = None
        if form is not None:
            if method == "GET":
                url += "?" + urlencode(form)
            else:
                body = urlencode(form).encode()
        sent = {"Authorization": f"Bearer {key}", **(headers or {})}
        answer = self.sandbox.handle(Request("raw", method, url, Replay.UNSENT, sent, body))
        return answer, json.loads(answer.body)

    def get(self, path, form=None):
        return self.call("GET", path, form)[1]

    def post(self, path, form=None, **options):
        return self.call("POST", path, form or {}, **options)[1]

    def new(self, **changed):
        return self.post("/v1/checkout/sessions", {**SESSION, **changed})

    def paid(self, card=payer.GOOD_CARD, **changed):
        session = self.new(**changed)
        payer.pay_by_card(self.browser, session["url"], card)
        return self.get(f"/v1/checkout/sessions/{session['id']}")
