"""Beside its arguments, what a caller says of a call that is to be made later: kept, and checked first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from govcomponents.core.inputs import text_argument
from govcomponents.core.journeys import check_journey
from govcomponents.errors import InvalidInput

if TYPE_CHECKING:
    from govcomponents.durable.storage.transactions import Transaction

MAX_REFERENCE: Final = 255
_REFERENCE_FIX: Final = (
    f"give 1 to {MAX_REFERENCE} characters that name this one call, such as licence-7-receipt, without personal data"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Beside its arguments, what a caller says of a call that is to be made later."""

    reference: str
    on: Transaction | None
    give_up_after: timedelta | None
    send_at: datetime | None
    journey: str | None


def check_order(order: Order, operation: str) -> None:
    """Raise InvalidInput for what is wrong in what a caller says of a call that is to be made later."""
    _text(order.reference, "reference", MAX_REFERENCE, _REFERENCE_FIX, operation)
    check_journey(order.journey, operation)
    patience: object = order.give_up_after
    if patience is not None and not (isinstance(patience, timedelta) and patience > timedelta(0)):
        fix = "give a timedelta, such as timedelta(hours=24), or leave it out"
        raise InvalidInput(field="give_up_after", problem="it is no time span above 0", fix=fix, operation=operation)
    send_at: object = order.send_at
    if send_at is not None and not (isinstance(send_at, datetime) and send_at.tzinfo is not None):
        fix = "give an aware datetime, such as datetime(2026, 3, 1, 9, tzinfo=UTC), or leave it out"
        raise InvalidInput(field="send_at", problem="it is no time with a time zone", fix=fix, operation=operation)


def _text(value: object, field: str, longest: int, fix: str, operation: str) -> None:
    text = text_argument(value, field=field, fix=fix, operation=operation)
    if not text.strip() or len(text) > longest or not text.isprintable():
        problem = f"it is blank, longer than {longest} characters, or has characters that cannot be seen"
        raise InvalidInput(field=field, problem=problem, fix=fix, operation=operation)
