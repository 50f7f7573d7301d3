"""What Stripe cannot look for by itself: the filters of a search, applied to payments as they are read."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from govcomponents.pay.inputs import PaymentSearch
    from govcomponents.pay.models import Payment
    from govcomponents.privacy import Personal


def fits(payment: Payment, wanted: PaymentSearch) -> bool:
    """Whether a payment fits every filter that is given, as the search's documentation describes each."""
    card = payment.card
    return (
        (wanted.reference is None or payment.reference.casefold() == wanted.reference.casefold())
        and (wanted.status is None or payment.status is wanted.status)
        and _holds(payment.email, wanted.email)
        and (wanted.card_brand is None or (card is not None and card.brand == wanted.card_brand.casefold()))
        and _holds(card.holder if card is not None else None, wanted.cardholder_name)
        and (wanted.last_digits is None or _last_digits(payment) == wanted.last_digits)
    )


def _last_digits(payment: Payment) -> str | None:
    digits = payment.card.last_digits if payment.card is not None else None
    return digits.reveal() if digits is not None else None


def _holds(found: Personal[str] | None, wanted: Personal[str] | None) -> bool:
    if wanted is None:
        return True
    return found is not None and wanted.reveal().casefold() in found.reveal().casefold()
