"""Stripe's payment page: a card, and what stands for the card's bank. In English, as Stripe has no Welsh."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from govcomponents.pay.adapters.stripe.wire import from_units
from govcomponents.sandbox.http.messages import Call, Route, html_response, redirect
from govcomponents.sandbox.http.templating import Templates
from govcomponents.sandbox.providers.stripe.api import PREFIX
from govcomponents.sandbox.providers.stripe.store import CARDS, digits_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from govcomponents.core.http.messages import Response
    from govcomponents.sandbox.providers.stripe.lifecycle import Lifecycle
    from govcomponents.sandbox.providers.stripe.store import Session, Store

_pages = Templates("govcomponents.sandbox.providers.stripe")
_FIELDS: Final = ("email", "cardholder_name", "address_line1", "address_city", "address_postcode")
_REFUSED: Final = "Your card was refused. Try another card, or the same one again."
_NOT_TEST: Final = "This is not one of Stripe's test cards. Do not enter a real card number here; it was not kept."


class Checkout:
    """Answers /stripe/c/pay."""

    def __init__(self, store: Store, lifecycle: Lifecycle) -> None:
        self._store = store
        self._lifecycle = lifecycle

    def routes(self) -> Iterable[Route]:
        """All pages."""
        page = f"{PREFIX}/c/pay/<id>"
        yield Route("GET", page, self._on_session(self.card_page), "pay.card_page")
        yield Route("POST", page, self._on_session(self.enter_card), "pay.enter_card")
        yield Route("GET", f"{page}/bank", self._on_session(self.bank_page), "pay.bank_page")
        yield Route("POST", f"{page}/bank", self._on_session(self.answer_bank), "pay.answer_bank")

    def _on_session(self, page: Callable[[Call, Session], Response]) -> Callable[[Call], Response]:
        def handler(call: Call) -> Response:
            with self._store.lock:
                session = self._store.sessions.get(call.params["id"])
                if session is None:
                    return unknown_page()
                if self._lifecycle.settle(session).status != "open":
                    return self._ended(session)
                return page(call, session)

        return handler

    def _ended(self, session: Session) -> Response:
        is_complete = session.status == "complete"
        back = _success_url(session) if is_complete else session.given["cancel_url"]
        return html_response(200, _pages.render("ended.html", outcome=session.status, return_url=back))

    def card_page(self, call: Call, session: Session) -> Response:
        """Show the form for the card."""
        intent = self._lifecycle.intent_of(session)
        if intent is not None and intent.status == "requires_action":
            return redirect(f"{PREFIX}/c/pay/{session.id}/bank", 303)
        refused = {"card_number": _REFUSED} if intent is not None and intent.last_error is not None else {}
        return self._form(session, {"email": session.given["customer_email"] or ""}, refused, status=200)

    def _form(
        self, session: Session, values: dict[str, str], problems: dict[str, str], *, status: int = 400
    ) -> Response:
        # What was typed for the card's number and code is never sent back to the page.
        shown = {name: values.get(name, "") for name in _FIELDS}
        page = _pages.render(
            "card.html",
            action=f"{PREFIX}/c/pay/{session.id}",
            amount=str(from_units(session.amount, session.currency)),
            description=session.given["payment_intent_data"]["description"] or "",
            service=self._store.world.name,
            back=session.given["cancel_url"],
            values=shown,
            problems=problems,
        )
        return html_response(status, page)

    def enter_card(self, call: Call, session: Session) -> Response:
        """Take a test card. One that is refused leaves the Session open."""
        values = {name: value.strip() for name, value in call.form}
        number = digits_of(values.get("card_number", ""))
        card = CARDS.get(number)
        problems = {}
        if card is None:
            problems["card_number"] = _NOT_TEST
        if not values.get("cardholder_name"):
            problems["cardholder_name"] = "Enter the name on the card."
        if "@" not in values.get("email", ""):
            problems["email"] = "Enter an email address."
        if card is None or problems:
            return self._form(session, values, problems)
        intent = self._lifecycle.submit(session, card, number[-4:], _person(values))
        return self._next(session, intent.status, values)

    def _next(self, session: Session, status: str, values: dict[str, str]) -> Response:
        if status == "requires_action":
            return redirect(f"{PREFIX}/c/pay/{session.id}/bank", 303)
        if status == "requires_payment_method":
            return self._form(session, values, {"card_number": _REFUSED}, status=200)  # taken, and declined
        return redirect(_success_url(session), 303)

    def bank_page(self, call: Call, session: Session) -> Response:
        """Show what stands for the page of the card's bank."""
        intent = self._lifecycle.intent_of(session)
        if intent is None or intent.status != "requires_action":
            return redirect(f"{PREFIX}/c/pay/{session.id}", 303)
        amount = str(from_units(session.amount, session.currency))
        return html_response(200, _pages.render("bank.html", action=f"{PREFIX}/c/pay/{session.id}/bank", amount=amount))

    def answer_bank(self, call: Call, session: Session) -> Response:
        """The person proved, or did not prove, to be the card's holder."""
        intent = self._lifecycle.intent_of(session)
        if intent is None or intent.status != "requires_action":
            return redirect(f"{PREFIX}/c/pay/{session.id}", 303)
        self._lifecycle.answer_bank(session, intent, approves=dict(call.form).get("answer") == "approve")
        return self._next(session, intent.status, {"email": session.given["customer_email"] or ""})


def unknown_page() -> Response:
    """The page for a link that belongs to no Session."""
    return html_response(404, _pages.render("ended.html", outcome="unknown", return_url=None))


def _success_url(session: Session) -> str:
    url: str = session.given["success_url"]
    return url.replace("{CHECKOUT_SESSION_ID}", session.id)


def _person(values: dict[str, str]) -> dict[str, Any]:
    return {
        "name": values["cardholder_name"],
        "email": values["email"],
        "phone": None,
        "address": {
            "line1": values.get("address_line1") or None,
            "line2": None,
            "city": values.get("address_city") or None,
            "postal_code": values.get("address_postcode") or None,
            "country": "GB",
            "state": None,
        },
    }
