"""One call that is to be made later: what its caller says of it, checked, and what the service made of the rest."""

from __future__ import annotations

from contextvars import ContextVar
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from govcomponents.core.inputs import text_argument
from govcomponents.core.journeys import check_journey
from govcomponents.errors import InvalidInput

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from govcomponents.core.inputs import Input
    from govcomponents.durable.storage.transactions import Transaction

MAX_REFERENCE: Final = 255
_REFERENCE_FIX: Final = (
    f"give 1 to {MAX_REFERENCE} characters that name this one call, such as licence-7-receipt, without personal data"
)


class Order:
    """One call that is to be made later: what its caller says of it, and in `given` what the service made of the rest.

    Used as a statement around the call of the service over a capturing port. What its caller says is checked first:
    the service takes a call without a reference, and this one may not be. Raises InvalidInput.
    """

    __slots__ = ("_token", "give_up_after", "given", "journey", "on", "operation", "reference", "send_at")
    given: Input

    def __init__(
        self,
        operation: str,
        *,
        reference: str,
        on: Transaction | None,
        give_up_after: timedelta | None,
        send_at: datetime | None,
        journey: str | None,
    ) -> None:
        _check_text(reference, "reference", MAX_REFERENCE, _REFERENCE_FIX, operation)
        check_journey(journey, operation)
        _check_patience(give_up_after, operation)
        _check_time(send_at, operation)
        self.operation = operation
        self.reference = reference
        self.on = on
        self.give_up_after = give_up_after
        self.send_at = send_at
        self.journey = journey

    def __enter__(self) -> Self:
        self._token = UNDER_WAY.set(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        UNDER_WAY.reset(self._token)


UNDER_WAY: Final[ContextVar[Order]] = ContextVar("govcomponents_order")
"""The order whose call the service is checking."""


def _check_patience(patience: object, operation: str) -> None:
    if patience is not None and not (isinstance(patience, timedelta) and patience > timedelta(0)):
        fix = "give a timedelta, such as timedelta(hours=24), or leave it out"
        raise InvalidInput(field="give_up_after", problem="it is no time span above 0", fix=fix, operation=operation)


def _check_time(send_at: object, operation: str) -> None:
    if send_at is not None and not (isinstance(send_at, datetime) and send_at.tzinfo is not None):
        fix = "give an aware datetime, such as datetime(2026, 3, 1, 9, tzinfo=UTC), or leave it out"
        raise InvalidInput(field="send_at", problem="it is no time with a time zone", fix=fix, operation=operation)


def _check_text(value: object, field: str, longest: int, fix: str, operation: str) -> None:
    text = text_argument(value, field=field, fix=fix, operation=operation)
    if not text.strip() or len(text) > longest or not text.isprintable():
        problem = f"it is blank, longer than {longest} characters, or has characters that cannot be seen"
        raise InvalidInput(field=field, problem=problem, fix=fix, operation=operation)
