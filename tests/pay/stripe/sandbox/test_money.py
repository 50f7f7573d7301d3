"""Money on the Stripe stub: captures, refunds and disputes."""

import threading

import pytest

from govcomponents.sandbox import payer
from pay.stripe.context import Desk

from .raw import SESSION


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


def _price(raw, currency, amount):
    price = "line_items[0][price_data]"
    return raw.call(
        "POST",
        "/v1/checkout/sessions",
        {
            **SESSION,
            "line_items[0][quantity]": "1",
            f"{price}[currency]": currency,
            f"{price}[unit_amount]": str(amount),
        },
    )


@pytest.mark.parametrize(
    ("currency", "amount", "code"),
    [
        *(("gbp", 29, "amount_too_small"), ("jpy", 49, "amount_too_small"), ("huf", 17_499, "amount_too_small")),
        *(("eur", 49, "amount_too_small"), ("jpy", 100_000_000, "amount_too_large"), ("isk", 0, "amount_too_small")),
        *(("xxx", 5000, None), ("xau", 5000, None), ("xts", 5000, None), ("zzz", 5000, None), ("gb", 5000, None)),
        *(("kwd", 5124, None), ("bhd", 11, None), ("tnd", 101, None)),
    ],
)
def test_what_cannot_be_charged_is_refused(raw, currency, amount, code):
    answer, body = _price(raw, currency, amount)

    assert (answer.status, body["error"].get("code")) == (400, code)
    part = "unit_amount" if currency not in ("xxx", "xau", "xts", "zzz", "gb") else "currency"
    assert body["error"]["param"] == f"line_items[0][price_data][{part}]"


@pytest.mark.parametrize(
    ("currency", "amount"), [("gbp", 30), ("jpy", 50), ("huf", 17_500), ("KWD", 5120), ("isk", 100), ("xof", 1)]
)
def test_what_can_be_charged_is_taken(raw, currency, amount):
    answer, body = _price(raw, currency, amount)

    assert (answer.status, body["amount_total"], body["currency"]) == (200, amount, currency.lower())
