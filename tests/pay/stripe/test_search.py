"""Searches on the Stripe stub: payments, refunds and disputes."""

import json

import pytest

from govcomponents import Money
from govcomponents.core.http.messages import Response
from govcomponents.core.transports.scripted import ScriptedTransport
from govcomponents.errors import (
    InvalidInput,
)
from govcomponents.pay.states import DisputeStatus, PaymentStatus

from .context import NOW


def test_a_search_looks_itself_at_what_stripe_cannot_look_for(desk):
    paid = desk.paid(reference="PAID-1", email="sam@example.com")
    open_one = desk.new(reference="OPEN-1")
    visa = {"card_brand": "VISA", "last_digits": "4242", "cardholder_name": "sam ex"}

    def found(**filters):
        return [payment.id for payment in desk.pay.search(**filters)]

    assert found() == [open_one.id, paid.id]
    assert found(reference="paid-1") == [paid.id]
    assert found(status=PaymentStatus.CREATED) == [open_one.id]
    assert found(email="SAM@") == [paid.id]
    assert found(**visa) == [paid.id]
    for name, value in {"card_brand": "amex", "last_digits": "0000", "cardholder_name": "nobody"}.items():
        assert found(**{name: value}) == []


@pytest.mark.parametrize(
    ("card", "brand"),
    [("378282246310005", "american-express"), ("378282246310005", "amex"), ("5555555555554444", "master-card")],
)
def test_brands_are_found_by_the_names_that_other_providers_use(desk, card, brand):
    desk.paid()
    wanted = desk.paid(card)
    assert [payment.id for payment in desk.pay.search(card_brand=brand)] == [wanted.id]


def test_a_search_by_time(desk):
    from datetime import datetime, timedelta

    first = desk.new()
    desk.sandbox.clock.advance(60)
    second = desk.new()
    start = datetime.fromisoformat(NOW)
    assert [one.id for one in desk.pay.search(created_from=start + timedelta(seconds=1))] == [second.id]
    assert [one.id for one in desk.pay.search(created_before=start + timedelta(seconds=60))] == [first.id]


@pytest.mark.parametrize(
    "filters", [{"settled_from": 1}, {"settled_to": 1}, {"first_digits": "424242"}, {"agreement_id": "a"}]
)
def test_what_stripe_does_not_tell_cannot_be_searched(desk, filters):
    from datetime import date

    asked = {name: date(2026, 3, 2) if value == 1 else value for name, value in filters.items()}
    with pytest.raises(InvalidInput) as caught:
        desk.pay.search(**asked)
    assert caught.value.field == next(iter(filters))
    if "settled" in caught.value.field:
        for search in (desk.pay.search_refunds, desk.pay.search_disputes):
            with pytest.raises(InvalidInput):
                search(**asked)


def test_sessions_that_are_no_payments_are_passed_over(desk):
    desk.new()
    setup = {"id": "cs_setup", "object": "checkout.session", "mode": "setup", "status": "open"}

    def with_setup(request):
        answer = desk.sandbox.handle(request)
        page = json.loads(answer.body)
        return Response(200, answer.headers, json.dumps({**page, "data": [setup, *page["data"]]}).encode())

    assert len(list(desk.on(ScriptedTransport([with_setup])).search())) == 1


def test_a_list_that_does_not_move_on_ends(desk):
    page = Response(200, {}, b'{"object": "list", "data": [], "has_more": true}')
    assert list(desk.on(ScriptedTransport([page, page])).search_refunds()) == []


def test_disputes_are_found(desk):
    first, second = desk.paid(), desk.paid("4000000000000259")
    desk.stripe.close_dispute(desk.stripe.open_dispute(first.id), won=False)
    found = list(desk.pay.search_disputes())
    assert [dispute.payment_id for dispute in found] == [first.payment_provider_id, second.payment_provider_id]
    lost = next(desk.pay.search_disputes(status=DisputeStatus.LOST))
    assert (lost.amount, lost.fee, lost.net) == (Money(4250), Money(2000), Money(-6250))
    assert next(desk.pay.search_disputes(status=DisputeStatus.NEEDS_RESPONSE)).net is None
