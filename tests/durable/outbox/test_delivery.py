"""One row: when it is sent, when it is looked up, and what each answer of the provider makes of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncGenerator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from govcomponents import Money
from govcomponents.accounts import Services
from govcomponents.core.driver import drive
from govcomponents.core.http.single_attempt import check_deadline, is_single, steady_time
from govcomponents.core.journeys import current_journey
from govcomponents.core.ports.doubt import Doubt, LookUp, OnAbsent
from govcomponents.core.ports.port import Port
from govcomponents.durable.outbox.delivery import Delivery
from govcomponents.durable.outbox.outcomes import Outcome
from govcomponents.durable.outbox.rows import Claimed
from govcomponents.durable.storage.commit_points import CommitPoint, watching
from govcomponents.durable.storage.schema import State
from govcomponents.durable.storage.sealing import PayloadKeys
from govcomponents.errors import NotFound, NotSent, Unavailable
from govcomponents.pay.capabilities import PayCapability
from govcomponents.pay.states import PaymentStatus

NOW = 1_790_000_000.0
KEYS = PayloadKeys(["w7mVYVZ2cC6c3n2Yk3b0g6fDq3xv0o1tN0mJm4e8a9Q="])
BY_REFERENCE = Doubt(look_up=LookUp.REFERENCE, visible_after=35.0, kept_for=600.0, on_absent=OnAbsent.SEND)
BY_STATE = Doubt(look_up=LookUp.STATE, visible_after=35.0, kept_for=600.0, on_absent=OnAbsent.SEND)
MAIL = {"to": "sam@example.com", "template_id": "t-1"}
ASKED = {"payment_id": "p-1", "amount": Money(300), "available": Money(1000)}
PENDING, IN_DOUBT = Outcome(state=State.PENDING, claims=1), State.IN_DOUBT


class Notify:
    """Keeps what is sent, and finds what a test says that the provider holds."""

    def __init__(self, *held: str, fails: Exception | None = None) -> None:
        self.held, self.fails = held, fails
        self.sent: list[dict[str, Any]] = []
        self.seen: list[object] = []

    async def send_email(self, **asked: Any) -> SimpleNamespace:
        self.sent.append(asked)
        self.seen.append((is_single(), current_journey()))
        if self.fails:
            raise self.fails
        return SimpleNamespace(id="n-1")

    async def search(self, *, channel: str, reference: str) -> AsyncGenerator[SimpleNamespace, None]:
        self.seen.append((channel, reference, is_single()))
        if self.fails:
            raise self.fails
        for one in self.held:
            yield SimpleNamespace(id=one)


class Pay:
    """A provider of one payment and its refunds."""

    capabilities = frozenset({PayCapability.IDEMPOTENCY_KEYS})

    def __init__(
        self, status: PaymentStatus = PaymentStatus.SUCCEEDED, available: int | None = None, *refunds: object
    ) -> None:
        left = None if available is None else SimpleNamespace(available=Money(available))
        self.payment = SimpleNamespace(id="p-1", status=status, refundable=left)
        self.refunds, self.asked = list(refunds), []

    async def get(self, payment_id: str) -> SimpleNamespace:
        self.asked.append(payment_id)
        if self.payment.status is PaymentStatus.UNKNOWN:
            raise NotFound("there is none")
        return self.payment

    async def list_refunds(self, payment_id: str) -> list[object]:
        self.asked.append(payment_id)
        return self.refunds

    async def refund(self, **asked: Any) -> SimpleNamespace:
        self.asked.append(asked)
        return SimpleNamespace(id="r-1")

    async def cancel(self, **asked: Any) -> None:
        self.asked.append(asked)


class Provider(Port):
    provider = "Toy"

    def __init__(self, doubt: Doubt) -> None:
        self.doubts = dict.fromkeys(
            ("notify.send_email", "notify.send_sms", "pay.refund", "pay.cancel", "pay.capture"), doubt
        )


def delivery(notify: object = None, pay: object = None, doubt: Doubt = BY_REFERENCE, keys: PayloadKeys = KEYS) -> Any:
    calls: Any = Services()
    for component, service in (("notify", notify), ("pay", pay)):
        if service is not None:
            getattr(calls, component).add("main", lambda service=service: service)
            calls.ports[component, "main"] = Provider(doubt)
    return Delivery(calls, keys)


def row(operation: str = "notify.send_email", asked: dict[str, Any] | None = None, **changes: Any) -> Claimed:
    account, reference = changes.get("account", "main"), "R-1"
    plain = json.dumps(
        MAIL if asked is None else asked, default=lambda money: {"$money": [money.minor, "GBP"]}
    ).encode()
    made = {
        "id": 7, "account": account, "operation": operation, "reference": reference, "journey": "J-1",
        "payload": KEYS.seal(plain, f"{account}\0{operation}\0{reference}".encode()), "state": State.SENDING,
        "attempts": 0, "claims": 2, "doubt_since": None, "give_up_at": NOW + 9000.0, "created_at": NOW - 100.0,
        "owner": "me", "now": NOW,
    }  # fmt: skip
    return Claimed(**(made | changes))


def handle(one: Delivery, claimed: Claimed, within: float = 60.0) -> Outcome:
    return drive(one.handle(claimed, steady_time() + within))


def test_a_message_is_sent_once_in_its_journey_and_its_id_is_kept() -> None:
    notify, points = Notify(), []
    with watching(points.append):
        assert handle(delivery(notify), row()) == Outcome(state=State.DONE, provider_id="n-1")
    assert notify.sent == [MAIL]
    assert notify.seen == [(True, "J-1")]
    assert points == [CommitPoint.OUTBOX_SENDING, CommitPoint.OUTBOX_SENT]
    assert current_journey() is None


def test_what_fails_comes_to_its_outcome() -> None:
    found = handle(delivery(Notify(fails=NotSent("no connection"))), row())
    assert (found.state, found.problem, found.answered) == (State.PENDING, "NotSent", True)
    lost = handle(delivery(Notify(fails=KeyError("canary"))), row())
    assert (lost.state, lost.wait, lost.is_new_doubt) == (State.IN_DOUBT, 35.0, True)


@pytest.mark.parametrize("which", ["component", "account"])
def test_what_this_process_does_not_know_is_given_back(which: str) -> None:
    claimed = row("pay.cancel") if which == "component" else row(account="other")
    found = handle(delivery(Notify()), claimed)
    assert (found.state, found.problem, found.claims) == (State.PENDING, "NotConfigured", 1)
    assert delivery(Notify()).provider(claimed) == ""
    assert delivery(Notify()).provider(row()) == "Toy"


@pytest.mark.parametrize(
    ("state", "claims", "is_given_up"),
    [(State.SENDING, 10, False), (State.SENDING, 11, True), (IN_DOUBT, 20, False), (IN_DOUBT, 21, True)],
)
def test_a_row_that_brings_workers_down_is_given_up(state: State, claims: int, *, is_given_up: bool) -> None:
    found = handle(delivery(Notify("n-1")), row(state=state, claims=claims, doubt_since=NOW - 36.0))
    assert found == (Outcome(state=State.DEAD, problem="Poison") if is_given_up else found)
    assert (found.state is State.DONE) == (not is_given_up)


def test_a_payload_that_cannot_be_opened_or_read_is_given_up() -> None:
    lost = Outcome(state=State.DEAD, problem="PayloadLost")
    anothers = row().payload
    assert handle(delivery(pay=Pay()), row("pay.cancel", payload=anothers)) == lost
    assert handle(delivery(Notify(), keys=PayloadKeys()), row(payload=b"\0not JSON")) == lost


def test_a_payload_whose_key_is_missing_waits_for_who_has_it() -> None:
    others = PayloadKeys(["gZF5mrtORtzA7BKo6tODeXNhi/whp2xvx0JOZo/3Spc="])
    found = handle(delivery(Notify(), keys=others), row())
    assert (found.state, found.problem, found.claims) == (State.PENDING, "KeyMissing", 1)


@pytest.mark.parametrize(("give_up_at", "is_sent"), [(NOW, False), (NOW + 0.001, True)])
def test_what_is_too_late_is_not_sent(give_up_at: float, *, is_sent: bool) -> None:
    notify = Notify()
    found = handle(delivery(notify), row(give_up_at=give_up_at))
    assert bool(notify.sent) == is_sent
    assert (found == Outcome(state=State.DEAD, problem="TooLate")) == (not is_sent)


def test_a_refund_is_sent_with_one_key_that_belongs_to_its_row_alone() -> None:
    pay = Pay()
    handle(delivery(pay=pay), row("pay.refund", ASKED))
    handle(delivery(pay=pay), row("pay.refund", ASKED, id=8))
    name = b"govcomponents idempotency key main\0pay.refund\0R-1"
    assert pay.asked == [ASKED | {"idempotency_key": hashlib.sha256(name).hexdigest()[:32]}] * 2


def test_without_keys_of_the_provider_or_need_of_them_none_is_sent() -> None:
    keyless = Pay()
    keyless.capabilities = frozenset()
    handle(delivery(pay=keyless), row("pay.refund", ASKED))
    assert keyless.asked == [ASKED]
    pay = Pay()
    found = handle(delivery(pay=pay), row("pay.cancel", {"payment_id": "p-1"}))
    assert pay.asked == [{"payment_id": "p-1"}]
    assert found == Outcome(state=State.DONE, provider_id=None)


@pytest.mark.parametrize(("since", "wait"), [(NOW - 34.0, 1.0), (None, 35.0), (NOW - 35.0, None)])
def test_nothing_is_looked_up_before_it_can_be_seen(since: float | None, wait: float | None) -> None:
    notify = Notify("n-7")
    found = handle(delivery(notify), row(state=IN_DOUBT, doubt_since=since))
    if wait is None:
        assert found == Outcome(state=State.DONE, provider_id="n-7")
        assert notify.seen == [("email", "R-1", True)]
    else:
        assert found == Outcome(state=IN_DOUBT, wait=pytest.approx(wait), claims=1)
        assert notify.seen == []
    assert notify.sent == []


def test_what_was_looked_up_is_at_its_commit_point() -> None:
    points: list[CommitPoint] = []
    with watching(points.append):
        handle(delivery(Notify("n-7", "n-8")), row(state=IN_DOUBT, doubt_since=NOW - 36.0))
    assert points == [CommitPoint.OUTBOX_LOOKED_UP]


def test_a_provider_that_cannot_be_asked_leaves_the_doubt() -> None:
    found = handle(delivery(Notify(fails=Unavailable("away"))), row(state=IN_DOUBT, doubt_since=NOW - 36.0))
    assert (found.state, found.problem, found.claims, found.answered) == (IN_DOUBT, "Unavailable", 1, True)


ABSENT = {
    "it is sent again": ({}, {}, PENDING),
    "it is found no more": ({"doubt_since": NOW - 600.5}, {}, Outcome(state=State.DEAD, problem="InDoubt")),
    "it is still to be found": ({"doubt_since": NOW - 600.0}, {}, PENDING),
    "it is too late": ({"give_up_at": NOW}, {}, Outcome(state=State.DEAD, problem="TooLate")),
    "it is not to be sent again": ({}, {"on_absent": OnAbsent.GIVE_UP}, Outcome(state=State.DEAD, problem="InDoubt")),
    "nobody can look": ({}, {"look_up": LookUp.NONE}, Outcome(state=State.DEAD, problem="InDoubt")),
    "only a state tells": ({}, {"look_up": LookUp.STATE}, Outcome(state=State.DEAD, problem="InDoubt")),
}


@pytest.mark.parametrize(("changes", "known", "outcome"), ABSENT.values(), ids=ABSENT)
def test_what_the_provider_does_not_know(changes: dict[str, Any], known: dict[str, Any], outcome: Outcome) -> None:
    facts = {"look_up": LookUp.REFERENCE, "visible_after": 35.0, "kept_for": 600.0, "on_absent": OnAbsent.SEND}
    one = delivery(Notify(), doubt=Doubt(**(facts | known)))
    assert handle(one, row(state=IN_DOUBT, **({"doubt_since": NOW - 36.0} | changes))) == outcome


@pytest.mark.parametrize(
    ("age", "is_keyed"), [(0.0, True), (99.0, True), (100.0, False), (200.0, False), (-1.0, False)]
)
def test_while_the_key_is_honoured_the_same_call_is_made_again(age: float, *, is_keyed: bool) -> None:
    notify = Notify("n-7")
    one = delivery(notify, doubt=Doubt(look_up=LookUp.REFERENCE, key_lifetime=100.0))
    found = handle(one, row(state=IN_DOUBT, doubt_since=NOW - 36.0, created_at=NOW - age))
    assert found == (PENDING if is_keyed else Outcome(state=State.DONE, provider_id="n-7"))
    assert bool(notify.seen) == (not is_keyed)


LATE = {
    "in doubt": (IN_DOUBT, NOW - 36.0, ["n-7"], Outcome(state=State.DONE, provider_id="n-7")),
    "in doubt before": (State.SENDING, NOW - 36.0, ["n-7"], Outcome(state=State.DONE, provider_id="n-7")),
    "in doubt, and not there": (IN_DOUBT, NOW - 36.0, [], Outcome(state=State.DEAD, problem="TooLate")),
    "in doubt before, and not there": (State.SENDING, NOW - 36.0, [], Outcome(state=State.DEAD, problem="TooLate")),
    "in doubt since lately": (State.SENDING, NOW - 5.0, ["n-7"], Outcome(state=IN_DOUBT, wait=30.0, claims=1)),
}


@pytest.mark.parametrize(("state", "since", "held", "outcome"), LATE.values(), ids=LATE)
def test_what_may_have_been_made_is_looked_for_before_it_is_too_late(
    state: State, since: float, held: list[str], outcome: Outcome
) -> None:
    notify = Notify(*held)
    doubt = replace(BY_REFERENCE, key_lifetime=9999.0)
    found = handle(
        delivery(notify, doubt=doubt), row(state=state, doubt_since=since, give_up_at=NOW, created_at=NOW - 99.0)
    )
    assert (found, notify.sent) == (outcome, [])


CHANGES = {
    "a cancel that worked": ("pay.cancel", PaymentStatus.CANCELLED, "p-1"),
    "a cancel that did not": ("pay.cancel", PaymentStatus.SUCCEEDED, PENDING),
    "a capture that worked": ("pay.capture", PaymentStatus.SUCCEEDED, "p-1"),
    "a capture that did not": ("pay.capture", PaymentStatus.CANCELLED, PENDING),
    "a payment that nobody knows": ("pay.cancel", PaymentStatus.UNKNOWN, None),
}


@pytest.mark.parametrize(("operation", "status", "found"), CHANGES.values(), ids=CHANGES)
def test_a_change_is_told_by_the_payment_itself(operation: str, status: PaymentStatus, found: object) -> None:
    pay = Pay(status)
    outcome = handle(
        delivery(pay=pay, doubt=BY_STATE), row(operation, {"payment_id": "p-1"}, state=IN_DOUBT, doubt_since=NOW - 36.0)
    )
    dead = Outcome(state=State.DEAD, problem="InDoubt")
    expected = Outcome(state=State.DONE, provider_id=found) if isinstance(found, str) else found or dead
    assert outcome == expected
    assert pay.asked == ["p-1"]


def refund(amount: int = 300, at: datetime | None = None, id: str = "r-1") -> SimpleNamespace:  # noqa: A002  # as the field
    return SimpleNamespace(id=id, amount=Money(amount), created_at=at)


BEGUN = datetime.fromtimestamp(NOW - 100.0, UTC)
FIVE, INSTANT = timedelta(minutes=5), timedelta(microseconds=1)
UNDECIDED = Outcome(state=State.DEAD, problem="InDoubt")
FOUND = Outcome(state=State.DONE, provider_id="r-1")
REFUNDS = {
    "as much is left as before": ((1000, refund()), PENDING),
    "it is the one that is missing": ((700, refund(at=BEGUN)), FOUND),
    "its time is not told": ((700, refund()), FOUND),
    "it is as old as clocks may differ": ((700, refund(at=BEGUN - FIVE)), FOUND),
    "it is an older one": ((700, refund(at=BEGUN - FIVE - INSTANT)), UNDECIDED),
    "an older one lies beside it": ((700, refund(id="r-0", at=BEGUN - FIVE - INSTANT), refund(at=BEGUN)), FOUND),
    "two are like it": ((700, refund(), refund(id="r-2")), UNDECIDED),
    "it is of another amount": ((700, refund(200)), UNDECIDED),
    "another lies beside it": ((700, refund(200, id="r-0"), refund()), FOUND),
    "more is missing": ((500, refund()), UNDECIDED),
    "less is missing": ((800, refund()), UNDECIDED),
    "none is told": ((700,), UNDECIDED),
    "what is left is not told": ((None, refund()), UNDECIDED),
}


@pytest.mark.parametrize(("held", "outcome"), REFUNDS.values(), ids=REFUNDS)
def test_a_refund_is_told_by_what_is_left(held: tuple[Any, ...], outcome: Outcome) -> None:
    pay = Pay(PaymentStatus.SUCCEEDED, *held)
    claimed = row("pay.refund", ASKED, state=IN_DOUBT, doubt_since=NOW - 36.0)
    assert handle(delivery(pay=pay, doubt=BY_STATE), claimed) == outcome
    assert set(pay.asked) == {"p-1"}


def test_a_payment_is_not_looked_up_where_its_state_tells_nothing() -> None:
    pay = Pay()
    claimed = row("pay.cancel", {"payment_id": "p-1"}, state=IN_DOUBT, doubt_since=NOW - 36.0)
    assert handle(delivery(pay=pay, doubt=BY_REFERENCE), claimed) == UNDECIDED
    assert pay.asked == []


def test_the_limit_of_requests_is_that_of_the_account_and_of_messages_alone() -> None:
    one = delivery(Notify(), Pay())
    one._calls.policies = {
        "main": SimpleNamespace(pacer=SimpleNamespace(per_minute=3000.0)),
        "slow": SimpleNamespace(pacer=None),
    }
    assert one.per_minute("main", "notify") == 3000.0
    assert [one.per_minute(*which) for which in (("main", "pay"), ("slow", "notify"), ("none", "notify"))] == [None] * 3


def test_a_call_whose_time_is_over_is_not_made() -> None:
    class Late(Notify):
        async def send_email(self, **asked: Any) -> SimpleNamespace:
            check_deadline()
            return await super().send_email(**asked)

    assert handle(delivery(Late()), row(), within=-1.0).problem == "NotSent"
    assert handle(delivery(Late()), row(), within=60.0).state is State.DONE
