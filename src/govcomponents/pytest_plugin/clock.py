"""The clock of a test's sandbox."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from govcomponents.testing import Sandbox


class Clock:
    """The sandbox's clock. What becomes due while it moves is done, and callbacks are sent."""

    def __init__(self, simulator: Sandbox) -> None:
        self._control = simulator.control

    @property
    def now(self) -> datetime:
        """The time that it shows."""
        return self._control.clock().now

    def advance(self, seconds: float = 0.0, *, minutes: float = 0.0, hours: float = 0.0, days: float = 0.0) -> None:
        """Move it forward. Raises InvalidInput for what is no number, ControlRefused for a time that is not forward."""
        self._control.advance(seconds, minutes=minutes, hours=hours, days=days)

    def stop_at(self, now: str) -> None:
        """Stop it at an ISO 8601 time. Raises ControlRefused for what is none."""
        self._control.set_clock(now)
