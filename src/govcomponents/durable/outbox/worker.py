"""The worker: claims rows, has many of them under way at once, and refills as they end, until nothing is due."""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import socket
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final, TypeVar

from govcomponents.core.driver import drive, is_driven
from govcomponents.core.http.single_attempt import steady_time
from govcomponents.core.inputs import callable_argument, instance_argument, number_argument
from govcomponents.core.observe import Happening, tell
from govcomponents.durable.audit.entries import tell_step
from govcomponents.durable.outbox import outcomes
from govcomponents.durable.outbox.claims import step_of, turn
from govcomponents.durable.shared.budgets import HORIZON
from govcomponents.durable.storage.schema import KEY_MISSING, NOT_CONFIGURED, State
from govcomponents.errors import GovComponentsError, InvalidInput, Unavailable
from govcomponents.frames import shield

if TYPE_CHECKING:
    from collections.abc import Coroutine

    import sqlalchemy as sa

    from govcomponents.core.http.runtime import Runtime
    from govcomponents.durable.outbox.delivery import Delivery
    from govcomponents.durable.outbox.outcomes import Outcome
    from govcomponents.durable.outbox.rows import Claimed
    from govcomponents.durable.shared.budgets import Budgets

T = TypeVar("T")

log = logging.getLogger("govcomponents")

_POLL: Final = 0.05
_AHEAD: Final = 0.25
_MOST_IN_HAND: Final = 1000
_DATABASE_WAIT: Final = 0.5
_SAFETY: Final = 10.0
"""Seconds before a lease's end in which no request begins any more: finding the server and greeting it takes time."""

