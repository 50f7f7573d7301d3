"""AWS Lambda as the clock: a handler for a schedule of EventBridge, which ends before its time is over."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Protocol

from govcomponents.integrations.clocks.turns import found

if TYPE_CHECKING:
    from govcomponents.integrations.clocks.turns import DurableLike


class LambdaContext(Protocol):
    """The part of Lambda's context that is used here."""

    def get_remaining_time_in_millis(self) -> int:
        """Return the milliseconds until the function is stopped."""
        ...


def lambda_clock(later: DurableLike, *, spare: float = 35.0) -> Callable[[object, LambdaContext], dict[str, int]]:
    """Return a handler that does one turn of work, and returns how many rows came to which end.

    `spare` are the seconds that are left for what is under way when the turn is over: longer than a provider takes.
    Raises Unavailable if the database is away, which Lambda counts as an error; the next turn does the work.
    """

    def handler(_event: object, context: LambdaContext) -> dict[str, int]:
        left = context.get_remaining_time_in_millis() / 1000.0 - spare
        return asdict(found(later).run_due(seconds=max(1.0, left)))

    return handler
