"""Retention: what is kept about people is gone in time, and ended rows with it."""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass, fields
from datetime import timedelta
from typing import TYPE_CHECKING, Final, TypeVar

import sqlalchemy as sa

from govcomponents.core.http.single_attempt import steady_time
from govcomponents.durable.storage.commit_points import CommitPoint, reached
from govcomponents.durable.storage.faults import store_faults
from govcomponents.durable.storage.schema import (
    HAS_ENDED,
    HOLDS_PAYLOAD,
    INBOX,
    IS_OPEN,
    IS_WAITING,
    KEEPS_EVENT,
    OUTBOX,
    PAYMENT,
    database_time,
)
from govcomponents.errors import InvalidInput
from govcomponents.frames import shield

if TYPE_CHECKING:
    from collections.abc import Sequence

log = logging.getLogger("govcomponents")

UNHANDLED: Final = "Unhandled"
"""The problem of an event that no worker had a handler of for too long."""
_AT_ONCE: Final = 1000
_Change = TypeVar("_Change", sa.Update, sa.Delete)


@shield
@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """Times for which what has ended is kept, to be given to `Durable(keep=...)`.

    `payloads` is for how long what was refused or given up can be tried again: then what it says about people is gone.
    `ended` is for how long an ended row is there, with nothing about people: then its reference can be used again.
    `unhandled` is how long an event waits for a worker that has a handler of it, before it is given up. `payments` and
    `audit` are those of recorded payments that nothing more is seen of, and of the audit's sealed entries; None keeps
    them for ever. Raises InvalidInput for what is no time span above 0.
    """

    payloads: timedelta = timedelta(days=7)
    ended: timedelta = timedelta(days=30)
    unhandled: timedelta = timedelta(days=30)
    payments: timedelta | None = timedelta(days=7 * 365)
    audit: timedelta | None = timedelta(days=7 * 365)

    def __post_init__(self) -> None:
        for part in fields(self):
            span: object = getattr(self, part.name)
            may_be_none = part.name in ("payments", "audit")
            if (span is None and may_be_none) or (isinstance(span, timedelta) and span > timedelta(0)):
                continue
            fix = "give a timedelta, such as timedelta(days=90)" + (", or None to keep all" if may_be_none else "")
            raise InvalidInput(field=part.name, problem="it is no time span above 0", fix=fix, operation="Retention")


def tidy(engine: sa.Engine, keep: Retention, handled: Sequence[str] = (), until: float | None = None) -> None:
    """Let go of what has been kept for long enough, a thousand rows a commit, until a time of `steady_time`.

    One round is done even if the time is over: a worker that is never idle has to let go of what it makes. Events of
    the kinds that are `handled` here are not given up for want of a handler, however late this worker comes to them.
    """
    while _round(engine, keep, handled) and (until is None or steady_time() < until):
        pass


def _round(engine: sa.Engine, keep: Retention, handled: Sequence[str]) -> bool:
    """Let go of at most a thousand rows of each kind. Returns whether there may be more."""
    now = database_time()
    old = keep.ended.total_seconds()
    kept_until = now - min(keep.payloads.total_seconds(), old)
    unhandled_until = now - keep.unhandled.total_seconds()
    nobodys = {"is_open": 0, "owner": None, "problem": UNHANDLED, "ended_at": now}
    statements: list[sa.Update | sa.Delete] = [
        _some(sa.update(OUTBOX), HOLDS_PAYLOAD, OUTBOX.c.ended_at < kept_until).values(payload=None, content=None),
        _some(sa.update(INBOX), KEEPS_EVENT, INBOX.c.ended_at < kept_until).values(payload=None),
        _some(sa.delete(OUTBOX), ~IS_OPEN, OUTBOX.c.ended_at < now - old),
        _some(sa.delete(INBOX), HAS_ENDED, INBOX.c.ended_at < now - old),
    ]
    if keep.payments is not None:
        made_until = now - keep.payments.total_seconds()
        settled = (PAYMENT.c.is_open == 0, PAYMENT.c.watch_at.is_(None), PAYMENT.c.created_at < made_until)
        statements.append(_some(sa.delete(PAYMENT), *settled))
    lost = _some(sa.update(INBOX), IS_WAITING, INBOX.c.due_at < unhandled_until, INBOX.c.kind.not_in(handled))
    with store_faults("run_due"), engine.begin() as connection:
        counts = [connection.execute(statement).rowcount for statement in statements]
        kinds = Counter(connection.scalars(lost.values(nobodys).returning(INBOX.c.kind)))
        reached(CommitPoint.TIDYING)
    for kind, count in kinds.items():
        log.error("%d events of %s were given up: no worker had a handler of them", count, kind)
    return max(*counts, kinds.total()) >= _AT_ONCE


def _some(statement: _Change, *conditions: sa.ColumnElement[bool]) -> _Change:
    """Restrict a statement to a thousand rows that meet the conditions.

    They stand in it twice: a row that somebody else has in hand is waited for, and is then to meet them still.
    """
    table = statement.table
    return statement.where(table.c.id.in_(sa.select(table.c.id).where(*conditions).limit(_AT_ONCE)), *conditions)
