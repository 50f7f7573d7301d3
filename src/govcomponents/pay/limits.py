"""The limits that a provider sets to amounts, texts and metadata: data of each adapter, checked in one place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from govcomponents.errors import InvalidInput
from govcomponents.frames import leaving_frames_behind
from govcomponents.privacy import Personal

if TYPE_CHECKING:
    from govcomponents.core.inputs import Input
    from govcomponents.money import Money
    from govcomponents.pay.inputs import CardholderDetails

_TEXTS: Final = (
    "reference",
    "description",
    "user_identifier",
    "return_url",
    "email",
    "cardholder_name",
    "card_brand",
)
_SHOWN_TEXTS: Final = ("reference", "description", "user_identifier")
_LENGTHS: Final = (*_TEXTS, "address_line", "postcode", "metadata_entries", "metadata_name", "metadata_text")


@dataclass(frozen=True, slots=True)
class AmountLimits:
    """The least and the largest payment in one currency, in its minor unit (pence); None is no limit that is known.

    A refund may be smaller than the least payment.
    """

    least: int = 1
    most: int | None = None

    def __and__(self, other: AmountLimits) -> AmountLimits:
        """Return the limits that keep to both."""
        return AmountLimits(max(self.least, other.least), _smaller(self.most, other.most))


@dataclass(frozen=True, slots=True, kw_only=True)
class PayLimits:
    """The limits of one provider, or with `&` of several at once. None is no limit that is known.

    `amounts` has those of payments by currency; with `only_these_currencies` no other currency is taken. The lengths
    are in characters, and named after the arguments that they limit. `excluded` are characters that a reference, a
    description and a user identifier must not have, `metadata_name_excluded` those that a name in metadata must not
    have.
    """

    amounts: Mapping[str, AmountLimits] = field(default_factory=dict)
    only_these_currencies: bool = False
    reference: int | None = None
    description: int | None = None
    user_identifier: int | None = None
    return_url: int | None = None
    email: int | None = None
    cardholder_name: int | None = None
    card_brand: int | None = None
    address_line: int | None = None
    postcode: int | None = None
    excluded: str = ""
    metadata_entries: int | None = None
    metadata_name: int | None = None
    metadata_text: int | None = None
    metadata_name_excluded: str = ""
    metadata_names_differ_by_more_than_case: bool = False

    def __and__(self, other: PayLimits) -> PayLimits:
        """Return the limits that keep to both: what is within them is taken by either provider."""
        shared = {*self.amounts, *other.amounts}
        amounts = {
            currency: one & two
            for currency in sorted(shared)
            if (one := self.of(currency)) is not None and (two := other.of(currency)) is not None
        }
        lengths = {name: _smaller(getattr(self, name), getattr(other, name)) for name in _LENGTHS}
        return PayLimits(
            amounts=amounts,
            only_these_currencies=self.only_these_currencies or other.only_these_currencies,
            excluded=_either(self.excluded, other.excluded),
            metadata_name_excluded=_either(self.metadata_name_excluded, other.metadata_name_excluded),
            metadata_names_differ_by_more_than_case=self.metadata_names_differ_by_more_than_case
            or other.metadata_names_differ_by_more_than_case,
            **lengths,
        )

    @leaving_frames_behind
    def of(self, currency: str) -> AmountLimits | None:
        """Return the limits of payments in a currency; None if it is not taken. Raises InvalidInput for no text."""
        if not isinstance(currency, str):
            problem = f"it is not text, but of the type {type(currency).__name__}"
            fix = 'give the code of a currency, such as "GBP"'
            raise InvalidInput(field="currency", problem=problem, fix=fix, operation="PayLimits.of")
        return self.amounts.get(currency, None if self.only_these_currencies else AmountLimits())

    @leaving_frames_behind
    def check(self, given: Input, *, operation: str, provider: str) -> None:
        """Raise InvalidInput, which names the argument and its limit, for the first that is beyond one."""
        for name, problem, fix in self._beyond(given):
            raise InvalidInput(field=name, problem=problem, fix=fix, operation=operation, provider=provider)

    def _beyond(self, given: Input) -> Iterator[tuple[str, str, str]]:
        if (amount := getattr(given, "amount", None)) is not None:
            from govcomponents.pay.inputs import NewRefund  # limits are data of a start; what is checked comes later

            yield from self._amount(amount, is_refund=isinstance(given, NewRefund))
        for name in _TEXTS:
            yield from _too_long(name, getattr(given, name, None), getattr(self, name))
        for name in _SHOWN_TEXTS if self.excluded else ():
            if (text := getattr(given, name, None)) and not set(self.excluded).isdisjoint(text):
                shown = " ".join(self.excluded)
                yield name, f"it has a character that is refused: one of {shown}", f"leave out {shown}"
        if (metadata := getattr(given, "metadata", None)) is not None:
            yield from self._metadata(metadata)
        if (prefilled := getattr(given, "prefilled", None)) is not None:
            yield from self._prefilled(prefilled)

    def _amount(self, amount: Money, *, is_refund: bool) -> Iterator[tuple[str, str, str]]:
        limits = self.of(amount.currency)
        if limits is None:
            taken = " or ".join(self.amounts)
            yield "amount", f"its currency is not {taken}", f"pass an amount in {taken}"
        elif limits.most is not None and amount.minor > limits.most:
            most = f"{limits.most:,} in the smallest unit of the currency (pence)"
            yield "amount", f"it is more than {most}", f"pass at most {most}"
        elif amount.minor < limits.least and not is_refund:
            least = f"{limits.least:,} in the smallest unit of the currency (pence)"
            yield "amount", f"it is less than {least}", f"pass at least {least}"

    def _metadata(self, metadata: Mapping[str, object]) -> Iterator[tuple[str, str, str]]:
        if self.metadata_entries is not None and len(metadata) > self.metadata_entries:
            most = f"{self.metadata_entries} entries"
            yield "metadata", f"it has more than {most}", f"pass at most {most}"
        for name, value in metadata.items():
            if self.metadata_name is not None and len(name) > self.metadata_name:
                most = f"{self.metadata_name} characters"
                yield "metadata", f"a name in it has more than {most}", f"use names of at most {most}"
            if not set(self.metadata_name_excluded).isdisjoint(name):
                shown = " ".join(self.metadata_name_excluded)
                yield "metadata", f"a name in it has one of {shown}", f"leave {shown} out of the names"
            if self.metadata_text is not None and isinstance(value, str) and len(value) > self.metadata_text:
                most = f"{self.metadata_text} characters"
                yield "metadata", f"a text in it has more than {most}", f"use texts of at most {most}"
        if self.metadata_names_differ_by_more_than_case and len({name.casefold() for name in metadata}) < len(metadata):
            yield (
                "metadata",
                "two names in it are the same but for upper and lower case",
                "use names that differ by more than that",
            )

    def _prefilled(self, prefilled: CardholderDetails) -> Iterator[tuple[str, str, str]]:
        yield from _too_long("prefilled.name", prefilled.name, self.cardholder_name)
        if (address := prefilled.billing_address) is not None:
            where = "prefilled.billing_address"
            for name in ("line1", "line2", "city"):
                yield from _too_long(f"{where}.{name}", getattr(address, name), self.address_line)
            yield from _too_long(f"{where}.postcode", address.postcode, self.postcode)


def _too_long(name: str, text: str | Personal[str] | None, most: int | None) -> Iterator[tuple[str, str, str]]:
    if text is None or most is None:
        return
    plain = text.reveal() if isinstance(text, Personal) else text
    if len(plain) > most:
        yield name, f"it has more than {most} characters", f"pass at most {most} characters"


def _smaller(one: int | None, other: int | None) -> int | None:
    return min((most for most in (one, other) if most is not None), default=None)


def _either(one: str, other: str) -> str:
    return one + "".join(character for character in other if character not in one)
