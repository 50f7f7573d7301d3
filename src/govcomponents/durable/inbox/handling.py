"""Handling: an event is given to the service's handlers, in the transaction in which it is marked as handled."""

from __future__ import annotations

import asyncio
import inspect
import logging
import math
import random
import secrets
import threading
import traceback
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from govcomponents.core.driver import drive
from govcomponents.core.http.single_attempt import steady_time
from govcomponents.core.observe import Happening, Observer, tell
from govcomponents.durable.audit.entries import tell_step
from govcomponents.durable.inbox.events import kinds_of, read
from govcomponents.durable.inbox.present import present
from govcomponents.durable.inbox.store import (
    Waiting,
    claim_event,
    end_event,
    event_name,
    handled_step,
    mark_handled,
    put_back,
)
from govcomponents.durable.storage.commit_points import CommitPoint, reached
from govcomponents.durable.storage.faults import store_faults
from govcomponents.durable.storage.sealing import PayloadLost
from govcomponents.errors import GovComponentsError, InvalidInput, RateLimited

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator
    from contextlib import AbstractContextManager
    from typing import Protocol, TypeVar

    import sqlalchemy as sa
    from sqlalchemy.ext.asyncio import AsyncEngine

    from govcomponents.durable.inbox.present import Calls
    from govcomponents.durable.storage.sealing import PayloadKeys

    T = TypeVar("T")

    class RunBlocking(Protocol):
        """Runs what blocks, where that may be done."""

        def __call__(self, work: Callable[[], T], /) -> Awaitable[T]:
            """Run it, and return its result."""
            ...


log = logging.getLogger("govcomponents")

Handler: TypeAlias = "Callable[[Any, Any], object]"
"""A handler of events. Its effect goes into the transaction that it is given, and nothing in it is committed by it."""

MAX_TRIES: Final = 10
_FIRST_WAIT: Final = 5.0
_LONGEST_WAIT: Final = 3600.0
_UNASKED_WAIT: Final = 30.0
_WITH_TRANSACTION: Final = "give a function of two arguments: the event, and the transaction"


class Handlers:
    """The handlers of a service, by class of event; `takes_coroutines` is whether they may be coroutine functions."""

    def __init__(self, *, takes_coroutines: bool) -> None:
        self._by_kind: dict[type[Any], list[Callable[..., Any]]] = {}
        self._takes_coroutines = takes_coroutines
        self.kinds: list[str] = []

    def add(self, kind: object, handler: object) -> None:
        """Add one. Raises InvalidInput for what is no class, or cannot be called as a handler is."""
        if not isinstance(kind, type) or not (names := kinds_of(kind)):
            fix = "give the class of the events, such as PaymentChanged"
            raise InvalidInput(field="kind", problem="it is not a class of events", fix=fix, operation="when")
        if not callable(handler):
            raise InvalidInput(field="handler", problem="it is not a function", fix=_WITH_TRANSACTION, operation="when")
        if inspect.iscoroutinefunction(handler) and not self._takes_coroutines:
            raise InvalidInput(
                field="handler",
                problem="it is a coroutine function, and there is no asyncio engine for its transaction",
                fix="give AsyncDurable an AsyncEngine, or the handler as a plain function",
                operation="when",
            )
        self._by_kind.setdefault(kind, []).append(handler)
        self.kinds += [name for name in names if name not in self.kinds]

    def of(self, event: object) -> list[Callable[..., Any]]:
        """Return the handlers of an event's class."""
        return self._by_kind.get(type(event), [])


