"""An answer that belongs to another call is never handed out: not its money, not its person, not its link."""

import asyncio
import json
from datetime import UTC, datetime

import pytest

from govcomponents import AsyncGovComponents, Conflict, GovComponents, Money, OutcomeUnknown, Settings, WrongAnswer
from govcomponents.contracts.modes import BlockingView, Mode
from govcomponents.core.http.messages import Response
from govcomponents.core.http.retry import RetryPolicy
from govcomponents.core.transports.scripted import ScriptedTransport
from govcomponents.privacy import Secret

BACK = "https://service.example.gov.uk/back"
OURS = {
    "payment_id": "a1",
    "amount": 100,
    "reference": "R-1",
    "description": "A thing",
    "state": {"status": "created", "finished": False},
    "_links": {"next_url": {"href": "https://pay.example.gov.uk/secure/canary"}},
}
AGREEMENT = {"agreement_id": "g1", "reference": "A-1", "description": "x", "status": "CREATED"}
REFUND = {"refund_id": "r1", "amount": 50, "status": "submitted"}
EVENTS = {"payment_id": "a1", "events": [{"payment_id": "a1", "state": {"status": "created"}, "updated": "x"}]}
DISPUTE = {"dispute_id": "d1", "payment_id": "a1", "amount": 50, "status": "lost"}
MARCH, APRIL = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC)


def found(item):
    return {"total": 1, "results": [item]}


CALLS = {
    "create": (lambda pay: pay.create(Money(100), "R-1", "A thing", BACK, set_up_agreement="g1"), OURS),
    "create_by_telephone": (lambda pay: pay.create_by_telephone(Money(100), "R-1", "A thing"), OURS),
    "charge_agreement": (lambda pay: pay.charge_agreement("g1", Money(100), "R-1", "x", idempotency_key="one"), OURS),
    "get": (lambda pay: pay.get("a1"), OURS),
    "complete": (lambda pay: pay.complete("a1"), OURS),
    "list_events": (lambda pay: pay.list_events("a1"), EVENTS),
    "refund": (lambda pay: pay.refund("a1", Money(50), available=Money(100)), REFUND),
    "get_refund": (lambda pay: pay.get_refund("a1", "r1"), REFUND),
    "list_refunds": (lambda pay: pay.list_refunds("a1"), {"payment_id": "a1", "_embedded": {"refunds": [REFUND]}}),
    "search": (
        lambda pay: list(pay.search(reference="r-1", agreement_id="g1", created_from=MARCH, created_before=APRIL)),
        found({**OURS, "agreement_id": "g1", "created_date": "2026-03-02T09:00:00.000Z"}),
    ),
    "search_refunds": (
        lambda pay: list(pay.search_refunds(created_from=MARCH, created_before=APRIL)),
        found({**REFUND, "created_date": "2026-03-02T09:00:00.000Z"}),
    ),
    "search_agreements": (lambda pay: list(pay.search_agreements(reference="a-1")), found(AGREEMENT)),
    "search_disputes": (
        lambda pay: list(pay.search_disputes(created_from=MARCH)),
        found({**DISPUTE, "created_date": "2026-03-02T09:00:00.000Z"}),
    ),
    "create_agreement": (lambda pay: pay.create_agreement("A-1", "x"), AGREEMENT),
    "get_agreement": (lambda pay: pay.get_agreement("g1"), AGREEMENT),
}
ANOTHERS = [
    ("create", {"amount": 9900}),
    ("create", {"reference": "canary-of-another"}),
    ("create_by_telephone", {"amount": 9900}),
    ("charge_agreement", {"reference": "canary-of-another"}),
    ("get", {"payment_id": "canary-of-another"}),
    ("complete", {"payment_id": "canary-of-another"}),
    ("refund", {"amount": 9900}),
    ("get_refund", {"refund_id": "canary-of-another"}),
    ("create", {"agreement_id": "g9"}),
    ("charge_agreement", {"agreement_id": "g9"}),
    ("get_refund", {"_links": {"payment": {"href": "https://pay.example.gov.uk/v1/payments/canary"}}}),
    ("refund", {"_links": {"payment": {"href": "https://pay.example.gov.uk/v1/payments/canary"}}}),
    ("list_events", {"payment_id": "canary-of-another"}),
    ("list_refunds", {"payment_id": "canary-of-another"}),
    ("list_refunds", {"_embedded": {"refunds": [REFUND, {**REFUND, "payment_id": "canary"}]}}),
    ("search", found({**OURS, "reference": "canary-of-another"})),
    ("search", found({**OURS, "agreement_id": "canary-of-another"})),
    ("search", found({**OURS, "created_date": "2026-02-27T09:00:00.000Z"})),
    ("search", found({**OURS, "created_date": "2026-04-02T09:00:00.000Z"})),
    ("search_refunds", found({**REFUND, "created_date": "2026-04-02T09:00:00.000Z"})),
    ("search_agreements", found({**AGREEMENT, "reference": "canary-of-another"})),
    ("search_disputes", found({**DISPUTE, "created_date": "2025-04-02T09:00:00.000Z"})),
    ("create_agreement", {"reference": "canary-of-another"}),
    ("get_agreement", {"agreement_id": "canary-of-another"}),
]


