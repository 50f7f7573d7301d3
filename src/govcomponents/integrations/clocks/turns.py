"""One turn of work as an engine runs it: it takes no argument and gives no result, so that nothing is in a broker."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, TypeAlias

from govcomponents.errors import Unavailable

if TYPE_CHECKING:
    from govcomponents.durable import Durable

log = logging.getLogger("govcomponents")

NAME: Final = "govcomponents.run_due"
"""The name of the task in every engine."""
SECONDS: Final = 50.0
"""Seconds of one turn, unless it is told otherwise."""
EVERY: Final = 10.0
"""Seconds from one turn to the next, unless it is told otherwise."""

DurableLike: TypeAlias = "Durable | Callable[[], Durable]"
"""The durable layer of a service, or a function that makes or finds it in the process of a worker."""
Nudge: TypeAlias = Callable[[], bool]
"""Asks for a turn now. Returns whether the engine was told; if it was not, the next turn does the work all the same."""


def turn(later: DurableLike, seconds: float = SECONDS) -> Callable[[], None]:
    """Return a function that does one turn of work: the task of an engine. Never raises because the database is away.

    Any number of turns may run at once, and each of them may be killed.
    """

    def run_due() -> None:
        try:
            found(later).run_due(seconds=seconds)
        except Unavailable as error:
            log.warning("the database is away, the next turn does the work: %s", error.happened)

    return run_due


def found(later: DurableLike) -> Durable:
    """Return the durable layer, made where it is to be made by a function."""
    return later() if callable(later) else later


def told(engine: str, send: Callable[[], object], *away: type[Exception]) -> bool:
    """Tell an engine that there is work; False if its broker is away."""
    try:
        send()
    except away as error:
        log.warning("%s could not be told that there is work (%s); the next turn does it", engine, type(error).__name__)
        return False
    return True
