"""The test cards that GOV.UK Pay documents, and what each does (GOV.UK Pay docs: mock card numbers).

Nothing else is taken for a card: a number that passes the check digit and is not in these lists may be somebody's.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from govcomponents.pay.inputs import passes_luhn


class Outcome(StrEnum):
    """Decision of a card's bank."""

    AUTHORISED = "authorised"
    DECLINED = "declined"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class TestCard:
    """One documented card. `later` is what charges to the saved card do, where it differs."""

    __test__ = False

    brand: str
    kind: str | None
    outcome: Outcome = Outcome.AUTHORISED
    later: Outcome | None = None
    three_d_secure: bool = False
    disputed: str | None = None
    corporate: bool = False


_VISA_CREDIT: Final = TestCard("Visa", "credit")
_VISA_DEBIT: Final = TestCard("Visa", "debit")
_MASTERCARD_CREDIT: Final = TestCard("Mastercard", "credit")
_MASTERCARD_DEBIT: Final = TestCard("Mastercard", "debit")
_DECLINED: Final = TestCard("Visa", "credit", Outcome.DECLINED)
_FAILS: Final = TestCard("Visa", "credit", Outcome.ERROR)

_SANDBOX: Final = {
    "4444333322221111": _VISA_CREDIT,
    "4242424242424242": _VISA_CREDIT,
    "4000056655665556": _VISA_DEBIT,
    "4988080000000000": TestCard("Visa", "debit", corporate=True),
    "4000160000000004": _VISA_DEBIT,
    "4131840000000003": TestCard("Visa", "debit", corporate=True),
    "4111111111111111": TestCard("Visa", "credit", corporate=True),
    "4000000000000010": TestCard("Visa", None),
    "4000020000000000": _VISA_CREDIT,
    "4293189100000008": _VISA_CREDIT,
    "4917610000000000003": _VISA_CREDIT,
    "36148900647913": TestCard("Diners Club", "credit"),
    "5101180000000007": _MASTERCARD_CREDIT,
    "4000180000000002": _VISA_DEBIT,
    "222100000000000": _MASTERCARD_CREDIT,
    "5200828282828210": _MASTERCARD_DEBIT,
    "5105105105105100": TestCard("Mastercard", "debit", later=Outcome.DECLINED),
    "371449635398431": TestCard("American Express", "credit"),
    "3566002020360505": TestCard("Jcb", "credit"),
    "6011000990139424": TestCard("Discover", "credit"),
    "4000000000000002": _DECLINED,
    "4000000000000069": _DECLINED,
    "4000000000000127": _DECLINED,
    "4000000000000119": _FAILS,
}
_STRIPE: Final = {
    "4000008260000000": _VISA_CREDIT,
    "4000058260000005": _VISA_DEBIT,
    "4000002500000003": _VISA_CREDIT,
    "4242424242424242": _VISA_CREDIT,
    "4000056655665556": _VISA_DEBIT,
    "5105105105105100": _MASTERCARD_DEBIT,
    "5200828282828210": _MASTERCARD_DEBIT,
    "371449635398431": TestCard("American Express", "credit"),
    "4000002500003155": TestCard("Visa", "credit", three_d_secure=True),
    "4000002760003184": TestCard("Visa", "credit", three_d_secure=True, later=Outcome.DECLINED),
    "4000000000009995": _DECLINED,
    "4000000000000002": _DECLINED,
    "4000000000000069": _DECLINED,
    "4000000000000127": _DECLINED,
    "4000000000000119": _FAILS,
    "4000000000000259": TestCard("Visa", "credit", disputed="lost"),
    "4000000000002685": TestCard("Visa", "credit", disputed="won"),
}
_REFUSED_BRANDS: Final = {"6759649826438453": "Maestro"}
_BY_PROVIDER: Final = {"sandbox": _SANDBOX, "worldpay": _SANDBOX, "stripe": _STRIPE}
_DOCUMENTED: Final = frozenset(_SANDBOX) | frozenset(_STRIPE) | frozenset(_REFUSED_BRANDS)


class CardProblem(StrEnum):
    """The reason why a card's number is not taken."""

    NOT_A_NUMBER = "not_a_number"
    MAY_BE_REAL = "may_be_real"
    BRAND_REFUSED = "brand_refused"


def look_up(number: str, provider: str) -> TestCard | CardProblem:
    """Return what a number does with a provider, or why it is not taken. The number goes no further than here."""
    digits = number.replace(" ", "").replace("-", "")
    if digits in _REFUSED_BRANDS:
        return CardProblem.BRAND_REFUSED
    if card := _BY_PROVIDER[provider].get(digits):
        return card
    if digits in _DOCUMENTED:
        return TestCard("Visa", "credit", Outcome.ERROR)
    if not (digits.isascii() and digits.isdigit() and 12 <= len(digits) <= 19 and passes_luhn(digits)):
        return CardProblem.NOT_A_NUMBER
    return CardProblem.MAY_BE_REAL
