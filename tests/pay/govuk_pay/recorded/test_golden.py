"""Every published answer of GOV.UK Pay is read: without losing a field that is modelled, or as its own error."""

import dataclasses
import json

import pytest

from govcomponents import Money
from govcomponents.errors import (
    CallbackRefused,
    CardDeclined,
    CredentialsRefused,
    GovComponentsError,
    OutcomeUnknown,
    Unavailable,
    UnexpectedReply,
)
from govcomponents.pay.adapters.govuk_pay.error_mapping import MEANINGS
from govcomponents.pay.events import PaymentChanged
from govcomponents.pay.states import FailureReason, PaymentStatus
from govcomponents.privacy import Guarded, Secret
from pay.govuk_pay.calls import CALLS, ID, answer, pay_on, told

from . import golden

pytestmark = golden.needs_golden
ANSWERS = golden.answers()
PAGES = ("search_payments", "search_refunds", "search_agreements", "search_disputes")
SUCCESSES = [one for one in ANSWERS if one["status"] < 300 and one["state"] != "not-envelope"]
ERRORS = [one for one in ANSWERS if one["status"] >= 300 or one["state"] == "not-envelope"]
WEBHOOKS = golden.webhooks()


def reply_of(one):
    body = one.get("text", "") if one.get("body") is None else json.dumps(one["body"], ensure_ascii=False)
    return answer(one["status"], body.encode(), one["headers"])


def only_page(one):
    """A page as if it were the whole result, so that nothing more is asked for."""
    body = {**one["body"], "total": len(one["body"]["results"])}
    return {**one, "body": body}


def values(thing):
    """Every value that a model holds, however deep, as text."""
    if isinstance(thing, Guarded):
        thing = thing.reveal()
    if dataclasses.is_dataclass(thing):
        names = [field.name for field in dataclasses.fields(thing) if field.name != "raw"]
        return set().union(*(values(getattr(thing, name)) for name in names))
    if isinstance(thing, dict):
        return set().union(set(), *(values(value) for value in thing.values()))
    if hasattr(thing, "isoformat"):
        if not hasattr(thing, "hour"):
            return {thing.isoformat()}
        return {thing.isoformat(timespec=to)[:-6] + "Z" for to in ("seconds", "milliseconds")}
    return {json.dumps(thing)} if thing is not None else set()


# What is on the wire but not in the models: derived, deprecated, or only of use to the provider.
NOT_MODELLED = {
    "finished",
    "method",
    "type",
    "chargeTokenId",
    "self",
    "events",
    "refunds",
    "cancel",
    "capture",
    "payment",
    "payment_url",
    "next_url_post",
    "payout_reference",
    "tokenised",
    "score",
    "status",
    "card_brand",
}


def leaves(name, thing):
    if isinstance(thing, dict):
        for key, value in thing.items():
            if key in ("self", "events", "refunds", "cancel", "capture", "payment", "payment_url", "next_url_post"):
                continue
            yield from leaves(key, value)
    elif thing is not None and thing != "":
        yield name, thing


def payment_of(body):
    """The payment that a published answer about refunds names."""
    linked = (body.get("_links") or {}).get("payment") or {}
    return body.get("payment_id") or linked.get("href", "").rpartition("/")[2]


def ask(pay, one):
    """Ask for what a published answer is about: each is of a payment, a refund or an agreement of its own."""
    body = one["body"] or {}
    of = payment_of(body) or ID
    calls = {
        "create_payment": lambda: pay.create(
            Money(body["amount"]), body["reference"], "A thing", "https://service.example.gov.uk/return"
        ),
        "get_payment": lambda: pay.get(body["payment_id"]),
        "get_payment_events": lambda: pay.list_events(body["payment_id"]),
        "create_refund": lambda: pay.refund(of, Money(body["amount"]), available=Money(body["amount"])),
        "get_refund": lambda: pay.get_refund(of, body["refund_id"]),
        "list_refunds": lambda: pay.list_refunds(of),
        "create_agreement": lambda: pay.create_agreement(body["reference"], "Instalments"),
        "get_agreement": lambda: pay.get_agreement(body["agreement_id"]),
    }
    return calls.get(one["operation"], lambda: CALLS[one["operation"]](pay))()


