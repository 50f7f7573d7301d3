"""The whole journey, and what a person sees when something goes wrong, on the sandbox."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from httpx2 import Response
from renewal import create_app, records
from starlette.testclient import TestClient

from govcomponents import AsyncGovComponents
from govcomponents.pytest_plugin import Clock, Faults, Outbox, Person
from govcomponents.testing import DECLINED_CARD, Sandbox

SITE = "https://service.example.gov.uk"
CASEWORKER = ("worker", "casework of the tests")
pytestmark = pytest.mark.gov_sandbox(redirect_to=f"{SITE}/gov/callback")


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
        self.browser = TestClient(self.app, base_url=SITE, follow_redirects=False)
        self.person = person

    def get(self, path: str) -> Response:
        return self.browser.get(path.removeprefix(SITE))

    def post(self, path: str) -> Response:
        return self.browser.post(path.removeprefix(SITE))

    def sign_in(self) -> Response:
        """Ask for the page to pay on, sign in, and come back to it."""
        back_at = self.person.sign_in(self.get("/renew").headers["location"])
        return self.get(self.get(back_at).headers["location"])

    def go_to_pay(self) -> str:
        return self.post("/renew").headers["location"]

    def work(self) -> None:
        assert self.browser.portal
        self.browser.portal.call(self.app.state.components.later.run_due)


@pytest.fixture
def service(gov_async_sandbox: AsyncGovComponents, gov_person: Person, tmp_path: Path) -> Iterator[Service]:
    made = Service(gov_async_sandbox, gov_person, tmp_path)
    with made.browser:
        yield made


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


def test_a_declined_card_can_be_followed_by_a_good_one(service: Service, gov_outbox: Outbox) -> None:
    service.sign_in()
    service.person.pay(service.go_to_pay(), DECLINED_CARD)
    back_at = service.get("/renew").headers["location"]
    assert "You have not paid" in service.get(back_at).text
    assert "did not go through" in service.get("/renew").text
    assert "Licence renewed" in service.get(service.person.pay(service.go_to_pay())).text
    service.work()
    gov_outbox.assert_sent(contains="£145.00")


def test_two_clicks_make_one_payment(service: Service, gov_simulator: Sandbox) -> None:
    service.sign_in()
    first, second = service.post("/renew"), service.post("/renew")
    assert "/renewals/" in (second.headers["location"])
    assert "not finished" in service.get(second.headers["location"]).text
    assert len(gov_simulator.pay.charges()) == 1
    service.person.pay(first.headers["location"])
    assert "Licence renewed" in service.get(second.headers["location"]).text


def test_while_the_provider_is_away_nobody_is_told_that_they_paid(
    service: Service, gov_faults: Faults, gov_outbox: Outbox
) -> None:
    service.sign_in()
    back_at = service.person.pay(service.go_to_pay())
    gov_faults.at("pay.get", "unavailable", times=9)
    told = service.get(back_at)
    assert (told.status_code, "do not know yet" in told.text, "renewed" in told.text) == (503, True, False)
    gov_faults.clear()
    assert "Licence renewed" in service.get(back_at).text
    gov_faults.at("pay.get", "unavailable", times=9)  # what is known here needs nobody to be asked
    assert "Licence renewed" in service.get(back_at).text
    gov_faults.clear()
    service.work()
    gov_outbox.assert_sent(contains="£145.00")


def test_a_lost_answer_makes_no_second_payment(service: Service, gov_faults: Faults, gov_simulator: Sandbox) -> None:
    service.sign_in()
    gov_faults.at("pay.create", "time_out_after_acceptance")
    back = service.post("/renew")
    found = service.get(back.headers["location"])
    assert "not finished" in found.text
    assert len(gov_simulator.pay.charges()) == 1
    go_on = re.search(r'class="govuk-button" href="([^"]+)"', found.text)
    assert go_on
    assert "Licence renewed" in service.get(service.person.pay(go_on[1])).text


def test_after_a_payment_that_was_never_made_a_person_may_soon_try_again(
    service: Service, gov_faults: Faults, gov_simulator: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.sign_in()
    gov_faults.at("pay.create", "time_out_before_acceptance")
    back_at = service.go_to_pay()
    assert "not finished" in service.get(back_at).text
    monkeypatch.setattr("renewal.components.GIVEN_UP_AFTER", 0.0)
    service.get(back_at)
    told = service.get(back_at).text
    assert "You have not paid" in told
    assert "Try again" in told
    service.person.pay(service.go_to_pay())
    assert "Licence renewed" in service.get(back_at).text
    assert len(gov_simulator.pay.charges()) == 1


def test_who_makes_a_payment_for_so_long_that_it_was_given_up_gives_nobody_its_page(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.sign_in()
    monkeypatch.setattr("renewal.components.GIVEN_UP_AFTER", 0.0)
    components = service.app.state.components
    make, ask = components.later.pay.create, components.ask
    asked: list[Any] = []

    async def slow(*given: Any, **more: Any) -> Any:
        async with components.engine.connect() as connection:
            renewal = await records.by_payment(connection, given[1])
        assert renewal is not None
        asked.append(await ask(renewal))  # the other tab
        return await make(*given, **more)

    monkeypatch.setattr(components.later.pay, "create", slow)
    assert service.go_to_pay().startswith("/renewals/")
    assert asked == [None]


def test_a_provider_that_is_down_makes_no_payment_and_can_be_tried_again(service: Service, gov_faults: Faults) -> None:
    service.sign_in()
    gov_faults.at("pay.create", "rate_limited", times=9)
    told = service.post("/renew")
    assert (told.status_code, "Traceback" in told.text) == (503, False)
    gov_faults.clear()
    assert "Check your details" in service.get("/renew").text


def test_a_person_who_goes_away_may_come_back(service: Service, gov_clock: Clock) -> None:
    service.sign_in()
    payment = service.go_to_pay()
    service.person.enter_card(payment)
    gov_clock.advance(hours=3)
    assert "have not paid" in service.get(service.get("/renew").headers["location"]).text
    assert "Check your details" in service.get("/renew").text


def test_nobody_sees_another_persons_renewal(service: Service) -> None:
    service.sign_in()
    back_at = service.person.pay(service.go_to_pay())
    service.browser.cookies.clear()
    assert service.get(back_at).status_code == 303  # to sign in
    other = service.person.sign_in(service.get(back_at).headers["location"], "NIA")
    assert service.get(service.get(other).headers["location"]).status_code == 404
