"""GC Notify's callbacks, beside its family's: the question whether the callback's address answers.

One message may have several receipts, and a failure may follow a delivery. Source: GC Notify docs, "Callbacks".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from govcomponents.notify.adapters.gc_notify.wire import WIRE
from govcomponents.notify.adapters.notifications_api.callbacks import CallbackReader
from govcomponents.notify.events import HealthCheck, NotifyEvent

if TYPE_CHECKING:
    from collections.abc import Mapping


class GcCallbacks(CallbackReader):
    """Reads the callbacks of GC Notify."""

    provider = WIRE.provider
    statuses = WIRE.statuses
    after_refusal = "many failures suspend callbacks"

    def event(self, raw: Mapping[str, Any]) -> NotifyEvent:
        """Read one callback."""
        if "health_check" in raw:
            return HealthCheck(key="health_check", occurred_at=None, raw=raw)
        return super().event(raw)


READER: Final = GcCallbacks()
