"""The budget of requests that all workers and direct senders share: one row that tells when the next one may leave."""

from __future__ import annotations

import math
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol, runtime_checkable

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from govcomponents.core.http.single_attempt import steady_time
from govcomponents.durable.storage.engines import engine_argument
from govcomponents.durable.storage.schema import BUDGET, database_time
from govcomponents.durable.storage.writing import writing
from govcomponents.errors import InvalidInput
from govcomponents.frames import shield

if TYPE_CHECKING:
    from govcomponents.notify.limiters import Limiter

HORIZON: Final = 2.0
"""Seconds for which requests are booked ahead. A worker that is killed wastes no more of the budget than that."""
SLACK: Final = 0.01
"""Seconds of the budget that may be caught up on after nobody asked: a hundredth of any second."""


@dataclass(frozen=True, slots=True)
class Reserved:
    """The requests that were booked, and in how many seconds the first may leave; others follow at the pace.

    With none booked, in how many seconds it is worth asking again.
    """

    granted: int
    wait: float


@runtime_checkable
class Budgets(Protocol):
    """Budgets of requests that several processes share. Must be safe to share between threads, and may block."""

    def reserve(self, account: str, scope: str, most: int, per_minute: float) -> Reserved:
        """Book at most so many requests of an account's scope, such as "notify", as far as they may leave soon."""
        ...


def granted(next_at: float, now: float, most: int, per_minute: float) -> tuple[Reserved, float]:
    """Return what can be booked when the next request may leave at `next_at`, and when the one after these may.

    Nobody books further ahead than the horizon: a time beyond it is of a clock that has been set back since.
    """
    interval = 60.0 / per_minute
    start = max(next_at, now - SLACK) if next_at <= now + HORIZON + interval + SLACK else now
    room = math.floor((now + HORIZON - start) / interval) + 1
    if start > now + HORIZON or room < 1:
        return Reserved(0, max(start - now - HORIZON / 2, interval)), start
    many = min(most, room)
    return Reserved(many, max(0.0, start - now)), start + many * interval


def _touch(insert: Any) -> Any:
    made = insert(BUDGET).values(account=sa.bindparam("account"), scope=sa.bindparam("scope"), next_at=0.0)
    # An update that changes nothing locks the row, and reads what is in it now.
    made = made.on_conflict_do_update(
        index_elements=[BUDGET.c.account, BUDGET.c.scope], set_={"next_at": BUDGET.c.next_at}
    )
    return made.returning(BUDGET.c.next_at, database_time())


_TOUCH: Final = {"postgresql": _touch(postgresql.insert), "sqlite": _touch(sqlite.insert)}
_BOOK: Final = (
    sa.update(BUDGET)
    .where(BUDGET.c.account == sa.bindparam("of"), BUDGET.c.scope == sa.bindparam("in_scope"))
    .values(next_at=sa.bindparam("then"))
)


@shield
class StoreBudgets:
    """Budgets in the database of the store, by its clock: numbers of requests, and times in seconds."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine_argument(engine, "StoreBudgets")

    def reserve(self, account: str, scope: str, most: int, per_minute: float) -> Reserved:
        """Book at most so many requests. Raises Unavailable or ConfigurationError."""
        row = {"account": account, "scope": scope}
        with writing(self._engine, "run_due") as connection:
            next_at, now = connection.execute(_TOUCH[connection.dialect.name], row).one()
            told_at = steady_time()
            found, then = granted(next_at, now, most, per_minute)
            if found.granted:
                connection.execute(_BOOK, {"of": account, "in_scope": scope, "then": then})
        # A commit takes its time, and the first may leave all the same.
        return Reserved(found.granted, max(0.0, found.wait - (steady_time() - told_at)))


@shield
class BudgetLimiter:
    """A limiter for `gov.notify.send_many(limiter=...)`, of the same budget as the workers'."""

    def __init__(self, budgets: Budgets, account: str, scope: str, per_minute: float) -> None:
        self._budgets = budgets
        self._account = account
        self._scope = scope
        self._per_minute = per_minute
        self._lock = threading.Lock()

    def acquire(self, tokens: int) -> float:
        """Book so many requests, wait until they may leave, and return 0; or the seconds after which to ask again."""
        for _ in range(tokens):
            with self._lock:
                found = self._budgets.reserve(self._account, self._scope, 1, self._per_minute)
            if not found.granted:
                return found.wait
            time.sleep(found.wait)
        return 0.0


def limiter_of(budgets: Budgets, account: str, scope: str, per_minute: float | None) -> Limiter:
    """Return the limiter of a budget. Raises InvalidInput where there is none."""
    if per_minute is None:
        raise InvalidInput(
            field="per_minute",
            problem="there is no budget of requests for this account",
            fix="set GOVCOMPONENTS_NOTIFY__REQUESTS_PER_MINUTE, or give per_minute",
            operation="limiter",
        )
    given: object = per_minute
    if isinstance(given, bool) or not isinstance(given, (int, float)) or not 0 < given < math.inf:
        fix = "give the number of requests that the provider permits in a minute"
        raise InvalidInput(field="per_minute", problem="it is no number above 0", fix=fix, operation="limiter")
    return BudgetLimiter(budgets, account, scope, per_minute)
