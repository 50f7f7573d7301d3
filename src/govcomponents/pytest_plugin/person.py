"""A person at a browser, in a test: signs in and pays at the sandbox's pages, and comes back to the service."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

from govcomponents.testing import GOOD_CARD, FormBrowser, Outcome, cancel_payment, enter_card, pay_by_card

if TYPE_CHECKING:
    from govcomponents.testing import Sandbox


@runtime_checkable
class SignsPeopleIn(Protocol):
    """An identity provider of the sandbox that can be told who signs in."""

    @property
    def people(self) -> tuple[str, ...]:
        """The names of those who can sign in."""
        ...

    def sign_in_as(self, person: str) -> None:
        """Sign this person in at once, from now on."""
        ...

    def sign_in_as_the_world_says(self) -> None:
        """Undo `sign_in_as`."""
        ...


class Person:
    """A person, who does what the provider's pages ask for. Every method returns the URL at which they come back."""

    def __init__(self, simulator: Sandbox) -> None:
        self._simulator = simulator
        self._browser = FormBrowser(simulator.visit)

    def sign_in(self, url: str, who: str = "SAM", outcome: Outcome | str = Outcome.SUCCESS) -> str:
        """Sign in at the provider's URL as somebody of the sandbox's world, such as SAM.

        `outcome` is how it ends, such as "success" or, at GOV.UK One Login, "left". Raises KeyError for somebody who is
        not there.
        """
        provider = self._identity_provider()
        if who not in provider.people:
            raise KeyError(f"the sandbox's world has nobody called {who}: it has {', '.join(provider.people)}")
        if Outcome(outcome) is Outcome.SUCCESS:
            provider.sign_in_as(who)
        else:
            self._simulator.one_login.sign_in_as(who, Outcome(outcome))
        try:
            page = self._browser.open(url)
        finally:
            provider.sign_in_as_the_world_says()
        return page.url

    def pay(self, url: str, card: str = GOOD_CARD) -> str:
        """Pay by card at a payment's page, with what the bank asks for, and confirm."""
        return pay_by_card(self._browser, url, card).url

    def enter_card(self, url: str, card: str = GOOD_CARD) -> str:
        """Enter a card at a payment's page and go away, before the payment is confirmed."""
        return enter_card(self._browser, url, card).url

    def cancel(self, url: str) -> str:
        """Cancel at a payment's page."""
        return cancel_payment(self._browser, url).url

    def _identity_provider(self) -> SignsPeopleIn:
        stubs = [one.stub for one in self._simulator.providers if one.spec.component == "identity"]
        return next(stub for stub in stubs if isinstance(stub, SignsPeopleIn))
