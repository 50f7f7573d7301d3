"""An answer that belongs to another call is never handed out: not its money, not its person, not its link."""

import asyncio
import json

import pytest

from govcomponents import AsyncGovComponents, GovComponents, Money, OutcomeUnknown, Settings, WrongAnswer
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
CALLS = {
    "create": (lambda pay: pay.create(Money(100), "R-1", "A thing", BACK), OURS),
    "create_by_telephone": (lambda pay: pay.create_by_telephone(Money(100), "R-1", "A thing"), OURS),
    "charge_agreement": (lambda pay: pay.charge_agreement("g1", Money(100), "R-1", "x", idempotency_key="one"), OURS),
    "get": (lambda pay: pay.get("a1"), OURS),
    "complete": (lambda pay: pay.complete("a1"), OURS),
    "list_events": (lambda pay: pay.list_events("a1"), EVENTS),
    "refund": (lambda pay: pay.refund("a1", Money(50), available=Money(100)), REFUND),
    "get_refund": (lambda pay: pay.get_refund("a1", "r1"), REFUND),
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
