"""The Stripe stub's page in headless Chromium: paid by clicking, without JavaScript, and no axe violation."""

from __future__ import annotations

import pytest

from govcomponents import GovComponents, Money, Settings
from govcomponents.sandbox.server import serving

from .browser import NotHere, axe_source, browser, violations

pytestmark = pytest.mark.alone

WORLD = {"stripe": {}}


@pytest.fixture
def server():
    with serving(WORLD) as running:
        yield running


@pytest.fixture
def pay(server):
    """Make a payment; returns its id and its page."""
    settings = Settings(environment="test", pay=server.sandbox.stripe.client_settings())
    with GovComponents.from_settings(settings) as gov:

        def make():
            back = f"{server.base_url}/_sandbox/came-back"
            payment = gov.pay.create(Money.gbp("42.50"), "PERMIT-1", "Resident parking permit", back)
            return payment.id, payment.next_url.reveal()

        make.find = gov.pay.get
        yield make


def enter(person, number):
    person.fill("Email", "sam@example.com")
    person.fill("Card number", number)
    person.fill("Expiry date", "12/39")
    person.fill("Security code", "123")
    person.fill("Name on card", "Sam Example")
    person.click("Pay £42.50")


def test_a_person_tries_two_cards_asks_the_bank_and_comes_back(pay):
    try:
        with browser(javascript=False) as person:
            identifier, page = pay()
            person.open(page)
            assert person.heading == "Pay by card"
            enter(person, "4000 0000 0000 0002")
            assert "Your card was refused" in person.text
            assert not pay.find(identifier).is_finished
            enter(person, "4000 0027 6000 3184")
            assert person.heading == "Confirm with your bank"
            person.click("Approve the payment")
            assert person.heading == "You are back at the service"
            assert pay.find(identifier).is_captured
    except NotHere as missing:
        pytest.skip(str(missing))


def test_no_page_has_an_accessibility_violation(server, pay):
    found = {}
    try:
        axe = axe_source()
        with browser() as reader:

            def check(name):
                if wrong := violations(reader, axe):
                    found[name] = wrong

            _, page = pay()
            reader.open(page)
            check("card")
            reader.click("Pay £42.50")
            check("card with mistakes")
            enter(reader, "4000 0000 0000 0002")
            check("card refused")
            enter(reader, "4000 0027 6000 3184")
            check("bank")
            reader.click("Approve the payment")
            reader.open(page)
            assert reader.heading == "This payment is complete"
            check("complete")
            _, page = pay()
            server.sandbox.clock.advance(6000)
            reader.open(page)
            assert reader.heading == "This payment page has expired"
            check("expired")
            reader.open(page + "x")
            check("unknown")
            reader.open(server.base_url)
            check("home")
    except NotHere as missing:
        pytest.skip(str(missing))
    assert found == {}
