"""A person who pays at the sandbox's card pages, for demonstrations and tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from govcomponents.sandbox.browser import FormBrowser, Page

GOOD_CARD: Final = "4242424242424242"
DECLINED_CARD: Final = "4000000000000002"


def enter_card(
    browser: FormBrowser, next_url: str, card_number: str = GOOD_CARD, *, cardholder_name: str = "Sam Example"
) -> Page:
    """Open a payment's link and enter a card; return the page that comes then."""
    page = browser.open(next_url)
    form = page.form_with("card_number")
    address = {"address_line1": "1 High Street", "address_city": "Anytown", "address_postcode": "ZZ1 1ZZ"}
    return browser.send(
        form,
        card_number=card_number,
        expiry_month="12",
        expiry_year="39",
        cvc="123",
        cardholder_name=cardholder_name,
        **{name: value for name, value in address.items() if name in form.values},
    )


def pay(
    browser: FormBrowser, next_url: str, card_number: str = GOOD_CARD, *, cardholder_name: str = "Sam Example"
) -> Page:
    """Enter a card, prove to be its holder if the bank asks, and confirm. Return the last page.

    With a card that pays, that is the service's own page (`left` is true); with one that does not, the page that
    says so.
    """
    page = enter_card(browser, next_url, card_number, cardholder_name=cardholder_name)
    if page.url.endswith("/three-d-secure"):
        page = browser.send(page.form_with("answer"), "approve")
    if not page.left and page.url.endswith("/confirm"):
        page = browser.send(page.form_with("confirm"), "confirm")
    return page


def cancel(browser: FormBrowser, next_url: str) -> Page:
    """Open a payment's link and cancel. Return the page that says so."""
    page = browser.open(next_url)
    return browser.send(page.form_with("cancel"), "cancel")
