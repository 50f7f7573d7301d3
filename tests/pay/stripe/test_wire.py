"""What the adapter puts on the wire: forms, amounts, keys, headers and paths."""

import contextlib
import json
import re
from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govcomponents.contracts.faults import FaultyTransport
from govcomponents.core.http.messages import Replay, Response
from govcomponents.core.transports.scripted import ScriptedTransport
from govcomponents.errors import InvalidInput
from govcomponents.money import Money
from govcomponents.pay.adapters.request_parts import flatten
from govcomponents.pay.adapters.stripe import parsing, wire
from govcomponents.pay.adapters.stripe.wire import from_units, to_units
from govcomponents.pay.inputs import NewPayment
from govcomponents.privacy import Personal
from govcomponents.sandbox.providers.stripe.forms import nest

from .context import Desk

NEW = {
    "amount": Money(4250),
    "reference": "PERMIT-2026-00417",
    "description": "Resident parking permit, 6 months",
    "return_url": "https://permits.example.gov.uk/return/4b1f?session={CHECKOUT_SESSION_ID}",
}


def form_of(request):
    return dict(parse_qsl(request.body.decode(), keep_blank_values=True, strict_parsing=True))


def test_a_new_payment_is_sent_as_a_session_for_one_card_payment():
    given_email = {"email": Personal("j.parker@example.org"), "metadata": {"fast": True, "copies": 2, "rate": 1.5}}
    request = wire.create(NewPayment(**NEW, **given_email), "gc-1772448300-" + "0" * 32)
    assert (request.method, request.url, request.replay) == ("POST", "/v1/checkout/sessions", Replay.IDEMPOTENT)
    assert request.headers == {
        "Stripe-Version": "2026-06-24.dahlia",
        "Content-Type": "application/x-www-form-urlencoded",
        "Idempotency-Key": "gc-1772448300-" + "0" * 32,
    }
    assert form_of(request) == {
        "mode": "payment",
        "client_reference_id": "PERMIT-2026-00417",
        "customer_email": "j.parker@example.org",
        "locale": "en-GB",
        "expires_at": "1772448300",
        "success_url": NEW["return_url"],
        "cancel_url": NEW["return_url"],
        "payment_method_types[0]": "card",
        "adaptive_pricing[enabled]": "false",
        "line_items[0][quantity]": "1",
        "line_items[0][price_data][currency]": "gbp",
        "line_items[0][price_data][unit_amount]": "4250",
        "line_items[0][price_data][product_data][name]": "Resident parking permit, 6 months",
        "payment_intent_data[description]": "Resident parking permit, 6 months",
        "payment_intent_data[metadata][reference]": "PERMIT-2026-00417",
        "payment_intent_data[metadata][fast]": "true",
        "payment_intent_data[metadata][copies]": "2",
        "payment_intent_data[metadata][rate]": "1.5",
        "metadata[reference]": "PERMIT-2026-00417",
        "metadata[govcomponents_description]": "Resident parking permit, 6 months",
        "metadata[fast]": "true",
        "metadata[copies]": "2",
        "metadata[rate]": "1.5",
    }


