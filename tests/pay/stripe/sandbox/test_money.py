"""Money on the Stripe stub: captures, refunds and disputes."""

import threading

import pytest

from govcomponents.sandbox import payer
from pay.stripe.context import Desk


class TestMoney:
    def test_no_more_is_refunded_than_is_left(self, raw):
        intent = raw.paid()["payment_intent"]
        assert raw.post("/v1/refunds", {"payment_intent": intent, "amount": "4000"})["status"] == "succeeded"
        answer, body = raw.call("POST", "/v1/refunds", {"payment_intent": intent, "amount": "251"})
        assert (answer.status, body["error"]["param"]) == (400, "amount")
        charge = raw.get(f"/v1/payment_intents/{intent}")["latest_charge"]
        assert raw.post("/v1/refunds", {"charge": charge})["amount"] == 250
        assert raw.post("/v1/refunds", {"charge": charge})["error"]["code"] == "charge_already_refunded"
        assert len(raw.get("/v1/refunds", {"charge": charge})["data"]) == 2

    @pytest.mark.parametrize(
        ("form", "status"),
        [
            ({}, 400),
            ({"charge": "ch_x"}, 404),
            ({"payment_intent": "pi_x"}, 404),
            ({"amount": "x"}, 400),
            ({"amount": "0"}, 400),
            ({"other": "x"}, 400),
        ],
    )
    def test_a_wrong_refund_is_refused(self, raw, form, status):
        intent = raw.paid()["payment_intent"]
        if "amount" in form or "other" in form:
            form = {**form, "payment_intent": intent}
        assert raw.call("POST", "/v1/refunds", form)[0].status == status
        assert raw.sandbox.stripe.refunds() == []

    def test_what_nobody_tried_has_no_charge(self, raw):
        session = raw.new()
        page = raw.browser.open(session["url"])
        raw.browser.send(
            page.form_with("card_number"), card_number="4000002760003184", cardholder_name="S", email="s@example.com"
        )
        intent = raw.get(f"/v1/checkout/sessions/{session['id']}")["payment_intent"]
        assert raw.call("POST", "/v1/refunds", {"payment_intent": intent})[0].status == 400

    def test_held_money_is_captured_whole(self, raw):
        session = raw.paid(**{"payment_intent_data[capture_method]": "manual"})
        path = f"/v1/payment_intents/{session['payment_intent']}"
        assert (session["status"], session["payment_status"]) == ("complete", "unpaid")
        assert raw.post(f"{path}/capture", {"amount_to_capture": "4251"})["error"]["code"] == "amount_too_large"
        assert raw.call("POST", f"{path}/capture", {"amount_to_capture": "4249"})[0].status == 400
        assert raw.post(f"{path}/capture", {"amount_to_capture": "4250"})["status"] == "succeeded"
        for verb in ("capture", "cancel"):
            assert raw.post(f"{path}/{verb}")["error"]["code"] == "payment_intent_unexpected_state"

    def test_an_intent_is_cancelled_only_while_money_is_held(self, raw):
        tried = raw.new()
        payer.enter_card(raw.browser, tried["url"], payer.DECLINED_CARD)
        intent = raw.get(f"/v1/checkout/sessions/{tried['id']}")["payment_intent"]
        assert raw.call("POST", f"/v1/payment_intents/{intent}/cancel", {})[0].status == 400
        held = raw.paid(**{"payment_intent_data[capture_method]": "manual"})
        path = f"/v1/payment_intents/{held['payment_intent']}/cancel"
        assert raw.post(path, {"cancellation_reason": "duplicate"})["cancellation_reason"] == "duplicate"


def test_only_what_is_paid_can_be_disputed():
    desk = Desk()
    with pytest.raises(LookupError):
        desk.stripe.open_dispute(desk.new().id)


def test_it_is_quick_enough_for_fifty_threads():
    desk = Desk()
    payments = []
    threads = [threading.Thread(target=lambda: payments.append(desk.paid())) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({payment.id for payment in payments if payment.is_captured}) == 50
