"""A service whose clock is an engine with real workers: SERVICE_ENGINE says which, SERVICE_BROKER and -DATABASE where.

`python -m durable.processes.clock_service work` is RQ's worker; `... beat` asks for a turn each second, as cron would.
"""

from __future__ import annotations

import os
import sys
import time
from typing import Any

from durable.test_inbox import KEY
from govcomponents import GovComponents
from govcomponents.durable import Durable, WorkerOptions
from govcomponents.integrations.clocks import celery_clock, dramatiq_clock, procrastinate_clock, rq_clock, turn

from .killed_worker import shorten_doubts

LEASE, SECONDS = 10.0, 20.0
"""A process of its own for each turn, as RQ has, is slow to begin on a machine that is busy."""


def durable() -> Durable:
    """Make the durable layer in the process that needs it."""
    made = Durable(
        GovComponents.from_settings(),
        os.environ["SERVICE_DATABASE"],
        keys=[KEY],
        worker=WorkerOptions(lease=LEASE, concurrency=4),
    )
    made.migrate()
    return made


_made: list[Durable] = []


def later() -> Durable:
    """Return this process's own."""
    if not _made:
        shorten_doubts()
        _made.append(durable())
    return _made[0]


run_due = turn(later, SECONDS)
engine, broker_url = os.environ["SERVICE_ENGINE"], os.environ["SERVICE_BROKER"]
app: Any = None
if engine == "celery":
    from celery import Celery

    app = Celery("service", broker=broker_url)
    app.conf.broker_connection_retry_on_startup = True
    app.conf.broker_connection_max_retries = None
    if broker_url.startswith("redis"):
        app.conf.broker_transport_options = {"socket_connect_timeout": 2, "socket_timeout": 10}
    app.conf.worker_cancel_long_running_tasks_on_connection_loss = False
    nudge = celery_clock(app, later, every=1.0, seconds=SECONDS)
elif engine == "rq":
    import redis
    import rq

    queue = rq.Queue(connection=redis.Redis.from_url(broker_url))
    nudge = rq_clock(queue, "durable.processes.clock_service.run_due", seconds=SECONDS)
elif engine == "dramatiq":
    import dramatiq
    from dramatiq.brokers.redis import RedisBroker

    dramatiq.set_broker(RedisBroker(url=broker_url))
    nudge = dramatiq_clock(dramatiq.get_broker(), later, seconds=SECONDS)
else:
    from procrastinate import App, PsycopgConnector

    app = App(connector=PsycopgConnector(conninfo=broker_url))
    nudge = procrastinate_clock(app, later, cron="* * * * * *", seconds=SECONDS)

if __name__ == "__main__":
    if sys.argv[1] == "work":
        rq.Worker([queue]).work()  # it ends when Redis goes away while a job runs, and is to be started again
    else:
        while True:
            nudge()
            time.sleep(1.0)
