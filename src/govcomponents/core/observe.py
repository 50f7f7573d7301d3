"""Observers: every attempt of every call is emitted to them as a frozen event that holds no argument."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

log = logging.getLogger("govcomponents")


@dataclass(frozen=True, slots=True)
class CallEvent:
    """One attempt of one call, after it ended. Safe to log: no URL, no body, no argument.

    `outcome` is "answered", "not_sent" or "outcome_unknown"; `status` is the answer's, `seconds` the time that the
    attempt took, `attempt` counts from 1.
    """

    operation: str
    provider: str
    method: str
    attempt: int
    outcome: str
    status: int | None
    seconds: float
    request_id: str | None


class Observer(Protocol):
    """A function that takes each event. It is called on the caller's thread, so it must be quick."""

    def __call__(self, event: CallEvent, /) -> None:
        """Take the event of one attempt that has ended."""
        ...


def emit(observers: Sequence[Observer], event: CallEvent) -> None:
    """Call each observer with an event. A failing one is logged by its type and stops neither the call nor the rest."""
    for observer in observers:
        try:
            observer(event)
        except Exception as error:  # noqa: BLE001  # whatever an observer does, the call goes on
            log.warning("an observer failed with %s during %s", type(error).__name__, event.operation)
