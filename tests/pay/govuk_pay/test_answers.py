"""Answers of GOV.UK Pay: what each becomes, whatever its shape."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tenacity import wait_none

from govcomponents.core.http.retry import RetryPolicy
from govcomponents.errors import (
    Conflict,
    GovComponentsError,
    NotFound,
    OutcomeUnknown,
    PermissionRefused,
    RateLimited,
    RequestRefused,
    Unavailable,
    UnexpectedReply,
)
from govcomponents.money import Money
from govcomponents.privacy import Secret

from .calls import CALLS, ID, answer, pay_on

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


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (429, {"code": "P0900"}, RateLimited),
        (429, b"", RateLimited),
        (403, {"code": "P9999"}, PermissionRefused),
        (404, {"code": "P9999"}, NotFound),
        (409, {"code": "P9999"}, Conflict),
        (412, {"code": "P9999"}, Conflict),
        (400, {"code": "P9999", "field": "amount"}, RequestRefused),
        (400, {"code": "P0603", "description": "no reason that is known"}, Conflict),
        (400, {"code": 400, "message": "x"}, UnexpectedReply),
        (400, [1], UnexpectedReply),
        (302, b"", UnexpectedReply),
        (500, {"code": "P0298"}, Unavailable),
        (503, b"", Unavailable),
        (200, b"", UnexpectedReply),
        (200, b"null", UnexpectedReply),
    ],
    ids=str,
)
def test_every_other_answer_is_a_typed_error(status, body, error):
    with pytest.raises(GovComponentsError) as caught:
        CALLS["get_payment"](pay_on(answer(status, body))[0])
    assert type(caught.value) is error
    assert caught.value.status == status
    if isinstance(caught.value, RateLimited):
        assert caught.value.retry_after == 1.0


@pytest.mark.parametrize(("body", "error"), [(b"", OutcomeUnknown), (b"{}", OutcomeUnknown), (b"[]", OutcomeUnknown)])
def test_a_503_that_is_not_the_frameworks_own_leaves_a_write_unknown(body, error):
    with pytest.raises(error):
        CALLS["create_refund"](pay_on(answer(503, body))[0])


def test_a_success_other_than_the_documented_one_is_not_taken_for_done():
    with pytest.raises(UnexpectedReply) as caught:
        CALLS["capture_payment"](pay_on(answer(200, b"<html>Welcome to this proxy</html>"))[0])
    assert caught.value.lookup


def test_the_field_is_found_in_the_description_where_the_envelope_has_none():
    body = {"code": "P0102", "description": "Invalid attribute value: return_url. Must be a valid URL format"}
    with pytest.raises(RequestRefused) as caught:
        CALLS["create_payment"](pay_on(answer(422, body))[0])
    assert caught.value.field == "return_url"
    body = {"code": "P0102", "field": "<script>sam@example.com", "description": "sam@example.com is wrong"}
    with pytest.raises(RequestRefused) as caught:
        CALLS["create_payment"](pay_on(answer(422, body))[0])
    assert caught.value.field is None
    assert "sam@" not in repr(caught.value)


@given(st.binary(max_size=200), st.integers(200, 599))
def test_no_answer_breaks_the_reader(body, status):
    for name in ("get_payment", "create_refund", "search_payments", "list_refunds", "get_payment_events"):
        pay, _ = pay_on(answer(status, body))
        try:
            CALLS[name](pay)
        except GovComponentsError as error:
            assert error.fix  # noqa: PT017  # most answers are errors, some are not


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*PAYMENT, "_links"]), inner, max_size=4)
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from([*PAYMENT, "_links", "card_details", "fee", "refund_summary"]), JSON))
def test_no_shape_of_a_payment_breaks_the_reader(changed):
    pay, _ = pay_on(answer(200, {**PAYMENT, **changed}))
    try:
        payment = pay.get(ID)
    except GovComponentsError as error:
        assert isinstance(error, UnexpectedReply)  # noqa: PT017  # as above; of another payment it is WrongAnswer
    else:
        assert payment.is_paid == (payment.state.raw_status == "success")


def test_times_that_are_malformed_are_left_out():
    settled = {"capture_submit_time": "2016-01-21T25:15:00Z", "captured_date": "21/01/2016"}
    pay, _ = pay_on(answer(200, {**PAYMENT, "created_date": "2016-01-21T17:15:00", "settlement_summary": settled}))
    payment = pay.get(ID)
    assert (payment.created_at, payment.settlement.capture_submitted_at, payment.settlement.captured_on) == (None,) * 3
    assert not payment.is_captured


def test_raw_is_the_whole_answer():
    pay, _ = pay_on(answer(200, {**PAYMENT, "new_field": {"a": [1]}}))
    raw = pay.get(ID).raw
    assert raw["new_field"] == {"a": [1]}
    assert len(raw) == len(list(raw))
    assert "new_field" not in repr(raw)
    assert Secret("a") != raw


FULL = {
    **PAYMENT,
    "state": {"status": "success", "finished": True},
    "card_details": {"cardholder_name": "Sam Canary", "last_digits_card_number": "0042"},
    "refund_summary": {"status": "available", "amount_available": 100, "amount_submitted": 0},
    "exemption": {"requested": True, "type": "corporate", "outcome": {"result": "honoured"}},
}


def test_a_payment_compares_copies_and_is_replaced_whole():
    import copy
    import dataclasses

    one, two = (pay_on(answer(200, FULL))[0].get(ID) for _ in range(2))
    assert one.card.holder.reveal() == "Sam Canary"
    assert one == two
    assert repr(one) == repr(two)
    assert dataclasses.replace(one, reference="R-2").card == two.card
    assert copy.copy(one) == copy.deepcopy(one) == two
    with pytest.raises(dataclasses.FrozenInstanceError):
        one.reference = "R-2"
    with pytest.raises(AttributeError):
        _ = one.colour


def test_nothing_of_a_payment_shows_what_it_guards():
    import pickle

    from pydantic import TypeAdapter

    from govcomponents.pay import Payment

    payment = pay_on(answer(200, FULL))[0].get(ID)
    dumped = TypeAdapter(Payment).dump_json(payment)
    assert "Canary" not in repr(payment) + str(payment) + json.dumps(payment.to_dict()) + dumped.decode()
    assert json.loads(dumped)["card"]["holder"] == "[personal]"
    assert payment.to_dict(reveal=True)["card"]["holder"] == "Sam Canary"
    assert b"Canary" not in pickle.dumps(payment)
    with pytest.raises(LookupError):
        pickle.loads(pickle.dumps(payment)).card.holder.reveal()
    bare = pay_on(answer(200, {**FULL, "card_details": None, "new": "Canary"}))[0].get(ID)
    stored = pickle.dumps(bare)
    assert b"Canary" not in stored
    assert pickle.loads(stored) == bare


def test_a_payment_gives_the_page_to_pay_on_or_says_why_there_is_none():
    page_to_pay = {"_links": {"next_url": {"href": "https://card.example/secure/1", "method": "GET"}}}
    assert pay_on(answer(200, {**PAYMENT, **page_to_pay}))[0].get(ID).redirect_url() == "https://card.example/secure/1"
    with pytest.raises(Conflict, match="status is created") as caught:
        pay_on(answer(200, PAYMENT))[0].get(ID).redirect_url()
    assert "get the payment" in caught.value.fix
    with pytest.raises(Conflict) as caught:
        pay_on(answer(200, FULL))[0].get(ID).redirect_url()
    assert "new payment" in caught.value.fix


def test_payments_can_be_kept_in_a_set():
    payments = {pay_on(answer(200, {**FULL, "metadata": {"a": 1}}))[0].get(ID) for _ in range(2)}
    assert len(payments) == 1


def test_each_thing_says_whether_it_is_finished():
    refund = {"refund_id": "r", "amount": 5, "status": "success"}
    assert pay_on(answer(200, refund))[0].get_refund(ID, "r").is_finished
    agreement = {"agreement_id": "a", "reference": "A-1", "description": "x", "status": "inactive"}
    assert pay_on(answer(200, agreement))[0].get_agreement("a").is_finished
    dispute = {"dispute_id": "d", "payment_id": ID, "amount": 5, "status": "under_review"}
    (found,) = pay_on(page(dispute))[0].search_disputes()
    assert not found.is_finished


def test_after_too_many_requests_it_waits_a_second_at_least():
    pay, wire = pay_on(answer(429), answer(429), answer(200, PAYMENT), retry=RetryPolicy(wait=wait_none()))
    assert pay.get(ID).id == ID
    assert len(wire.waits) == 2
    assert min(wire.waits) >= 1.0


def test_a_charge_that_is_still_being_made_under_its_key_is_asked_for_again_once():
    used = answer(409, {"code": "P0191", "description": "used"})
    pay, wire = pay_on(used, answer(200, PAYMENT))
    assert pay.charge_agreement("a1", Money(100), "R-1", "x", idempotency_key="one").id == ID
    assert wire.waits == [1.0]
    assert {request.headers["Idempotency-Key"] for request in wire.sent} == {"one"}
    pay, wire = pay_on(used, used)
    with pytest.raises(Conflict) as caught:
        pay.charge_agreement("a1", Money(100), "R-1", "x", idempotency_key="one")
    assert (caught.value.idempotency_key, len(wire.sent)) == ("one", 2)
    pay, wire = pay_on(answer(409, {"code": "P9999"}))
    with pytest.raises(Conflict):
        pay.charge_agreement("a1", Money(100), "R-1", "x")
    assert len(wire.sent) == 1


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("cvc. Must be between 3 and 4 characters long", "it must be between 3 and 4 characters long"),
        ("reference. Must be less than or equal to 255 characters length", "less than or equal to 255"),
        ('language. Must be "en" or "cy"', 'it must be "en" or "cy"'),
        ("expiry_date. Must be a valid date in the future", "it must be a valid date in the future"),
        (
            "amount. Must be greater than or equal to 1. Refer to https://docs.payments.service.gov.uk/making_payments/#amount",
            "it must be greater than or equal to 1",
        ),
    ],
)
@pytest.mark.parametrize("code", ["P0102", "P2102"])
def test_what_a_value_must_be_is_told(said, told, code):
    body = {"code": code, "description": f"Invalid attribute value: {said}", "field": said.partition(".")[0]}
    pay, _ = pay_on(answer(422, body))

    with pytest.raises(RequestRefused) as caught:
        CALLS["authorise"](pay)
    assert told in caught.value.fix
    assert caught.value.field == said.partition(".")[0]
    assert "https" not in str(caught.value)


@pytest.mark.parametrize(
    "said",
    [
        *("reference. Must be CANARY@example.com", "reference. CANARY is not allowed", "CANARY. Must be text"),
        *("reference. Must be 4242424242424242", "reference. Must be text\nCANARY", "reference: CANARY. Must be text"),
        "reference. Must be text. CANARY",
    ],
)
def test_nothing_else_of_a_description_is(said):
    pay, _ = pay_on(answer(422, {"code": "P0102", "description": f"Invalid attribute value: {said}"}))

    with pytest.raises(RequestRefused) as caught:
        CALLS["create_payment"](pay)
    assert not any(part in str(caught.value) for part in ("CANARY", "4242", "must be text"))


@pytest.mark.parametrize(
    ("status", "created", "before"),
    [
        ("capturable", "2026-03-02T09:12:44.310Z", datetime(2026, 3, 7, 9, 12, 44, 310_000, tzinfo=UTC)),
        ("capturable", None, None),
        ("capturable", "9999-12-30T00:00:00.000Z", None),
        ("success", "2026-03-02T09:12:44.310Z", None),
    ],
)
def test_money_is_held_for_five_days_after_the_payment_was_made(status, created, before):
    shown = {**PAYMENT, "created_date": created, "state": {"status": status, "finished": False}}
    assert CALLS["get_payment"](pay_on(answer(200, shown))[0]).capture_before == before
