"""Runners of a bulk send: threads for a blocking caller, tasks of the event loop for an asyncio caller."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from govcomponents.notify.bulk.plan import BulkPlan
    from govcomponents.notify.bulk.results import BulkResult
    from govcomponents.notify.bulk.send import BulkSend

_LOOK_EVERY: Final = 0.02
"""Seconds between two looks whether the threads have ended, after an interruption."""


class BulkRunner:
    """Runs a bulk send in several threads, each on the caller's transport."""

    def __init__(self, plan: BulkPlan) -> None:
        self._plan = plan

    async def run(self) -> BulkResult:
        """Send everything, and return how it ended. An interruption stops all threads after what they are sending."""
        checkpoint = self._plan.checkpoint()
        send = await self._plan.start(checkpoint)
        with checkpoint:
            _run_in_threads(send, self._plan.bulk.concurrency)
            await send.settle()
            return send.result()


def _run_in_threads(send: BulkSend, count: int) -> None:
    """Run so many threads, and return when all have ended; raise what a function of the caller's raised in one.

    After an interruption no thread is left that could send: what is on its way is told of, and nothing else begins. A
    second one does not shorten that. The threads are counted, for a `join` that is interrupted takes a thread that runs
    for one that has ended (CPython up to 3.12).
    """
    import threading
    import time

    from govcomponents.core.driver import drive

    begun: list[None] = []
    ended: list[BaseException | None] = []
    is_over = threading.Event()

    def work() -> None:
        begun.append(None)
        fault = None
        try:
            drive(send.work())
        except BaseException as raised:  # noqa: BLE001  # raised below, in the caller's thread
            fault = raised
            send.stop()
        finally:
            ended.append(fault)
            if len(ended) == count:
                is_over.set()

    try:
        for number in range(count):
            threading.Thread(target=work, name=f"send-many-{number}").start()
        is_over.wait()
    finally:
        send.stop()
        while len(ended) < len(begun):
            with suppress(KeyboardInterrupt):
                time.sleep(_LOOK_EVERY)
    for fault in ended:
        if fault is not None:
            raise fault


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
