"""Searches while items come and go: nothing that was there and still fits is skipped, and nothing comes twice."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from random import Random
from urllib.parse import parse_qs, urlsplit

import pytest

from govcomponents import AsyncGovComponents, GovComponents, Money, UnreadableItems
from govcomponents.contracts.modes import BlockingView, Mode
from govcomponents.core.http.messages import Replay, Request, Response
from govcomponents.core.http.retry import RetryPolicy
from govcomponents.core.http.runtime import Runtime
from govcomponents.core.transports.scripted import ScriptedTransport
from govcomponents.pay import AgreementStatus, PaymentStatus
from govcomponents.pay.adapters.govuk_pay.adapter import GovUkPay
from govcomponents.pay.adapters.stable_pages import Numbered, stable_pages
from govcomponents.pay.adapters.stripe.adapter import Stripe
from govcomponents.pay.service import PayService
from govcomponents.privacy import Secret

BACK = "https://service.example.gov.uk/back"
SIZES = [1, 2, 3, 7, 500]


@pytest.fixture
def gov(gov_mode: Mode):
    kind = GovComponents if gov_mode is Mode.BLOCKING else AsyncGovComponents
    return kind.sandbox()


@pytest.fixture
def pay(gov, gov_mode, gov_runner):
    return gov.pay if gov_mode is Mode.BLOCKING else BlockingView(gov.pay, gov_runner)


@pytest.mark.parametrize("size", SIZES)
def test_what_is_cancelled_as_it_is_found_hides_nothing(pay, size):
    made = {pay.create(Money(100), f"R{number}", "d", BACK).id for number in range(13)}
    found = []
    for payment in pay.search(status=PaymentStatus.CREATED, page_size=size):
        found.append(payment.id)
        pay.cancel(payment.id)
    assert sorted(found) == sorted(made)
    assert list(pay.search(status=PaymentStatus.CREATED)) == []


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("seconds", [0, 1])
def test_what_is_created_meanwhile_makes_nothing_come_twice(gov, pay, size, seconds):
    made = []
    for number in range(10):
        made.append(pay.create(Money(100), f"R{number}", "d", BACK).id)
        gov.simulator.clock.advance(seconds)
    found = []
    for payment in pay.search(page_size=size):
        found.append(payment.id)
        if len(found) <= 10:
            for _ in range(3):
                pay.create(Money(100), "new", "d", BACK)
    assert len(found) == len(set(found))
    assert set(made) <= set(found)


@pytest.mark.parametrize("size", SIZES)
def test_agreements_that_come_and_go_hide_nothing(gov, pay, size):
    made = {pay.create_agreement(f"A{number}", "Monthly").id for number in range(11)}
    account = gov.simulator.pay._store.accounts[0]
    found = []
    for agreement in pay.search_agreements(status=AgreementStatus.CREATED, page_size=size):
        found.append(agreement.id)
        account.agreements[agreement.id].status = "active"
        if len(found) < 5:
            pay.create_agreement("later", "Monthly")
    assert len(found) == len(set(found))
    assert made <= set(found)


class Ledger:
    """Answers searches as ledger does, over items that something happens to before each page."""

    def __init__(self, path, items, meanwhile):
        self.path, self.items, self.meanwhile, self.asked = path, items, meanwhile, 0

    def __call__(self, request):
        url = urlsplit(request.url)
        assert url.path == self.path
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        if self.asked:
            self.meanwhile(self)
        self.asked += 1
        assert self.asked < 3000, "the search does not end"
        before = query.get("to_date")
        fitting = [item for item in self.items if before is None or item["created_date"] < before]
        fitting.sort(key=lambda item: item["created_date"], reverse=True)
        number, size = int(query["page"]), int(query["display_size"])
        if number > 1 and (number - 1) * size >= len(fitting):
            return Response(404, {}, json.dumps({"code": "P0402", "description": "Page not found"}).encode())
        shown = fitting[(number - 1) * size : number * size]
        return Response(200, {}, json.dumps({"total": len(fitting), "results": shown}).encode())


class Endless(ScriptedTransport):
    """Plays one function for every request."""

    def __init__(self, step):
        super().__init__()
        self.step = step

    async def send(self, request):
        return self.step(request)


def pay_over(step, kind=GovUkPay, key="api_test_x"):
    runtime = Runtime(Endless(step), retry=RetryPolicy.none())
    return PayService(kind(Secret(key), runtime), runtime)


def at(milliseconds):
    moment = datetime(2026, 3, 2, tzinfo=UTC) + timedelta(milliseconds=milliseconds)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def payment(number, when):
    return {
        "payment_id": f"p{number}",
        "amount": 100,
        "reference": "R",
        "description": "d",
        "created_date": at(when),
        "state": {"status": "created"},
    }


def refund(number, when):
    return {
        "refund_id": f"p{number}",
        "payment_id": "a1",
        "amount": 100,
        "status": "success",
        "created_date": at(when),
    }


def dispute(number, when):
    return {**refund(number, when), "dispute_id": f"p{number}", "status": "lost"}


def agreement(number, when):
    return {
        "agreement_id": f"p{number}",
        "reference": "A",
        "description": "d",
        "status": "created",
        "created_date": at(when),
    }


SEARCHES = {
    "search": ("/v1/payments", payment),
    "search_refunds": ("/v1/refunds", refund),
    "search_disputes": ("/v1/disputes", dispute),
    "search_agreements": ("/v1/agreements", agreement),
}


@pytest.mark.parametrize("operation", SEARCHES)
@pytest.mark.parametrize("seed", range(30))
def test_whatever_comes_and_goes_nothing_is_skipped_or_given_twice(operation, seed):
    chance = Random(seed)
    path, make = SEARCHES[operation]
    many, spread = chance.choice([5, 40, 120]), chance.choice([1, 3, 50, 100_000])
    items = [make(number, chance.randrange(spread)) for number in range(many)]
    gone, came = set(), iter(range(10_000, 20_000))

    def meanwhile(ledger):
        for _ in range(chance.randrange(4)):
            if ledger.items:
                left = ledger.items.pop(chance.randrange(len(ledger.items)))
                gone.add(left[next(iter(left))])
        if ledger.asked < 50:  # entering the filter, at any place, and made now
            ledger.items += [make(next(came), chance.randrange(spread)) for _ in range(chance.randrange(3))]
            ledger.items += [make(next(came), spread + ledger.asked) for _ in range(chance.randrange(3))]

    ledger = Ledger(path, list(items), meanwhile)
    found = [one.id for one in getattr(pay_over(ledger), operation)(page_size=chance.choice([1, 2, 5, 30, 500]))]
    assert len(found) == len(set(found))
    assert {f"p{number}" for number in range(many)} - set(found) <= gone


@pytest.mark.parametrize("operation", SEARCHES)
@pytest.mark.parametrize("how", ["no dates", "out of order"])
def test_without_times_in_order_pages_are_read_until_nothing_new_comes(operation, how):
    _, make = SEARCHES[operation]
    items = [make(number, number) for number in range(20)]
    if how == "no dates":
        items = [{**item, "created_date": None} for item in items]
    name = next(iter(items[0])) if operation != "search_disputes" else "dispute_id"

    def step(request):
        query = {name: values[0] for name, values in parse_qs(urlsplit(request.url).query).items()}
        number, size = int(query["page"]), int(query["display_size"])
        shown = items[(number - 1) * size : number * size]
        total = len(items)
        if number == 2 and items[0][name] == "p0":
            del items[0]  # leaves after the page that comes now, which moves another to this page
        return Response(200, {}, json.dumps({"total": total, "results": shown}).encode())

    found = [one.id for one in getattr(pay_over(step), operation)(page_size=3)]
    assert sorted(found) == sorted(f"p{number}" for number in range(20))


def test_more_than_a_page_of_one_moment_is_read_whole():
    ledger = Ledger("/v1/payments", [payment(number, number // 1200) for number in range(2400)], lambda ledger: None)
    found = [one.id for one in pay_over(ledger).search()]
    assert (len(found), len(set(found))) == (2400, 2400)


def test_an_ordinary_search_asks_for_no_page_more():
    ledger = Ledger("/v1/payments", [payment(number, number * 50) for number in range(1000)], lambda ledger: None)
    assert len(list(pay_over(ledger).search(page_size=100))) == 1000
    assert ledger.asked <= 11


def given(items):
    """What a search gives, and the error that it ends with."""
    found = []
    try:
        for one in items:
            found.append(one.id)  # noqa: PERF401  # what came before the error counts
    except UnreadableItems as error:
        return found, error
    return found, None


BROKEN = [{"amount": "much"}, {"amount": 10**400}, {"state": None}, {"payment_id": None}, {"reference": None}]


@pytest.mark.parametrize("changed", BROKEN, ids=str)
@pytest.mark.parametrize("size", [1, 2, 500])
def test_an_item_that_cannot_be_read_hides_none_behind_it(changed, size):
    items = [payment(number, number) for number in range(5)]
    items[2] |= changed
    ledger = Ledger("/v1/payments", items, lambda ledger: None)
    found, error = given(pay_over(ledger).search(page_size=size))
    assert found == ["p4", "p3", "p1", "p0"]
    assert error.ids == (("p2",) if "payment_id" not in changed else ())
    assert error.operation == "pay.search"
    assert str(10**30) not in str(error)


@pytest.mark.parametrize("operation", SEARCHES)
def test_several_items_that_cannot_be_read_are_told_at_the_end(operation):
    path, make = SEARCHES[operation]
    items = [make(number, number) for number in range(6)]
    for place in (1, 4):
        items[place] = {name: value for name, value in items[place].items() if name not in {"amount", "reference"}}
    found, error = given(getattr(pay_over(Ledger(path, items, lambda ledger: None)), operation)(page_size=2))
    assert found == ["p5", "p3", "p2", "p0"]
    assert {"p4", "p1"} <= set(error.ids)
    assert error.happened.startswith("2 of the items")


def test_a_session_of_another_application_hides_nothing_of_stripe():
    ours = {"mode": "payment", "amount_total": 100, "currency": "gbp", "status": "open"}
    others = [{}, {"currency": "ugx"}, {"amount_total": None}, {}]
    sessions = [{"id": f"cs_{number}", **ours, **changed} for number, changed in enumerate(others, start=1)]

    def step(request):
        after = parse_qs(urlsplit(request.url).query).get("starting_after", ["cs_0"])[0]
        place = int(after.removeprefix("cs_"))
        page = {"object": "list", "data": sessions[place : place + 1], "has_more": place < 3}
        return Response(200, {}, json.dumps(page).encode())

    found, error = given(pay_over(step, Stripe, "sk_test_x").search(page_size=1))
    assert (found, error.ids) == (["cs_1", "cs_4"], ("cs_2", "cs_3"))


def test_a_search_that_is_left_early_raises_nothing():
    ledger = Ledger("/v1/payments", [payment(2, 2), {**payment(1, 1), "amount": -1}], lambda ledger: None)
    assert next(pay_over(ledger).search()).id == "p2"


def test_a_time_at_the_end_of_the_calendar_ends_no_search():
    at = "9999-12-31T23:59:59.999999Z"

    async def ask(before, number, size):
        items = [{"refund_id": name, "created_date": at} for name in ("r1", "r2")][(number - 1) * size : number * size]
        return Numbered(items, 2, Request("x", "GET", "/x", Replay.ALWAYS), Response(200, {}, b"{}"))

    async def found():
        pages = stable_pages(ask, id_name="refund_id", time_name="created_date", size=1, largest=500)
        return {item["refund_id"] async for page in pages for item in page.items}

    assert asyncio.run(found()) == {"r1", "r2"}