def test_delayed_capture_and_extra_are_sent():
    extra = {"submit_type": "pay", "payment_intent_data": {"statement_descriptor_suffix": "PERMITS"}}
    sent = form_of(wire.create(NewPayment(**NEW, delayed_capture=True, extra=extra), "key-1"))
    assert sent["payment_intent_data[capture_method]"] == "manual"
    assert sent["metadata[govcomponents_capture]"] == "manual"
    assert sent["submit_type"] == "pay"
    assert sent["payment_intent_data[statement_descriptor_suffix]"] == "PERMITS"
    assert "expires_at" not in sent  # a key of the caller's own does not hold it, and a repeat must send the same


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"extra": {"mode": "setup"}}, "extra"),
        ({"extra": {"line_items": [{"quantity": 2}]}}, "extra"),
        ({"extra": {"submit_type": None}}, "extra"),
        ({"extra": {"submit_type": 1.5}}, "extra"),
        ({"extra": {"a[b]": "c"}}, "extra"),
        ({"extra": {"a": {1: "c"}}}, "extra"),
        ({"metadata": {"reference": "another"}}, "metadata"),
        ({"metadata": {"govcomponents_cancelled": "service"}}, "metadata"),
        ({"metadata": {"note": ""}}, "metadata"),
        ({"amount": Money(100, "UGX")}, "amount"),
        ({"amount": Money(100, "XAU")}, "amount"),
        ({"amount": Money(1, "MGA")}, "amount"),
    ],
    ids=str,
)
def test_what_cannot_be_sent_is_refused_by_its_name(wrong, field):
    with pytest.raises(InvalidInput) as caught:
        wire.create(NewPayment(**{**NEW, **wrong}), "key-1")
    assert (caught.value.field, caught.value.operation) == (field, "pay.create")
    assert caught.value.fix


@pytest.mark.parametrize(
    ("money", "units"),
    [
        (Money.gbp("42.50"), 4250),
        (Money.of("42.50", "EUR"), 4250),
        (Money.of("500", "JPY"), 500),
        (Money.of("500", "XOF"), 500),
        (Money.of("5", "ISK"), 500),
        (Money.of("5.120", "KWD"), 5120),
        (Money.of("100.00", "MGA"), 100),
        (Money.of("1.50", "XCD"), 150),
    ],
    ids=str,
)
def test_amounts_are_counted_as_stripe_counts_them(money, units):
    assert to_units(money, "pay.create") == units
    assert from_units(units, money.currency.lower()) == money


@pytest.mark.parametrize(("units", "currency"), [(550, "isk"), (100, "ugx"), (100, "xxx")])
def test_an_amount_that_is_not_certain_is_not_guessed(units, currency):
    with pytest.raises(ValueError, match="currency"):
        from_units(units, currency)


def test_keys_are_not_to_be_guessed_and_tell_when_the_page_expires():
    first, second = wire.new_key(1_772_442_900.7), wire.new_key(1_772_442_900.7)
    assert first != second
    assert first.startswith("gc-1772448300-")
    assert "expires_at=1772448300" in wire.create(NewPayment(**NEW), first).body.decode()


def test_a_refund_key_is_made_of_what_was_left():
    key = wire.refund_key("pi_1", Money(100), [])
    assert key == wire.refund_key("pi_1", Money(100), [])
    others = (
        wire.refund_key("pi_2", Money(100), []),
        wire.refund_key("pi_1", Money(99), []),
        wire.refund_key("pi_1", Money(100, "EUR"), []),
        wire.refund_key("pi_1", Money(100), ["re_failed"]),
    )
    assert len({key, *others}) == 5
    assert wire.refund_key("pi_1", Money(1), ["a", "b"]) == wire.refund_key("pi_1", Money(1), ["b", "a"])


def test_every_request_pins_the_version_and_every_post_is_keyed():
    desk = Desk()
    held, let_go, open_one = desk.paid(delayed_capture=True), desk.paid(delayed_capture=True), desk.new()
    transport = FaultyTransport(desk.transport, {})
    pay = desk.on(transport)
    pay.capture(held.id)
    pay.cancel(let_go.id)
    pay.cancel(open_one.id)
    refund = pay.refund(held.id, Money(100), available=Money(4250))
    pay.get_refund(held.id, refund.id)
    pay.list_refunds(held.id)
    for search in (pay.search, pay.search_refunds, pay.search_disputes):
        list(search())
    posts = [request for request in transport.sent if request.method == "POST"]
    assert [request.template for request in posts] == [
        "/v1/payment_intents/{id}/capture",
        "/v1/payment_intents/{id}/cancel",
        "/v1/checkout/sessions/{id}",
        "/v1/checkout/sessions/{id}/expire",
        "/v1/refunds",
    ]
    assert len({request.headers["Idempotency-Key"] for request in posts}) == len(posts)
    for request in transport.sent:
        assert request.headers["Stripe-Version"] == wire.API_VERSION
        assert request.replay is (Replay.IDEMPOTENT if request.method == "POST" else Replay.ALWAYS)
        assert request.lookup
        path = urlsplit(request.url).path.removeprefix("/stripe")
        assert re.fullmatch(request.template.replace("{id}", "[^/]+"), path)


