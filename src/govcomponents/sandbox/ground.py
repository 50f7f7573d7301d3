"""What every imitation stands on: the clock, the ids, the timeline and the address of one sandbox."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from govcomponents.sandbox.clock import SandboxClock
    from govcomponents.sandbox.ids import Ids
    from govcomponents.sandbox.timeline import Timeline


@dataclass(frozen=True)
class Ground:
    """What every imitation stands on: the clock, the ids and the timeline of one sandbox, and its own address."""

    clock: SandboxClock
    ids: Ids
    timeline: Timeline
    base_url: str
