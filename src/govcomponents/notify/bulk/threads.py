"""Runs a bulk send for a blocking caller: several threads, each on the caller's transport."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from govcomponents.core.driver import drive

if TYPE_CHECKING:
    from govcomponents.notify.bulk.plan import BulkPlan
    from govcomponents.notify.bulk.results import BulkResult


def run(plan: BulkPlan) -> BulkResult:
    """Send everything, and return how it ended. An interruption stops all threads after what they are sending."""
    with plan.open_checkpoint() as checkpoint:
        send = drive(plan.start(checkpoint))
        faults: list[BaseException] = []

        def work() -> None:
            try:
                drive(send.work())
            except BaseException as fault:  # noqa: BLE001  # raised below, in the caller's thread
                faults.append(fault)
                send.stop()

        threads = [threading.Thread(target=work, name=f"send-many-{number}") for number in range(plan.concurrency)]
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
        drive(send.settle())
        return send.result()
