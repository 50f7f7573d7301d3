"""An amount that is none is never money: not in an answer of either provider, and not in a signed event."""

import json

import pytest

from govcomponents import OutcomeUnknown, UnexpectedReply
from govcomponents.core.http.messages import Response
from govcomponents.core.http.retry import RetryPolicy
from govcomponents.core.http.runtime import Runtime
from govcomponents.core.transports.scripted import ScriptedTransport
from govcomponents.money import Money
from govcomponents.pay.adapters.govuk_pay.adapter import GovUkPay
from govcomponents.pay.adapters.stripe.adapter import Stripe
from govcomponents.pay.service import PayService
from govcomponents.privacy import Secret

ABSURD = [
    "1" + "0" * 400,
    "-1" + "0" * 400,
    "1e400",
    "-1e400",
    "1e30",
    "1000000000000",
    "9223372036854775808",
    "18446744073709551617",
    "100.0",
    "100.5",
    "1e2",
    "-0.0",
    "-1",
    "-100",
    "true",
    "false",
    '"100"',
    '"1e2"',
    '"-1"',
    '"£1"',
    '""',
    '" 100 "',
    "[100]",
    '{"amount": 100}',
    "NaN",
    "Infinity",
]
MARK = "@@"
PAYMENT = {
    "payment_id": "a1",
    "amount": 100,
    "reference": "R-1",
    "description": "A thing",
    "state": {"status": "success", "finished": True},
}
SUMMARY = {"status": "available", "amount_available": 100, "amount_submitted": 0}
REFUND = {"refund_id": "r1", "amount": 50, "status": "submitted"}
DISPUTE = {"dispute_id": "d1", "payment_id": "a1", "amount": 50, "status": "lost"}
PAGE = {"total": 1, "results": []}
CHARGE = {"id": "ch_1", "amount": 100, "currency": "gbp", "captured": True}
BALANCE = {"id": "txn_1", "amount": 100, "currency": "gbp", "fee": 1, "net": 99, "created": 1}
INTENT = {"id": "pi_1", "amount": 100, "currency": "gbp", "status": "succeeded", "latest_charge": CHARGE}
SESSION = {"id": "cs_1", "amount_total": 100, "currency": "gbp", "status": "complete", "mode": "payment"}
STRIPE_REFUND = {"id": "re_1", "amount": 50, "currency": "gbp", "status": "succeeded", "payment_intent": "pi_1"}
STRIPE_DISPUTE = {"id": "dp_1", "amount": 50, "currency": "gbp", "status": "lost", "payment_intent": "pi_1"}
MONEY = Money(50), Money(100)


def charged(**changed):
    return {**INTENT, "latest_charge": {**CHARGE, **changed}}


def one(whole):
    return {"object": "list", "data": [whole], "has_more": False}


