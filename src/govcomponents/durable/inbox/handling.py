"""Handling: an event is given to the service's handlers, in the transaction in which it is marked as handled."""

from __future__ import annotations

import asyncio
import inspect
import logging
import math
import random
import secrets
import sysconfig
import threading
import traceback
from collections import Counter
from contextlib import contextmanager, suppress
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
    is_claimed,
    mark_handled,
    put_back,
)
from govcomponents.durable.storage.commit_points import CommitPoint, reached
from govcomponents.durable.storage.faults import store_faults
from govcomponents.durable.storage.schema import KEY_MISSING
from govcomponents.durable.storage.sealing import KeyMissing, PayloadLost
from govcomponents.durable.storage.transactions import COMMITS_EACH
from govcomponents.durable.storage.writing import handling_on
from govcomponents.errors import ConfigurationError, GovComponentsError, InvalidInput, RateLimited

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator
    from contextlib import AbstractContextManager
    from typing import Protocol, TypeVar

    import sqlalchemy as sa
    from sqlalchemy.ext.asyncio import AsyncEngine

    from govcomponents.durable.inbox.present import Calls
    from govcomponents.durable.storage.sealing import PayloadKeys
    from govcomponents.durable.storage.transactions import Transaction

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
_FAILED: Final = "a handler of %s failed with %s%s; it is tried again: `govcomponents inbox show %d`"
_ENDED: Final = (
    "a handler of %s failed with %s%s, and its event has ended or is another worker's: what a handler commits by "
    "itself ends its event, and what it did not come to is lost: `govcomponents inbox show %d`"
)
_UNDONE: Final = (
    "a handler of %s rolled its transaction back, or went on after a statement in it had failed: nothing of it was "
    "kept, and it is tried again: `govcomponents inbox show %d`"
)
_LIBRARIES: Final = tuple({sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib")})
_WITH_TRANSACTION: Final = "give a function of two arguments: the event, and the transaction"


class _NoTransaction(Exception):
    """What a handler would be given commits each statement by itself: if it raised, its event would be lost."""


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

    `engine` is for transactions of our own. `asyncio_engine` gives those of handlers that are coroutine functions;
    `within`, where it is given, those of all others, such as Django's own, and else `service_engine`. `longest` is for
    how many seconds the provider is asked about an event.
    """

    engine: sa.Engine
    service_engine: sa.Engine
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
        is_over = False
        while self.handlers.kinds and not is_over:
            row = await self.run(self._claim)
            if row is None:
                break
            counts[await self._handle(row)] += 1
            is_over = until is not None and steady_time() >= until
        if counts["without_key"]:
            told = "the data key of %d events is not among this worker's: see `govcomponents inbox list --problem %s`"
            log.error(told, counts["without_key"], KEY_MISSING)
        return counts, is_over

    def _claim(self) -> Waiting | None:
        with store_faults("run_due"), self.engine.begin() as connection:
            return claim_event(connection, self.handlers.kinds, lease=self.lease, me=secrets.token_hex(8))

    async def _handle(self, row: Waiting) -> str:
        """Handle one event. Returns "handled", "failed", "without_key" or "gave_up"."""
        reached(CommitPoint.INBOX_CLAIMED)
        if row.claims > MAX_TRIES:
            return await self.run(partial(self._give_up, row, "TooManyTries"))
        try:
            event = read(self.keys.unseal(row.payload, event_name(row.source, row.account, row.key)), row.kind)
        except KeyMissing:
            if row.age > self.longest:
                return await self.run(partial(self._give_up, row, KEY_MISSING))
            await self.run(partial(self._put_back, row, KEY_MISSING, _UNASKED_WAIT, is_counted=False))
            return "without_key"
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
        coroutines_on = self.asyncio_engine if any(map(inspect.iscoroutinefunction, handlers)) else None
        try:
            if coroutines_on is not None:
                is_mine = await self._in_coroutines(coroutines_on, row, event, handlers)
            else:
                is_mine = await self.run(partial(self._in_functions, row, event, handlers))
        except _NoTransaction:
            await self.run(partial(self._put_back, row, "NoTransaction", 0.0, is_counted=False))
            raise ConfigurationError(
                "handlers are given no transaction: each statement in it is committed by itself",
                fix='give Durable an engine without isolation_level="AUTOCOMMIT", or a `handle_in` that begins one',
                operation="run_due",
            ) from None
        except Exception as error:  # noqa: BLE001  # whatever the service's own code raises, the event is tried again
            is_left = await self.run(partial(self._put_back, row, type(error).__name__, _back_off(row.claims)))
            log.warning(_FAILED if is_left else _ENDED, row.kind, _named(error), _place(error), row.id)
            return "failed"
        except (SystemExit, KeyboardInterrupt, asyncio.CancelledError) as error:
            if coroutines_on is not None or not isinstance(
                error, asyncio.CancelledError
            ):  # else it goes on, on a thread
                await self._broken_off(row, error)
            raise
        if is_mine and await self.run(partial(self._is_left, row)):
            log.warning(_UNDONE, row.kind, row.id)
            await self.run(partial(self._put_back, row, "RolledBack", _back_off(row.claims)))
            return "failed"
        if is_mine and row.journey is not None:
            tell_step(self.observers, handled_step(row, row.journey))
        return "handled" if is_mine else "failed"  # else this worker was away for too long: another one has it

    async def _broken_off(self, row: Waiting, error: BaseException) -> None:
        """Put an event back at once whose handler ends its process, which counts as a failure, or was broken off."""
        is_its_own = isinstance(error, SystemExit)
        wait = _back_off(row.claims) if is_its_own else 0.0
        back = partial(self._put_back, row, type(error).__name__, wait, is_counted=is_its_own)
        with suppress(GovComponentsError):  # else its lease runs out
            is_left = await self.run(back)
            if is_its_own:
                told = _FAILED if is_left else _ENDED
                log.error(told, row.kind, f"{type(error).__name__}, which ends its process,", _place(error), row.id)

    def _in_functions(self, row: Waiting, event: object, handlers: list[Callable[..., Any]]) -> bool:
        with self._watched(row), (self.within or self.service_engine.begin)() as transaction:
            if self.within is None and self.engine.dialect.name == "postgresql":
                # The server ends the transaction of a handler that hangs, so that another worker can have the event.
                transaction.exec_driver_sql(f"SET LOCAL idle_in_transaction_session_timeout = {self._lease_in_ms()}")
                transaction.exec_driver_sql(f"SET LOCAL statement_timeout = {self._lease_in_ms()}")
            if not drive(_marked(transaction, row)):
                return False
            reached(CommitPoint.INBOX_MARKED)
            with handling_on(self.engine):
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
            if not await _marked(transaction, row):
                return False
            reached(CommitPoint.INBOX_MARKED)
            with handling_on(self.engine):
                for handler in handlers:
                    if inspect.iscoroutinefunction(handler):
                        await handler(event, transaction)
                    else:
                        await transaction.run_sync(partial(_call, handler, event))
            reached(CommitPoint.INBOX_ACTED)
        reached(CommitPoint.INBOX_HANDLED)
        return True

    def _put_back(self, row: Waiting, problem: str, wait: float, *, is_counted: bool = True) -> bool:
        with store_faults("run_due"), self.engine.begin() as connection:
            return put_back(connection, row, problem, wait, is_counted=is_counted)

    def _is_left(self, row: Waiting) -> bool:
        """Whether an event is still to be handled, though its handlers ended well: only the store knows."""
        with store_faults("run_due"), self.engine.connect() as connection:
            return is_claimed(connection, row)

    def _give_up(self, row: Waiting, problem: str) -> str:
        told = "an event of %s was given up (%s): mend what it names, then `govcomponents inbox retry %d`"
        log.error(told, row.kind, problem, row.id)
        with store_faults("run_due"), self.engine.begin() as connection:
            end_event(connection, row, problem)
        tell(self.observers, Happening("inbox.gave_up", "", row.account, {"kind": row.kind}))
        return "gave_up"


async def _marked(on: Transaction, row: Waiting) -> bool:
    """Mark an event as handled. Raises _NoTransaction where that would be committed at once."""
    try:
        return await mark_handled(on, row)
    except InvalidInput as error:
        if error.problem != COMMITS_EACH:
            raise
        raise _NoTransaction from None


def _named(error: Exception) -> str:
    """Name its class, and say what happened and how to mend it where it is ours, whose text holds nothing of people."""
    name = type(error).__name__
    return f"{name} ({error})" if isinstance(error, GovComponentsError) else name


def _place(error: BaseException) -> str:
    """Say where it was raised: file, line and function hold nothing of the event, which its text may."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [
        frame for frame in frames if not frame.filename.startswith(_LIBRARIES)
    ]  # a library's place tells nobody which
    if not frames:
        return ""
    last = (own or frames)[-1]
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
