"""Work that is broken off, such as by the end of a server: what was not begun waits, and what had ended is put down."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from typing import Any

import pytest
import sqlalchemy as sa

from durable.world import EMAIL, VALUES, Failing, Hearing
from govcomponents import AsyncGovComponents
from govcomponents.core.http.messages import Request, Response
from govcomponents.durable import AsyncDurable, WorkerOptions
from govcomponents.durable.storage.schema import OUTBOX, State
from govcomponents.sandbox.app import Sandbox

ROWS = 40


class Held(Failing):
    """A sandbox that answers so many messages, and lets the others wait until it is let go."""

    def __init__(self, sandbox: Sandbox, answered: int) -> None:
        super().__init__(sandbox)
        self.answered = answered
        self.waiting = 0
        self.is_full = asyncio.Event()
        self.is_let_go = False
        self.tells_at = (answered + 1, asyncio.Event())

    def told_at(self, left: int) -> asyncio.Event:
        """What is set once no more than so many are left to be answered."""
        told = asyncio.Event()
        self.tells_at = (left, told)
        if self.answered <= left:
            told.set()
        return told

    async def send(self, request: Request) -> Response:
        if request.method == "POST" and not self.is_let_go:
            self.answered -= 1
            if self.answered <= self.tells_at[0]:
                self.tells_at[1].set()
            if self.answered < 0:
                self.waiting += 1
                if self.waiting == 4:
                    self.is_full.set()
                await asyncio.Event().wait()
        return await super().send(request)


class Service:
    """A sandbox with rows that are due, and a worker of four lanes."""

    def __init__(self, engine: sa.Engine, answered: int) -> None:
        self.engine = engine
        self.sandbox = Sandbox()
        self.wire = Held(self.sandbox, answered)
        self.hearing = Hearing()
        settings = self.sandbox.settings()
        self.gov = AsyncGovComponents.from_settings(settings, transport=self.wire, observers=[self.hearing])
        self.later = AsyncDurable(self.gov, engine, worker=WorkerOptions(concurrency=4))

    async def fill(self) -> None:
        for number in range(ROWS):
            await self.later.notify.send_email("sam@example.com", EMAIL, VALUES, reference=f"R-{number}")

    def states(self) -> Counter[Any]:
        with self.engine.connect() as connection:
            return Counter(connection.scalars(sa.select(OUTBOX.c.state)))

    async def all_once(self) -> None:
        """Let time pass, and work on: all of them are there, each once."""
        self.wire.is_let_go = True
        for _ in range(3):
            with self.engine.begin() as connection:
                past = {name: OUTBOX.c[name] - 600 for name in ("due_at", "doubt_since", "created_at")}
                connection.execute(sa.update(OUTBOX).values(past))
            await self.later.run_due()
        assert self.states() == {State.DONE: ROWS}
        for number in range(ROWS):
            assert len([one async for one in self.gov.notify.search(reference=f"R-{number}")]) == 1


def test_what_was_not_begun_is_given_back_and_what_was_accepted_is_put_down(engine: sa.Engine) -> None:
    async def go() -> None:
        service = Service(engine, answered=6)
        await service.fill()
        working = asyncio.ensure_future(service.later.run_due())
        await asyncio.wait_for(service.wire.is_full.wait(), 10)
        working.cancel()
        with pytest.raises(asyncio.CancelledError):
            await working
        assert service.states() == {State.DONE: 6, State.SENDING: 4, State.PENDING: ROWS - 10}
        assert service.hearing.names.count("outbox.delivered") == 6
        with engine.connect() as connection:
            assert set(connection.scalars(sa.select(OUTBOX.c.claims).where(OUTBOX.c.state == State.PENDING))) == {0}
        await service.all_once()

    asyncio.run(go())


def test_what_the_database_gives_in_that_moment_is_given_back_too(engine: sa.Engine) -> None:
    claiming, is_cancelled = threading.Event(), threading.Event()

    def wait(connection: sa.Connection) -> None:
        if threading.current_thread().name.startswith("govcomponents-store") and not is_cancelled.is_set():
            claiming.set()
            assert is_cancelled.wait(10)

    async def go() -> None:
        service = Service(engine, answered=ROWS)
        await service.fill()
        sa.event.listen(engine, "commit", wait)
        working = asyncio.ensure_future(service.later.run_due())
        assert await asyncio.to_thread(claiming.wait, 10)
        working.cancel()
        await asyncio.sleep(0)
        is_cancelled.set()
        with pytest.raises(asyncio.CancelledError):
            await working
        sa.event.remove(engine, "commit", wait)
        assert service.states() == {State.PENDING: ROWS}
        await service.all_once()

    asyncio.run(go())


def test_whenever_it_comes_nothing_is_lost_and_nothing_is_made_twice(engine: sa.Engine) -> None:
    async def go() -> None:
        service = Service(engine, answered=ROWS)
        await service.fill()
        for steps in range(0, 60, 3):
            working = asyncio.ensure_future(service.later.run_due())
            for _ in range(steps):
                await asyncio.sleep(0)
            is_there = service.wire.told_at(ROWS - steps)
            await asyncio.wait([working, asyncio.ensure_future(is_there.wait())], return_when=asyncio.FIRST_COMPLETED)
            is_there.set()
            working.cancel()
            await asyncio.wait([working])
        await service.all_once()

    asyncio.run(go())


def test_a_database_that_goes_away_meanwhile_does_not_hide_that_it_was_broken_off(engine: sa.Engine) -> None:
    async def go() -> None:
        service = Service(engine, answered=6)
        await service.fill()
        working = asyncio.ensure_future(service.later.run_due())
        await asyncio.wait_for(service.wire.is_full.wait(), 10)

        def fail(*_: object) -> None:
            raise sa.exc.OperationalError("COMMIT", {}, Exception("gone"))

        sa.event.listen(engine, "commit", fail)
        working.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(working, 10)
        sa.event.remove(engine, "commit", fail)
        await service.all_once()

    asyncio.run(go())
