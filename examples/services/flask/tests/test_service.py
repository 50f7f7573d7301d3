"""The whole journey, and what a person sees when something goes wrong, on the sandbox."""

from __future__ import annotations

import base64
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from renewal import create_app, records
from werkzeug.test import TestResponse

from govcomponents import GovComponents
from govcomponents.pytest_plugin import Clock, Faults, Outbox, Person
from govcomponents.testing import DECLINED_CARD

SITE = "https://service.example.gov.uk"
CASEWORKER = {"Authorization": "Basic " + base64.b64encode(b"worker:casework of the tests").decode()}
pytestmark = pytest.mark.gov_sandbox(redirect_to=f"{SITE}/gov/callback")


class Service:
    """The service under test, and a browser at it."""

    def __init__(self, gov: GovComponents, person: Person, folder: Path) -> None:
        database = f"sqlite:///{folder / 'renewal.db'}"
        config = {"SECRET_KEY": "a secret of the tests, of forty characters", "DATABASE": database}
        self.app = create_app(gov, {**config, "CASEWORK_PASSWORD": "casework of the tests"})
        self.browser: FlaskClient = self.app.test_client()
        self.person = person

    def get(self, path: str) -> TestResponse:
        return self.browser.get(path.removeprefix(SITE), base_url=SITE)

    def post(self, path: str) -> TestResponse:
        return self.browser.post(path.removeprefix(SITE), base_url=SITE)

    def sign_in(self) -> TestResponse:
        """Ask for the page to pay on, sign in, and come back to it."""
        back_at = self.person.sign_in(self.get("/renew").location or "")
        return self.get(self.get(back_at).location or "")

    def work(self) -> None:
        assert self.app.test_cli_runner().invoke(args=["gov", "work", "--once"]).exit_code == 0


@pytest.fixture
def service(gov_sandbox: GovComponents, gov_person: Person, tmp_path: Path) -> Service:
    return Service(gov_sandbox, gov_person, tmp_path)


def test_a_person_renews_and_a_caseworker_refunds(
    service: Service, gov_sandbox: GovComponents, gov_outbox: Outbox
) -> None:
    assert "Start now" in service.get("/").text
    check = service.sign_in()
    assert "Check your details" in check.text
    back_at = service.person.pay(service.post("/renew").location or "")
    paid = service.get(back_at)
    assert "Licence renewed" in paid.text
    service.work()
    reference = re.search(r"LIC-[0-9A-F]{8}", paid.text)
    assert reference
    gov_outbox.assert_sent(kind="email", contains="£145.00", reference=f"{reference[0]}-receipt")
    assert service.get(back_at).status_code == 200  # the back button
    service.work()

    refused = service.browser.post(f"/casework/{reference[0]}/refund", base_url=SITE)
    assert refused.status_code == 401
    for _ in range(2):
        service.browser.post(f"/casework/{reference[0]}/refund", base_url=SITE, headers=CASEWORKER)
        service.work()
    assert "refunded" in service.browser.get("/casework", base_url=SITE, headers=CASEWORKER).text
    assert "being refunded" in service.get(f"/renewals/{reference[0]}").text
    (payment,) = gov_sandbox.pay.search(reference=f"{reference[0]}-1")
    assert len(gov_sandbox.pay.list_refunds(payment.id)) == 1
    assert service.post("/gov/sign-out").status_code == 303
    assert service.get("/renew").status_code == 303


def test_a_form_of_another_site_refunds_nothing(service: Service) -> None:
    assert "Check your details" in service.sign_in().text
    paid = service.get(service.person.pay(service.post("/renew").location or "")).text
    reference = re.search(r"LIC-[0-9A-F]{8}", paid)
    assert reference
    forged = {**CASEWORKER, "Sec-Fetch-Site": "cross-site"}
    assert service.browser.post(f"/casework/{reference[0]}/refund", base_url=SITE, headers=forged).status_code == 403
    assert "refunded" not in service.browser.get("/casework", base_url=SITE, headers=CASEWORKER).text


def test_a_password_that_is_no_ascii_is_wrong_and_no_error(service: Service) -> None:
    wrong = {"Authorization": "Basic " + base64.b64encode("worker:caffè".encode()).decode()}
    assert service.browser.get("/casework", base_url=SITE, headers=wrong).status_code == 401


def test_the_service_speaks_welsh(service: Service, gov_outbox: Outbox) -> None:
    assert 'lang="cy"' in service.get("/?language=cy").text
    assert 'lang="cy"' in service.get("/").text
    assert "ui_locales=cy" in (service.get("/renew").location or "")
    assert "Gwiriwch eich manylion" in service.sign_in().text
    assert "Check your details" in service.get("/renew?language=en").text  # and stays on its page
    assert "Gwiriwch eich manylion" in service.get("/renew?language=cy").text
    assert "Trwydded wedi" in service.get(service.person.pay(service.post("/renew").location or "")).text
    service.work()
    gov_outbox.assert_sent(contains="Mae eich trwydded wedi ei hadnewyddu")


