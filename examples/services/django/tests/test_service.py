"""The whole journey, and what a person sees when something goes wrong, on the sandbox."""

from __future__ import annotations

import os
import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from govcomponents import GovComponents
from govcomponents.integrations.django import gov
from govcomponents.pytest_plugin import Clock, Faults, Outbox, Person
from govcomponents.testing import DECLINED_CARD

SITE = "https://service.example.gov.uk"
pytestmark = pytest.mark.gov_sandbox(redirect_to=f"{SITE}/gov/callback")


class Service:
    """The service under test, and a browser at it."""

    def __init__(self, components: GovComponents, person: Person) -> None:
        gov.use(components)
        self.browser = Client(headers={"host": "service.example.gov.uk"})
        self.person = person

    def get(self, path: str) -> Any:
        return self.browser.get(path.removeprefix(SITE), secure=True)

    def post(self, path: str, **values: str) -> Any:
        return self.browser.post(path.removeprefix(SITE), values, secure=True)

    def sign_in(self) -> Any:
        """Ask for the page to pay on, sign in, and come back to it."""
        back_at = self.person.sign_in(self.get("/renew")["Location"])
        return self.get(self.get(back_at)["Location"])

    def go_to_pay(self) -> str:
        return str(self.post("/pay")["Location"])

    def work(self) -> None:
        call_command("govcomponents_work", "--once")


@pytest.fixture
def service(gov_sandbox: GovComponents, gov_person: Person) -> Service:
    return Service(gov_sandbox, gov_person)


@pytest.mark.skipif("RENEWAL_TASKS" not in os.environ, reason="RENEWAL_TASKS=1 makes Django's tasks the clock")
def test_with_djangos_tasks_their_worker_sends_the_receipt(service: Service, gov_outbox: Outbox) -> None:
    service.sign_in()
    service.get(service.person.pay(service.go_to_pay()))
    call_command("db_worker", "--batch", "--no-startup-delay")
    gov_outbox.assert_sent(kind="email", contains="£145.00")


def text(answer: Any) -> str:
    return str(answer.content.decode())


def test_a_person_renews_and_a_caseworker_refunds(
    service: Service, gov_sandbox: GovComponents, gov_outbox: Outbox
) -> None:
    from django.contrib.auth.models import User

    assert "Start now" in text(service.get("/"))
    assert "Check your details" in text(service.sign_in())
    back_at = service.person.pay(service.go_to_pay())
    paid = text(service.get(back_at))
    assert "Licence renewed" in paid
    service.work()
    reference = re.search(r"LIC-[0-9A-F]{8}", paid)
    assert reference
    gov_outbox.assert_sent(kind="email", contains="£145.00", reference=f"{reference[0]}-receipt")
    assert "Licence renewed" in text(service.get(back_at))  # the back button
    service.work()

    assert service.post(f"/casework/{reference[0]}/refund")["Location"].startswith("/casework/sign-in")
    User.objects.all().delete()
    User.objects.create_user("worker", password="casework of the tests", is_staff=True)  # of the test
    service.post("/casework/sign-in", username="worker", password="casework of the tests")
    for _ in range(2):
        assert service.post(f"/casework/{reference[0]}/refund").status_code == 302
        service.work()
    assert "refunded" in text(service.get("/casework"))
    assert "being refunded" in text(service.get(f"/renewals/{reference[0]}"))
    (payment,) = gov_sandbox.pay.search(reference=f"{reference[0]}-1")
    assert len(gov_sandbox.pay.list_refunds(payment.id)) == 1
    assert service.post("/gov/sign-out").status_code == 303
    assert service.get("/renew").status_code == 303


def test_the_service_speaks_welsh(service: Service, gov_outbox: Outbox) -> None:
    service.post("/language/setlang/", language="cy")
    assert 'lang="cy"' in text(service.get("/"))
    assert "ui_locales=cy" in service.get("/renew")["Location"]
    assert "Gwiriwch eich manylion" in text(service.sign_in())
    assert "Trwydded wedi" in text(service.get(service.person.pay(service.go_to_pay())))
    service.work()
    gov_outbox.assert_sent(contains="Mae eich trwydded wedi ei hadnewyddu")


def test_a_declined_card_can_be_followed_by_a_good_one(service: Service, gov_outbox: Outbox) -> None:
    service.sign_in()
    service.person.pay(service.go_to_pay(), DECLINED_CARD)
    assert "You have not paid" in text(service.get(service.get("/renew")["Location"]))
    assert "did not go through" in text(service.get("/renew"))
    assert "Licence renewed" in text(service.get(service.person.pay(service.go_to_pay())))
    service.work()
    gov_outbox.assert_sent(contains="£145.00")


def test_two_clicks_make_one_payment(service: Service, gov_sandbox: GovComponents) -> None:
    service.sign_in()
    first, second = service.go_to_pay(), service.go_to_pay()
    assert "/renewals/" in second
    assert "not finished" in text(service.get(second))
    assert len(list(gov_sandbox.pay.search())) == 1
    service.person.pay(first)
    assert "Licence renewed" in text(service.get(second))


