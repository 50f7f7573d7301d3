"""What observers see of a call: the operation around its attempts, in both modes, and never an argument."""

import asyncio
import contextlib
import json
from contextlib import contextmanager

import pytest
from tenacity import wait_none

from govcomponents import (
    AsyncGovComponents,
    Attempt,
    CallEvent,
    GovComponents,
    Happening,
    Money,
    NotFound,
    Observer,
    Operation,
    OutcomeUnknown,
    RetryPolicy,
    Settings,
    SignInError,
)
from govcomponents.contracts.modes import BlockingView, Mode
from govcomponents.core.http.messages import Response
from govcomponents.core.observe import UNWATCHED
from govcomponents.core.transports.scripted import ScriptedTransport
from govcomponents.errors import NotSent
from govcomponents.privacy import Secret

KEY = "api_test_" + "k" * 50
PAYMENT = {
    "payment_id": "hu20sqlact5260q2nanm0q8u93",
    "amount": 4250,
    "reference": "canary-reference",
    "description": "canary description",
    "state": {"status": "created", "finished": False},
    "_links": {"next_url": {"href": "https://pay.example.gov.uk/secure/canary"}},
}


def answer(status, body, **headers):
    return Response(status, headers, json.dumps(body).encode())


class Recorder(Observer):
    """Notes everything in order; keeps the records, so that what was filled in later is seen."""

    def __init__(self):
        self.seen = []

    @contextmanager
    def operation(self, operation):
        self.seen.append(("begin", operation))
        yield
        self.seen.append(("end", operation))

    @contextmanager
    def attempt(self, attempt):
        self.seen.append(("send", attempt))
        attempt.headers["traceparent"] = f"00-trace-{attempt.number}"
        attempt.headers["authorization"] = "Bearer of-an-observer"
        yield
        self.seen.append(("answer", attempt))

    def happened(self, happening):
        self.seen.append(("happened", happening))

    @property
    def story(self):
        return [word for word, _ in self.seen]


@pytest.fixture
def connect(gov_mode: Mode, gov_runner: asyncio.Runner):
    with contextlib.ExitStack() as stack:

        def make(*steps, observers, **settings):
            wire = ScriptedTransport(steps)
            made = Settings(environment="test", pay={"api_key": Secret(KEY)}, **settings)
            kind = GovComponents if gov_mode is Mode.BLOCKING else AsyncGovComponents
            gov = kind.from_settings(made, transport=wire, observers=observers, retry=RetryPolicy(wait=wait_none()))
            if gov_mode is Mode.BLOCKING:
                return stack.enter_context(gov).pay, wire
            stack.callback(lambda: gov_runner.run(gov.aclose()))
            return BlockingView(gov.pay, gov_runner), wire

        yield make


def test_the_operation_is_around_its_attempts_and_the_waits_between_them(connect):
    seen = Recorder()
    pay, wire = connect(NotSent("no way there"), answer(200, PAYMENT), observers=[seen])
    pay.get("hu20sqlact5260q2nanm0q8u93")
    assert seen.story == ["begin", "send", "answer", "happened", "send", "answer", "end"]
    operation = seen.seen[0][1]
    assert isinstance(operation, Operation)
    assert (operation.name, operation.component, operation.provider) == ("pay.get", "pay", "GOV.UK Pay")
    assert (operation.account, operation.attempts, operation.error) == ("default", 2, None)
    first, second = seen.seen[1][1], seen.seen[4][1]
    assert isinstance(first, Attempt)
    assert (first.number, first.outcome, first.status) == (1, "not_sent", None)
    assert (second.number, second.outcome, second.status) == (2, "answered", 200)
    assert first.operation is second.operation is operation
    assert (second.method, second.server, second.port) == ("GET", "publicapi.payments.service.gov.uk", 443)
    assert operation.seconds >= first.seconds + second.seconds > 0
    waited = seen.seen[3][1]
    assert isinstance(waited, Happening)
    assert (waited.name, dict(waited.labels), waited.seconds) == ("retry.waited", {"operation": "pay.get"}, 0.0)
    assert [request.headers["traceparent"] for request in wire.sent] == ["00-trace-1", "00-trace-2"]


def test_an_observer_replaces_no_header_of_the_adapters_own(connect):
    pay, wire = connect(answer(200, PAYMENT), observers=[Recorder()])
    pay.get("hu20sqlact5260q2nanm0q8u93")
    names = [name.lower() for name in wire.sent[0].headers]
    assert names.count("authorization") == 1
    assert wire.sent[0].headers["Authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize(
    ("steps", "error", "outcome"),
    [
        ([answer(404, {"code": "P0200"})], NotFound, "answered"),
        ([OutcomeUnknown("lost", lookup="look")] * 3, OutcomeUnknown, "outcome_unknown"),
    ],
    ids=["refused", "lost"],
)
def test_an_operation_that_fails_ends_with_the_name_of_its_error(connect, steps, error, outcome):
    seen = Recorder()
    pay, _ = connect(*steps, observers=[seen])
    with pytest.raises(error):
        pay.get("hu20sqlact5260q2nanm0q8u93")
    assert (seen.seen[0][1].error, seen.story[-1]) == (error.__name__, "end")
    assert {record.outcome for word, record in seen.seen if word == "answer"} == {outcome}


