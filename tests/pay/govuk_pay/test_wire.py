"""Requests to GOV.UK Pay: what is sent, and what is refused before it is."""

import json

import pytest

from govcomponents.core.http.messages import Replay
from govcomponents.core.http.retry import RetryPolicy
from govcomponents.errors import (
    InvalidInput,
    OutcomeUnknown,
)
from govcomponents.money import Money
from govcomponents.pay.inputs import BillingAddress, CardholderDetails
from govcomponents.pay.states import AgreementStatus
from govcomponents.privacy import Personal

from .calls import CALLS, ID, KEY, answer, pay_on

PAYMENT = {
    "payment_id": ID,
    "amount": 100,
    "reference": "R-1",
    "description": "A thing",
    "state": {"status": "created", "finished": False},
    "created_date": "2026-03-02T09:12:44.310Z",
}
BASE = "https://publicapi.payments.service.gov.uk"


def page(*items, total=None):
    return answer(200, {"total": len(items) if total is None else total, "results": list(items)})


def sent_body(wire):
    return json.loads(wire.sent[-1].body)


def test_a_payment_is_created_with_all_that_was_given():
    pay, wire = pay_on(answer(201, {**PAYMENT, "amount": 14500, "reference": "RENEW-7"}))
    pay.create(
        Money(14500),
        "RENEW-7",
        "Adnewyddu: £145",
        "https://service.example.gov.uk/return",
        email="sam@example.com",
        language="cy",
        delayed_capture=True,
        metadata={"team": "a", "fast": False, "batch": 18, "rate": 1.5},
        prefilled=CardholderDetails(
            name=Personal("Sam Example"),
            billing_address=BillingAddress(line1=Personal("1 High Street"), postcode=Personal("ZZ1 1ZZ"), country="GB"),
        ),
        moto=True,
        set_up_agreement="a" * 26,
        agreement_payment_type="instalment",
        extra={"internal": {"a": 1}},
    )
    (request,) = wire.sent
    assert (request.method, request.url) == ("POST", f"{BASE}/v1/payments")
    assert request.headers["Authorization"] == f"Bearer {KEY}"
    assert request.headers["Content-Type"] == "application/json"
    assert "Idempotency-Key" not in request.headers
    assert request.replay is Replay.UNSENT
    assert "Adnewyddu: £145".encode() in request.body
    assert sent_body(wire) == {
        "amount": 14500,
        "reference": "RENEW-7",
        "description": "Adnewyddu: £145",
        "language": "cy",
        "email": "sam@example.com",
        "delayed_capture": True,
        "metadata": {"team": "a", "fast": False, "batch": 18, "rate": 1.5},
        "prefilled_cardholder_details": {
            "cardholder_name": "Sam Example",
            "billing_address": {"line1": "1 High Street", "postcode": "ZZ1 1ZZ", "country": "GB"},
        },
        "return_url": "https://service.example.gov.uk/return",
        "moto": True,
        "set_up_agreement": "a" * 26,
        "agreement_payment_type": "instalment",
        "internal": {"a": 1},
    }


def test_what_was_not_given_is_not_sent():
    pay, wire = pay_on(answer(201, PAYMENT))
    pay.create(
        Money(100), "R-1", "A thing", "https://service.example.gov.uk/", prefilled=CardholderDetails(), metadata={}
    )
    assert sent_body(wire) == {
        "amount": 100,
        "reference": "R-1",
        "description": "A thing",
        "language": "en",
        "return_url": "https://service.example.gov.uk/",
    }


def test_a_refund_carries_what_was_left():
    pay, wire = pay_on(answer(202, {"refund_id": "r", "amount": 5, "status": "submitted"}))
    refund = pay.refund(ID, Money(5), available=Money(9), extra={"note": "x"})
    assert sent_body(wire) == {"amount": 5, "refund_amount_available": 9, "note": "x"}
    assert wire.sent[0].timeout >= 15
    assert refund.payment_id == ID


@pytest.mark.parametrize("name", ["cancel_payment", "capture_payment", "cancel_agreement"])
def test_what_needs_no_body_has_none(name):
    pay, wire = pay_on(answer(204))
    CALLS[name](pay)
    assert wire.sent[0].body is None
    assert "Content-Type" not in wire.sent[0].headers
    assert wire.sent[0].timeout >= 15


def test_card_details_go_without_the_key():
    pay, wire = pay_on(answer(204))
    CALLS["authorise"](pay)
    (request,) = wire.sent
    assert request.url == f"{BASE}/v1/auth"
    assert "Authorization" not in request.headers
    assert request.timeout >= 15
    assert request.replay is Replay.UNSENT
    assert sent_body(wire) == {
        "one_time_token": "token",
        "card_number": "4242424242424242",
        "cvc": "123",
        "expiry_date": "12/39",
        "cardholder_name": "Sam Example",
    }


def test_a_charge_has_a_key_before_it_is_first_sent_and_every_error_carries_it():
    pay, wire = pay_on(answer(500, b""), answer(502, b"<html>"), answer(400, {"code": "P0102"}), retry=RetryPolicy())
    with pytest.raises(OutcomeUnknown) as caught:
        pay.charge_agreement("a" * 26, Money(1), "R-1", "x")
    keys = {request.headers["Idempotency-Key"] for request in wire.sent}
    assert keys == {caught.value.idempotency_key}
    assert len(wire.sent) == 3
    pay, _ = pay_on()
    with pytest.raises(InvalidInput):
        pay.charge_agreement("a" * 26, Money(1), "R-1", "x", idempotency_key="with space")