@pytest.mark.parametrize("one", SUCCESSES, ids=lambda one: one["name"])
def test_a_success_is_read_without_losing_a_field(one):
    paged = one["operation"] in PAGES
    pay, wire = pay_on(reply_of(only_page(one) if paged else one))
    result = ask(pay, one)
    assert len(wire.sent) == 1
    if one["body"] is None:
        assert result is None
        return
    items, raws = [result], [one["body"]]
    if paged:
        items, raws = result, one["body"]["results"]
    elif one["operation"] == "list_refunds":
        items, raws = list(result), one["body"]["_embedded"]["refunds"]
    elif one["operation"] == "get_payment_events":
        items, raws = list(result), one["body"]["events"]
    assert len(items) == len(raws)
    for item, raw in zip(items, raws, strict=True):
        assert dict(item.raw) == raw
        held = {text.strip('"') for text in values(item)}
        for name, value in leaves("", raw):
            if name in NOT_MODELLED or "17:15:000Z" in str(value):
                continue
            if name == "href" and "/secure/" not in str(value):
                continue
            assert json.dumps(value).strip('"') in held or str(value) in held, name


@pytest.mark.parametrize(
    "one", [one for one in SUCCESSES if one["operation"] == "get_payment"], ids=lambda one: one["name"]
)
def test_a_payment_says_exactly_what_is_known(one):
    payment = ask(pay_on(reply_of(one))[0], one)
    raw = one["body"]["state"]
    assert payment.state.raw_status == raw["status"]
    assert payment.is_finished == raw["finished"]
    assert payment.is_paid == (raw["status"] == "success")
    captured = one["body"].get("settlement_summary", {}).get("captured_date") is not None
    assert payment.is_captured == (captured and raw["status"] == "success")
    assert (payment.failure is None) == (raw["status"] not in ("failed", "cancelled", "error"))
    assert payment.can_retry is raw.get("can_retry")
    assert payment.state.code == raw.get("code")


@pytest.mark.parametrize("one", ERRORS, ids=lambda one: one["name"])
def test_an_error_is_its_own_typed_error(one):
    pay, _ = pay_on(reply_of(one))
    with pytest.raises(GovComponentsError) as caught:
        CALLS[one["operation"]](pay)
    error = caught.value
    assert error.fix
    assert error.status == one["status"]
    if one["state"] == "not-envelope":
        if one["status"] == 401:
            assert type(error) is CredentialsRefused
        elif one["operation"] == "authorise":
            assert type(error) is OutcomeUnknown  # the card may have been charged
        else:
            assert type(error) in (UnexpectedReply, Unavailable)
        return
    assert error.code == one["state"]
    meaning = MEANINGS[one["state"]]
    if one["status"] >= 500 and one["method"] == "POST" and meaning.kind is Unavailable:
        assert type(error) is (Unavailable if one["state"] == "P0999" else OutcomeUnknown)
    else:
        assert type(error) is meaning.kind
    named = one["body"].get("field") or one["body"].get("header")
    if named is not None:
        assert error.field == named
    assert one["body"]["description"] not in str(error)


def test_every_code_of_the_answers_is_in_the_table():
    assert {one["state"] for one in ERRORS if one["state"] != "not-envelope"} <= MEANINGS.keys()
    assert MEANINGS["P0010"].kind is CardDeclined


@pytest.mark.parametrize("one", WEBHOOKS["webhooks"], ids=lambda one: one["name"])
def test_every_signed_webhook_verifies_and_with_one_byte_changed_does_not(one):
    pay, _ = pay_on(secrets=(Secret("webhook_test_retired"), Secret(WEBHOOKS["secret"])))
    body = one["raw"].encode()
    event = pay.parse_callback(body, one["headers"])
    assert event.key == one["body"]["webhook_message_id"]
    assert event.payment_id == one["body"]["resource_id"]
    assert event.raw_type == one["event_type"]
    assert dict(event.raw) == one["body"]
    for place in range(len(body)):
        changed = body[:place] + bytes([body[place] ^ 1]) + body[place + 1 :]
        with pytest.raises(CallbackRefused):
            pay.parse_callback(changed, one["headers"])


def test_webhooks_that_say_cancelled_do_not_say_by_whom():
    pay, _ = pay_on(secrets=(Secret(WEBHOOKS["secret"]),))
    events = [pay.parse_callback(one["raw"].encode(), one["headers"]) for one in WEBHOOKS["webhooks"]]
    states = [event.state for event in events if isinstance(event, PaymentChanged)]
    ended = {state.raw_status: state for state in states if state and state.failure}
    assert ended["cancelled"].failure is FailureReason.CANCELLED
    assert ended["declined"].failure is FailureReason.DECLINED
    assert ended["timedout"].failure is FailureReason.EXPIRED
    assert {state.status for state in ended.values()} <= {PaymentStatus.FAILED, PaymentStatus.ERROR}
    assert "captured" in {told(event) for event in events}


def test_the_published_signature_is_the_one_that_is_computed():
    from govcomponents.pay.adapters.govuk_pay.callbacks import sign

    vector = WEBHOOKS["published_vector"]
    assert sign(vector["raw"].encode(), vector["secret"]) == vector["signature"]
