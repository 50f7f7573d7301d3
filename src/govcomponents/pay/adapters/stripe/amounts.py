"""Amounts as Stripe counts them: integers, whose unit is not ISO 4217's for a few currencies (docs: currencies)."""

from __future__ import annotations

from typing import Final

from govcomponents.errors import InvalidInput
from govcomponents.money import Money

# fmt: off
_UNITS: Final = {
    **dict.fromkeys((
        "BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF",
    ), 1),
    "ISK": 100,  # has no hundredths any more, but Stripe still counts them
    **dict.fromkeys(("BHD", "JOD", "KWD", "OMR", "TND"), 1000),
}
# fmt: on
_HUNDREDTHS: Final = 100
# ISO 4217 keeps X for what no country issues: metals, funds, tests; and for the currencies that several share.
_SHARED: Final = frozenset({"XAF", "XCD", "XCG", "XOF", "XPF"})


def _units(currency: str) -> tuple[int, int]:
    """How many of its units Stripe, and how many ISO 4217, counts in one of a currency. Raises ValueError."""
    if currency.startswith("X") and currency not in _SHARED:
        raise ValueError("this is no currency to pay in")
    minor = Money.of("1", currency).minor
    units = _UNITS.get(currency, _HUNDREDTHS)
    # Of UGX Stripe's documentation says both 1 and 100; a guess could charge a hundred times too much.
    if units != minor and currency not in _UNITS:
        raise ValueError("how Stripe counts this currency is not certain")
    return units, minor


def to_units(amount: Money, *, field: str, operation: str, provider: str) -> int:
    """Return the integer that goes on the wire. Raises InvalidInput where there is none."""
    try:
        units, minor = _units(amount.currency)
    except ValueError:
        raise InvalidInput(
            field=field,
            problem="Stripe takes no such currency, or how it counts it is not certain",
            fix="use another currency, such as GBP",
            operation=operation,
            provider=provider,
        ) from None
    sent, rest = divmod(amount.minor * units, minor)
    if rest:
        raise InvalidInput(
            field=field,
            problem="Stripe takes whole units of this currency only",
            fix="round the amount",
            operation=operation,
            provider=provider,
        )
    return sent


def from_units(units: int, currency: str) -> Money:
    """Read an amount. Raises ValueError for a currency that cannot be read with certainty."""
    code = currency.upper()
    counted, minor = _units(code)
    value, rest = divmod(units * minor, counted)
    if rest:
        raise ValueError("the amount has a part that its currency has not")
    return Money(value, code)
