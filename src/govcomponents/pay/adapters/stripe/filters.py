"""What Stripe cannot look for by itself: the filters of a search, applied to payments as they are read."""

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
        and (wanted.card_brand is None or (card is not None and _brand(card.brand) == _brand(wanted.card_brand)))
        and _holds(card.holder if card is not None else None, wanted.cardholder_name)
        and (wanted.last_digits is None or _last_digits(payment) == wanted.last_digits)
    )


def _brand(name: str | None) -> str:
    """A brand as one word: Stripe says "amex" where a filter may say "american-express"."""
    letters = "".join(letter for letter in (name or "").casefold() if letter.isalnum())
    return _LONG_NAMES.get(letters, letters)


def _last_digits(payment: Payment) -> str | None:
    digits = payment.card.last_digits if payment.card is not None else None
    return digits.reveal() if digits is not None else None


def _holds(found: Personal[str] | None, wanted: Personal[str] | None) -> bool:
    if wanted is None:
        return True
    return found is not None and wanted.reveal().casefold() in found.reveal().casefold()
