"""The gauges of the store: the outbox, callbacks, payments by status, budgets and data keys, for metrics."""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa

from govcomponents.durable.operating.data_keys import data_keys
from govcomponents.durable.storage.faults import store_faults
from govcomponents.durable.storage.schema import (
    BUDGET,
    HAS_FAILED,
    INBOX,
    IS_OPEN,
    IS_WAITING,
    KEY_MISSING,
    OUTBOX,
    PAUSE,
    PAYMENT,
    State,
    database_time,
)
from govcomponents.errors import GovComponentsError
from govcomponents.frames import shield
from govcomponents.observability import names
from govcomponents.observability.names import Reading

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

log = logging.getLogger("govcomponents")

NEWEST: Final = 10_000
"""The callbacks that are looked at for those that were given up: there may be millions."""
_DAY: Final = 86_400.0
_READ_AGAIN: Final = 2.0
"""Seconds for which a reading serves: a collection asks once for each metric, and the store is asked once for all."""
_STATES: Final = ("pending", "sending", "in_doubt", "refused", "dead")


@shield
class StoreGauges:
    """The gauges of the durable layer's store, as they stand now. One process of a service is enough to show them.

    Each reading is a few statements, on indexes, and serves for two seconds. While the store cannot be read there are
    no readings, and a line in the log says why.
    """

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._lock = threading.Lock()
        self._read_at = -float("inf")
        self._readings: tuple[Reading, ...] = ()

    def read(self) -> Sequence[Reading]:
        """Return the readings of now; none if the store cannot be read."""
        with self._lock:
            if time.monotonic() - self._read_at >= _READ_AGAIN:
                try:
                    self._readings = tuple(read_store(self._engine))
                except GovComponentsError as error:
                    self._readings = ()
                    log.warning("the gauges of the store could not be read (%s)", error)
                self._read_at = time.monotonic()
            return self._readings

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self._engine.dialect.name}>"


def read_store(engine: sa.Engine) -> Iterator[Reading]:
    """Read all gauges of the store. Raises ConfigurationError if there are no tables, Unavailable if it is away."""
    with store_faults("gauges"), engine.connect() as connection:
        yield from _outbox(connection)
        yield from _inbox(connection)
        yield from _payments(connection)
        now = database_time()
        for account, scope, ahead in connection.execute(
            sa.select(BUDGET.c.account, BUDGET.c.scope, BUDGET.c.next_at - now)
        ):
            yield Reading(names.BUDGET_BOOKED, max(0.0, ahead), (account, scope))
        for key in data_keys(connection):
            if key.age is not None:
                yield Reading(names.KEY_AGE, key.age, (key.id,))
            yield Reading(names.KEY_ROWS, key.rows, (key.id,))


def _outbox(connection: sa.Connection) -> Iterator[Reading]:
    now = database_time()
    late = sa.func.max(now - OUTBOX.c.due_at)
    counted = sa.select(OUTBOX.c.account, OUTBOX.c.state, sa.func.count(), late, _keyless(OUTBOX))
    counts: dict[str, dict[str, int]] = {}
    lag: dict[str, float] = {}
    keyless = 0
    for condition in (IS_OPEN, HAS_FAILED):  # each has an index of its own
        grouped = counted.where(condition).group_by(OUTBOX.c.account, OUTBOX.c.state)
        for account, state, count, waits, without in connection.execute(grouped):
            counts.setdefault(account, dict.fromkeys(_STATES, 0))[State(state).name.lower()] = count
            is_open = state < State.DONE  # what was given up waits for nothing
            lag[account] = max(waits if is_open else 0.0, lag.get(account, 0.0))
            keyless += without if is_open else 0
    for account, by_state in (counts or {"default": dict.fromkeys(_STATES, 0)}).items():
        for name, count in by_state.items():
            yield Reading(names.OUTBOX_ROWS, count, (account, name))
        yield Reading(names.OUTBOX_LAG, lag.get(account, 0.0), (account,))
    yield Reading(names.KEY_MISSING, keyless, ("outbox",))
    left = PAUSE.c.until - now
    for account, scope, seconds in connection.execute(sa.select(PAUSE.c.account, PAUSE.c.scope, left).where(left > 0)):
        yield Reading(names.OUTBOX_PAUSED, seconds, (account, scope))


def _inbox(connection: sa.Connection) -> Iterator[Reading]:
    now = database_time()
    late = sa.func.max(now - INBOX.c.due_at)
    waiting = sa.select(INBOX.c.source, sa.func.count(), late, _keyless(INBOX)).where(IS_WAITING)
    found = {source: counts for source, *counts in connection.execute(waiting.group_by(INBOX.c.source))}
    newest = sa.select(INBOX.c.source, INBOX.c.created_at, INBOX.c.is_open, INBOX.c.problem)
    rows = newest.order_by(INBOX.c.id.desc()).limit(NEWEST).subquery()
    given_up = sa.func.sum(sa.case((sa.and_(rows.c.is_open == 0, rows.c.problem.is_not(None)), 1), else_=0))
    of_source = sa.select(rows.c.source, now - sa.func.max(rows.c.created_at), given_up).group_by(rows.c.source)
    last = {source: (quiet, count) for source, quiet, count in connection.execute(of_source)}
    for source in sorted({*found, *last}):
        count, waits, keyless = found.get(source, (0, 0.0, 0))
        yield Reading(names.INBOX_ROWS, count, (source, "waiting"))
        yield Reading(names.INBOX_LAG, max(0.0, waits), (source,))
        if source != "outbox":  # which is that of the calls: what tells of them is under no key
            yield Reading(names.KEY_MISSING, keyless, (source,))
        if source in last:
            quiet, gave_up = last[source]
            yield Reading(names.INBOX_ROWS, gave_up, (source, "gave_up"))
            yield Reading(names.INBOX_QUIET, max(0.0, quiet), (source,))


def _keyless(table: sa.Table) -> sa.ColumnElement[int]:
    """How many rows wait for a worker that has their data key."""
    return sa.func.sum(sa.case((table.c.problem == KEY_MISSING, 1), else_=0))


def _payments(connection: sa.Connection) -> Iterator[Reading]:
    earlier = sa.select(PAYMENT.c.id).where(PAYMENT.c.created_at < database_time() - _DAY)
    first = sa.func.coalesce(earlier.order_by(PAYMENT.c.id.desc()).limit(1).scalar_subquery(), 0)
    status = sa.case(
        (PAYMENT.c.is_open == 1, "looked_for"),
        (PAYMENT.c.payment_id.is_(None), "not_made"),
        else_=sa.func.coalesce(PAYMENT.c.status, "unknown"),
    ).label("shown")
    counted = sa.select(PAYMENT.c.account, status, sa.func.count()).where(PAYMENT.c.id > first)
    for account, shown, count in connection.execute(counted.group_by(PAYMENT.c.account, status)):
        yield Reading(names.PAYMENTS, count, (account, shown))