def test_path_segments_are_escaped():
    assert wire.get_session("pay.get", "a/../b?c").url.startswith("/v1/checkout/sessions/a%2F..%2Fb%3Fc?")


def test_a_search_asks_for_times_in_whole_seconds_and_at_most_100():
    limits = {
        "created_from": datetime(2026, 3, 2, 9, 0, 0, 1, tzinfo=UTC),
        "created_before": datetime(2026, 3, 3, tzinfo=UTC),
    }
    pages = ({"data": [{"id": "cs_last", "mode": "setup"}], "has_more": True}, {"data": []})
    transport = ScriptedTransport([Response(200, {}, json.dumps(page).encode()) for page in pages])
    assert list(Desk().on(transport).search(**limits)) == []
    query = dict(parse_qsl(urlsplit(transport.sent[1].url).query))
    assert query == {
        "created[gte]": "1772442001",
        "created[lt]": "1772496000",
        "expand[0]": "data.payment_intent.latest_charge",
        "limit": "100",
        "starting_after": "cs_last",
    }


@pytest.mark.parametrize("operation", ["create", "get"])
def test_the_credential_goes_with_each_request(operation):
    desk = Desk()
    transport = ScriptedTransport([desk.sandbox.handle] * 2)
    pay = desk.on(transport)
    payment = pay.create(**NEW)
    pay.get(payment.id)
    sent = transport.sent[0 if operation == "create" else 1]
    assert sent.headers["Authorization"].startswith("Bearer sk_test_")
    assert sent.url.startswith("https://sandbox.example.gov.uk/stripe/v1/")


names = st.text("abcdefgh_", min_size=1, max_size=6)
leaves = st.text(max_size=8)
trees = st.dictionaries(
    names,
    st.recursive(leaves, lambda below: st.dictionaries(names, below, min_size=1, max_size=3), max_leaves=6),
    max_size=4,
)


@given(trees)
def test_what_is_flattened_and_encoded_nests_back(tree):
    assert nest(parse_qsl(urlencode(list(flatten(tree))), keep_blank_values=True)) == tree


@given(st.lists(st.tuples(st.text(max_size=12), st.text(max_size=4)), max_size=6))
def test_any_form_nests_or_is_refused(pairs):
    with contextlib.suppress(ValueError):
        assert isinstance(nest(pairs), dict)


def test_lists_are_numbered_and_words_are_lower_case():
    assert list(flatten({"a": ["x", {"b": True}], "c": 1})) == [("a[0]", "x"), ("a[1][b]", "true"), ("c", "1")]
    assert nest([("a[]", "x"), ("a[]", "y")]) == {"a": {"0": "x", "1": "y"}}
    for clash in ([("a", "1"), ("a[b]", "2")], [("[a]", "1")], [("a]b", "1")]):
        with pytest.raises(ValueError, match="parameter"):
            nest(clash)


@pytest.mark.parametrize(
    ("month", "year", "told"), [(7, 2031, "07/31"), (13, 2031, None), (-3, 2031, None), (0, 2031, None), (7, -1, None)]
)
def test_the_month_in_which_a_card_ends_is_one_or_not_told(month, year, told):
    card = parsing._card({"exp_month": month, "exp_year": year}, {})

    assert (card.expiry and card.expiry.reveal()) == told


@pytest.mark.parametrize("currency", ["BHD", "JOD", "KWD", "OMR", "TND"])
def test_thousandths_are_not_sent(currency):
    with pytest.raises(InvalidInput) as caught:
        wire.to_units(Money.of("5.124", currency), "pay.create")
    assert caught.value.field == "amount"
