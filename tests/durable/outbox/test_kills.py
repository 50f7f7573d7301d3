"""Workers are killed at random while they send: no row is missed, and none is sent twice."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Mapping
from functools import cached_property
from multiprocessing.context import ForkServerProcess

import pytest
import sqlalchemy as sa

from durable.processes import killed_worker
from durable.processes.killed_worker import LEASE
from govcomponents import GovComponents, Settings
from govcomponents.durable import Durable
from govcomponents.durable.storage.schema import OUTBOX, State
from govcomponents.sandbox.server import serving

EMAIL = "5ab1ec0d-0000-4000-8000-000000000101"
FOR_EVER = 300.0
"""Seconds in which nothing at all happens, after which a test fails. It is waited for states, never for times."""
VALUES = {"name": "Sam", "amount": "£145.00", "reference": "RENEW-7", "refund": True}


ACTED_ON = {"Poison", "InDoubt"}
"""Problems with which a row may be given up whose workers were killed again and again: the runbook has them."""

IMPORTED_FOR_ALL = (
    "govcomponents.core.transports.aio.sending",
    "govcomponents.notify.async_service",
    "jsonschema",
    "psycopg",
    "sqlalchemy.dialects.postgresql.psycopg",
    "sqlalchemy.dialects.sqlite.pysqlite",
)
"""Modules that a worker imports when it first needs them, which a thousand workers need not each do again."""

FAULTS = {
    "connection_dropped_before_acceptance": 0.005,
    "connection_dropped_after_acceptance": 0.005,
    "malformed_response": 0.002,
    "rate_limited": 0.001,
}
"""Faults of the provider, and the chance of each at every message: kills come between them."""


class Torture:
    """Two workers on one database, of which one is killed again and again while there is always something to send."""

    def __init__(self, url: str, where: str, key: str) -> None:
        self.gov = GovComponents.from_settings(Settings(notify={"api_key": key, "base_url": where}))
        self.engine = sa.create_engine(url)
        self.later = Durable(self.gov, self.engine)
        self.later.migrate()
        self.put_down = 0
        self._arguments = (url, where, key)
        # A server that has everything imported forks them: a thousand are to be started.
        self._forks = multiprocessing.get_context("forkserver")
        self._forks.set_forkserver_preload([killed_worker.__name__, *IMPORTED_FOR_ALL])
        self.workers: list[ForkServerProcess] = []

    def start(self) -> ForkServerProcess:
        made = self._forks.Process(target=killed_worker.run, args=self._arguments, daemon=True)
        made.start()
        return made

    def add(self, rows: int) -> None:
        with self.engine.begin() as connection:
            for number in range(self.put_down, self.put_down + rows):
                self.later.notify.send_email("sam@example.com", EMAIL, VALUES, reference=f"R-{number}", on=connection)
        self.put_down += rows

    def open_rows(self) -> int:
        with self.engine.connect() as connection:
            return connection.scalar(sa.select(sa.func.count()).where(OUTBOX.c.state <= State.IN_DOUBT)) or 0

    def wait_until_ended(self, rows: int) -> None:
        """Wait until so many rows have come to their ends: kills are spread over all of them."""
        ended = sa.select(sa.func.count()).where(OUTBOX.c.state > State.IN_DOUBT)
        before, until = -1, time.monotonic() + FOR_EVER
        while True:
            with self.engine.connect() as connection:
                now = connection.scalar(ended) or 0
            if now >= rows:
                return
            if now > before:
                before, until = now, time.monotonic() + FOR_EVER
            assert time.monotonic() < until, f"{now} rows have ended, and no other for {FOR_EVER:g} seconds"
            time.sleep(0.02)

    def busy(self, least: int = 50) -> ForkServerProcess:
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

    def summary(self) -> str:
        """How the rows ended, for whoever reads the output of the long form."""
        with self.engine.connect() as connection:
            ends = connection.execute(
                sa.select(OUTBOX.c.state, OUTBOX.c.problem, sa.func.count())
                .where(OUTBOX.c.state != State.DONE)
                .group_by(OUTBOX.c.state, OUTBOX.c.problem)
            ).all()
        given_up = ", ".join(f"{count} {problem}" for _, problem, count in ends) or "none"
        twice = sum(count > 1 for count in self.sent.values())
        return f"{self.put_down:,} rows: {len(self.sent):,} sent, {twice} of them twice; given up: {given_up}"

    def close(self) -> None:
        for worker in self.workers:
            worker.kill()
            worker.join()
        self.gov.close()
        self.engine.dispose()

    @cached_property
    def sent(self) -> Counter[str]:
        """How often each reference came to the provider, once all is over."""
        return Counter(str(one.reference) for one in self.gov.notify.search(channel="email"))

    def broken_promises(self) -> list[str]:
        """What was lost, done twice, or ended without a reason that an operator can act on."""
        with self.engine.connect() as connection:
            rows = connection.execute(sa.select(OUTBOX.c.reference, OUTBOX.c.state, OUTBOX.c.problem)).all()
        told = [f"{reference} was sent {count} times" for reference, count in self.sent.items() if count > 1]
        held = {row.reference for row in rows}
        told += [f"R-{number} is lost" for number in range(self.put_down) if f"R-{number}" not in held]
        for row in rows:
            is_done = row.state == State.DONE
            if is_done and not self.sent[row.reference]:
                told.append(f"{row.reference} is told to be done, and was not sent")
            elif not is_done and not (row.state == State.DEAD and row.problem in ACTED_ON):
                told.append(f"{row.reference} is left in state {row.state} with {row.problem}")
        return told


def torture(url: str, *, rows: int, kills: int, stops: int = 0, world: Mapping[str, object] | None = None) -> list[str]:
    """Kill one of two workers again and again while rows end, and stop some for longer than their lease.

    Returns what was broken.
    """
    chance = random.Random(7)
    with serving(world) as server:
        settings = server.sandbox.settings()
        assert settings.notify is not None
        for seed, (fault, probability) in enumerate(FAULTS.items()):
            server.sandbox.faults.arm(
                "notify", fault, operation="notify.send_email", probability=probability, seed=seed
            )
        place = Torture(url, str(settings.notify.base_url), settings.notify.api_key.reveal())
        place.add(rows)
        place.workers = [place.start(), place.start()]
        try:
            to_do = [True] * kills + [False] * stops
            chance.shuffle(to_do)
            for number, is_kill in enumerate(to_do):
                place.wait_until_ended(number * rows // len(to_do))
                busy = place.busy()
                time.sleep(chance.uniform(0.0, 0.1))
                if is_kill:
                    busy.kill()
                    busy.join()
                    place.workers[place.workers.index(busy)] = place.start()
                else:
                    os.kill(busy.pid, signal.SIGSTOP)
                    time.sleep(1.5 * LEASE)  # the other one takes its rows
                    os.kill(busy.pid, signal.SIGCONT)
            place.wait_for_the_end()
            told = place.broken_promises()
            sys.stdout.write(f"{kills} kills and {stops} stops over {place.summary()}; promises broken: {len(told)}\n")
            return told
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
