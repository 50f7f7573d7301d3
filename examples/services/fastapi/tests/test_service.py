"""The whole journey, and what a person sees when something goes wrong, on the sandbox."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
import sqlalchemy as sa
from fastapi import HTTPException
from httpx2 import Response
from renewal import create_app, records
from renewal.components import RECEIPT
from starlette.testclient import TestClient

from govcomponents import AsyncGovComponents, Money
from govcomponents.pay import Refund
from govcomponents.pytest_plugin import Clock, Faults, Outbox, Person
from govcomponents.testing import DECLINED_CARD, Sandbox

SITE = "https://service.example.gov.uk"
CASEWORKER = ("worker", "casework of the tests")
pytestmark = [
    pytest.mark.gov_sandbox(redirect_to=f"{SITE}/gov/callback"),
    pytest.mark.gov_adapters("govuk_notify"),  # which has the templates
]


class Service:
    """The service under test, and a browser at it."""

    def __init__(self, gov: AsyncGovComponents, person: Person, folder: Path) -> None:
        self.app = create_app(
            gov,
            secret_key="a secret of the tests, of forty characters",
            database=f"sqlite+aiosqlite:///{folder / 'renewal.db'}",
            casework_password="casework of the tests",
            works=False,
        )
        self.browser = TestClient(self.app, base_url=SITE, follow_redirects=False, raise_server_exceptions=False)
        self.person = person
        self.pay_at = ""  # of the form that was last on a page: a browser goes back to it

    def get(self, path: str) -> Response:
        answer = self.browser.get(path.removeprefix(SITE))
        if form := re.search(r'action="(/renewals/[^"]+/pay)"', answer.text):
            self.pay_at = form[1]
        return answer

    def post(self, path: str) -> Response:
        return self.browser.post(path.removeprefix(SITE))

    def sign_in(self) -> Response:
        """Ask for the page to pay on, sign in, and come back to it."""
        back_at = self.person.sign_in(self.get("/renew").headers["location"])
        return self.get(self.get(back_at).headers["location"])

    def go_to_pay(self) -> str:
        return self.post(self.pay_at).headers["location"]

    def work(self) -> None:
        assert self.browser.portal
        self.browser.portal.call(self.app.state.components.later.run_due)


@pytest.fixture
def service(gov_async_sandbox: AsyncGovComponents, gov_person: Person, tmp_path: Path) -> Iterator[Service]:
    made = Service(gov_async_sandbox, gov_person, tmp_path)
    with made.browser:
        yield made


@pytest.mark.gov_adapters("govuk_pay")  # in whose stub payments are counted
def test_a_person_renews_and_a_caseworker_refunds(service: Service, gov_simulator: Sandbox, gov_outbox: Outbox) -> None:
    assert "Start now" in service.get("/").text
    check = service.sign_in()
    assert "Check your details" in check.text
    back_at = service.person.pay(service.go_to_pay())
    paid = service.get(back_at)
    assert "Licence renewed" in paid.text
    service.work()
    reference = re.search(r"LIC-[0-9A-F]{8}", paid.text)
    assert reference
    gov_outbox.assert_sent(kind="email", contains="£145.00", reference=f"{reference[0]}-receipt")
    assert service.get(back_at).status_code == 200  # the back button
    service.work()

    refused = service.browser.post(f"/casework/{reference[0]}/refund")
    assert refused.status_code == 401
    for _ in range(2):
        service.browser.post(f"/casework/{reference[0]}/refund", auth=CASEWORKER)
        service.work()
    assert "refunded" in service.browser.get("/casework", auth=CASEWORKER).text
    assert "being refunded" in service.get(f"/renewals/{reference[0]}").text
    assert len(gov_simulator.pay.charges()) == 1
    assert len([one for one in gov_simulator.timeline.events() if "refund" in one.happened]) == 1
    assert service.post("/gov/sign-out").status_code == 303
    assert service.get("/renew").status_code == 303


def test_a_form_of_another_site_refunds_nothing(service: Service) -> None:
    assert "Check your details" in service.sign_in().text
    reference = re.search(r"LIC-[0-9A-F]{8}", service.get(service.person.pay(service.go_to_pay())).text)
    assert reference
    forged = {"Sec-Fetch-Site": "cross-site"}
    told = service.browser.post(f"/casework/{reference[0]}/refund", auth=CASEWORKER, headers=forged)
    assert told.status_code == 403
    assert "refunded" not in service.browser.get("/casework", auth=CASEWORKER).text


@pytest.mark.gov_adapters("one_login")  # which has pages in Welsh
def test_the_service_speaks_welsh(service: Service, gov_outbox: Outbox) -> None:
    assert 'lang="cy"' in service.get("/?language=cy").text
    assert 'lang="cy"' in service.get("/").text
    assert "ui_locales=cy" in service.get("/renew").headers["location"]
    assert "Gwiriwch eich manylion" in service.sign_in().text
    assert "Check your details" in service.get("/renew?language=en").text  # and stays on its page
    assert "Gwiriwch eich manylion" in service.get("/renew?language=cy").text
    assert "Trwydded wedi" in service.get(service.person.pay(service.go_to_pay())).text
    service.work()
    gov_outbox.assert_sent(contains="Mae eich trwydded wedi ei hadnewyddu")


@pytest.mark.gov_adapters("govuk_pay")  # with Stripe the payment stays open for another card
def test_a_declined_card_can_be_followed_by_a_good_one(service: Service, gov_outbox: Outbox) -> None:
    service.sign_in()
    service.person.pay(service.go_to_pay(), DECLINED_CARD)
    back_at = service.get("/renew").headers["location"]
    assert "You have not paid" in service.get(back_at).text
    assert "did not go through" in service.get("/renew").text
    assert "Licence renewed" in service.get(service.person.pay(service.go_to_pay())).text
    service.work()
    gov_outbox.assert_sent(contains="£145.00")


@pytest.mark.gov_adapters("govuk_pay")  # in whose stub payments are counted
def test_two_clicks_make_one_payment(service: Service, gov_simulator: Sandbox) -> None:
    service.sign_in()
    first, second = service.post(service.pay_at), service.post(service.pay_at)
    assert "/renewals/" in (second.headers["location"])
    assert "not finished" in service.get(second.headers["location"]).text
    assert len(gov_simulator.pay.charges()) == 1
    service.person.pay(first.headers["location"])
    assert "Licence renewed" in service.get(second.headers["location"]).text


@pytest.mark.gov_adapters("govuk_pay")  # with Stripe who enters a card has paid
def test_a_person_who_goes_away_may_come_back(service: Service, gov_clock: Clock) -> None:
    service.sign_in()
    payment = service.go_to_pay()
    service.person.enter_card(payment)
    gov_clock.advance(hours=3)
    assert "have not paid" in service.get(service.get("/renew").headers["location"]).text
    assert "Check your details" in service.get("/renew").text


@pytest.mark.gov_adapters("one_login")  # where two people can prove who they are
def test_nobody_sees_another_persons_renewal(service: Service) -> None:
    service.sign_in()
    back_at = service.person.pay(service.go_to_pay())
    service.browser.cookies.clear()
    assert service.get(back_at).status_code == 303  # to sign in
    other = service.person.sign_in(service.get(back_at).headers["location"], "NIA")
    assert service.get(service.get(other).headers["location"]).status_code == 404


@pytest.mark.gov_adapters("govuk_pay")  # in whose stub payments are counted
def test_who_has_just_paid_is_offered_no_other_renewal_on_this_device_or_another(
    service: Service, gov_simulator: Sandbox
) -> None:
    service.sign_in()
    back_at = service.get(service.person.pay(service.go_to_pay()))
    assert "Licence renewed" in back_at.text
    service.browser.cookies.clear()
    service.sign_in()
    assert "Licence renewed" in service.get(service.get("/renew").headers["location"]).text
    service.post(service.pay_at)
    assert len(gov_simulator.pay.charges()) == 1


def test_a_receipt_that_is_refused_is_on_the_caseworkers_page(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(RECEIPT, "en", "5ab1ec0d-0000-4000-8000-0000000009ff")  # a template that is not there
    service.sign_in()
    assert "Licence renewed" in service.get(service.person.pay(service.go_to_pay())).text
    for _ in range(2):
        service.work()
    assert "Receipt given up: " in service.browser.get("/casework", auth=CASEWORKER).text


@pytest.mark.parametrize(
    ("outcome", "status", "told"),
    [("left", 403, "did not finish. You can start again"), ("unavailable", 503, "at the moment. Try again later")],
)
def test_who_did_not_sign_in_is_told_whether_to_start_again_or_to_come_back(
    service: Service, outcome: str, status: int, told: str
) -> None:
    page = service.get(service.person.sign_in(service.get("/renew").headers["location"], outcome=outcome))
    assert (page.status_code, told in page.text) == (status, True)


def test_who_paid_last_is_first_on_the_caseworkers_page_and_anybody_can_be_refunded(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    references = iter(["FFFFFFFF", *(f"{number:08X}" for number in range(201))])
    monkeypatch.setattr("renewal.records.secrets", SimpleNamespace(token_hex=lambda _length: next(references)))
    service.sign_in()
    assert "Licence renewed" in service.get(service.person.pay(service.go_to_pay())).text

    async def many() -> None:
        async with service.app.state.components.engine.begin() as connection:
            for number in range(201):
                await records.begin(connection, f"somebody {number}", "Nia", "nia@example.com")

    async def make_old() -> None:
        async with service.app.state.components.engine.begin() as connection:
            await connection.execute(sa.text("UPDATE renewal SET started_at = state = 'new'"))

    assert service.browser.portal
    service.browser.portal.call(many)
    listed = service.browser.get("/casework", auth=CASEWORKER).text
    assert re.findall(r"LIC-[0-9A-F]{8}", listed)[0] == "LIC-FFFFFFFF"
    service.browser.portal.call(make_old)
    assert "LIC-FFFFFFFF" not in service.browser.get("/casework", auth=CASEWORKER).text
    assert service.browser.post("/casework/LIC-FFFFFFFF/refund", auth=CASEWORKER).status_code == 303


def test_a_payment_that_was_given_back_by_hand_is_refunded_here_as_well(
    service: Service, gov_async_sandbox: AsyncGovComponents, gov_clock: Clock
) -> None:
    service.sign_in()
    paid = service.get(service.person.pay(service.go_to_pay())).text
    gov_clock.advance(hours=3)
    pay = gov_async_sandbox.pay

    async def give_back() -> list[Refund]:
        (found,) = [one async for one in pay.search()]
        payment = await pay.get(found.id)
        if payment.refundable is not None and payment.refundable.status == "available":
            all_of_it = payment.refundable_amount()
            await pay.refund(payment.id, all_of_it, available=all_of_it)
        return list(await pay.list_refunds(payment.id))

    assert service.browser.portal
    service.browser.portal.call(give_back)
    reference = re.search(r"LIC-[0-9A-F]{8}", paid)
    assert reference
    service.browser.post(f"/casework/{reference[0]}/refund", auth=CASEWORKER)
    assert "being refunded" in service.get(f"/renewals/{reference[0]}").text
    service.work()
    assert len(service.browser.portal.call(give_back)) == 1


def test_a_refund_that_was_given_up_is_told_to_nobody_as_made_and_can_be_asked_for_again(
    service: Service, gov_async_sandbox: AsyncGovComponents, gov_clock: Clock
) -> None:
    service.sign_in()
    paid = service.get(service.person.pay(service.go_to_pay())).text
    service.work()
    gov_clock.advance(hours=3)
    reference = re.search(r"LIC-[0-9A-F]{8}", paid)
    assert reference
    service.browser.post(f"/casework/{reference[0]}/refund", auth=CASEWORKER)
    pay, part = gov_async_sandbox.pay, Money.gbp("5.00")

    async def refunds() -> list[Money]:
        (found,) = [one async for one in pay.search()]
        return [one.amount for one in await pay.list_refunds(found.id)]

    async def give_a_part_back_by_hand() -> None:  # so that the whole is refused
        (found,) = [one async for one in pay.search()]
        await pay.refund(found.id, part, available=(await pay.get(found.id)).refundable_amount())

    assert service.browser.portal
    service.browser.portal.call(give_a_part_back_by_hand)
    for _ in range(3):
        service.work()
    assert "Refund given up: " in service.browser.get("/casework", auth=CASEWORKER).text
    assert "being refunded" not in service.get(f"/renewals/{reference[0]}").text
    service.browser.post(f"/casework/{reference[0]}/refund", auth=CASEWORKER)
    service.work()
    assert "being refunded" in service.get(f"/renewals/{reference[0]}").text
    assert "given up" not in service.browser.get("/casework", auth=CASEWORKER).text
    assert service.browser.portal.call(refunds) == [part, Money.gbp("140.00")]


def test_a_caseworker_reads_words_of_their_own_while_the_provider_is_away(
    service: Service, gov_simulator: Sandbox, gov_faults: Faults
) -> None:
    service.sign_in()
    reference = re.search(r"LIC-[0-9A-F]{8}", service.get(service.person.pay(service.go_to_pay())).text)
    assert reference
    gov_faults.at("pay.get", "unavailable", times=9)
    told = service.browser.post(f"/casework/{reference[0]}/refund", auth=CASEWORKER)
    assert (told.status_code, "If you asked for a refund, look at the list" in told.text) == (503, True)
    assert "do not pay again" not in told.text
    service.work()
    assert not [one for one in gov_simulator.timeline.events() if "refund" in one.happened]


def test_who_signs_in_in_two_tabs_at_once_has_one_renewal(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:

        async def none(*_asked: object) -> None:
            """What each tab sees, before the other has begun."""

        patched.setattr(records, "present", none)
        for _ in range(2):
            service.browser.cookies.clear()
            service.sign_in()
    listed = service.browser.get("/casework", auth=CASEWORKER).text
    assert len(set(re.findall(r"LIC-[0-9A-F]{8}", listed))) == 1


@pytest.mark.gov_adapters("one_login")  # whose first sign-in proves nobody, and whose Sam is so named
def test_who_signs_in_first_and_proves_who_they_are_later_is_named(service: Service) -> None:
    service.get(service.person.sign_in(service.get("/gov/sign-in").headers["location"]))
    assert "Sam Rowan Example" in service.sign_in().text


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [("POST", "/", "GET"), ("DELETE", "/renew", "GET"), ("PUT", "/casework", "GET"), ("GET", "/gov/sign-out", "POST")],
)
def test_a_method_that_an_address_does_not_have_gets_a_page(
    service: Service, method: str, path: str, allowed: str
) -> None:
    answer = service.browser.request(method, path)
    assert (answer.status_code, "Page not found" in answer.text) == (405, True)
    assert allowed in answer.headers["allow"]


def test_who_is_no_caseworker_reads_a_page(service: Service) -> None:
    for answer in (service.get("/casework"), service.post("/casework/LIC-1/refund")):
        assert (answer.status_code, "Caseworkers only" in answer.text) == (401, True)
        assert answer.headers["www-authenticate"].startswith("Basic")
    other = {"Sec-Fetch-Site": "cross-site"}
    answer = service.browser.post("/casework/LIC-1/refund", auth=CASEWORKER, headers=other)
    assert (answer.status_code, "own page" in answer.text) == (403, True)


def test_another_refusal_is_not_told_as_a_page_that_is_not_there(service: Service) -> None:
    @service.app.get("/too-much")
    async def too_much() -> None:
        raise HTTPException(413)

    answer = service.get("/too-much")
    assert (answer.status_code, "there is a problem with the service" in answer.text) == (413, True)


def link(page: str, end: str) -> str:
    """The address of a link or form that ends so."""
    found = re.search(rf'(?:href|action)="([^"]+/{end})"', page)
    assert found
    return found[1]


@pytest.mark.gov_sandbox(redirect_to=f"{SITE}/licences/gov/callback")
def test_the_whole_journey_under_a_prefix_of_a_proxy(
    gov_async_sandbox: AsyncGovComponents, gov_person: Person, tmp_path: Path
) -> None:
    service = Service(gov_async_sandbox, gov_person, tmp_path)
    with TestClient(service.app, base_url=SITE, root_path="/licences", follow_redirects=False) as browser:
        start = browser.get("/licences/").text
        to_sign_in = browser.get(link(start, "renew")).headers["location"]
        back_at = browser.get(gov_person.sign_in(to_sign_in).removeprefix(SITE)).headers["location"]
        check = browser.get(back_at).text
        pay = browser.post(link(check, "pay"))
        paid = browser.get(gov_person.pay(pay.headers["location"]).removeprefix(SITE)).text
        cases = browser.get("/licences/casework", auth=CASEWORKER).text
        refund = browser.post(link(cases, "refund"), auth=CASEWORKER)
    assert "Licence renewed" in paid
    assert refund.headers["location"] == "/licences/casework"
    for page in (start, check, paid, cases):
        links = re.findall(r'(?:href|action)="(/[^"]*)"', page)
        assert [one for one in links if not one.startswith("/licences/")] == []
