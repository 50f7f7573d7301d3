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

from .killed_worker import LEASE

EMAIL = "5ab1ec0d-0000-4000-8000-000000000101"
FOR_EVER = 300.0
"""Seconds in which nothing at all happens, after which a test fails. It is waited for states, never for times."""
VALUES = {"name": "Sam", "amount": "£145.00", "reference": "RENEW-7", "refund": True}


ACTED_ON = {"Poison", "InDoubt"}
"""Problems with which a row may be given up whose workers were killed again and again: the runbook has them."""


class Torture:
    """Two workers on one database, of which one is killed again and again while there is always something to send."""

    def __init__(self, url: str, where: str, key: str) -> None:
        self.gov = GovComponents.from_settings(Settings(notify={"api_key": key, "base_url": where}))
        self.engine = sa.create_engine(url)
        self.later = Durable(self.gov, self.engine)
        self.later.migrate()
        self.put_down = 0
        here = Path(__file__).parents[1]
        self._command = [sys.executable, "-m", "durable.killed_worker", url, where, key]
        self._options: dict[str, Any] = {"cwd": here, "env": os.environ | {"PYTHONPATH": str(here)}}
        self.workers: list[subprocess.Popen[bytes]] = []

    def start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(self._command, **self._options)

    def add(self, rows: int) -> None:
        with self.engine.begin() as connection:
            for number in range(self.put_down, self.put_down + rows):
                self.later.notify.send_email("sam@example.com", EMAIL, VALUES, reference=f"R-{number}", on=connection)
        self.put_down += rows

    def open_rows(self) -> int:
        with self.engine.connect() as connection:
            return connection.scalar(sa.select(sa.func.count()).where(OUTBOX.c.state <= State.IN_DOUBT)) or 0

    def busy(self, least: int = 50) -> subprocess.Popen[bytes]:
        """Wait for a worker that is sending. There is always something to send, however fast the workers are."""
        sending = sa.select(OUTBOX.c.owner).where(OUTBOX.c.state == State.SENDING).order_by(OUTBOX.c.due_at.desc())
        until = time.monotonic() + FOR_EVER
        while time.monotonic() < until:
            if self.open_rows() < least:
                self.add(2 * least)
            by_pid = {str(worker.pid): worker for worker in self.workers}
            with self.engine.connect() as connection:
                owner = connection.scalar(sending.limit(1))
            if owner is not None and (pid := owner.split(":")[1]) in by_pid:
                return by_pid[pid]
            time.sleep(0.01)
        pytest.fail("no worker is sending")

    def wait_for_the_end(self) -> None:
        """Wait as long as rows come to their ends, however slow the machine is."""
        left, until = self.open_rows(), time.monotonic() + FOR_EVER
        while left:
            assert time.monotonic() < until, f"{left} rows have not come to an end for {FOR_EVER:g} seconds"
            time.sleep(0.2)
            if (now := self.open_rows()) < left:
                until = time.monotonic() + FOR_EVER
            left = now

    def close(self) -> None:
        for worker in self.workers:
            worker.kill()
            worker.wait()
        self.gov.close()
        self.engine.dispose()

    def broken_promises(self) -> list[str]:
        """What was lost, done twice, or ended without a reason that an operator can act on."""
        sent = Counter(str(one.reference) for one in self.gov.notify.search(channel="email"))
        with self.engine.connect() as connection:
            rows = connection.execute(sa.select(OUTBOX.c.reference, OUTBOX.c.state, OUTBOX.c.problem)).all()
        told = [f"{reference} was sent {count} times" for reference, count in sent.items() if count > 1]
        held = {row.reference for row in rows}
        told += [f"R-{number} is lost" for number in range(self.put_down) if f"R-{number}" not in held]
        for row in rows:
            is_done = row.state == State.DONE
            if is_done and not sent[row.reference]:
                told.append(f"{row.reference} is told to be done, and was not sent")
            elif not is_done and not (row.state == State.DEAD and row.problem in ACTED_ON):
                told.append(f"{row.reference} is left in state {row.state} with {row.problem}")
        return told


def torture(url: str, *, rows: int, kills: int, stops: int = 0) -> list[str]:
    """Kill one of two workers again and again, and stop some for longer than their lease. Returns what was broken."""
    chance = random.Random(7)
    with serving() as server:
        settings = server.sandbox.settings()
        assert settings.notify is not None
        place = Torture(url, str(settings.notify.base_url), settings.notify.api_key.reveal())
        place.add(rows)
        place.workers = [place.start(), place.start()]
        try:
            for number in range(kills + stops):
                busy = place.busy()
                time.sleep(chance.uniform(0.0, 0.1))
                if number < kills:
                    busy.kill()
                    busy.wait()
                    place.workers[place.workers.index(busy)] = place.start()
                else:
                    busy.send_signal(signal.SIGSTOP)
                    time.sleep(1.5 * LEASE)  # the other one takes its rows
                    busy.send_signal(signal.SIGCONT)
            place.wait_for_the_end()
            return place.broken_promises()
        finally:
            place.close()


def test_workers_that_are_killed_miss_nothing_and_send_nothing_twice(url: str) -> None:
    assert torture(url, rows=200, kills=2, stops=1) == []


def test_what_is_promised_is_what_is_looked_for(url: str) -> None:
    with serving() as server:
        settings = server.sandbox.settings()
        assert settings.notify is not None
        place = Torture(url, str(settings.notify.base_url), settings.notify.api_key.reveal())
        place.add(4)
        for _ in range(2):
            place.gov.notify.send_email("sam@example.com", EMAIL, VALUES, "R-0")
        with place.engine.begin() as connection:
            one = OUTBOX.c.reference
            connection.execute(sa.update(OUTBOX).where(one <= "R-1").values(state=State.DONE))
            connection.execute(sa.update(OUTBOX).where(one == "R-2").values(state=State.DEAD, problem="Poison"))
            connection.execute(sa.delete(OUTBOX).where(one == "R-3"))
        place.put_down += 1
        told = place.broken_promises()
        place.close()
    assert told == [
        "R-0 was sent 2 times",
        "R-3 is lost",
        "R-4 is lost",
        "R-1 is told to be done, and was not sent",
    ]
