"""A person at a browser, in a test: signs in and pays at the sandbox's pages, and comes back to the service."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import pytest

from govcomponents.sandbox.plugins.provider import SignsPeopleIn
from govcomponents.testing import GOOD_CARD, FormBrowser, Outcome, cancel_payment, enter_card, pay_by_card

if TYPE_CHECKING:
    from govcomponents.testing import Page, Sandbox


_SUCH: Final = "give such as payment.redirect_url(), or the url of what identity.start() returned"

_REFUSED: Final = 400
_AS_FAULTS: Final = {Outcome.LEFT: "sign_in_denied", Outcome.UNAVAILABLE: "sign_in_unavailable"}
"""How a sign-in ends with a provider whose pages offer no such end."""


class Person:
    """A person, who does what the provider's pages ask for.

    Every method returns the URL at which they come back, or that of the provider's page where they stay.
    """

    def __init__(self, simulator: Sandbox) -> None:
        self._simulator = simulator
        self._browser = FormBrowser(simulator.visit)

    def sign_in(self, url: str, who: str = "SAM", outcome: Outcome | str = Outcome.SUCCESS) -> str:
        """Sign in at the provider's URL as somebody of the sandbox's world, such as SAM.

        `outcome` is how it ends: "success", "left" or "unavailable", and at GOV.UK One Login in other ways too. Raises
        KeyError for somebody who is not there, and ValueError for an outcome that the provider has not. Fails the test
        for a URL where nobody signs in, and for a request that the provider does not take.
        """
        section, provider = self._identity_provider()
        if who not in provider.people:
            raise KeyError(f"the sandbox's world has nobody called {who}: it has {', '.join(provider.people)}")
        is_one_login = section == "one_login"
        known = [str(one) for one in Outcome if is_one_login or one is Outcome.SUCCESS or one in _AS_FAULTS]
        if outcome not in known:
            raise ValueError(
                f"a sign-in with this provider does not end as {outcome!r}: give one of {', '.join(known)}"
            )
        if not provider.owns(urlsplit(self._own(url)).path):
            pytest.fail(f"this is no URL at which people sign in; {_SUCH}", pytrace=False)
        if outcome != Outcome.SUCCESS and is_one_login:
            self._simulator.one_login.sign_in_as(who, Outcome(outcome))
        else:
            provider.sign_in_as(who)
        if outcome != Outcome.SUCCESS and not is_one_login:
            self._simulator.control.arm(section, _AS_FAULTS[Outcome(outcome)], times=1)
        try:
            page = self._browser.open(url)
        finally:
            provider.sign_in_as_the_world_says()
        if page.status >= _REFUSED:
            pytest.fail(f"the provider refused the sign-in with {page.status}{page.heading}", pytrace=False)
        return page.url

    def pay(self, url: str, card: str = GOOD_CARD) -> str:
        """Pay by card at a payment's page, with what the bank asks for, and confirm.

        Fails the test for what is no card there, such as a misspelt number. One that is declined is an end as others.
        """
        return _taken(pay_by_card(self._browser, self._own(url), card)).url

    def enter_card(self, url: str, card: str = GOOD_CARD) -> str:
        """Enter a card at a payment's page and go away, before the payment is confirmed.

        Fails the test for what is no card there.
        """
        return _taken(enter_card(self._browser, self._own(url), card)).url

    def cancel(self, url: str) -> str:
        """Cancel at a payment's page. Fails the test where that offers no such thing, as Stripe's."""
        try:
            return cancel_payment(self._browser, self._own(url)).url
        except LookupError as error:
            problem = str(error)
        pytest.fail(
            f"nobody can cancel there: {problem}; a test that does is about providers where it can be done",
            pytrace=False,
        )

    def _own(self, url: str) -> str:
        """Return the URL of a page of the sandbox. Fails the test for another, of which it shows the host alone."""
        home, problem = self._simulator.base_url, None
        if not isinstance(url, str):
            problem = f"a person opens a URL that is a text, and not of the type {type(url).__name__}"
        elif not url.startswith(f"{home}/"):
            there = urlsplit(url).netloc or "no host"
            problem = f"a person opens pages of the sandbox, which is at {home}, and this URL has {there}"
        if problem is not None:
            pytest.fail(f"{problem}; {_SUCH}", pytrace=False)
        return url

    def _identity_provider(self) -> tuple[str, SignsPeopleIn]:
        """The section and the stub of the provider that signs people in. Fails the test if the world has none."""
        for one in self._simulator.providers:
            if one.spec.component == "identity" and isinstance(one.stub, SignsPeopleIn):
                return one.spec.section, one.stub
        pytest.fail(
            "the sandbox's world has nobody who signs people in: give it a section such as one_login", pytrace=False
        )


def _taken(page: Page) -> Page:
    """Return the page that came after the card. Fails the test if it is the same one, which asks for the card again."""
    if page.status >= _REFUSED:
        told = " ".join(page.problems) or f"status {page.status}{page.heading}"
        pytest.fail(f"the card was not taken, and the person is still on the page, which says: {told}", pytrace=False)
    return page
