"""The command that frameworks offer to work in the foreground until a signal comes."""

from __future__ import annotations

import signal
import threading
from dataclasses import asdict
from typing import TYPE_CHECKING, Final

from govcomponents.errors import ConfigurationError, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from govcomponents.durable import Durable, WorkReport

TURN: Final = 5.0
"""Seconds of one turn of a worker, after which it looks whether it is to stop."""
IDLE: Final = 1.0
"""Seconds before it looks again, where nothing was due."""
AWAY: Final = 5.0
"""Seconds before it tries again, where the database was away."""


def required(later: Durable | None, fix: str) -> Durable:
    """Return the durable layer of a service. Raises ConfigurationError with how to give it, if it has none."""
    if later is None:
        raise ConfigurationError("this service has no durable layer, so there is nothing for a worker to do", fix=fix)
    return later


def work(later: Durable, tell: Callable[[str], None], *, is_once: bool = False) -> None:
    """Make what is due and handle what came, until nothing is left (`is_once`), or SIGTERM or Ctrl-C comes.

    What is under way then is brought to its end. While the database is away it is asked for again.
    """
    is_stopped = threading.Event()
    before = {name: signal.signal(name, lambda *_: is_stopped.set()) for name in (signal.SIGTERM, signal.SIGINT)}
    try:
        while not is_stopped.is_set():
            try:
                report = later.run_due(seconds=None if is_once else TURN)
            except Unavailable as error:
                if is_once:
                    raise
                tell(f"the database is away: {error.happened}")
                is_stopped.wait(AWAY)
                continue
            if text := told(report):
                tell(text)
            elif is_once:
                return
            else:
                is_stopped.wait(IDLE)
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)


def told(report: WorkReport) -> str:
    """Return what became of a turn, in words: only counts, nobody's data."""
    return ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in asdict(report).items() if count)