@pytest.fixture
def call(gov_mode: Mode, gov_runner: asyncio.Runner):
    def make(operation, changed):
        ask, body = CALLS[operation]
        wire = ScriptedTransport([Response(200, {}, json.dumps({**body, **changed}).encode())])
        settings = Settings(environment="test", pay={"api_key": Secret("api_test_" + "k" * 50)})
        kind = GovComponents if gov_mode is Mode.BLOCKING else AsyncGovComponents
        gov = kind.from_settings(settings, transport=wire, retry=RetryPolicy.none())
        return ask(gov.pay if gov_mode is Mode.BLOCKING else BlockingView(gov.pay, gov_runner))

    return make


@pytest.mark.parametrize("operation", CALLS)
def test_the_answer_to_the_call_itself_is_handed_out(call, operation):
    assert call(operation, {}) is not None


@pytest.mark.parametrize(("operation", "changed"), ANOTHERS, ids=str)
def test_an_answer_to_another_call_is_an_error_that_tells_nothing_of_it(call, operation, changed):
    with pytest.raises(WrongAnswer) as caught:
        call(operation, changed)
    error = caught.value
    assert isinstance(error, OutcomeUnknown)
    assert error.operation == f"pay.{operation}"
    assert error.lookup
    assert "canary" not in repr(error)
    assert "99" not in str(error)


def test_a_charge_to_which_another_answer_came_tells_its_key(call):
    with pytest.raises(WrongAnswer) as caught:
        call("charge_agreement", {"amount": 9900})
    assert caught.value.idempotency_key == "one"


SESSION = {
    "id": "cs_1",
    "object": "checkout.session",
    "mode": "payment",
    "status": "complete",
    "amount_total": 100,
    "currency": "gbp",
    "client_reference_id": "R-1",
    "payment_intent": {"id": "pi_1", "amount": 100, "currency": "gbp", "status": "requires_capture"},
}
INTENT = {"id": "pi_1", "amount": 100, "currency": "gbp", "status": "succeeded"}
OPEN = {**SESSION, "status": "open", "payment_intent": None}
ANOTHER = {"id": "pi_canary"}
STRIPE_REFUND = {"id": "re_1", "amount": 50, "currency": "gbp", "status": "succeeded", "payment_intent": "pi_1"}
CHARGED = {**INTENT, "latest_charge": {"id": "ch_1", "amount": 100, "currency": "gbp", "captured": True}}
PAID = {**SESSION, "payment_intent": CHARGED}


def listed(*items):
    return {"object": "list", "data": list(items), "has_more": False}


def refunded(pay):
    return pay.refund("cs_1", Money(50), available=Money(100))


# What the adapter asks for on the way is compared too, or it would act on somebody else's payment.
ON_THE_WAY = {
    "get": (lambda pay: pay.get("cs_1"), [{**SESSION, "id": "cs_canary"}]),
    "capture looks at another": (lambda pay: pay.capture("cs_1"), [{**SESSION, "id": "cs_canary"}]),
    "capture takes another": (lambda pay: pay.capture("cs_1"), [SESSION, {**INTENT, **ANOTHER}]),
    "cancel looks at another": (lambda pay: pay.cancel("cs_1"), [{**OPEN, "id": "cs_canary"}]),
    "cancel ends another": (lambda pay: pay.cancel("cs_1"), [SESSION, {**INTENT, **ANOTHER, "status": "canceled"}]),
    "cancel marks another": (lambda pay: pay.cancel("cs_1"), [OPEN, {**OPEN, "id": "cs_canary"}]),
    "cancel expires another": (lambda pay: pay.cancel("cs_1"), [OPEN, OPEN, {**OPEN, "id": "cs_canary"}]),
    "refund looks at another": (refunded, [{**PAID, "id": "cs_canary"}]),
    "refund of another": (refunded, [PAID, listed(), {**STRIPE_REFUND, "payment_intent": "pi_canary"}]),
    "list_refunds": (
        lambda pay: pay.list_refunds("cs_1"),
        [SESSION, listed(STRIPE_REFUND, {**STRIPE_REFUND, "id": "re_2", "payment_intent": "pi_canary"})],
    ),
}


@pytest.mark.parametrize("name", ON_THE_WAY)
def test_what_stripe_answers_on_the_way_is_compared_too(name, gov_mode, gov_runner):
    ask, answers = ON_THE_WAY[name]
    wire = ScriptedTransport([Response(200, {}, json.dumps(answer).encode()) for answer in answers])
    settings = Settings(environment="test", pay={"adapter": "stripe", "api_key": Secret("sk_test_" + "k" * 50)})
    kind = GovComponents if gov_mode is Mode.BLOCKING else AsyncGovComponents
    gov = kind.from_settings(settings, transport=wire, retry=RetryPolicy.none())
    with pytest.raises(WrongAnswer) as caught:
        ask(gov.pay if gov_mode is Mode.BLOCKING else BlockingView(gov.pay, gov_runner))
    assert "canary" not in repr(caught.value)
    assert len(wire.sent) == len(answers)


def test_a_refund_repeated_under_its_key_with_another_amount_is_a_conflict():
    earlier = {**STRIPE_REFUND, "metadata": {"govcomponents_key": "one"}}
    wire = ScriptedTransport([Response(200, {}, json.dumps(answer).encode()) for answer in (PAID, listed(earlier))])
    settings = Settings(environment="test", pay={"adapter": "stripe", "api_key": Secret("sk_test_" + "k" * 50)})
    gov = GovComponents.from_settings(settings, transport=wire, retry=RetryPolicy.none())
    with pytest.raises(Conflict):
        gov.pay.refund("cs_1", Money(60), available=Money(100), idempotency_key="one")
