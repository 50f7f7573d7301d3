"""A person with a card, who pays at the sandbox's card pages: for demonstrations and tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from govcomponents.sandbox.browser import FormBrowser, Page

GOOD_CARD: Final = "4242424242424242"
"""The number of a card that pays."""
DECLINED_CARD: Final = "4000000000000002"
"""The number of a card that the bank declines."""


def enter_card(
    browser: FormBrowser, url: str, card_number: str = GOOD_CARD, *, cardholder_name: str = "Sam Example"
) -> Page:
    """Open a payment's page, GOV.UK Pay's or Stripe's, and enter a card. Return the page that comes then."""
    form = browser.open(url).form_with("card_number")
    known = {
        "expiry_month": "12",
        "expiry_year": "39",
        "expiry": "12/39",
        "email": form.values.get("email") or "sam@example.com",
        "address_line1": "1 High Street",
        "address_city": "Anytown",
        "address_postcode": "ZZ1 1ZZ",
    }
    asked = {name: value for name, value in known.items() if name in form.values}
    return browser.send(form, card_number=card_number, cvc="123", cardholder_name=cardholder_name, **asked)


def pay_by_card(
    browser: FormBrowser, url: str, card_number: str = GOOD_CARD, *, cardholder_name: str = "Sam Example"
) -> Page:
    """Enter a card, prove to be its holder if the bank asks, and confirm where the page asks for that.

    Return the last page. With a card that pays, that is the service's own (`left` is true); with one that does not, the
    page that says so.
    """
    page = enter_card(browser, url, card_number, cardholder_name=cardholder_name)
    if not page.left and page.url.endswith(("/three-d-secure", "/bank")):
        page = browser.send(page.form_with("answer"), "approve")
    if not page.left and page.url.endswith("/confirm"):
        page = browser.send(page.form_with("confirm"), "confirm")
    return page


def cancel_payment(browser: FormBrowser, url: str) -> Page:
    """Open a payment's page, GOV.UK Pay's, and cancel. Return the page that says so."""
    page = browser.open(url)
    return browser.send(page.form_with("cancel"), "cancel")
