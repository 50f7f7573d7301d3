"""The searches of the GOV.UK Pay stub: their filters, their odd boundaries, and each endpoint's own way of paging."""

import pytest

from govcomponents.sandbox.app import Sandbox
from pay.govuk_pay.context import world

from .raw import Raw

NOW = "2026-03-06T10:00:00.000Z"


@pytest.fixture
def raw():
    raw = Raw(Sandbox(world(), now=NOW))
    raw.paid(reference="Ref-1", email="Sam.Smith@example.com")
    raw.new(reference="Ref-2", email="other@example.com")
    return raw


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", 2),
        ("reference=REF-1", 1),
        ("reference=Ref", 0),
        ("email=smith", 1),
        ("email=s%25smith", 1),
        ("email=sam_smith", 1),
        ("email=.", 2),
        ("state=success", 1),
        ("state=created", 1),
        ("state=", 2),
        ("card_brand=VISA", 1),
        ("card_brand=master-card", 0),
        ("cardholder_name=example", 1),
        ("first_digits_card_number=424242&last_digits_card_number=4242", 1),
        ("last_digits_card_number=0000", 0),
        ("agreement_id=none", 0),
        ("from_date=2026-03-06T10:00:00.000Z", 0),
        ("from_date=2026-03-06T09:59:59.999Z", 2),
        ("to_date=2026-03-06T10:00:00.000Z", 0),
        ("to_date=2026-03-06T10:00:00.001Z", 2),
        ("from_date=2026-03-06T10:59:59%2B01:00", 2),
        ("from_settled_date=2026-01-01", 0),
        ("unknown=1", 2),
    ],
)
def test_payments_are_found_as_ledger_finds_them(raw, query, found):
    status, page = raw("GET", f"/v1/payments?{query}")
    assert (status, page["total"], page["count"]) == (200, found, found)
    assert all("next_url" not in one["_links"] for one in page["results"])


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("from_date=2026-03-06", "from_date"),
        ("from_date=2026-03-06T10:00:00", "from_date"),
        ("to_date=yesterday", "to_date"),
        ("from_settled_date=06/03/2026", "from_settled_date"),
        ("to_settled_date=2026-02-30", "to_settled_date"),
        ("page=0", "page"),
        ("page=x", "page"),
        ("display_size=0", "display_size"),
        ("first_digits_card_number=42424", "first_digits_card_number"),
        ("reference=" + "x" * 256, "reference"),
    ],
)
def test_a_filter_that_is_wrong_is_named(raw, query, named):
    status, body = raw("GET", f"/v1/payments?{query}")
    assert (status, body["code"]) == (422, "P0401")
    assert body["description"].startswith(f"Invalid parameters: {named}.")


def test_the_newest_comes_first_and_the_links_lead_on(raw):
    page = raw("GET", "/v1/payments?display_size=1&state=")[1]
    assert page["results"][0]["reference"] == "Ref-2"
    assert "prev_page" not in page["_links"]
    following = raw("GET", page["_links"]["next_page"]["href"])[1]
    assert following["results"][0]["reference"] == "Ref-1"
    assert "next_page" not in following["_links"]
    assert page["_links"]["last_page"]["href"] == following["_links"]["self"]["href"]


def test_each_endpoint_has_its_own_defaults_and_links(raw):
    for number in range(21):
        raw("POST", "/v1/agreements", {"reference": f"A-{number}", "description": "x"})
    page = raw("GET", "/v1/agreements")[1]
    assert (page["count"], page["total"]) == (20, 21)
    assert page["_links"]["prev_page"] == {}
    assert raw("GET", "/v1/agreements?reference=a-7&status=created")[1]["total"] == 1
    refunds = raw("GET", "/v1/refunds")[1]
    assert (refunds["total"], refunds["_links"]["next_page"]) == (0, {})
    disputes = raw("GET", "/v1/disputes")[1]
    assert "_links" not in disputes
    assert disputes["links"]["next_page"] == {}


def test_a_refund_is_found_by_when_it_was_made(raw):
    payment = raw("GET", "/v1/payments?state=success")[1]["results"][0]["payment_id"]
    raw("POST", f"/v1/payments/{payment}/refunds", {"amount": 1})
    assert raw("GET", "/v1/refunds?from_date=2026-03-06T09:00:00Z")[1]["results"][0]["payment_id"] == payment
    assert raw("GET", "/v1/refunds?from_date=2026-03-06T11:00:00Z")[1]["total"] == 0
