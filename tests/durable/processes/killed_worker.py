"""A worker to be killed: it works for ever on one database, against a sandbox over HTTP.

python -m durable.processes.killed_worker DATABASE SANDBOX API_KEY
"""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress
from dataclasses import replace

from govcomponents import AsyncGovComponents, Settings, Unavailable
from govcomponents.durable import AsyncDurable, WorkerOptions
from govcomponents.notify.adapters.govuk_notify.adapter import GovUkNotify

LEASE = 2.0


VISIBLE_AFTER = 3.0
"""Seconds that the sandbox may take for a request on a machine that is busy, before a message is looked up."""


def shorten_doubts() -> None:
    """The sandbox shows a message soon: what the real one takes 35 seconds for need not be waited for here."""
    GovUkNotify.doubts = {
        name: replace(doubt, visible_after=VISIBLE_AFTER) for name, doubt in GovUkNotify.doubts.items()
    }


async def work(database: str, sandbox: str, key: str) -> None:
    settings = Settings(notify={"api_key": key, "base_url": sandbox})
    async with AsyncGovComponents.from_settings(settings) as gov:
        later = AsyncDurable(gov, database, worker=WorkerOptions(lease=LEASE, concurrency=8))
        while True:
            with suppress(Unavailable):  # the database is restarted
                await later.run_due()
            await asyncio.sleep(0.05)


def run(database: str, sandbox: str, key: str) -> None:
    """Work in a process that is there for nothing else."""
    shorten_doubts()
    asyncio.run(work(database, sandbox, key))


if __name__ == "__main__":
    run(*sys.argv[1:])
