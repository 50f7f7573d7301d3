"""The clock of a test's sandbox."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from govcomponents.pytest_plugin.arguments import telling_its_arguments

if TYPE_CHECKING:
    from govcomponents.testing import Sandbox


class Clock:
    """The sandbox's clock. What becomes due while it moves is done, and callbacks are sent."""

    def __init__(self, simulator: Sandbox) -> None:
        self._control = simulator.control

    @property
    def now(self) -> datetime:
        """The time that it shows."""
        return self._control.clock().now

    @telling_its_arguments("gov_clock.advance")
    def advance(self, seconds: float = 0.0, *, minutes: float = 0.0, hours: float = 0.0, days: float = 0.0) -> None:
        """Move it forward. Raises InvalidInput for what is no number, ControlRefused for a time that is not forward."""
        self._control.advance(seconds, minutes=minutes, hours=hours, days=days)

    @telling_its_arguments("gov_clock.stop_at")
    def stop_at(self, now: str | datetime) -> None:
        """Stop it at an ISO 8601 time, or a `datetime` with a time zone. Raises ControlRefused for what is none."""
        self._control.set_clock(now.isoformat() if isinstance(now, datetime) else now)
