"""The renewal journey in a browser: a service that stands in for a real one, and a person who clicks."""

from __future__ import annotations

from govcomponents import GovComponents, Money
from govcomponents.core.http.retry import RetryPolicy
from govcomponents.identity.levels import Confidence

REFERENCE = "RENEW-7"
EMAIL_RECEIPT, TEXT_RECEIPT = "5ab1ec0d-0000-4000-8000-000000000101", "5ab1ec0d-0000-4000-8000-000000000102"
LETTER_RECEIPT = "5ab1ec0d-0000-4000-8000-000000000103"


class Service:
    """The service: it knows what it sent a person to do, and asks the providers what came of it."""

    def __init__(self, server):
        self.base_url = server.base_url
        self.back = f"{server.base_url}/_sandbox/came-back"
        self.gov = GovComponents.from_settings(server.sandbox.settings(), retry=RetryPolicy.none())

    def sign_in(self, language="en"):
        self.started = self.gov.identity.start(confidence=Confidence.MEDIUM, language=language)
        return self.started.url

    def signed_in(self, came_back):
        return self.gov.identity.complete(self.started.pending, came_back)

    def pay(self, language="en"):
        fee = Money.gbp("145.00")
        self.payment = self.gov.pay.create(fee, REFERENCE, "Renew a licence", self.back, language=language)
        return self.payment.next_url.reveal()

    def paid(self):
        return self.gov.pay.get(self.payment.id)

    def send_receipts(self):
        words = {"name": "Sam Example", "amount": "£145.00", "reference": REFERENCE, "refund": True}
        self.gov.notify.send_email("sam@example.com", EMAIL_RECEIPT, words, f"{REFERENCE}-email")
        self.gov.notify.send_sms("07700 900123", TEXT_RECEIPT, words, f"{REFERENCE}-text")


def sign_in(person, url, who="Sam"):
    person.open(url)
    person.choose(who)
    person.click("Continue")


def enter_card(person, url, number="4242 4242 4242 4242"):
    person.open(url)
    fill_in_card(person, number)


def fill_in_card(person, number):
    person.fill("Card number", number)
    person.fill("Month", "12")
    person.fill("Year", "39")
    person.fill("Name on card", "Sam Example")
    person.fill("Card security code", "123")
    if "Address line 1" in person.text:
        person.fill("Address line 1", "1 High Street")
        person.fill("Town or city", "Anytown")
        person.fill("Postcode", "ZZ1 1ZZ")
    person.click("Continue")