_LACKS: Final = {KEY_MISSING: "the data key of some calls", NOT_CONFIGURED: "the settings of the account of some calls"}
_HAPPENED: Final = {
    State.DONE: "outbox.delivered",
    State.IN_DOUBT: "outbox.in_doubt",
    State.REFUSED: "outbox.refused",
    State.DEAD: "outbox.dead",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkReport:
    """The work of one `run_due`: how many rows came to which end. `waiting` is how many went back to be tried later.

    `handled` is how many events had their handlers run, `failed` how many are tried again: a handler raised, the
    present state could not be asked for, or the worker lacks their data key.
    """

    done: int = 0
    refused: int = 0
    dead: int = 0
    in_doubt: int = 0
    waiting: int = 0
    handled: int = 0
    failed: int = 0
    events_given_up: int = 0

    @property
    def ended(self) -> int:
        """The number of rows that are finished with."""
        return self.done + self.refused + self.dead


@shield
@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerOptions:
    """Options of a worker. `lease` is in seconds, longer than any provider's answer; `concurrency` is per process.

    `on_hang` is called, in a thread of its own, when a handler of the service did not end within a lease: a process
    that is there for work only should end itself, since a thread that hangs cannot be ended.
    """

    lease: float = 60.0
    concurrency: int = 64
    on_hang: Callable[[], None] | None = None

    def __post_init__(self) -> None:
        operation = "WorkerOptions"
        number_argument(self.lease, field="lease", fix="give seconds", operation=operation)
        fix = "give how many calls may be on their way at once"
        instance_argument(self.concurrency, int, field="concurrency", fix=fix, operation=operation)
        number_argument(self.concurrency, field="concurrency", fix=fix, operation=operation, least=1)
        if self.on_hang is not None:
            callable_argument(self.on_hang, field="on_hang", fix="give a function, or None", operation=operation)


class Worker:
    """One turn of work. Any number of workers, in any number of processes, may be at it at once."""

    def __init__(
        self,
        engine: sa.Engine,
        delivery: Delivery,
        runtime: Runtime,
        options: WorkerOptions,
        *,
        budgets: Budgets,
        is_blocking: bool,
    ) -> None:
        self._engine = engine
        self._budgets = budgets
        self._delivery = delivery
        self._runtime = runtime
        self._options = options
        self._is_blocking = is_blocking
        self._senders: ThreadPoolExecutor | None = None
        self._name = f"{socket.gethostname()[:40]}:{os.getpid()}:{secrets.token_hex(4)}"
        self._turns = 0
        self._ready: asyncio.Queue[tuple[Claimed, float]] = asyncio.Queue()
        self._without: dict[tuple[str, str], float] = {}
        self._alone: deque[tuple[Claimed, float]] = deque()
        self._not_begun: dict[int, Claimed] = {}
        self._is_one_by_one = False
        self._ended: list[tuple[Claimed, Outcome]] = []
        self._in_hand = 0
        self._counts = dict.fromkeys(State, 0)
        self._most_in_hand = 2 * options.concurrency
        self._last_turn = steady_time()
        self._is_stopping = False
        self._is_leaving = False
        self._told_of: set[str | None] = set()

    def stop(self) -> None:
        """Claim nothing more; what is under way is brought to its end."""
        self._is_stopping = True

    async def run(self, seconds: float | None = None, limit: int | None = None) -> WorkReport:
        """Work until nothing is due, for at most so many seconds, or on at most so many rows.

        Raises Unavailable if the database is away: while rows are in hand, not before it was for a lease. If it is
        cancelled, what has ended is put down and what was not begun is given back first; what is under way is in doubt.
        """
        self._wake = asyncio.Event()
        until = None if seconds is None else steady_time() + seconds
        size = self._options.concurrency
        # Threads of its own for sending: the database has another, and never waits for a provider.
        self._senders = ThreadPoolExecutor(size, "govcomponents-send") if self._is_blocking else None
        with ThreadPoolExecutor(1, "govcomponents-store") as self._store:
            lanes = [asyncio.create_task(self._lane()) for _ in range(size)]
            try:
                await self._turns_until(until, limit)
            finally:
                for lane in lanes:
                    lane.cancel()
                await asyncio.gather(*lanes, return_exceptions=True)
                if self._senders is not None:
                    self._senders.shutdown()
                await self._leave()
        counts = self._counts
        return WorkReport(
            done=counts[State.DONE],
            refused=counts[State.REFUSED],
            dead=counts[State.DEAD],
            in_doubt=counts[State.IN_DOUBT],
            waiting=counts[State.PENDING],
        )

    async def _turns_until(self, until: float | None, limit: int | None) -> None:
        """Refill as rows end, without waiting for the last of a batch."""
        claimed_in_all, is_exhausted = 0, False
        while True:
            is_over = self._is_stopping or (until is not None and steady_time() >= until)
            enough = max(1, self._most_in_hand // 4)
            room = self._most_in_hand - self._in_hand + len(self._ended)  # what has ended is put down in the same turn
            if limit is not None:
                room = min(room, limit - claimed_in_all)
            if self._is_one_by_one:
                room = min(room, 1)
            under_way = self._in_hand - len(self._ended) - len(self._alone)
            is_time = room >= enough or under_way == 0
            wants_more = not is_over and not is_exhausted and room > 0 and is_time and not self._alone
            if wants_more or len(self._ended) >= enough or (self._ended and under_way == 0):
                is_due_again = any(one.state <= State.IN_DOUBT and one.wait <= 0 for _, one in self._ended)
                claimed = await self._turn(room if wants_more else 0)
                claimed_in_all += claimed
                is_exhausted = claimed < room if wants_more else is_exhausted and not is_due_again
            elif under_way == 0 and self._alone:
                await self._work(*self._alone.popleft())
            elif under_way == 0:
                return
            else:
                self._wake.clear()
                try:
                    await asyncio.wait_for(self._wake.wait(), _POLL)
                except TimeoutError:
                    is_exhausted = False  # something may have become due meanwhile

    async def _turn(self, room: int) -> int:
        """Put down what has ended, and claim more. Returns how many were claimed."""
        ended = list(self._ended)  # lanes add to it meanwhile
        self._turns += 1
        self._most_in_hand = self._fitting(len(ended))
        self._last_turn = steady_time()
        me = f"{self._name}:{self._turns}"
        lease = self._options.lease
        begun = steady_time()  # before the database says so: the lease that is counted here ends first
        self._without = {of: until for of, until in self._without.items() if until > begun}
        without = tuple(self._without)
        work = partial(turn, self._engine, ended, most=room, lease=lease, me=me, without=without)
        rows = await self._claimed(work, ended)
        waits = await self._booked(rows)
        # Where rows have to be tried alone, others that are claimed with them are only given back.
        if rows:
            self._is_one_by_one = any(row.claims > outcomes.ALONE_AFTER for row in rows)
        for row, wait in zip(rows, waits, strict=True):
            deadline = begun + lease - min(_SAFETY, lease / 4)
            if row.state is State.SENDING and row.give_up_at > row.now:
                deadline = min(deadline, begun + row.give_up_at - row.now)
            if wait is None:
                self._give_back(row)
            elif row.claims <= outcomes.ALONE_AFTER:
                self._let_go(row, deadline, wait)
            elif not self._alone:
                self._alone.append((row, deadline))
            else:
                self._give_back(row)
        return len(rows)

    def _give_back(self, row: Claimed) -> None:
        del self._not_begun[row.id]
        self._ended.append((row, outcomes.given_back(row)))

    async def _claimed(self, work: Callable[[], list[Claimed]], ended: list[tuple[Claimed, Outcome]]) -> list[Claimed]:
        """Let the database do a turn. If this is cancelled, wait for it all the same, as it gives rows."""
        claim = asyncio.ensure_future(self._stored(work))
        try:
            rows = await asyncio.shield(claim)
        except asyncio.CancelledError:
            self._is_leaving = True
            with suppress(GovComponentsError):
                self._took(await claim, ended)
            raise
        self._took(rows, ended)
        return rows

    def _took(self, rows: list[Claimed], ended: list[tuple[Claimed, Outcome]]) -> None:
        del self._ended[: len(ended)]
        self._in_hand += len(rows) - len(ended)
        self._not_begun |= {row.id: row for row in rows}
        for row, outcome in ended:
            self._tell(row, outcome)

    async def _leave(self) -> None:
        """Put down what has ended, and give back what was not begun: there is any only if the work was broken off."""
        self._is_leaving = True
        left = self._ended + [(row, outcomes.given_back(row)) for row in self._not_begun.values()]
        if left:
            work = partial(turn, self._engine, left, most=0, lease=self._options.lease, me=self._name)
            with suppress(GovComponentsError):  # else their leases run out, and they are looked up
                await self._stored(work)
                for row, outcome in left:
                    self._tell(row, outcome)

    def _fitting(self, ended: int) -> int:
        """Return how many rows to have in hand: what ends in a quarter of a second, as each turn costs a commit."""
        pace = ended / max(steady_time() - self._last_turn, 0.001)
        least = 2 * self._options.concurrency
        return min(max(least, int(pace * _AHEAD)), max(least, _MOST_IN_HAND))

    async def _booked(self, rows: list[Claimed]) -> list[float | None]:
        """Book the budgets of rows. Returns in how many seconds each may be sent, None for those that were not booked.

        What is looked up is booked too: the provider counts every request.
        """
        waits: list[float | None] = [0.0] * len(rows)
        wanted: dict[tuple[str, str], list[int]] = {}
        for place, row in enumerate(rows):
            wanted.setdefault((row.account, row.operation.partition(".")[0]), []).append(place)
        for (account, scope), places in wanted.items():
            if (per_minute := self._delivery.per_minute(account, scope)) is None:
                continue
            book = partial(self._budgets.reserve, account, scope, len(places), per_minute)
            found = await self._stored(book)
            waited = 0.0
            for number, place in enumerate(places):
                if number < found.granted:
                    waits[place] = wait = found.wait + number * 60.0 / per_minute
                    waited += wait
                else:
                    waits[place] = None
            if found.granted < len(places):
                left = HORIZON / 4 if found.granted else found.wait
                self._without[account, f"{scope}."] = steady_time() + left
                waited += left
            if waited > 0:
                provider = self._delivery.provider(rows[places[0]])
                tell(self._runtime.observers, Happening("budget.waited", provider, account, {"scope": scope}, waited))
        return waits

    def _let_go(self, row: Claimed, deadline: float, wait: float) -> None:
        """Hand a row to the lanes when its turn has come."""
        if wait <= 0.0:
            self._ready.put_nowait((row, deadline))
        else:
            asyncio.get_running_loop().call_later(wait, self._ready.put_nowait, (row, deadline))

    async def _lane(self) -> None:
        while True:
            await self._work(*await self._ready.get())
            self._wake.set()

    async def _work(self, row: Claimed, deadline: float) -> None:
        self._not_begun.pop(row.id, None)
        if steady_time() > deadline or self._is_stopping:
            outcome = outcomes.given_back(row)
        else:
            outcome = await self._driven(self._delivery.handle(row, deadline))
        self._ended.append((row, outcome))

    async def _driven(self, coroutine: Coroutine[object, None, T]) -> T:
        """Await it, or let a thread drive it where the components are those of blocking callers."""
        if self._senders is None:
            return await coroutine
        return await asyncio.get_running_loop().run_in_executor(self._senders, drive, coroutine)

    async def _stored(self, work: Callable[[], T]) -> T:
        """Work on the database. With rows in hand try again while it is away: for a lease, then they are others'."""
        begun = steady_time()
        while True:
            try:
                return await asyncio.get_running_loop().run_in_executor(self._store, work)
            except Unavailable:
                if not self._in_hand or self._is_leaving or steady_time() - begun > self._options.lease:
                    raise
                await asyncio.sleep(_DATABASE_WAIT)

    def _tell(self, row: Claimed, outcome: Outcome) -> None:
        self._counts[outcome.state] += 1
        lacks = None if outcome.problem is None or outcome.state >= State.DONE else _LACKS.get(outcome.problem)
        if lacks is not None and outcome.problem not in self._told_of:
            self._told_of.add(outcome.problem)  # once, and not for each of thousands of rows
            log.error("this worker lacks %s: see `govcomponents outbox list --problem %s`", lacks, outcome.problem)
        if outcome.state > State.DONE:  # never silent, whether or not the service has a handler of GaveUp
            level = logging.ERROR if outcome.state is State.DEAD else logging.WARNING
            what = "given up" if outcome.state is State.DEAD else "refused"
            told = "%s of account %s was %s (%s): see `govcomponents outbox show %d`"
            log.log(level, told, row.operation, row.account, what, outcome.problem, row.id)
        if self._runtime.observers and (name := _HAPPENED.get(outcome.state)) is not None:
            labels, item = {"operation": row.operation}, f"outbox {row.id}"
            age, provider = row.now - row.created_at, self._delivery.provider(row)
            happened = Happening(name, provider, row.account, labels, age, journey=row.journey, item=item)
            tell(self._runtime.observers, happened)
            if (step := step_of(row, outcome)) is not None:
                tell_step(self._runtime.observers, step, provider)


async def work_due(
    engine: sa.Engine,
    delivery: Delivery,
    runtime: Runtime,
    options: WorkerOptions,
    *,
    budgets: Budgets,
    seconds: float | None,
    limit: int | None,
) -> WorkReport:
    """Make a worker and let it work: for a blocking caller on a loop and a thread that end with this call."""
    worker = Worker(engine, delivery, runtime, options, budgets=budgets, is_blocking=is_driven())
    if not is_driven():
        return await worker.run(seconds, limit)
    with ThreadPoolExecutor(1, "govcomponents-worker") as pool:
        try:
            return pool.submit(lambda: asyncio.run(worker.run(seconds, limit))).result()
        except BaseException:
            worker.stop()  # the caller was interrupted: what is under way is brought to its end
            raise


def check_number(value: object, field: str, kinds: tuple[type, ...]) -> None:
    """Raise InvalidInput unless it is a number above 0, or None."""
    if value is not None and (isinstance(value, bool) or not isinstance(value, kinds) or not value > 0):  # type: ignore[operator]  # a number by then
        fix = "give a number above 0, or leave it out"
        raise InvalidInput(field=field, problem="it is not a number above 0", fix=fix, operation="run_due")
