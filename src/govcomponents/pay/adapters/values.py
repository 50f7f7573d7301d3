"""Values between the port and the wire: a person's data and what lets its holder act are guarded, amounts are Money."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Final

from pydantic import AliasPath, Field, StrictBool, StrictStr

from govcomponents.money import Money
from govcomponents.pay.models import Address
from govcomponents.privacy import Personal, Secret

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


def at(*path: str) -> object:
    """Say where in an answer a field stands, for its annotation."""
    return Field(validation_alias=AliasPath(*path))


def revealed(value: Personal[str] | None) -> str | None:
    """Take a person's datum out of its guard, to send it; None if there is none."""
    return None if value is None else value.reveal()


def personal(text: str | None) -> Personal[str] | None:
    """Guard a person's datum; None if there is none."""
    return Personal(text) if text else None


def address(
    line1: str | None, line2: str | None, city: str | None, postcode: str | None, country: str | None
) -> Address:
    """Guard a billing address."""
    return Address(
        line1=personal(line1), line2=personal(line2), city=personal(city), postcode=personal(postcode), country=country
    )


def secret(text: object) -> Secret | None:
    """Guard a text that lets its holder act, such as a link to pay by; None if there is none."""
    return Secret(text) if isinstance(text, str) and text else None


def pounds(pence: int | None) -> Money | None:
    """Read an amount of pence; None if there is none."""
    return None if pence is None else Money(pence)


def held_until(status: str | None, created_at: datetime | None, *, days: int) -> datetime | None:
    """Return until when money is held that waits to be captured, days after the payment was made; else None."""
    if status != "capturable" or created_at is None:
        return None
    try:
        return created_at + timedelta(days=days)
    except OverflowError:  # no such day
        return None