def test_a_telephone_payment_has_no_return_url():
    pay, wire = pay_on(answer(201, PAYMENT))
    pay.create_by_telephone(Money(100), "R-1", "x", email="sam@example.com", delayed_capture=True)
    assert sent_body(wire) == {
        "amount": 100,
        "reference": "R-1",
        "description": "x",
        "language": "en",
        "email": "sam@example.com",
        "delayed_capture": True,
        "authorisation_mode": "moto_api",
    }


def test_an_agreement_is_created_with_all_that_was_given():
    body = {"agreement_id": "a", "reference": "A-1", "description": "x", "status": "CREATED"}
    pay, wire = pay_on(answer(201, body))
    agreement = pay.create_agreement("A-1", "x", user_identifier="user-1", extra={"more": 1})
    assert sent_body(wire) == {"reference": "A-1", "description": "x", "user_identifier": "user-1", "more": 1}
    assert (agreement.status, agreement.raw_status) == (AgreementStatus.CREATED, "CREATED")


def test_what_only_the_firewall_may_refuse_is_sent_in_every_text():
    shown = 'Flat 3\\4, 12" pipe'
    pay, wire = pay_on(answer(201, PAYMENT))
    address = BillingAddress(line1=shown, city="A <b> | c")
    pay.create(
        Money(100), PAYMENT["reference"], shown, "https://a.example/", metadata={"n": shown + "<|>"},
        prefilled=CardholderDetails(name=shown, billing_address=address),
    )  # fmt: skip
    body = sent_body(wire)
    assert body["description"] == shown
    assert body["metadata"] == {"n": shown + "<|>"}
    assert body["prefilled_cardholder_details"]["billing_address"] == {"line1": shown, "city": "A <b> | c"}


def test_what_a_form_left_empty_is_left_out():
    pay, wire = pay_on(answer(201, PAYMENT))
    address = BillingAddress(line1="1 St", line2="", city=" ", postcode="SW1A 1AA", country="")
    pay.create(
        Money(100), PAYMENT["reference"], "x", "https://a.example/", email="",
        prefilled=CardholderDetails(name=Personal(""), billing_address=address),
    )  # fmt: skip
    body = sent_body(wire)
    assert "email" not in body
    assert body["prefilled_cardholder_details"] == {"billing_address": {"line1": "1 St", "postcode": "SW1A 1AA"}}


@pytest.mark.parametrize("text", ["<", ">", "|"])
@pytest.mark.parametrize("field", ["reference", "description"])
def test_what_the_api_refuses_is_not_sent(text, field):
    pay, wire = pay_on(key="api_live_key")
    arguments = {"reference": "R-1", "description": "x", field: f"a{text}b"}
    for act in (
        lambda: pay.create(Money(1), return_url="https://a.example/", **arguments),
        lambda: pay.create_by_telephone(Money(1), **arguments),
        lambda: pay.charge_agreement("a1", Money(1), **arguments),
        lambda: pay.create_agreement(**arguments),
    ):
        with pytest.raises(InvalidInput) as caught:
            act()
        assert caught.value.field == field
    assert wire.sent == []


def test_only_pounds_are_taken():
    pay, wire = pay_on()
    for act in (
        lambda: pay.create(Money(1, "EUR"), "R-1", "x", "https://a.example/"),
        lambda: pay.refund(ID, Money(1, "EUR"), available=Money(1, "EUR")),
    ):
        with pytest.raises(InvalidInput) as caught:
            act()
        assert caught.value.field == "amount"
    assert wire.sent == []


@pytest.mark.parametrize(("key", "good"), [("api_test_key", True), ("api_live_key", False), ("other", False)])
def test_http_is_for_test_keys_only(key, good):
    pay, wire = pay_on(answer(201, PAYMENT), key=key)
    if good:
        pay.create(Money(100), "R-1", "x", "http://localhost:8000/return")
    else:
        with pytest.raises(InvalidInput):
            pay.create(Money(100), "R-1", "x", "http://localhost:8000/return")
    assert len(wire.sent) == good


def test_extra_cannot_replace_an_argument_or_hold_what_json_cannot():
    pay, wire = pay_on()
    for extra in ({"amount": 1}, {"a": float("nan")}, {"a": object()}, {"a": "\ud800"}):
        with pytest.raises(InvalidInput) as caught:
            pay.create(Money(1), "R-1", "x", "https://a.example/", extra=extra)
        assert caught.value.field == "extra"
    assert wire.sent == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"metadata": "canary"},
        {"metadata": [("canary", 1)]},
        {"metadata": {7: "canary"}},
        {"metadata": {"canary": "\ud800"}},
        {"metadata": {"canary": b"canary"}},
        {"metadata": {"": "canary"}},
        {"extra": "canary"},
        {"extra": {7: "canary"}},
        {"reference": "canary\ud800"},
        {"prefilled": {"name": ""}},
        {"prefilled": "canary"},
    ],
    ids=lambda wrong: repr(wrong).encode("ascii", "replace").decode(),
)
def test_what_is_wrong_is_told_without_what_was_passed(wrong):
    pay, wire = pay_on()
    with pytest.raises(InvalidInput) as caught:
        pay.create(
            **{
                "amount": Money(1),
                "reference": "R",
                "description": "x",
                "return_url": "https://a.example/",
                **wrong,
            }
        )
    assert caught.value.field.partition(".")[0] == next(iter(wrong))
    assert "canary" not in str(caught.value)
    assert wire.sent == []


def test_the_type_of_charges_needs_an_agreement():
    pay, wire = pay_on()
    with pytest.raises(InvalidInput) as caught:
        pay.create(Money(1), "R-1", "x", "https://a.example/", agreement_payment_type="recurring")
    assert caught.value.field == "agreement_payment_type"
    assert wire.sent == []
