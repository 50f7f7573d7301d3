"""Runners of a bulk send: threads for a blocking caller, tasks of the event loop for an asyncio caller."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from govcomponents.notify.bulk.plan import BulkPlan
    from govcomponents.notify.bulk.results import BulkResult


class BulkRunner:
    """Runs a bulk send in several threads, each on the caller's transport."""

    def __init__(self, plan: BulkPlan) -> None:
        self._plan = plan

    async def run(self) -> BulkResult:
        """Send everything, and return how it ended. An interruption stops all threads after what they are sending."""
        import threading

        from govcomponents.core.driver import drive

        checkpoint = self._plan.checkpoint()
        send = await self._plan.start(checkpoint)
        with checkpoint:
            faults: list[BaseException] = []

            def work() -> None:
                try:
                    drive(send.work())
                except BaseException as fault:  # noqa: BLE001  # raised below, in the caller's thread
                    faults.append(fault)
                    send.stop()

            count = self._plan.bulk.concurrency
            threads = [threading.Thread(target=work, name=f"send-many-{number}") for number in range(count)]
            try:
                for thread in threads:
                    thread.start()
                for thread in threads:
                    thread.join()
            finally:
                send.stop()
                for thread in threads:
                    if thread.ident is not None:
                        thread.join()
            if faults:
                raise faults[0]
            await send.settle()
            return send.result()


class AsyncBulkRunner:
    """Runs a bulk send in several tasks of the caller's event loop."""

    def __init__(self, plan: BulkPlan) -> None:
        self._plan = plan

    async def run(self) -> BulkResult:
        """Send everything, and return how it ended. A fault of a function of the caller's stops all tasks."""
        import asyncio

        checkpoint = self._plan.checkpoint()
        send = await self._plan.start(checkpoint)
        with checkpoint:
            try:
                async with asyncio.TaskGroup() as group:
                    for _ in range(self._plan.bulk.concurrency):
                        group.create_task(send.work())
            except BaseExceptionGroup as faults:
                raise faults.exceptions[0] from None
            await send.settle()
            return send.result()
