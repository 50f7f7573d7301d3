"""Dramatiq as the clock: an actor that takes nothing, and is not retried, as the rows are still there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from govcomponents.integrations.clocks.turns import EVERY, NAME, SECONDS, told, turn

if TYPE_CHECKING:
    from dramatiq import Broker

    from govcomponents.integrations.clocks.turns import DurableLike, Nudge


def dramatiq_clock(broker: Broker, later: DurableLike, *, every: float = EVERY, seconds: float = SECONDS) -> Nudge:
    """Let Dramatiq's workers do the work: an actor of at most `seconds`. Returns the nudge, which sends it.

    Dramatiq has no beat: call the nudge from whatever schedules your actors, too. A message that no worker took within
    `every` seconds is dropped.
    """
    import dramatiq

    limits: dict[str, Any] = {
        "max_retries": 0,
        "max_age": int(every * 1000),
        "time_limit": int(3 * seconds + 60) * 1000,
    }
    actor = dramatiq.actor(actor_name=NAME, broker=broker, **limits)(turn(later, seconds))

    def nudge() -> bool:
        return told("Dramatiq", actor.send, dramatiq.BrokerError, OSError)

    return nudge
