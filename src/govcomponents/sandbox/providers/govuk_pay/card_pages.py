"""The card pages: what the person sees at a one-time link. Plain forms, so that a headless client gets through too."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from govcomponents.sandbox.http.messages import Call, Route, html_response, redirect
from govcomponents.sandbox.http.templating import Templates
from govcomponents.sandbox.providers.govuk_pay.cards import CardProblem, Outcome, TestCard, look_up
from govcomponents.sandbox.providers.govuk_pay.store import CardVisit, SavedCard
from govcomponents.sandbox.providers.govuk_pay.validation import is_future

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from govcomponents.core.http.messages import Response
    from govcomponents.sandbox.plugins.context import SandboxContext
    from govcomponents.sandbox.providers.govuk_pay.lifecycle import Lifecycle
    from govcomponents.sandbox.providers.govuk_pay.store import AccountStore, Charge

_pages = Templates("govcomponents.sandbox.providers.govuk_pay")
_ADDRESS: Final = ("line1", "line2", "city", "postcode", "country")
_KEPT: Final = (
    "expiry_month",
    "expiry_year",
    "cardholder_name",
    "email",
    *(f"address_{part}" for part in _ADDRESS),
)


class CardPages:
    """Answers /secure and /card_details."""

    def __init__(self, store: AccountStore, lifecycle: Lifecycle, context: SandboxContext) -> None:
        self._store = store
        self._lifecycle = lifecycle
        self._context = context

    def routes(self) -> Iterable[Route]:
        """All pages."""
        yield Route("GET", "/secure/<token>", self._locked(self.open_link), "pay.open_link")
        yield Route("POST", "/secure", self._locked(self.open_by_post), "pay.open_link")
        pages: tuple[tuple[str, str, Callable[[Call, CardVisit, Charge], Response]], ...] = (
            ("GET", "", self.card_page),
            ("POST", "", self.enter_card),
            ("POST", "/cancel", self.cancel),
            ("GET", "/three-d-secure", self.three_d_secure_page),
            ("POST", "/three-d-secure", self.answer_three_d_secure),
            ("GET", "/confirm", self.confirm_page),
            ("POST", "/confirm", self.confirm),
        )
        for method, rest, page in pages:
            yield Route(method, f"/card_details/<visit>{rest}", self._on_visit(page), f"pay.{page.__name__}")

    def _locked(self, page: Callable[[Call], Response]) -> Callable[[Call], Response]:
        def handler(call: Call) -> Response:
            with self._store.lock:
                return page(call)

        return handler

    def _on_visit(self, page: Callable[[Call, CardVisit, Charge], Response]) -> Callable[[Call], Response]:
        def handler(call: Call) -> Response:
            with self._store.lock:
                visit = self._store.visits.get(call.params["visit"])
                if visit is None:
                    return link_used()
                charge = self._lifecycle.settle(visit.account, visit.account.charges[visit.charge_id])
                if charge.finished or charge.status == "capturable":
                    return self._ended(charge)
                return page(call, visit, charge)

        return handler

    def open_link(self, call: Call) -> Response:
        """Open the one-time link: it works once, and shows the card page."""
        return self._open(call.params["token"])

    def open_by_post(self, call: Call) -> Response:
        """Open it by the form that `next_url_post` describes."""
        return self._open(dict(call.form).get("chargeTokenId", ""))

    def _open(self, text: str) -> Response:
        token = self._store.tokens.get(text)
        if token is None or token.account.charges[token.charge_id].mode != "web":
            return link_used()
        account = token.account
        charge = self._lifecycle.settle(account, account.charges[token.charge_id])
        if token.used:
            return link_used(400, charge.language)
        token.used = True
        if charge.finished or charge.status == "capturable":
            return self._ended(charge)
        self._lifecycle.start(account, charge)
        name = self._context.ids.token()
        self._store.visits[name] = CardVisit(charge.id, account, charge.language)
        return redirect(self._next(name, charge), 303)

    def _next(self, name: str, charge: Charge) -> str:
        if charge.status == "submitted":
            return f"/card_details/{name}/confirm"
        return f"/card_details/{name}/three-d-secure" if charge.awaits_three_d_secure else f"/card_details/{name}"

    def card_page(self, call: Call, visit: CardVisit, charge: Charge) -> Response:
        """Show the form for the card."""
        if charge.status == "submitted" or charge.awaits_three_d_secure:
            return redirect(self._next(call.params["visit"], charge), 303)
        details = charge.prefilled or {}
        address = details.get("billing_address") or {}
        values = {"cardholder_name": details.get("cardholder_name") or "", "email": charge.email or ""}
        values |= {f"address_{part}": address.get(part) or "" for part in _ADDRESS}
        return self._form(call, visit, charge, values, {})

    def _form(
        self, call: Call, visit: CardVisit, charge: Charge, values: dict[str, str], problems: dict[str, str]
    ) -> Response:
        # What was typed for the card's number and code is never sent back to the page.
        shown = {name: values.get(name, "") for name in _KEPT}
        return _page(
            "card.html",
            400 if problems else 200,
            {
                "charge": charge,
                "amount": _pounds(charge.amount),
                "service": visit.account.service.name,
                "action": f"/card_details/{call.params['visit']}",
                "values": shown,
                "problems": problems,
                "with_address": visit.account.service.collect_billing_address and not charge.moto,
            },
            visit.language,
        )

    def enter_card(self, call: Call, visit: CardVisit, charge: Charge) -> Response:
        """Take the card, if it is a documented test card; nothing of any other number is kept or shown again."""
        if charge.status == "submitted" or charge.awaits_three_d_secure:
            return redirect(self._next(call.params["visit"], charge), 303)
        values = {name: value.strip() for name, value in call.form}
        problems = self._problems(values, visit)
        card = look_up(values.get("card_number", ""), visit.account.service.payment_provider)
        if isinstance(card, CardProblem):
            told = card.value if values.get("card_number") else "no_number"
            problems = {"card_number": told, **problems}
        if problems or not isinstance(card, TestCard):
            return self._form(call, visit, charge, values, problems)
        digits = re.sub("[^0-9]", "", values["card_number"])
        saved = SavedCard(
            card,
            digits[:6],
            digits[-4:],
            _expiry(values),
            values["cardholder_name"],
            self._address(values, visit, charge),
        )
        charge.email = values.get("email") or charge.email
        if card.three_d_secure and not charge.moto:
            charge.awaits_three_d_secure = saved
            charge.three_d_secure = True
            return redirect(f"/card_details/{call.params['visit']}/three-d-secure", 303)
        return self._authorise(call, visit, charge, saved, card.outcome)

    def _address(self, values: Mapping[str, str], visit: CardVisit, charge: Charge) -> dict[str, str | None] | None:
        if charge.moto or not visit.account.service.collect_billing_address:
            return None
        given = {part: values.get(f"address_{part}") or None for part in _ADDRESS}
        return {**given, "country": given["country"] or "GB"}

    def _problems(self, values: Mapping[str, str], visit: CardVisit) -> dict[str, str]:
        """What is wrong, in the order of the fields on the page."""
        problems: dict[str, str] = {}
        if not is_future(_expiry(values), self._lifecycle.now()):
            problems["expiry_month"] = "expiry"
        if not 1 <= len(values.get("cardholder_name", "")) <= 255:
            problems["cardholder_name"] = "name"
        if not re.fullmatch("[0-9]{3,4}", values.get("cvc", "")):
            problems["cvc"] = "cvc"
        if any(len(values.get(f"address_{part}", "")) > 255 for part in _ADDRESS):
            problems["address_line1"] = "address"
        if len(values.get("email", "")) > 254:
            problems["email"] = "email"
        return problems

    def _authorise(self, call: Call, visit: CardVisit, charge: Charge, card: SavedCard, outcome: Outcome) -> Response:
        self._lifecycle.authorise(visit.account, charge, card, outcome)
        if charge.finished:
            return self._ended(charge)
        if charge.moto:
            self._lifecycle.confirm(visit.account, charge)
            return redirect(charge.return_url or "/", 303)
        return redirect(f"/card_details/{call.params['visit']}/confirm", 303)

    def three_d_secure_page(self, call: Call, visit: CardVisit, charge: Charge) -> Response:
        """Show what stands for the page of the card's bank."""
        if charge.awaits_three_d_secure is None:
            return redirect(self._next(call.params["visit"], charge), 303)
        values = {"amount": _pounds(charge.amount), "action": f"/card_details/{call.params['visit']}/three-d-secure"}
        return _page("three_d_secure.html", 200, values, visit.language)

    def answer_three_d_secure(self, call: Call, visit: CardVisit, charge: Charge) -> Response:
        """The person proved, or did not prove, to be the card's holder."""
        card = charge.awaits_three_d_secure
        if card is None:
            return redirect(self._next(call.params["visit"], charge), 303)
        proved = dict(call.form).get("answer") == "approve"
        return self._authorise(call, visit, charge, card, card.card.outcome if proved else Outcome.DECLINED)

    def confirm_page(self, call: Call, visit: CardVisit, charge: Charge) -> Response:
        """Show what is about to be paid."""
        if charge.status != "submitted":
            return redirect(self._next(call.params["visit"], charge), 303)
        values = {
            "charge": charge,
            "card": charge.card,
            "amount": _pounds(charge.total),
            "surcharge": _pounds(charge.surcharge) if charge.surcharge else None,
            "service": visit.account.service.name,
            "action": f"/card_details/{call.params['visit']}",
        }
        return _page("confirm.html", 200, values, visit.language)

    def confirm(self, call: Call, visit: CardVisit, charge: Charge) -> Response:
        """Pay, and go back to the service. Nothing is added to the return URL, as at Pay."""
        if charge.status != "submitted":
            return redirect(self._next(call.params["visit"], charge), 303)
        self._lifecycle.confirm(visit.account, charge)
        return redirect(charge.return_url or "/", 303)

    def cancel(self, _call: Call, visit: CardVisit, charge: Charge) -> Response:
        """The person gives up."""
        self._lifecycle.cancel(visit.account, charge, by_person=True)
        return self._ended(charge)

    def _ended(self, charge: Charge) -> Response:
        values = {
            "outcome": "paid" if charge.status in ("success", "capturable") else (charge.code or "P0050"),
            "return_url": charge.return_url,
        }
        return _page("ended.html", 200, values, charge.language)


def link_used(status: int = 404, language: str = "en") -> Response:
    """The page that says that a one-time link is used up, or never was one."""
    return _page("link_used.html", status, {}, language)


def _expiry(values: Mapping[str, str]) -> str:
    month, year = values.get("expiry_month", ""), values.get("expiry_year", "")
    return (
        f"{month.zfill(2)}/{year[-2:]}"
        if re.fullmatch("[0-9]{1,2}", month) and re.fullmatch("(20)?[0-9]{2}", year)
        else ""
    )


def _pounds(pence: int) -> str:
    return f"£{pence // 100:,}.{pence % 100:02d}"


def _page(template: str, status: int, values: Mapping[str, Any], language: str = "en") -> Response:
    return html_response(status, _pages.render(template, lang=language, **values))
