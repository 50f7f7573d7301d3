"""Stripe's test cards and what each does (Stripe docs: testing)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from govcomponents.pay.inputs import passes_luhn


@dataclass(frozen=True, slots=True)
class TestCard:
    """What a test card does. `code` and `decline_code` are those of its refusal, if it is refused."""

    __test__ = False  # not a test, whatever pytest makes of the name

    brand: str = "visa"
    funding: str = "credit"
    code: str | None = None
    decline_code: str | None = None
    three_d_secure: bool = False
    is_disputed: bool = False
    refund_fails: bool = False
    refund_waits: bool = False


CARDS: Final = {
    "4242424242424242": TestCard(),
    "4000056655665556": TestCard(funding="debit"),
    "5555555555554444": TestCard(brand="mastercard"),
    "378282246310005": TestCard(brand="amex"),
    "4000000000000002": TestCard(code="card_declined", decline_code="generic_decline"),
    "4000000000009995": TestCard(code="card_declined", decline_code="insufficient_funds"),
    "4000000000000069": TestCard(code="expired_card", decline_code="expired_card"),
    "4000000000000127": TestCard(code="incorrect_cvc", decline_code="incorrect_cvc"),
    "4000000000000119": TestCard(code="processing_error", decline_code="processing_error"),
    "4000002500003155": TestCard(three_d_secure=True),
    "4000002760003184": TestCard(three_d_secure=True),
    "4000000000000259": TestCard(is_disputed=True),
    "4000000000005126": TestCard(refund_fails=True),
    "4000000000007726": TestCard(refund_waits=True),
}


def may_be_real(number: str) -> bool:
    """Whether a number is no documented test card's, and could be a real card's."""
    return number not in CARDS and passes_luhn(number)


def digits_of(typed: str) -> str:
    """What was typed for a card's number, without spaces and hyphens."""
    return re.sub(r"[ -]", "", typed)
