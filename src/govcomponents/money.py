"""Money: a whole number of minor units (pence) and a currency; floats and mixed currencies are refused."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from govcomponents.errors import InvalidInput
from govcomponents.frames import leaving_frames_behind

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
_set: Final = object.__setattr__


@dataclass(frozen=True, slots=True, init=False)
class Money:
    """An amount of one currency, held exactly.

    `minor` is in the currency's minor unit (pence for GBP), `currency` an ISO 4217 code. Make one with
    `Money.gbp("145.00")`, `Money.from_pence(14500)`, `Money.of("145.00", "EUR")` or `Money(14500, "EUR")`.

    Amounts of one currency add up (`sum` too; give it `Money(0)` to start with where there may be none), compare, and
    multiply by a whole number. `f"{money}"` is "£145.00", `f"{money:>12}"` the same as any text is laid out, and
    `f"{money:.2f}"` the bare number of pounds. In JSON an amount is `{"minor": 14500, "currency": "GBP"}`.

    Raises InvalidInput for a float, a bool, more decimal places than the currency has, or an unknown form of code.
    """

    minor: int
    currency: str = "GBP"

    def __init__(self, minor: int, currency: str = "GBP") -> None:  # by hand: searches make thousands
        if (type(minor) is not int or currency != "GBP") and (wrong := _fault(minor, currency)):
            del self, minor, currency
            raise wrong
        _set(self, "minor", minor)
        _set(self, "currency", currency)

    @classmethod
    @leaving_frames_behind
    def of(cls, amount: str | Decimal, currency: str) -> Money:
        """Read an amount in major units (pounds, euros): text such as "145.00", or a Decimal.

        Raises InvalidInput for an int, which could be meant as pounds or as pence, and for a float, which may not hold
        the amount exactly.
        """
        if isinstance(amount, int) and not isinstance(amount, bool):
            raise InvalidInput(
                field="amount",
                problem="a whole number does not say whether it means pounds or pence",
                fix='write Money.gbp("145.00") or Money.of("145.00", "EUR") for major units, '
                'Money.from_pence(14500) or Money(14500, "EUR") for minor ones',
            )
        if not isinstance(amount, (str, Decimal)):
            raise InvalidInput(
                field="amount",
                problem=f"it is of the type {type(amount).__name__}, which does not hold an amount exactly",
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
    @leaving_frames_behind
    def gbp(cls, amount: str | Decimal) -> Money:
        """Read an amount in pounds, as text or as a Decimal: `Money.gbp("145.00")`. Raises what `of` raises."""
        return cls.of(amount, "GBP")

    @classmethod
    @leaving_frames_behind
    def from_pence(cls, pence: int) -> Money:
        """Make an amount of a whole number of pence: `Money.from_pence(14500)` is £145.00. Raises InvalidInput."""
        return cls(pence, "GBP")

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

    def __format__(self, spec: str) -> str:
        return format(self.major if spec.endswith("f") else str(self), spec)

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

    def __radd__(self, other: int) -> Money:
        return self if type(other) is int and other == 0 else NotImplemented

    def __sub__(self, other: Money) -> Money:
        return Money(self.minor - self._same(other).minor, self.currency) if _is_money(other) else NotImplemented

    def __mul__(self, times: int) -> Money:
        return Money(self.minor * times, self.currency) if type(times) is int else NotImplemented

    __rmul__ = __mul__

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
        """Take a Money; where types are coerced, its JSON form too. Amounts that are bare numbers or text, never."""
        from pydantic_core import core_schema as schema

        parts = schema.typed_dict_schema(
            {
                "minor": schema.typed_dict_field(schema.int_schema(strict=True)),
                "currency": schema.typed_dict_field(schema.str_schema(strict=True)),
            },
            extra_behavior="forbid",
        )
        money = schema.is_instance_schema(cls)
        read = schema.no_info_after_validator_function(lambda found: cls(**found), parts)
        return schema.json_or_python_schema(
            json_schema=read,
            python_schema=schema.lax_or_strict_schema(schema.union_schema([money, read]), money),
            serialization=schema.plain_serializer_function_ser_schema(cls._in_json, return_schema=parts),
        )

    def _in_json(self) -> dict[str, object]:
        return {"minor": self.minor, "currency": self.currency}


def _fault(minor: object, currency: object) -> InvalidInput | None:
    if isinstance(minor, bool) or not isinstance(minor, int):
        return InvalidInput(
            field="amount",
            problem=f"minor units must be a whole number, not {type(minor).__name__}",
            fix='write Money.gbp("145.00") or Money.from_pence(14500)',
        )
    if not isinstance(currency, str) or not _CODE.fullmatch(currency):
        return InvalidInput(
            field="currency",
            problem="a currency is three capital letters",
            fix="use the ISO 4217 code, such as GBP",
        )
    return None


def _places(currency: object) -> int:
    return _EXPONENTS.get(currency, 2) if isinstance(currency, str) else 2


def _is_money(value: object) -> bool:
    return isinstance(value, Money)


def _minor_units(amount: str | Decimal, places: int) -> int | None:
    """Read an amount exactly, whatever the process's decimal context is; None if it is not one."""
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