@dataclass(frozen=True, slots=True)
class Handling:
    """The means of handling events: the store, the handlers, the providers, and the transactions in which they work.

    `asyncio_engine` gives the transactions of handlers that are coroutine functions; `within`, where it is given, those
    of all others, such as Django's own. `longest` is for how many seconds the provider is asked about an event.
    """

    engine: sa.Engine
    keys: PayloadKeys
    handlers: Handlers
    calls: Calls
    observers: tuple[Observer, ...]
    lease: float
    run: RunBlocking
    longest: float = math.inf
    asyncio_engine: AsyncEngine | None = None
    within: Callable[[], AbstractContextManager[Any]] | None = None
    on_hang: Callable[[], None] | None = None

    async def all_due(self, until: float | None) -> tuple[Counter[str], bool]:
        """Handle what is due, one event after the other, until a time of `steady_time`.

        Returns how each came out, and whether some may be left. One is handled even if the time is over already.
        """
        counts: Counter[str] = Counter()
        while self.handlers.kinds:
            row = await self.run(self._claim)
            if row is None:
                break
            counts[await self._handle(row)] += 1
            if until is not None and steady_time() >= until:
                return counts, True
        return counts, False

    def _claim(self) -> Waiting | None:
        with store_faults("run_due"), self.engine.begin() as connection:
            return claim_event(connection, self.handlers.kinds, lease=self.lease, me=secrets.token_hex(8))

    async def _handle(self, row: Waiting) -> str:
        """Handle one event. Returns "handled", "failed" or "gave_up"."""
        reached(CommitPoint.INBOX_CLAIMED)
        if row.claims > MAX_TRIES:
            return await self.run(partial(self._give_up, row, "TooManyTries"))
        try:
            event = read(self.keys.unseal(row.payload, event_name(row.source, row.account, row.key)), row.kind)
        except (PayloadLost, LookupError, ValueError) as error:
            return await self.run(partial(self._give_up, row, type(error).__name__))
        handlers = self.handlers.of(event)
        try:
            event = await present(event, self.calls, within=self.lease / 2)
        except Exception as error:  # noqa: BLE001  # whatever an adapter raises, the other events go on
            log.warning("the state that %s is about could not be asked for: %s", row.kind, type(error).__name__)
            is_bug = not isinstance(error, GovComponentsError)  # it would come each time: it counts, and has an end
            if not is_bug and row.age > self.longest:
                return await self.run(partial(self._give_up, row, type(error).__name__))
            wait = _back_off(row.claims) if is_bug else _asked_wait(error)
            await self.run(partial(self._put_back, row, type(error).__name__, wait, is_counted=is_bug))
            return "failed"
        reached(CommitPoint.INBOX_ASKED)
        try:
            if self.asyncio_engine is not None and any(inspect.iscoroutinefunction(one) for one in handlers):
                is_mine = await self._in_coroutines(self.asyncio_engine, row, event, handlers)
            else:
                is_mine = await self.run(partial(self._in_functions, row, event, handlers))
        except Exception as error:  # noqa: BLE001  # whatever the service's own code raises, the event is tried again
            told = "a handler of %s failed with %s%s; it is tried again: `govcomponents inbox show %d`"
            log.warning(told, row.kind, type(error).__name__, _place(error), row.id)
            await self.run(partial(self._put_back, row, type(error).__name__, _back_off(row.claims)))
            return "failed"
        if is_mine and row.journey is not None:
            tell_step(self.observers, handled_step(row, row.journey))
        return "handled" if is_mine else "failed"  # else this worker was away for too long: another one has it

    def _in_functions(self, row: Waiting, event: object, handlers: list[Callable[..., Any]]) -> bool:
        with self._watched(row), (self.within or self.engine.begin)() as transaction:
            if self.within is None and self.engine.dialect.name == "postgresql":
                # The server ends the transaction of a handler that hangs, so that another worker can have the event.
                transaction.exec_driver_sql(f"SET LOCAL idle_in_transaction_session_timeout = {self._lease_in_ms()}")
                transaction.exec_driver_sql(f"SET LOCAL statement_timeout = {self._lease_in_ms()}")
            if not drive(mark_handled(transaction, row)):
                return False
            reached(CommitPoint.INBOX_MARKED)
            for handler in handlers:
                handler(event, transaction)
            reached(CommitPoint.INBOX_ACTED)
        reached(CommitPoint.INBOX_HANDLED)
        return True

    def _lease_in_ms(self) -> int:
        return max(1, int(self.lease * 1000))

    @contextmanager
    def _watched(self, row: Waiting) -> Iterator[None]:
        """Tell of handlers that do not end within a lease, while they hang."""
        watch = threading.Timer(self.lease, self._hung, (row,))
        watch.daemon = True
        watch.start()
        try:
            yield
        finally:
            watch.cancel()

    def _hung(self, row: Waiting) -> None:
        log.error("a handler of %s has not ended for %g seconds: it hangs", row.kind, self.lease)
        tell(self.observers, Happening("inbox.hung", "", row.account, {"kind": row.kind}))
        if self.on_hang is not None:
            self.on_hang()

    async def _in_coroutines(
        self, engine: AsyncEngine, row: Waiting, event: object, handlers: list[Callable[..., Any]]
    ) -> bool:
        async with asyncio.timeout(self.lease), engine.begin() as transaction:
            if not await mark_handled(transaction, row):
                return False
            reached(CommitPoint.INBOX_MARKED)
            for handler in handlers:
                if inspect.iscoroutinefunction(handler):
                    await handler(event, transaction)
                else:
                    await transaction.run_sync(partial(_call, handler, event))
            reached(CommitPoint.INBOX_ACTED)
        reached(CommitPoint.INBOX_HANDLED)
        return True

    def _put_back(self, row: Waiting, problem: str, wait: float, *, is_counted: bool = True) -> None:
        with store_faults("run_due"), self.engine.begin() as connection:
            put_back(connection, row, problem, wait, is_counted=is_counted)

    def _give_up(self, row: Waiting, problem: str) -> str:
        told = "an event of %s was given up (%s): mend what it names, then `govcomponents inbox retry %d`"
        log.error(told, row.kind, problem, row.id)
        with store_faults("run_due"), self.engine.begin() as connection:
            end_event(connection, row, problem)
        tell(self.observers, Happening("inbox.gave_up", "", row.account, {"kind": row.kind}))
        return "gave_up"


def _place(error: Exception) -> str:
    """Say where it was raised: file, line and function hold nothing of the event, which its text may."""
    frames = traceback.extract_tb(error.__traceback__)
    if not frames:
        return ""
    last = frames[-1]
    return f" at {Path(last.filename).name}:{last.lineno} in {last.name}"


def _back_off(tries: int) -> float:
    """Return a wait in seconds that doubles with each try up to an hour, less a random part: not all come at once."""
    bound = min(_LONGEST_WAIT, _FIRST_WAIT * 2.0 ** (tries - 1))
    return bound * random.uniform(0.5, 1.0)  # noqa: S311  # spreads load, and keeps no secret


def _asked_wait(error: Exception) -> float:
    wait = error.retry_after if isinstance(error, RateLimited) else None
    return wait or _UNASKED_WAIT


def _call(handler: Callable[..., Any], event: object, transaction: sa.Connection) -> None:
    handler(event, transaction)
