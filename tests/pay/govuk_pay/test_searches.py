"""Searches of GOV.UK Pay: filters on the wire, and pages."""

import json
from datetime import UTC, date, datetime, timedelta, timezone
from urllib.parse import parse_qsl, urlsplit

import pytest

from govcomponents.errors import (
    InvalidInput,
    NotFound,
    UnexpectedReply,
)
from govcomponents.pay.states import AgreementStatus, DisputeStatus, PaymentStatus

from .calls import ID, answer, pay_on

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


def test_other_brands_are_left_out_because_pay_may_ignore_the_filter():
    def of(name, brand):
        return {**PAYMENT, "payment_id": name, "card_details": None if brand is None else {"card_brand": brand}}

    found = page(of("p1", "American Express"), of("p2", "Visa"), of("p3", None), of("p4", ""), of("p5", "Mastercard"))
    assert [payment.id for payment in pay_on(found)[0].search(card_brand="american-express")] == ["p1"]
    assert [payment.id for payment in pay_on(found)[0].search(card_brand="master-card")] == ["p5"]