def test_a_declined_card_can_be_followed_by_a_good_one(service: Service, gov_outbox: Outbox) -> None:
    service.sign_in()
    service.person.pay(service.post("/renew").location or "", DECLINED_CARD)
    back_at = service.get("/renew").location or ""
    assert "You have not paid" in service.get(back_at).text
    assert "did not go through" in service.get("/renew").text
    assert "Licence renewed" in service.get(service.person.pay(service.post("/renew").location or "")).text
    service.work()
    gov_outbox.assert_sent(contains="£145.00")


def test_two_clicks_make_one_payment(service: Service, gov_sandbox: GovComponents) -> None:
    service.sign_in()
    first, second = service.post("/renew"), service.post("/renew")
    assert "/renewals/" in (second.location or "")
    assert "not finished" in service.get(second.location or "").text
    assert len(list(gov_sandbox.pay.search())) == 1
    service.person.pay(first.location or "")
    assert "Licence renewed" in service.get(second.location or "").text


def test_while_the_provider_is_away_nobody_is_told_that_they_paid(
    service: Service, gov_faults: Faults, gov_outbox: Outbox
) -> None:
    service.sign_in()
    back_at = service.person.pay(service.post("/renew").location or "")
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


def test_a_lost_answer_makes_no_second_payment(
    service: Service, gov_faults: Faults, gov_sandbox: GovComponents
) -> None:
    service.sign_in()
    gov_faults.at("pay.create", "time_out_after_acceptance")
    back = service.post("/renew")
    found = service.get(back.location or "")
    assert "not finished" in found.text
    assert len(list(gov_sandbox.pay.search())) == 1
    go_on = re.search(r'class="govuk-button" href="([^"]+)"', found.text)
    assert go_on
    assert "Licence renewed" in service.get(service.person.pay(go_on[1])).text


def test_after_a_payment_that_was_never_made_a_person_may_soon_try_again(
    service: Service, gov_faults: Faults, gov_sandbox: GovComponents, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.sign_in()
    gov_faults.at("pay.create", "time_out_before_acceptance")
    back_at = service.post("/renew").location or ""
    assert "not finished" in service.get(back_at).text
    monkeypatch.setattr("renewal.components.GIVEN_UP_AFTER", 0.0)
    service.get(back_at)
    told = service.get(back_at).text
    assert "You have not paid" in told
    assert "Try again" in told
    service.person.pay(service.post("/renew").location or "")
    assert "Licence renewed" in service.get(back_at).text
    assert len(list(gov_sandbox.pay.search())) == 1


def test_who_makes_a_payment_for_so_long_that_it_was_given_up_gives_nobody_its_page(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.sign_in()
    monkeypatch.setattr("renewal.components.GIVEN_UP_AFTER", 0.0)
    pay = service.app.extensions["renewal"].later.pay
    create = pay.create

    def slow(*given: Any, **more: Any) -> Any:
        assert "not finished" in service.get(service.get("/renew").location or "").text  # the other tab
        return create(*given, **more)

    monkeypatch.setattr(pay, "create", slow)
    assert service.post("/renew").location.startswith(f"{SITE}/renewals/")


def test_a_payment_that_came_while_it_was_looked_for_is_not_given_up(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.sign_in()
    service.post("/renew")
    monkeypatch.setattr("renewal.components.GIVEN_UP_AFTER", 0.0)
    components = service.app.extensions["renewal"]
    with components.engine.connect() as connection:
        (renewal,) = records.newest(connection)
    monkeypatch.setattr(components, "look_up", lambda _renewal: None)
    assert components.ask(replace(renewal, payment_id=None)) is None  # as it was before the payment came
    with components.engine.connect() as connection:
        assert records.newest(connection) == [renewal]


def test_a_provider_that_is_down_makes_no_payment_and_can_be_tried_again(service: Service, gov_faults: Faults) -> None:
    service.sign_in()
    gov_faults.at("pay.create", "rate_limited", times=9)
    told = service.post("/renew")
    assert (told.status_code, "Traceback" in told.text) == (503, False)
    gov_faults.clear()
    assert "Check your details" in service.get("/renew").text


def test_a_person_who_goes_away_may_come_back(service: Service, gov_clock: Clock) -> None:
    service.sign_in()
    payment = service.post("/renew").location or ""
    service.person.enter_card(payment)
    gov_clock.advance(hours=3)
    assert "have not paid" in service.get(service.get("/renew").location or "").text
    assert "Check your details" in service.get("/renew").text


def test_nobody_sees_another_persons_renewal(service: Service) -> None:
    service.sign_in()
    back_at = service.person.pay(service.post("/renew").location or "")
    service.browser = service.app.test_client()
    assert service.get(back_at).status_code == 303  # to sign in
    other = service.person.sign_in(service.get(back_at).location or "", "NIA")
    assert service.get(service.get(other).location or "").status_code == 404
