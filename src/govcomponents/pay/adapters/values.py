"""Values between the port and the wire: a person's data and what lets its holder act are guarded, amounts are Money.

An adapter describes a part of an answer as a typed dictionary, by the port's names, so that a result is made of it:

    class RefundForm(TypedDict, total=False):
        id: Required[Annotated[RefundId, at("refund_id")]]
        amount: Required[Pence]
        status: Required[Annotated[RefundStatus, words({"done": RefundStatus.SUCCEEDED}, RefundStatus.UNKNOWN)]]
        raw_status: Required[Annotated[str, at("status")]]
        created_at: Annotated[Time, at("created_date")]
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Annotated, Final, TypeVar

from pydantic import (
    AliasPath,
    ConfigDict,
    Field,
    GetPydanticSchema,
    StrictBool,
    StrictStr,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    with_config,
)
from pydantic_core.core_schema import no_info_after_validator_function

from govcomponents.core.times import date_or_none, time_or_none
from govcomponents.money import Money
from govcomponents.pay.states import PaymentStatus
from govcomponents.privacy import Personal, Secret

V = TypeVar("V")
_MOST: Final = 10**12 - 1
Units = Annotated[int, Field(strict=True, ge=0, le=_MOST)]
"""An amount as providers write it: a whole number, never a text, a fraction, true or less than nothing.

No currency is charged in more than twelve digits of its smallest unit (Stripe docs: minimum and maximum amounts).
"""
SignedUnits = Annotated[int, Field(strict=True, ge=-_MOST, le=_MOST)]
"""An amount that may be less than nothing: what a balance changes by."""


Finite = Annotated[float, Field(allow_inf_nan=False)]
Scalar = Annotated[StrictStr | StrictBool | int | Finite, Field(union_mode="left_to_right")]
"""A value of metadata."""


whole_answer = with_config(ConfigDict(defer_build=True))
"""Marks the form of a whole answer: its reader is built when the first such answer comes, not when a process starts."""


def at(*path: str) -> object:
    """Say where in an answer a field stands, for its annotation."""
    return Field(validation_alias=AliasPath(*path))


def _or_none(value: object, read: ValidatorFunctionWrapHandler) -> object:
    try:
        return read(value)
    except ValueError:
        return None


Readable = Annotated[V | None, WrapValidator(_or_none)]
"""A part of an event, which is None where it is not there, or not of its form: what is proved is acknowledged."""


def into(form: object, convert: Callable[[V], object]) -> object:
    """Say in which form a field stands in an answer, and what is made of it, for its annotation."""
    return GetPydanticSchema(lambda _kind, schema_of: no_info_after_validator_function(convert, schema_of(form)))


def words(meanings: Mapping[str, V], unknown: V) -> object:
    """Say which of the port's values each of a provider's words means, for an annotation, and what any other means.

    Large letters are as good as small ones: providers mix them, if only in their examples.
    """
    return into(str, lambda word: meanings.get(str(word).lower(), unknown))


def personal(text: str | None) -> Personal[str] | None:
    """Guard a person's datum; None if there is none."""
    return Personal(text) if text else None


def secret(text: object) -> Secret | None:
    """Guard a text that lets its holder act, such as a link to pay by; None if there is none."""
    return Secret(text) if isinstance(text, str) and text else None


def pounds(pence: int | None) -> Money | None:
    """Read an amount of pence; None if there is none."""
    return None if pence is None else Money(pence)


Pence = Annotated[Money, into(Units, Money)]
"""An amount of pence."""
PenceOrNone = Annotated[Money | None, into(Units | None, pounds)]
BalanceOrNone = Annotated[Money | None, into(SignedUnits | None, pounds)]
"""An amount of pence that may be less than nothing."""
Flag = Annotated[bool, into(bool | None, bool)]
"""Something that is so or not; not, where it is not told."""
Datum = Annotated[Personal[str] | None, into(str | None, personal)]
"""A person's datum."""
Time = Annotated[datetime | None, into(str | None, time_or_none)]
"""A time in ISO 8601: it is text, because some published ones are malformed, which hide no payment."""
Day = Annotated[date | None, into(str | None, date_or_none)]
"""A date, likewise."""


def held_until(status: PaymentStatus, created_at: datetime | None, *, days: int) -> datetime | None:
    """Return until when money is held that waits to be captured, days after the payment was made; else None."""
    if status is not PaymentStatus.CAPTURABLE or created_at is None:
        return None
    try:
        return created_at + timedelta(days=days)
    except OverflowError:  # no such day
        return None