GOVUK_PAY = {
    "get amount": (lambda pay: pay.get("a1"), {**PAYMENT, "amount": MARK}),
    "get total": (lambda pay: pay.get("a1"), {**PAYMENT, "total_amount": MARK}),
    "get surcharge": (lambda pay: pay.get("a1"), {**PAYMENT, "corporate_card_surcharge": MARK}),
    "get fee": (lambda pay: pay.get("a1"), {**PAYMENT, "fee": MARK}),
    "get available": (lambda pay: pay.get("a1"), {**PAYMENT, "refund_summary": {**SUMMARY, "amount_available": MARK}}),
    "get submitted": (lambda pay: pay.get("a1"), {**PAYMENT, "refund_summary": {**SUMMARY, "amount_submitted": MARK}}),
    "search": (lambda pay: list(pay.search()), {**PAGE, "results": [{**PAYMENT, "amount": MARK}]}),
    "refund": (lambda pay: pay.refund("a1", MONEY[0], available=MONEY[1]), {**REFUND, "amount": MARK}),
    "get_refund": (lambda pay: pay.get_refund("a1", "r1"), {**REFUND, "amount": MARK}),
    "list_refunds": (
        lambda pay: pay.list_refunds("a1"),
        {"payment_id": "a1", "_embedded": {"refunds": [{**REFUND, "amount": MARK}]}},
    ),
    "search_refunds": (lambda pay: list(pay.search_refunds()), {**PAGE, "results": [{**REFUND, "amount": MARK}]}),
    "search_disputes": (lambda pay: list(pay.search_disputes()), {**PAGE, "results": [{**DISPUTE, "amount": MARK}]}),
    "dispute's fee": (lambda pay: list(pay.search_disputes()), {**PAGE, "results": [{**DISPUTE, "fee": MARK}]}),
}
STRIPE = {
    "session": (lambda pay: pay.get("cs_1"), {**SESSION, "amount_total": MARK}),
    "intent": (lambda pay: pay.get("pi_1"), {**INTENT, "amount": MARK}),
    "charge": (lambda pay: pay.get("pi_1"), charged(amount=MARK)),
    "captured": (lambda pay: pay.get("pi_1"), charged(amount_captured=MARK)),
    "refunded": (lambda pay: pay.get("pi_1"), charged(amount_refunded=MARK)),
    "search": (lambda pay: list(pay.search()), one({**SESSION, "amount_total": MARK})),
    "search_refunds": (lambda pay: list(pay.search_refunds()), one({**STRIPE_REFUND, "amount": MARK})),
    "search_disputes": (lambda pay: list(pay.search_disputes()), one({**STRIPE_DISPUTE, "amount": MARK})),
    "get_refund": (lambda pay: pay.get_refund("pi_1", "re_1"), {**STRIPE_REFUND, "amount": MARK}),
}
# What a balance changes by may be less than nothing.
SIGNED = {
    "fee": charged(balance_transaction={**BALANCE, "fee": MARK}),
    "net": charged(balance_transaction={**BALANCE, "net": MARK}),
}
NEGATIVE = ("-1", "-100")
ADAPTERS = {"govuk_pay": (GovUkPay, "api_test_x"), "stripe": (Stripe, "sk_test_x")}


def pay_that_answers(adapter, body):
    kind, key = ADAPTERS[adapter]
    runtime = Runtime(ScriptedTransport([Response(200, {}, body)] * 3), retry=RetryPolicy.none())
    return PayService(kind(Secret(key), runtime), runtime)


def with_amount(whole, amount):
    body = json.dumps(whole)
    assert body.count(f'"{MARK}"') == 1
    return body.replace(f'"{MARK}"', amount).encode()


CALLS = [("govuk_pay", *case) for case in GOVUK_PAY.items()] + [("stripe", *case) for case in STRIPE.items()]


@pytest.mark.parametrize(("adapter", "name", "case"), CALLS, ids=lambda part: part if isinstance(part, str) else "")
def test_an_amount_that_is_none_makes_an_answer_unexpected(adapter, name, case):
    call, whole = case
    for amount in ABSURD:
        with pytest.raises(UnexpectedReply) as caught:
            call(pay_that_answers(adapter, with_amount(whole, amount)))
        assert isinstance(caught.value, OutcomeUnknown), amount
        assert len(amount) < 4 or amount.strip('"') not in str(caught.value)


@pytest.mark.parametrize(("adapter", "name", "case"), CALLS, ids=lambda part: part if isinstance(part, str) else "")
def test_an_amount_is_read(adapter, name, case):
    call, whole = case
    assert call(pay_that_answers(adapter, with_amount(whole, "50"))) is not None


@pytest.mark.parametrize("name", SIGNED)
def test_what_a_balance_changes_by_may_be_negative_and_nothing_else(name):
    for amount in ABSURD:
        pay = pay_that_answers("stripe", with_amount(SIGNED[name], amount))
        if amount in NEGATIVE:
            assert getattr(pay.get("pi_1"), name) == Money(int(amount))
        else:
            with pytest.raises(UnexpectedReply):
                pay.get("pi_1")


def test_a_charge_of_which_more_is_refunded_than_was_taken_cannot_be_read():
    with pytest.raises(UnexpectedReply):
        pay_that_answers("stripe", json.dumps(charged(amount_refunded=101)).encode()).get("pi_1")


@pytest.mark.parametrize(("adapter", "name", "case"), CALLS, ids=lambda part: part if isinstance(part, str) else "")
def test_an_answer_that_has_a_member_twice_is_unexpected(adapter, name, case):
    call, whole = case
    for twice in ('50, "x": 1, "x": 1', '50, "a": {"b": [{"c": 1, "\\u0063": 1}]}'):
        with pytest.raises(UnexpectedReply, match="a member twice"):
            call(pay_that_answers(adapter, with_amount(whole, twice)))
