"""One of several receivers of callbacks, with handlers.

python -m durable.processes.receiving_process URL NUMBER OF COUNT
"""

from __future__ import annotations

import random
import sys

import sqlalchemy as sa

from durable.conftest import LICENCES
from durable.test_inbox import KEY, callback_world, receipt
from govcomponents import GovComponents
from govcomponents.durable import Durable, WorkerOptions
from govcomponents.notify import DeliveryReceipt


def receive(url: str, number: int, of: int, count: int) -> None:
    """Take one's share of all callbacks, each of which comes three times and in any order; handle what is due."""
    every = [one for one in range(count) for _ in range(3)]
    random.Random(11).shuffle(every)
    with GovComponents.sandbox(callback_world()) as gov:
        later = Durable(gov, url, keys=[KEY], worker=WorkerOptions(concurrency=2))

        @later.when(DeliveryReceipt)
        def emailed(event: DeliveryReceipt, transaction: sa.Connection) -> None:
            transaction.execute(sa.insert(LICENCES), {"state": event.reference})

        for place, one in enumerate(every[number::of]):
            if later.receive("notify", *receipt(one)).status != 200:
                raise SystemExit("a callback was not taken")
            if place % 200 == 199:
                later.run_due()
        while later.run_due().handled:
            pass
        later.close()


if __name__ == "__main__":
    receive(sys.argv[1], *(int(part) for part in sys.argv[2:]))