def test_while_the_provider_is_away_nobody_is_told_that_they_paid(
    service: Service, gov_faults: Faults, gov_outbox: Outbox
) -> None:
    service.sign_in()
    back_at = service.person.pay(service.go_to_pay())
    gov_faults.at("pay.get", "unavailable", times=9)
    told = service.get(back_at)
    assert (told.status_code, "do not know yet" in text(told), "renewed" in text(told)) == (503, True, False)
    gov_faults.clear()
    assert "Licence renewed" in text(service.get(back_at))
    gov_faults.at("pay.get", "unavailable", times=9)  # what is known here needs nobody to be asked
    assert "Licence renewed" in text(service.get(back_at))
    gov_faults.clear()
    service.work()
    gov_outbox.assert_sent(contains="£145.00")


def test_a_lost_answer_makes_no_second_payment(
    service: Service, gov_faults: Faults, gov_sandbox: GovComponents
) -> None:
    service.sign_in()
    gov_faults.at("pay.create", "time_out_after_acceptance")
    found = text(service.get(service.go_to_pay()))
    assert "not finished" in found
    assert len(list(gov_sandbox.pay.search())) == 1
    go_on = re.search(r'class="govuk-button" href="([^"]+)"', found)
    assert go_on
    assert "Licence renewed" in text(service.get(service.person.pay(go_on[1])))


def test_after_a_payment_that_was_never_made_a_person_may_soon_try_again(
    service: Service, gov_faults: Faults, gov_sandbox: GovComponents, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.sign_in()
    gov_faults.at("pay.create", "time_out_before_acceptance")
    back_at = service.go_to_pay()
    assert "not finished" in text(service.get(back_at))
    monkeypatch.setattr("renewal.components.GIVEN_UP_AFTER", timedelta())
    told = text(service.get(back_at))
    assert "You have not paid" in told
    assert "Try again" in told
    service.person.pay(service.go_to_pay())
    assert "Licence renewed" in text(service.get(back_at))
    assert len(list(gov_sandbox.pay.search())) == 1


def test_who_makes_a_payment_for_so_long_that_it_was_given_up_gives_nobody_its_page(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.sign_in()
    monkeypatch.setattr("renewal.components.GIVEN_UP_AFTER", timedelta())
    create = gov.later.pay.create

    def slow(*given: Any, **more: Any) -> Any:
        assert "You have not paid" in text(service.get(service.get("/renew")["Location"]))  # the other tab
        return create(*given, **more)

    monkeypatch.setattr(gov.later.pay, "create", slow)
    assert service.go_to_pay().startswith("/renewals/")


def test_a_payment_that_came_while_it_was_looked_for_is_not_given_up(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    from renewal import components
    from renewal.models import Renewal

    service.sign_in()
    service.go_to_pay()
    monkeypatch.setattr("renewal.components.GIVEN_UP_AFTER", timedelta())
    monkeypatch.setattr("renewal.components.look_up", lambda _renewal: None)
    renewal = Renewal.objects.get()
    renewal.payment_id = ""  # as it was before the payment came
    assert components.ask(renewal) is None
    assert (Renewal.objects.get().state, bool(Renewal.objects.get().payment_id)) == ("paying", True)


def test_a_provider_that_is_down_makes_no_payment_and_can_be_tried_again(service: Service, gov_faults: Faults) -> None:
    service.sign_in()
    gov_faults.at("pay.create", "rate_limited", times=9)
    assert service.post("/pay").status_code == 503
    gov_faults.clear()
    assert "Check your details" in text(service.get("/renew"))


def test_a_person_who_goes_away_may_come_back(service: Service, gov_clock: Clock) -> None:
    service.sign_in()
    service.person.enter_card(service.go_to_pay())
    gov_clock.advance(hours=3)
    assert "have not paid" in text(service.get(service.get("/renew")["Location"]))
    assert "Check your details" in text(service.get("/renew"))


def test_nobody_sees_another_persons_renewal(service: Service) -> None:
    service.sign_in()
    back_at = service.person.pay(service.go_to_pay())
    service.browser = Client(headers={"host": "service.example.gov.uk"})
    other = service.person.sign_in(service.get(back_at)["Location"], "NIA")
    assert service.get(service.get(other)["Location"]).status_code == 404


def test_forms_are_refused_without_the_token_of_a_page() -> None:
    browser = Client(enforce_csrf_checks=True, headers={"host": "service.example.gov.uk"})
    for path in ("/pay", "/gov/sign-out", "/language/setlang/"):
        assert browser.post(path, secure=True).status_code == 403


def test_the_project_is_checked_and_its_migrations_are_whole(gov_sandbox: GovComponents) -> None:
    gov.use(gov_sandbox)
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)
