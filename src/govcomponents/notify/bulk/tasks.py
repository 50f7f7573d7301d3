"""Runs a bulk send for an asyncio caller: several tasks on the caller's event loop."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from govcomponents.notify.bulk.plan import BulkPlan
    from govcomponents.notify.bulk.results import BulkResult


async def run(plan: BulkPlan) -> BulkResult:
    """Send everything, and return how it ended. A fault of a callback of the caller's stops all tasks."""
    with plan.open_checkpoint() as checkpoint:
        send = await plan.start(checkpoint)
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(plan.concurrency):
                    group.create_task(send.work())
        except BaseExceptionGroup as faults:
            raise faults.exceptions[0] from None
        await send.settle()
        return send.result()
