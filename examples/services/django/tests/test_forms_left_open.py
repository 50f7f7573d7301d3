"""What a person reads whose form is not of whoever is signed in now, or who opens the address of one."""

from __future__ import annotations

import pytest
from django.test import Client
from test_service import SITE, Service, text

from govcomponents import GovComponents
from govcomponents.pytest_plugin import Faults, Person

pytestmark = [
    pytest.mark.gov_sandbox(redirect_to=f"{SITE}/gov/callback"),
    pytest.mark.gov_adapters("govuk_notify", "one_login"),  # which have the templates, and two who can be proved
]


@pytest.fixture
def service(gov_sandbox: GovComponents, gov_person: Person) -> Service:
    return Service(gov_sandbox, gov_person)


def as_nia(service: Service) -> str:
    """Sign somebody else in, in another tab, and return where the form that lies open in the first would pay."""
    service.sign_in()
    first = service.pay_at
    for page in ("/gov/sign-in?next=/renew", "/renew"):  # which asks for a proof of who they are
        service.get(service.person.sign_in(service.get(page)["Location"], "NIA"))
    assert "Nia Dychmygol" in text(service.get("/renew"))
    assert service.pay_at != first
    return first


def test_a_form_that_lay_open_while_somebody_else_signed_in_pays_nothing(
    service: Service, gov_sandbox: GovComponents
) -> None:
    for form in (as_nia(service), "/renewals/LIC-00000000/pay"):
        told = service.post(form)
        assert (told.status_code, "Nothing was taken just now" in text(told)) == (409, True)
    assert list(gov_sandbox.pay.search()) == []
    service.person.pay(service.go_to_pay())
    assert "Licence renewed" in text(service.get(service.get("/renew")["Location"]))


@pytest.mark.gov_adapters("govuk_pay")  # which has pages in Welsh
def test_who_changes_the_language_of_what_a_form_answered_comes_to_a_page(service: Service, gov_faults: Faults) -> None:
    form = as_nia(service)
    assert f'name="next" value="{form}"' in text(service.post(form))
    welsh = service.post("/language/setlang/", language="cy", next=form)["Location"]
    assert "Gwiriwch eich manylion" in text(service.get(service.get(welsh)["Location"]))
    gov_faults.at("pay.create", "unavailable", times=9)
    assert service.post(service.pay_at).status_code == 503
    english = service.post("/language/setlang/", language="en", next=service.pay_at)["Location"]
    assert "Check your details" in text(service.get(service.get(english)["Location"]))
    assert service.get("/casework/LIC-00000000/refund")["Location"] == "/casework"


@pytest.mark.usefixtures("tables")
def test_a_form_without_the_token_of_a_page_is_told_of_on_a_page() -> None:
    browser = Client(enforce_csrf_checks=True, headers={"host": "service.example.gov.uk"})
    told = browser.post("/renewals/LIC-00000000/pay", secure=True)
    assert (told.status_code, "Nothing was taken just now" in text(told)) == (403, True)
    told = browser.post("/casework/LIC-00000000/refund", secure=True)
    assert (told.status_code, "If you asked for a refund, look at the list" in text(told)) == (403, True)
