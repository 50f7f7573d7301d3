"""Workers are killed at random while they send: no row is missed, and none is sent twice."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from govcomponents import GovComponents, Settings
from govcomponents.durable import Durable
from govcomponents.durable.storage.schema import OUTBOX, State
from govcomponents.sandbox.server import serving

EMAIL = "5ab1ec0d-0000-4000-8000-000000000101"
VALUES = {"name": "Sam", "amount": "£145.00", "reference": "RENEW-7", "refund": True}


def torture(url: str, *, rows: int, kills: int, stops: int = 0) -> tuple[Counter[str], Counter[int]]:
    """Kill one of two workers again and again; return how often each message was sent, and the states in the end."""
    chance = random.Random(7)
    with serving() as server:
        settings = server.sandbox.settings()
        assert settings.notify is not None
        key, where = settings.notify.api_key.reveal(), str(settings.notify.base_url)
        gov = GovComponents.from_settings(Settings(notify={"api_key": key, "base_url": where}))
        engine = sa.create_engine(url)
        later = Durable(gov, engine)
        later.migrate()
        with engine.begin() as connection:
            for number in range(rows):
                later.notify.send_email("sam@example.com", EMAIL, VALUES, reference=f"R-{number}", on=connection)

        def start() -> subprocess.Popen[bytes]:
            here = Path(__file__).parents[1]
            command = [sys.executable, "-m", "durable.killed_worker", url, where, key]
            return subprocess.Popen(command, cwd=here, env=os.environ | {"PYTHONPATH": str(here)})

        workers = [start(), start()]
        try:
            for number in range(kills + stops):
                busy = _busy(engine, workers)
                time.sleep(chance.uniform(0.0, 0.1))
                if number < kills:
                    busy.kill()
                    busy.wait()
                    workers[workers.index(busy)] = start()
                else:
                    busy.send_signal(signal.SIGSTOP)
                    time.sleep(2.5)  # longer than its lease: the other one takes its rows
                    busy.send_signal(signal.SIGCONT)
            _wait_for_the_end(engine)
        finally:
            for worker in workers:
                worker.kill()
                worker.wait()
        sent = Counter(str(one.reference) for one in gov.notify.search(channel="email"))
        with engine.connect() as connection:
            states = Counter(connection.scalars(sa.select(OUTBOX.c.state)))
        gov.close()
        engine.dispose()
    return sent, states


def _busy(engine: sa.Engine, workers: list[subprocess.Popen[bytes]]) -> subprocess.Popen[bytes]:
    """Wait for a worker that is sending."""
    by_pid = {str(worker.pid): worker for worker in workers}
    sending = sa.select(OUTBOX.c.owner).where(OUTBOX.c.state == State.SENDING).order_by(OUTBOX.c.due_at.desc()).limit(1)
    until = time.monotonic() + 30
    while time.monotonic() < until:
        with engine.connect() as connection:
            owner = connection.scalar(sending)
        if owner is not None and (pid := owner.split(":")[1]) in by_pid:
            return by_pid[pid]
        time.sleep(0.01)
    pytest.fail("no worker is sending")


def _wait_for_the_end(engine: sa.Engine) -> None:
    until = time.monotonic() + 240
    open_rows: Any = sa.select(sa.func.count()).where(OUTBOX.c.state <= State.IN_DOUBT)
    while time.monotonic() < until:
        with engine.connect() as connection:
            if connection.scalar(open_rows) == 0:
                return
        time.sleep(0.2)
    pytest.fail("rows are still waiting after four minutes")


def test_workers_that_are_killed_miss_nothing_and_send_nothing_twice(url: str) -> None:
    sent, states = torture(url, rows=1500, kills=2, stops=1)
    assert {reference: count for reference, count in sent.items() if count != 1} == {}
    assert (len(sent), states) == (1500, Counter({State.DONE: 1500}))