def test_each_page_of_a_search_is_an_operation_and_none_goes_on_while_the_callers_code_runs(connect):
    pages = [
        {
            "total": 2,
            "count": 1,
            "page": 1,
            "results": [PAYMENT],
            "_links": {"next_page": {"href": "https://publicapi.payments.service.gov.uk/v1/payments?page=2"}},
        },
        {"total": 2, "count": 1, "page": 2, "results": [{**PAYMENT, "payment_id": "another"}], "_links": {}},
    ]
    seen = Recorder()
    pay, _ = connect(*(answer(200, page) for page in pages), observers=[seen])
    last = [seen.story[-1] for _ in pay.search(reference="canary-reference", page_size=1)]
    assert last == ["end", "end"]
    assert [record.name for word, record in seen.seen if word == "begin"] == ["pay.search", "pay.search"]


def test_a_plain_function_is_called_with_the_event_of_each_attempt(connect):
    events = []
    pay, _ = connect(answer(201, PAYMENT), observers=[events.append])
    pay.create(Money(4250), "canary-reference", "canary description", "https://service.example.gov.uk/canary")
    (event,) = events
    assert isinstance(event, CallEvent)
    assert (event.operation, event.attempt, event.outcome, event.status) == ("pay.create", 1, "answered", 201)


def test_no_argument_reaches_an_observer(connect):
    seen = Recorder()
    pay, _ = connect(
        answer(201, PAYMENT),
        answer(200, {"total": 0, "count": 0, "page": 1, "results": [], "_links": {}}),
        observers=[seen],
    )
    pay.create(Money(4250), "canary-reference", "canary description", "https://service.example.gov.uk/canary")
    list(pay.search(email="canary@example.gov.uk", cardholder_name="Canary"))
    told = repr(seen.seen)
    assert "canary" not in told.lower()
    assert KEY not in told
    assert "hu20sqlact5260q2nanm0q8u93" not in told


class Fails(Observer):
    """Fails at every hook, in the way that is named."""

    def __init__(self, where):
        self.where = where

    @contextmanager
    def operation(self, operation):
        if self.where == "before":
            raise LookupError("canary of the observer")
        yield
        if self.where == "after":
            raise LookupError("canary of the observer")

    attempt = operation

    def happened(self, happening):
        raise LookupError("canary of the observer")


@pytest.mark.parametrize("where", ["before", "after"])
def test_an_observer_that_fails_stops_neither_the_call_nor_the_others(connect, caplog, where):
    seen = Recorder()
    pay, _ = connect(NotSent("no way there"), answer(200, PAYMENT), observers=[Fails(where), seen, Fails(where)])
    pay.get("hu20sqlact5260q2nanm0q8u93")
    assert seen.story == ["begin", "send", "answer", "happened", "send", "answer", "end"]
    assert "an observer failed with LookupError during pay.get" in caplog.text
    assert "canary" not in caplog.text


def test_a_base_observer_watches_nothing_and_stops_nothing(connect):
    pay, _ = connect(NotSent("no way there"), answer(200, PAYMENT), observers=[Observer()])
    assert pay.get("hu20sqlact5260q2nanm0q8u93").reference == "canary-reference"


def test_who_leaves_an_operation_alone_hears_of_none_of_its_attempts_and_the_others_do(connect):
    class Choosy(Recorder):
        def operation(self, operation):
            self.seen.append(("asked", operation))
            return UNWATCHED

    choosy, seen = Choosy(), Recorder()
    pay, _ = connect(NotSent("no way there"), answer(200, PAYMENT), observers=[choosy, seen])
    pay.get("hu20sqlact5260q2nanm0q8u93")
    assert choosy.story == ["asked", "happened"]
    assert seen.story == ["begin", "send", "answer", "happened", "send", "answer", "end"]
    assert seen.seen[0][1].attempts == 2


def test_attempts_are_counted_where_nobody_watches_them(connect):
    class Ended(Observer):
        def __init__(self):
            self.seen = []

        def operation(self, operation):
            self.seen.append(operation)

    ended = Ended()
    pay, _ = connect(NotSent("no way there"), answer(200, PAYMENT), observers=[ended])
    pay.get("hu20sqlact5260q2nanm0q8u93")
    assert [one.attempts for one in ended.seen] == [2]


def test_an_observer_may_get_its_hook_later(connect):
    late = Observer()
    seen = []
    late.attempt = seen.append
    pay, _ = connect(answer(200, PAYMENT), observers=[late])
    pay.get("hu20sqlact5260q2nanm0q8u93")
    assert [one.number for one in seen] == [1]


def test_a_sign_in_that_is_refused_is_told_by_its_reason():
    seen = Recorder()
    with GovComponents.sandbox(observers=[seen]) as gov:
        sign_in = gov.identity.start()
        with pytest.raises(SignInError):
            gov.identity.complete(sign_in.pending, {"error": "access_denied", "state": "not-it"})
    told = [record for word, record in seen.seen if word == "happened"]
    assert [(one.name, one.provider, dict(one.labels)) for one in told] == [
        ("sign_in.refused", "GOV.UK One Login", {"reason": "bad_state"})
    ]


def test_a_report_of_the_first_operation_is_not_the_second_ones(connect):
    seen = Recorder()
    pay, _ = connect(answer(200, PAYMENT), answer(200, PAYMENT), observers=[seen])
    pay.get("hu20sqlact5260q2nanm0q8u93")
    pay.get("hu20sqlact5260q2nanm0q8u93")
    begun = [record for word, record in seen.seen if word == "begin"]
    assert [one.attempts for one in begun] == [1, 1]
    assert begun[0] is not begun[1]
