"""Events of the Stripe stub: made, signed and delivered."""

import json

import pytest

from govcomponents.sandbox import payer
from pay.stripe.context import SECRET

from .raw import Raw


class TestEvents:
    def kinds(self, raw):
        return [json.loads(body)["type"] for body, _ in raw.sandbox.stripe.messages()]

    def test_each_thing_that_happens_is_told(self, raw):
        session = raw.new()
        payer.enter_card(raw.browser, session["url"], payer.DECLINED_CARD)
        payer.pay_by_card(raw.browser, session["url"], "4000000000005126")
        intent = raw.get(f"/v1/checkout/sessions/{session['id']}")["payment_intent"]
        raw.post("/v1/refunds", {"payment_intent": intent})
        raw.sandbox.clock.advance(2 * 86_400)
        assert self.kinds(raw) == [
            "payment_intent.created",
            "payment_intent.payment_failed",
            "payment_intent.succeeded",
            "checkout.session.completed",
            "refund.created",
            "refund.failed",
        ]

    def test_events_are_delivered_signed_by_the_moment(self, raw):
        received = []

        def receive(callback):
            received.append(callback)
            return 500 if len(received) == 1 else 200

        raw.sandbox.callbacks.receive(receive)
        raw.new()
        raw.sandbox.clock.advance(86_400)
        raw.sandbox.clock.advance(600)
        raw.sandbox.callbacks.deliver_due()
        assert [callback.kind for callback in received] == ["checkout.session.expired"] * 2
        assert received[0].body == received[1].body
        assert received[0].headers["Stripe-Signature"] != received[1].headers["Stripe-Signature"]
        assert received[0].reference == "PERMIT-1"

    def test_an_endpoint_gets_what_it_asked_for(self):
        endpoint = {"url": "https://a.example.com/hook", "secret": SECRET, "events": ["checkout.session.completed"]}
        raw = Raw(webhooks=[endpoint])
        raw.paid()
        assert len(raw.sandbox.callbacks.deliveries()) == 1
        assert len(self.kinds(raw)) == 3

    def test_without_an_endpoint_nothing_is_delivered(self):
        raw = Raw(webhooks=[])
        raw.paid()
        assert raw.sandbox.callbacks.deliveries() == []
        with pytest.raises(LookupError):
            raw.sandbox.stripe.messages()
