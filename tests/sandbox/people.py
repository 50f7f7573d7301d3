"""People for tests: they sign in and pay on the sandbox's pages."""

from __future__ import annotations

from govcomponents import Money

GOOD_CARD, DECLINED_CARD = "4444333322221111", "4000000000000002"
MAYBE_REAL_CARD = "4929 1234 5678 9015"
RETURN_URL = "https://service.example.gov.uk/back"


def create(gov, reference="RENEW-7", pounds="10.00", return_url=RETURN_URL):
    return gov.pay.create(Money.gbp(pounds), reference, "Renew a licence", return_url)


def enter_card(browser, url, card=GOOD_CARD):
    return fill_in_card(browser, browser.open(url), card)


def fill_in_card(browser, page, card=GOOD_CARD):
    form = page.form_with("card_number")
    page = browser.send(
        form,
        card_number=card,
        expiry_month="12",
        expiry_year="30",
        cvc="123",
        cardholder_name="Sam Example",
        email="sam@example.com",
    )
    if "confirm" in [name for form in page.forms for name, _ in form.buttons]:
        page = browser.send(page.form_with("confirm"), "confirm")
    return page


def sign_in(browser, url, person="SAM"):
    form = browser.open(url).form_with("person")
    return browser.send(form, person=person, outcome="success").url
