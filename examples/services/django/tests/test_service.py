"""The whole journey, and what a person sees when something goes wrong, on the sandbox."""

from __future__ import annotations

import os
import re
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from govcomponents import GovComponents, Money
from govcomponents.integrations.django import gov
from govcomponents.pytest_plugin import Clock, Faults, Outbox, Person
from govcomponents.testing import DECLINED_CARD

SITE = "https://service.example.gov.uk"
pytestmark = [
    pytest.mark.gov_sandbox(redirect_to=f"{SITE}/gov/callback"),
    pytest.mark.gov_adapters("govuk_notify"),  # which has the templates
]


class Service:
    """The service under test, and a browser at it."""

    def __init__(self, components: GovComponents, person: Person) -> None:
        gov.use(components)
        self.browser = Client(headers={"host": "service.example.gov.uk"})
        self.person = person
        self.pay_at = ""  # of the form that was last on a page: a browser goes back to it

    def get(self, path: str) -> Any:
        answer = self.browser.get(path.removeprefix(SITE), secure=True)
        if form := re.search(r'action="(/renewals/[^"]+/pay)"', text(answer)):
            self.pay_at = form[1]
        return answer

    def post(self, path: str, **values: str) -> Any:
        return self.browser.post(path.removeprefix(SITE), values, secure=True)

    def sign_in(self) -> Any:
        """Ask for the page to pay on, sign in, and come back to it."""
        back_at = self.person.sign_in(self.get("/renew")["Location"])
        return self.get(self.get(back_at)["Location"])

    def go_to_pay(self) -> str:
        return str(self.post(self.pay_at)["Location"])

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


@pytest.mark.gov_adapters("one_login")  # which has pages in Welsh
def test_the_service_speaks_welsh(service: Service, gov_outbox: Outbox) -> None:
    service.post("/language/setlang/", language="cy")
    assert 'lang="cy"' in text(service.get("/"))
    assert "ui_locales=cy" in service.get("/renew")["Location"]
    assert "Gwiriwch eich manylion" in text(service.sign_in())
    assert "Trwydded wedi" in text(service.get(service.person.pay(service.go_to_pay())))
    service.work()
    gov_outbox.assert_sent(contains="Mae eich trwydded wedi ei hadnewyddu")


@pytest.mark.gov_adapters("govuk_pay")  # with Stripe the payment stays open for another card
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


@pytest.mark.gov_adapters("govuk_pay")  # with Stripe who enters a card has paid
def test_a_person_who_goes_away_may_come_back(service: Service, gov_clock: Clock) -> None:
    service.sign_in()
    service.person.enter_card(service.go_to_pay())
    gov_clock.advance(hours=3)
    assert "have not paid" in text(service.get(service.get("/renew")["Location"]))
    assert "Check your details" in text(service.get("/renew"))


@pytest.mark.gov_adapters("one_login")  # where two people can prove who they are
def test_nobody_sees_another_persons_renewal(service: Service) -> None:
    service.sign_in()
    back_at = service.person.pay(service.go_to_pay())
    service.browser = Client(headers={"host": "service.example.gov.uk"})
    other = service.person.sign_in(service.get(back_at)["Location"], "NIA")
    assert service.get(service.get(other)["Location"]).status_code == 404


def test_forms_are_refused_without_the_token_of_a_page() -> None:
    browser = Client(enforce_csrf_checks=True, headers={"host": "service.example.gov.uk"})
    for path in ("/renewals/LIC-1/pay", "/gov/sign-out", "/language/setlang/"):
        assert browser.post(path, secure=True).status_code == 403


def test_the_project_is_checked_and_its_migrations_are_whole(gov_sandbox: GovComponents) -> None:
    gov.use(gov_sandbox)
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_who_has_just_paid_is_offered_no_other_renewal_on_this_device_or_another(
    service: Service, gov_sandbox: GovComponents
) -> None:
    service.sign_in()
    back_at = service.get(service.person.pay(service.go_to_pay()))
    assert "Licence renewed" in text(back_at)
    service.browser = Client(headers={"host": "service.example.gov.uk"})
    service.sign_in()
    assert "Licence renewed" in text(service.get(service.get("/renew")["Location"]))
    service.post(service.pay_at)
    assert len(list(gov_sandbox.pay.search())) == 1


