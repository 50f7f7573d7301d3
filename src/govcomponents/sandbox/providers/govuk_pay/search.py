"""Searches of the API: the filters, their odd boundaries, and each endpoint's own way of paging."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar
from urllib.parse import urlencode

from govcomponents.core.times import date_or_none, time_or_none
from govcomponents.sandbox.providers.govuk_pay.responses import error
from govcomponents.sandbox.providers.govuk_pay.validation import Refusal

if TYPE_CHECKING:
    from govcomponents.sandbox.providers.govuk_pay.store import Charge


class _Made(Protocol):
    created_at: float


T = TypeVar("T")
Dated = TypeVar("Dated", bound=_Made)
Filters = Mapping[str, str]
_STATES: Final = frozenset({"created", "started", "submitted", "success", "failed", "cancelled", "error"})
_AGREEMENT_STATES: Final = frozenset({"created", "active", "cancelled", "inactive"})
_DISPUTE_STATES: Final = frozenset({"needs_response", "under_review", "won", "lost"})
_SLUGS: Final = {
    "Visa": "visa",
    "Mastercard": "master-card",
    "American Express": "american-express",
    "Diners Club": "diners-club",
    "Discover": "discover",
    "Jcb": "jcb",
    "Maestro": "maestro",
    "Union Pay": "unionpay",
}
_DATES: Final = ("from_date", "to_date")
_DAYS: Final = ("from_settled_date", "to_settled_date")


def _zoned(text: str) -> float | None:
    moment = time_or_none(text) if "T" in text else None
    return None if moment is None else moment.timestamp()


def _number(text: str, most: int) -> bool:
    return bool(re.fullmatch(r"[0-9]{1,9}", text)) and 1 <= int(text) <= most


def _matches(choices: frozenset[str]) -> Callable[[str], bool]:
    return lambda text: text in choices


_CHECKS: Final[Mapping[str, Callable[[str], bool]]] = {
    "reference": lambda text: len(text) <= 255,
    "email": lambda text: len(text) <= 254,
    "state": _matches(_STATES),
    "card_brand": lambda text: len(text) <= 20,
    "first_digits_card_number": lambda text: bool(re.fullmatch("[0-9]{6}", text)),
    "last_digits_card_number": lambda text: bool(re.fullmatch("[0-9]{4}", text)),
    "from_date": lambda text: _zoned(text) is not None,
    "to_date": lambda text: _zoned(text) is not None,
    "from_settled_date": lambda text: date_or_none(text) is not None,
    "to_settled_date": lambda text: date_or_none(text) is not None,
    "page": lambda text: _number(text, 10**9),
    "display_size": lambda text: _number(text, 500),
}
PAYMENT_FILTERS: Final = ("state", "reference", "email", "card_brand", "cardholder_name", "first_digits_card_number")
PAYMENT_NAMES: Final = (*PAYMENT_FILTERS, "last_digits_card_number", "agreement_id", *_DATES, *_DAYS)
REFUND_NAMES: Final = (*_DATES, *_DAYS)
AGREEMENT_NAMES: Final = ("status", "reference")
DISPUTE_NAMES: Final = (*_DATES, *_DAYS, "status")


def read_filters(query: Sequence[tuple[str, str]], names: Sequence[str], code: str) -> dict[str, str]:
    """Take the known filters from a query; blank ones count as absent. Refuses with `code` what is wrong, all named."""
    given = {name: value for name, value in query if value and name in (*names, "page", "display_size")}
    checks = dict(_CHECKS)
    statuses = _AGREEMENT_STATES if names is AGREEMENT_NAMES else _DISPUTE_STATES
    checks["status"] = _matches(statuses)
    ordered = (*(name for name in names if name != "status"), "page", "display_size", "status")
    wrong = [name for name in ordered if name in given and not checks.get(name, bool)(given[name])]
    if wrong:
        if names is DISPUTE_NAMES:
            wrong = ["state" if name == "status" else name for name in wrong]
        told = f"Invalid parameters: {', '.join(wrong)}. See Public API documentation for the correct data formats"
        raise Refusal(error(422, code, told))
    return given


def created_between(filters: Filters, at: float) -> bool:
    """Whether something was created between the filters' dates: both exclusive, as in pay-ledger's source."""
    low = _zoned(filters["from_date"]) if "from_date" in filters else None
    high = _zoned(filters["to_date"]) if "to_date" in filters else None
    return (low is None or at > low) and (high is None or at < high)


def settled_between(filters: Filters, settled_on: str | None, today: str) -> bool:
    """Whether it was settled between the filters' days: the last one counts in pay-ledger's source, not in the docs."""
    if not any(name in filters for name in _DAYS):
        return True
    if settled_on is None or settled_on > today:
        return False
    day = date.fromisoformat(settled_on)
    low, high = (date_or_none(filters[name]) if name in filters else None for name in _DAYS)
    return (low is None or day >= low) and (high is None or day < high + timedelta(days=1))


def _like(pattern: str, text: str | None) -> bool:
    """Part of the text, ignoring case; % and _ stand for anything, because ledger passes them on to SQL."""
    if text is None:
        return False
    expression = "".join({"%": ".*", "_": "."}.get(letter, re.escape(letter)) for letter in pattern.lower())
    return re.search(expression, text.lower()) is not None


def payment_fits(charge: Charge, filters: Filters, today: str) -> bool:
    """Whether a payment is found."""
    card = charge.card
    return (
        ("reference" not in filters or charge.reference.lower() == filters["reference"].lower())
        and ("state" not in filters or charge.status == filters["state"])
        and ("email" not in filters or _like(filters["email"], charge.email))
        and ("cardholder_name" not in filters or _like(filters["cardholder_name"], card.holder if card else None))
        and (
            "card_brand" not in filters
            or (card is not None and _SLUGS[card.card.brand] == filters["card_brand"].lower())
        )
        and (
            "first_digits_card_number" not in filters
            or (card is not None and card.first_digits == filters["first_digits_card_number"])
        )
        and (
            "last_digits_card_number" not in filters
            or (card is not None and card.last_digits == filters["last_digits_card_number"])
        )
        and ("agreement_id" not in filters or charge.agreement_id == filters["agreement_id"])
        and created_between(filters, charge.created_at)
        and settled_between(filters, charge.settles_on, today)
    )


def newest_first(items: Iterable[Dated]) -> list[Dated]:
    """Items in the order in which a search gives them. Of those made at the same time the last one comes first."""
    found = list(items)
    found.reverse()
    found.sort(key=_age)
    return found


def _age(item: _Made) -> float:
    return -item.created_at


def page_of(
    items: Sequence[T],
    filters: Filters,
    shown: Callable[[T], dict[str, Any]],
    *,
    url: str,
    past_end: str,
    links: str = "_links",
    default_size: int = 500,
    empty_links: bool = True,
) -> dict[str, Any]:
    """One page of `items`, which are newest first. Refuses a page past the end with `past_end`.

    Missing neighbours are {} with refunds, agreements and disputes, and absent with payments (`empty_links` false).
    """
    page = int(filters.get("page", "1"))
    size = int(filters.get("display_size", str(default_size)))
    last = max(1, -(-len(items) // size))
    if page > last:
        raise Refusal(error(404, past_end, "Page not found"))
    kept = {name: value for name, value in filters.items() if name not in ("page", "display_size")}

    def link(number: int) -> dict[str, str]:
        return {"href": f"{url}?{urlencode({**kept, 'page': number, 'display_size': size})}"}

    neighbours = {"self": link(page), "first_page": link(1), "last_page": link(last)}
    for name, number in (("prev_page", page - 1), ("next_page", page + 1)):
        if 1 <= number <= last:
            neighbours[name] = link(number)
        elif empty_links:
            neighbours[name] = {}
    results = [shown(item) for item in items[(page - 1) * size : page * size]]
    return {"total": len(items), "count": len(results), "page": page, "results": results, links: neighbours}
