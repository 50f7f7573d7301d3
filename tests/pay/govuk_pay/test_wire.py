"""What the adapter puts on the wire, byte for byte, and how it treats what comes back."""

import json
from datetime import UTC, date, datetime, timedelta, timezone
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tenacity import wait_none

from govcomponents.core.http.messages import Replay
from govcomponents.core.http.retry import RetryPolicy
from govcomponents.errors import (
    Conflict,
    GovComponentsError,
    InvalidInput,
    NotFound,
    OutcomeUnknown,
    PermissionRefused,
    RateLimited,
    RequestRefused,
    Unavailable,
    UnexpectedReply,
)
from govcomponents.money import Money
from govcomponents.pay.inputs import BillingAddress, CardholderDetails
from govcomponents.pay.states import AgreementStatus, DisputeStatus, PaymentStatus
from govcomponents.privacy import Personal, Secret

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


def test_every_filter_is_on_the_wire_in_its_own_form():
    pay, wire = pay_on(page())
    summer = datetime(2026, 7, 1, 13, 0, 0, 250_000, tzinfo=timezone(timedelta(hours=1)))
    list(
        pay.search(
            reference="a&b",
            email="sam+tag@example.com",
            status=PaymentStatus.SUCCEEDED,
            card_brand="visa",
            cardholder_name="Sam",
            first_digits="424242",
            last_digits="0042",
            agreement_id="a1",
            created_from=summer,
            created_before=datetime(2026, 8, 1, tzinfo=UTC),
            settled_from=date(2026, 7, 1),
            settled_to=date(2026, 7, 2),
            page_size=20,
        )
    )
    parts = urlsplit(wire.sent[0].url)
    assert parts.path == "/v1/payments"
    assert dict(parse_qsl(parts.query)) == {
        "reference": "a&b",
        "email": "sam+tag@example.com",
        "state": "success",
        "card_brand": "visa",
        "cardholder_name": "Sam",
        "first_digits_card_number": "424242",
        "last_digits_card_number": "0042",
        "agreement_id": "a1",
        "from_date": "2026-07-01T12:00:00.250Z",
        "to_date": "2026-08-01T00:00:00.000Z",
        "from_settled_date": "2026-07-01",
        "to_settled_date": "2026-07-02",
        "page": "1",
        "display_size": "20",
    }


def test_the_other_searches_say_their_filters_and_always_a_size():
    pay, wire = pay_on(page(), page(), page())
    list(pay.search_agreements(reference="A-1", status=AgreementStatus.INACTIVE))
    list(pay.search_disputes(status=DisputeStatus.UNDER_REVIEW))
    list(pay.search_refunds())
    assert [urlsplit(request.url).query for request in wire.sent] == [
        "reference=A-1&status=inactive&page=1&display_size=500",
        "status=under_review&page=1&display_size=500",
        "page=1&display_size=500",
    ]


@pytest.mark.parametrize(
    ("operation", "filters"),
    [
        ("search", {"status": PaymentStatus.CAPTURABLE}),
        ("search", {"status": PaymentStatus.UNKNOWN}),
        ("search", {"status": "success"}),
        ("search", {"page_size": 501}),
        ("search", {"created_from": datetime(2026, 1, 1)}),  # noqa: DTZ001  # without a zone on purpose
        ("search", {"settled_from": datetime(2026, 1, 1, tzinfo=UTC)}),
        ("search", {"first_digits": "42424"}),
        ("search", {"last_digits": 4242}),
        ("search_agreements", {"status": AgreementStatus.UNKNOWN}),
        ("search_disputes", {"status": DisputeStatus.UNKNOWN}),
    ],
    ids=str,
)
def test_a_filter_that_cannot_work_is_refused_at_once_and_unsent(operation, filters):
    pay, wire = pay_on()
    with pytest.raises(InvalidInput):
        getattr(pay, operation)(**filters)
    assert wire.sent == []


def test_what_moves_to_the_next_page_meanwhile_is_not_given_twice():
    one, two, three, four = ({**PAYMENT, "payment_id": name} for name in ("p1", "p2", "p3", "p4"))
    pay, wire = pay_on(page(one, two, total=3), page(two, three, total=4), page(total=4))
    assert [payment.id for payment in pay.search(page_size=2)] == ["p1", "p2", "p3"]
    pay, wire = pay_on(page(one, two, total=5), answer(404, {"code": "P0402"}))
    assert [payment.id for payment in pay.search(page_size=2)] == ["p1", "p2"]
    pay, wire = pay_on(page(one, two, total=5), page(three, total=5), page(four, total=5))
    found = pay.search(page_size=2)
    assert [next(found).id for _ in range(2)] == ["p1", "p2"]
    assert len(wire.sent) == 1
    found.close()


def test_a_search_that_fails_at_its_first_page_says_so():
    pay, _ = pay_on(answer(404, {"code": "P0402"}))
    with pytest.raises(NotFound):
        list(pay.search())
    pay, _ = pay_on(page({**PAYMENT, "amount": "much"}))
    with pytest.raises(UnexpectedReply):
        list(pay.search())


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
        assert type(error) is UnexpectedReply  # noqa: PT017  # as above
    else:
        assert payment.is_paid == (payment.state.raw_status == "success")


@pytest.mark.parametrize("text", ["<", ">", '"', "\\", "|"])
@pytest.mark.parametrize("field", ["reference", "description"])
def test_what_the_firewall_refuses_is_not_sent(text, field):
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


def test_other_brands_are_left_out_because_pay_may_ignore_the_filter():
    def of(name, brand):
        return {**PAYMENT, "payment_id": name, "card_details": None if brand is None else {"card_brand": brand}}

    found = page(of("p1", "American Express"), of("p2", "Visa"), of("p3", None), of("p4", ""), of("p5", "Mastercard"))
    assert [payment.id for payment in pay_on(found)[0].search(card_brand="american-express")] == ["p1"]
    assert [payment.id for payment in pay_on(found)[0].search(card_brand="master-card")] == ["p5"]


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


def test_the_type_of_charges_needs_an_agreement():
    pay, wire = pay_on()
    with pytest.raises(InvalidInput) as caught:
        pay.create(Money(1), "R-1", "x", "https://a.example/", agreement_payment_type="recurring")
    assert caught.value.field == "agreement_payment_type"
    assert wire.sent == []


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