def test_a_receipt_that_is_refused_is_on_the_caseworkers_page(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.contrib.auth.models import User
    from renewal.components import RECEIPT

    monkeypatch.setitem(RECEIPT, "en", "5ab1ec0d-0000-4000-8000-0000000009ff")  # a template that is not there
    service.sign_in()
    assert "Licence renewed" in text(service.get(service.person.pay(service.go_to_pay())))
    for _ in range(2):
        service.work()
    service.browser.force_login(User.objects.get_or_create(username="clerk", is_staff=True)[0])
    assert "Receipt given up: " in text(service.get("/casework"))


@pytest.mark.parametrize(
    ("outcome", "status", "told"),
    [("left", 403, "did not finish. You can start again"), ("unavailable", 503, "at the moment. Try again later")],
)
def test_who_did_not_sign_in_is_told_whether_to_start_again_or_to_come_back(
    service: Service, outcome: str, status: int, told: str
) -> None:
    page = service.get(service.person.sign_in(service.get("/renew")["Location"], outcome=outcome))
    assert (page.status_code, told in text(page)) == (status, True)


def test_who_paid_last_is_first_on_the_caseworkers_page(service: Service, caseworker: Client) -> None:
    from renewal.models import Renewal

    service.sign_in()
    assert "Licence renewed" in text(service.get(service.person.pay(service.go_to_pay())))
    others = [Renewal(reference=f"LIC-!{number}", owner=str(number), name="Nia") for number in range(201)]
    Renewal.objects.bulk_create(others)  # an exclamation mark sorts before any letter and number
    listed = text(caseworker.get("/casework", secure=True))
    assert re.findall(r"LIC-[0-9A-F]{8}|LIC-!", listed)[0] != "LIC-!"


def test_a_payment_that_was_given_back_by_hand_is_refunded_here_as_well(
    service: Service, caseworker: Client, gov_sandbox: GovComponents, gov_clock: Clock
) -> None:
    service.sign_in()
    paid = text(service.get(service.person.pay(service.go_to_pay())))
    gov_clock.advance(hours=3)
    (payment,) = gov_sandbox.pay.search()
    all_of_it = gov_sandbox.pay.get(payment.id).refundable_amount()
    gov_sandbox.pay.refund(payment.id, all_of_it, available=all_of_it)
    reference = re.search(r"LIC-[0-9A-F]{8}", paid)
    assert reference
    caseworker.post(f"/casework/{reference[0]}/refund", secure=True)
    assert "being refunded" in text(service.get(f"/renewals/{reference[0]}"))
    service.work()
    assert len(gov_sandbox.pay.list_refunds(payment.id)) == 1


def test_a_refund_that_was_given_up_is_told_to_nobody_as_made_and_can_be_asked_for_again(
    service: Service, caseworker: Client, gov_sandbox: GovComponents, gov_clock: Clock
) -> None:
    service.sign_in()
    paid = text(service.get(service.person.pay(service.go_to_pay())))
    service.work()
    gov_clock.advance(hours=3)
    reference = re.search(r"LIC-[0-9A-F]{8}", paid)
    assert reference
    caseworker.post(f"/casework/{reference[0]}/refund", secure=True)
    (payment,) = gov_sandbox.pay.search()
    part = Money.gbp("5.00")  # meanwhile somebody gives a part of it back by hand, so the whole is refused
    gov_sandbox.pay.refund(payment.id, part, available=gov_sandbox.pay.get(payment.id).refundable_amount())
    for _ in range(3):
        service.work()
    assert "Refund given up: " in text(caseworker.get("/casework", secure=True))
    assert "being refunded" not in text(service.get(f"/renewals/{reference[0]}"))
    caseworker.post(f"/casework/{reference[0]}/refund", secure=True)
    service.work()
    assert "being refunded" in text(service.get(f"/renewals/{reference[0]}"))
    assert "given up" not in text(caseworker.get("/casework", secure=True))
    assert [one.amount for one in gov_sandbox.pay.list_refunds(payment.id)] == [part, Money.gbp("140.00")]


def test_a_caseworker_reads_words_of_their_own_while_the_provider_is_away(
    service: Service, caseworker: Client, gov_sandbox: GovComponents, gov_faults: Faults
) -> None:
    service.sign_in()
    reference = re.search(r"LIC-[0-9A-F]{8}", text(service.get(service.person.pay(service.go_to_pay()))))
    assert reference
    gov_faults.at("pay.get", "unavailable", times=9)
    told = caseworker.post(f"/casework/{reference[0]}/refund", secure=True)
    assert (told.status_code, "If you asked for a refund, look at the list" in text(told)) == (503, True)
    assert "do not pay again" not in text(told)
    service.work()
    gov_faults.clear()
    (payment,) = gov_sandbox.pay.search()
    assert list(gov_sandbox.pay.list_refunds(payment.id)) == []


def test_who_signs_in_in_two_tabs_at_once_has_one_renewal(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr("renewal.models.Renewal.present", lambda _owner: None)  # as each tab sees it, before the other
        for _ in range(2):
            service.browser = Client(headers={"host": "service.example.gov.uk"})
            service.sign_in()
    from renewal.models import Renewal

    assert Renewal.objects.count() == 1


@pytest.mark.gov_adapters("one_login")  # whose first sign-in proves nobody, and whose Sam is so named
def test_who_signs_in_first_and_proves_who_they_are_later_is_named(service: Service) -> None:
    service.get(service.person.sign_in(service.get("/gov/sign-in")["Location"]))
    assert "Sam Rowan Example" in text(service.sign_in())


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [("POST", "/", "GET"), ("DELETE", "/renew", "GET"), ("PUT", "/casework", "GET"), ("GET", "/gov/sign-out", "POST")],
)
def test_a_method_that_an_address_does_not_have_gets_a_page(
    caseworker: Client, method: str, path: str, allowed: str
) -> None:
    answer = caseworker.generic(method, path, secure=True)
    assert (answer.status_code, "Page not found" in text(answer)) == (405, True)
    assert allowed in answer["Allow"]
