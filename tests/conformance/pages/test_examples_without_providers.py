"""The example services in headless Chromium while a provider is away at each step: a person reads what is known."""

from __future__ import annotations

import pytest
import requests

from . import renewal
from .running_service import running

pytestmark = pytest.mark.alone


@pytest.mark.parametrize("name", ["django", "flask", "fastapi"])
def test_a_person_reads_at_each_step_what_is_known_and_goes_on_afterwards(clicker, name):
    pytest.importorskip(name)
    with running(name) as (site, sandbox, _password):
        person, faults = clicker, f"{sandbox}_sandbox/api/faults"

        def away(provider, **more):
            given = {"provider": provider, "fault": "unavailable", "times": 99, **more}
            requests.post(faults, json=given, timeout=30).raise_for_status()

        def here():
            requests.delete(faults, timeout=30).raise_for_status()

        person.open(site)
        person.driver.delete_all_cookies()
        person.open(f"{site}renew?year=2026")
        away("one_login", operation="token")
        person.choose("Sam")
        person.click("Continue")
        assert person.heading == "Sorry, you could not sign in"
        here()
        person.driver.refresh()
        assert person.heading == "Sorry, you could not sign in"
        person.click("Start now")  # which goes where they were going
        person.choose("Sam")
        person.click("Continue")
        assert person.url == f"{site}renew?year=2026"

        away("pay")
        person.click("Pay by card")
        assert person.heading == "Sorry, there is a problem with the service"
        assert "If you have paid, do not pay again" in person.text
        here()
        person.open(f"{site}renew")
        person.click("Pay by card")
        renewal.fill_in_card(person, "4242 4242 4242 4242")
        away("pay", operation="pay.get")
        person.click("Confirm")
        assert person.heading == "We do not know yet whether you have paid"
        here()
        person.driver.refresh()
        assert person.heading == "Licence renewed"
        away("one_login")
        person.click("Sign out")
        person.open(site)
        assert person.heading == "Renew a licence"
        here()


@pytest.mark.parametrize("name", ["django", "flask", "fastapi"])
def test_pay_in_one_tab_pays_nothing_for_who_signed_in_in_another(clicker, name):
    pytest.importorskip(name)
    with running(name) as (site, _sandbox, _password):
        person = clicker
        person.open(site)
        person.driver.delete_all_cookies()
        person.open(f"{site}renew")
        person.choose("Sam")
        person.click("Continue")
        (first,) = person.driver.window_handles
        person.driver.switch_to.new_window("tab")
        person.open(f"{site}gov/sign-in?next=/renew")
        for _ in range(2):  # the page asks for a proof of who they are
            person.choose("Nia")
            person.click("Continue")
        assert "nia@example.com" in person.text
        person.driver.close()
        person.driver.switch_to.window(first)
        assert "sam@example.com" in person.text
        person.click("Pay by card")
        assert person.heading == "This page is out of date"
        assert "Nothing was taken just now" in person.text
        person.click("Cymraeg")
        assert person.heading == "Gwiriwch eich manylion"
        assert "nia@example.com" in person.text
