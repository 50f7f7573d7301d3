"""What a person reads whose form is not of whoever is signed in now, or who opens the address of one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from test_service import CASEWORKER, SITE, Service

from govcomponents import GovComponents
from govcomponents.pytest_plugin import Faults, Person

pytestmark = [
    pytest.mark.gov_sandbox(redirect_to=f"{SITE}/gov/callback"),
    pytest.mark.gov_adapters("govuk_notify", "one_login"),  # which have the templates, and two who can be proved
]


@pytest.fixture
def service(gov_sandbox: GovComponents, gov_person: Person, tmp_path: Path) -> Service:
    return Service(gov_sandbox, gov_person, tmp_path)


def as_nia(service: Service) -> str:
    """Sign somebody else in, in another tab, and return where the form that lies open in the first would pay."""
    service.sign_in()
    first = service.pay_at
    for page in ("/gov/sign-in?next=/renew", "/renew"):  # which asks for a proof of who they are
        service.get(service.person.sign_in(service.get(page).location or "", "NIA"))
    assert "Nia Dychmygol" in service.get("/renew").text
    assert service.pay_at != first
    return first


def test_a_form_that_lay_open_while_somebody_else_signed_in_pays_nothing(
    service: Service, gov_sandbox: GovComponents
) -> None:
    for form in (as_nia(service), "/renewals/LIC-00000000/pay"):
        told = service.post(form)
        assert (told.status_code, "Nothing was taken just now" in told.text) == (409, True)
    assert list(gov_sandbox.pay.search()) == []
    service.person.pay(service.go_to_pay())
    assert "Licence renewed" in service.get(service.get("/renew").location or "").text


@pytest.mark.gov_adapters("govuk_pay")  # which has pages in Welsh
def test_who_changes_the_language_of_what_a_form_answered_comes_to_a_page(service: Service, gov_faults: Faults) -> None:
    form = as_nia(service)
    language = re.search(r'href="(\?language=cy)"', service.post(form).text)
    assert language
    assert "Gwiriwch eich manylion" in service.get(service.get(form + language[1]).location or "").text
    gov_faults.at("pay.create", "unavailable", times=9)
    assert service.post(service.pay_at).status_code == 503
    assert "Check your details" in service.get(service.get(f"{service.pay_at}?language=en").location or "").text
    refund = service.browser.get("/casework/LIC-00000000/refund?language=cy", base_url=SITE, headers=CASEWORKER)
    assert refund.location == "/casework"
