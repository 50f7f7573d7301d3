"""Filters of a search applied to payments as they are read, for providers that cannot look for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from govcomponents.pay.inputs import PaymentSearch
    from govcomponents.pay.models import Payment
    from govcomponents.privacy import Personal

_LONG_NAMES: Final = {"amex": "americanexpress", "diners": "dinersclub"}


def fits(payment: Payment, wanted: PaymentSearch) -> bool:
    """Whether a payment fits every filter that is given, as the search's documentation describes each."""
    card = payment.card
    return (
        (wanted.reference is None or payment.reference.casefold() == wanted.reference.casefold())
        and (wanted.status is None or payment.status is wanted.status)
        and _holds(payment.email, wanted.email)
        and (wanted.card_brand is None or is_of_brand(payment, wanted.card_brand))
        and _holds(card.holder if card is not None else None, wanted.cardholder_name)
        and (wanted.last_digits is None or _last_digits(payment) == wanted.last_digits)
    )


def is_of_brand(payment: Payment, brand: str) -> bool:
    """Whether a payment was made by a card of a brand, whichever of its names either side says: "amex" or in full."""
    return payment.card is not None and bool(payment.card.brand) and _brand(payment.card.brand) == _brand(brand)


def _brand(name: str | None) -> str:
    letters = "".join(letter for letter in (name or "").casefold() if letter.isalnum())
    return _LONG_NAMES.get(letters, letters)


def _last_digits(payment: Payment) -> str | None:
    digits = payment.card.last_digits if payment.card is not None else None
    return digits.reveal() if digits is not None else None


def _holds(found: Personal[str] | None, wanted: Personal[str] | None) -> bool:
    if wanted is None:
        return True
    return found is not None and wanted.reveal().casefold() in found.reveal().casefold()
