"""A person who pays at the Stripe stub's page, for demonstrations and tests."""

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
    form = browser.open(next_url).form_with("card_number")
    return browser.send(
        form,
        card_number=card_number,
        expiry="12/39",
        cvc="123",
        cardholder_name=cardholder_name,
        email=form.values["email"] or "sam@example.com",
        address_line1="1 High Street",
        address_city="Anytown",
        address_postcode="ZZ1 1ZZ",
    )


def pay(
    browser: FormBrowser, next_url: str, card_number: str = GOOD_CARD, *, cardholder_name: str = "Sam Example"
) -> Page:
    """Enter a card, and prove to be its holder if the bank asks. Return the last page.

    With a card that pays, that is the service's own page (`left` is true); with one that does not, the form again.
    """
    page = enter_card(browser, next_url, card_number, cardholder_name=cardholder_name)
    if not page.left and page.url.endswith("/bank"):
        page = browser.send(page.form_with("answer"), "approve")
    return page
