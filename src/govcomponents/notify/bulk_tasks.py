"""Runs a bulk send for an asyncio caller: several tasks on the caller's event loop."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from govcomponents.notify.bulk import BulkResult
    from govcomponents.notify.bulk_plan import BulkPlan


async def run(plan: BulkPlan) -> BulkResult:
    """Send everything, and return how it ended."""
    with plan.open_journal() as journal:
        send = await plan.start(journal)
        async with asyncio.TaskGroup() as group:
            for _ in range(plan.concurrency):
                group.create_task(send.work())
        await send.settle()
        return send.result()
