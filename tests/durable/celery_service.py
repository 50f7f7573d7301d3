"""A service whose clock is Celery: celery --app durable.celery_service worker, with its settings in the environment."""

from __future__ import annotations

import os

from celery import Celery

from govcomponents import GovComponents
from govcomponents.durable import Durable, WorkerOptions
from govcomponents.integrations.clocks import celery_clock

from .killed_worker import LEASE, shorten_doubts
from .test_inbox import KEY


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


app = Celery("service", broker=os.environ["SERVICE_BROKER"])
app.conf.broker_connection_retry_on_startup = True
app.conf.broker_connection_max_retries = None
app.conf.broker_transport_options = {"socket_connect_timeout": 2, "socket_timeout": 10}
app.conf.worker_cancel_long_running_tasks_on_connection_loss = False
nudge = celery_clock(app, later, every=1.0, seconds=5.0)
