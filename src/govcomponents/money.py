"""Money: a whole number of minor units (pence) and a currency; floats and mixed currencies are refused."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from govcomponents.errors import InvalidInput

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler
    from pydantic_core import CoreSchema

# ISO 4217: currencies whose minor unit is not a hundredth.
# fmt: off
_EXPONENTS: Final = {
    "BIF": 0, "CLP": 0, "DJF": 0, "GNF": 0, "ISK": 0, "JPY": 0, "KMF": 0, "KRW": 0, "PYG": 0,
    "RWF": 0, "UGX": 0, "UYI": 0, "VND": 0, "VUV": 0, "XAF": 0, "XOF": 0, "XPF": 0,
    "BHD": 3, "IQD": 3, "JOD": 3, "KWD": 3, "LYD": 3, "OMR": 3, "TND": 3,
}
# fmt: on
_AMOUNT: Final = re.compile(r"-?[0-9]{1,20}(\.[0-9]{1,20})?")
_LARGEST_EXPONENT: Final = 20
_CODE: Final = re.compile(r"[A-Z]{3}")
_SYMBOLS: Final = {"GBP": "£", "EUR": "€", "USD": "$"}


@dataclass(frozen=True, slots=True, order=False)
class Money:
    """An amount of one currency, held exactly.

    `minor` is in the currency's minor unit (pence for GBP), `currency` an ISO 4217 code. Make one with
    `Money.gbp("145.00")`, `Money.of("145.00", "EUR")` or `Money(14500, "GBP")`.

    Raises InvalidInput for a float, a bool, more decimal places than the currency has, or an unknown form of code.
    """

    minor: int
    currency: str = "GBP"

    def __post_init__(self) -> None:
        if type(self.minor) is int and self.currency == "GBP":  # the usual case, told quickly
            return
        if isinstance(self.minor, bool) or not isinstance(self.minor, int):
            raise InvalidInput(
                field="amount",
                problem=f"minor units must be a whole number, not {type(self.minor).__name__}",
                fix='write Money.gbp("145.00") or Money(14500, "GBP")',
            )
        currency: object = self.currency
        if not isinstance(currency, str) or not _CODE.fullmatch(currency):
            raise InvalidInput(
                field="currency",
                problem="a currency is three capital letters",
                fix="use the ISO 4217 code, such as GBP",
            )

    @classmethod
    def of(cls, amount: str | int | Decimal, currency: str) -> Money:
        """Read an amount in major units (pounds): text such as "145.00", an int, or a Decimal; never a float."""
        if isinstance(amount, bool) or not isinstance(amount, (str, int, Decimal)):
            raise InvalidInput(
                field="amount",
                problem=f"an amount cannot be a {type(amount).__name__}, which may not hold it exactly",
                fix='pass text such as "145.00", or a Decimal',
            )
        minor = _minor_units(amount, _places(currency))
        if minor is None:
            raise InvalidInput(
                field="amount",
                problem="this is not an amount of the currency",
                fix='write digits with at most the currency\'s decimal places, such as "145.00"',
            )
        return cls(minor, currency)

    @classmethod
    def gbp(cls, amount: str | int | Decimal) -> Money:
        """Read an amount in pounds: `Money.gbp("145.00")`."""
        return cls.of(amount, "GBP")

    @property
    def major(self) -> Decimal:
        """The amount in major units (pounds), exactly."""
        sign, digits, _ = Decimal(self.minor).as_tuple()
        return Decimal((sign, digits, -_places(self.currency)))

    def __str__(self) -> str:
        places = _places(self.currency)
        sign = "-" if self.minor < 0 else ""
        whole, part = divmod(abs(self.minor), 10**places)
        amount = f"{whole:,}.{part:0{places}}" if places else f"{whole:,}"
        symbol = _SYMBOLS.get(self.currency)
        return f"{sign}{symbol}{amount}" if symbol else f"{sign}{amount} {self.currency}"

    def _same(self, other: Money) -> Money:
        if self.currency != other.currency:
            raise InvalidInput(
                field="currency",
                problem=f"{self.currency} and {other.currency} do not mix",
                fix="convert one of the amounts first; this library never does",
            )
        return other

    def __add__(self, other: Money) -> Money:
        return Money(self.minor + self._same(other).minor, self.currency) if _is_money(other) else NotImplemented

    def __sub__(self, other: Money) -> Money:
        return Money(self.minor - self._same(other).minor, self.currency) if _is_money(other) else NotImplemented

    def __neg__(self) -> Money:
        return Money(-self.minor, self.currency)

    def __lt__(self, other: Money) -> bool:
        return self.minor < self._same(other).minor if _is_money(other) else NotImplemented

    def __le__(self, other: Money) -> bool:
        return self.minor <= self._same(other).minor if _is_money(other) else NotImplemented

    def __gt__(self, other: Money) -> bool:
        return self.minor > self._same(other).minor if _is_money(other) else NotImplemented

    def __ge__(self, other: Money) -> bool:
        return self.minor >= self._same(other).minor if _is_money(other) else NotImplemented

    def __bool__(self) -> bool:
        return self.minor != 0

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        from pydantic_core import core_schema

        return core_schema.is_instance_schema(cls)


def _places(currency: object) -> int:
    return _EXPONENTS.get(currency, 2) if isinstance(currency, str) else 2


def _is_money(value: object) -> bool:
    return isinstance(value, Money)


def _minor_units(amount: str | int | Decimal, places: int) -> int | None:
    """Read an amount exactly, whatever the process's decimal context is; None if it is not one."""
    scale: int = 10**places
    if isinstance(amount, int):
        return amount * scale
    if isinstance(amount, str) and not _AMOUNT.fullmatch(amount):
        return None
    sign, digits, exponent = Decimal(amount).as_tuple()
    if not isinstance(exponent, int) or exponent > _LARGEST_EXPONENT:
        return None
    number = int("".join(map(str, digits)) or "0")
    shift = exponent + places
    power: int = 10 ** min(abs(shift), len(digits) + 2 * _LARGEST_EXPONENT)
    if shift >= 0:
        number *= power
    elif number % power:
        return None
    else:
        number //= power
    return -number if sign else number
