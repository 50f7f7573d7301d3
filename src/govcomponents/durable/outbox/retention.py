"""Erasure on request, and retention: what is kept about people is gone in time, and ended rows with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from govcomponents.durable.storage.commit_points import CommitPoint, reached
from govcomponents.durable.storage.faults import store_faults
from govcomponents.durable.storage.schema import INBOX, IS_OPEN, OUTBOX, State, database_time

_DAY: Final = 86_400.0
KEEP_PAYLOADS: Final = 7 * _DAY
"""Seconds for which what was refused or given up can be tried again: then its payload is gone."""
KEEP_ENDED: Final = 30 * _DAY
"""Seconds for which an ended row is there, without anything about people: then its reference can be used again."""
_AT_ONCE: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """The outcome of an erasure, in numbers of rows: `erased` ones hold nothing about anybody any more.

    `cancelled` of them had not been sent yet, and will not be. `left` ones are being sent or are in doubt: ask again
    once they have ended.
    """

    erased: int
    cancelled: int
    left: int


def erase(engine: sa.Engine, journey: str) -> Erasure:
    """Erase what the outbox holds of a journey, and cancel what of it waits to be sent."""
    mine = OUTBOX.c.journey == journey
    nothing = {"payload": None, "content": None}
    with store_faults("erase"), engine.begin() as connection:
        cancelled = connection.execute(
            sa.update(OUTBOX)
            .where(mine, OUTBOX.c.state == State.PENDING)
            .values(nothing | {"state": State.DEAD, "problem": "Erased", "ended_at": database_time()})
        ).rowcount
        gone = {"payload": None, "is_open": 0, "problem": "Erased", "ended_at": database_time()}
        connection.execute(
            sa.update(INBOX).where(INBOX.c.journey == journey, INBOX.c.payload.is_not(None)).values(gone)
        )
        erased = connection.execute(sa.update(OUTBOX).where(mine, ~IS_OPEN).values(nothing)).rowcount
        left = connection.scalar(sa.select(sa.func.count()).select_from(OUTBOX).where(mine, IS_OPEN)) or 0
    return Erasure(erased=erased, cancelled=cancelled, left=left)


def tidy(engine: sa.Engine) -> None:
    """Let go of what has been kept for long enough, a thousand rows at a time."""
    old = database_time() - KEEP_ENDED
    stale = sa.select(OUTBOX.c.id).where(~IS_OPEN, OUTBOX.c.ended_at < database_time() - KEEP_PAYLOADS)
    stale = stale.where(OUTBOX.c.payload.is_not(None)).limit(_AT_ONCE)
    ended = sa.select(OUTBOX.c.id).where(~IS_OPEN, OUTBOX.c.ended_at < old).limit(_AT_ONCE)
    unhandled = sa.select(INBOX.c.id).where(INBOX.c.is_open == 0, INBOX.c.ended_at < database_time() - KEEP_PAYLOADS)
    unhandled = unhandled.where(INBOX.c.payload.is_not(None)).limit(_AT_ONCE)
    handled = sa.select(INBOX.c.id).where(INBOX.c.is_open == 0, INBOX.c.ended_at < old).limit(_AT_ONCE)
    with store_faults("run_due"), engine.begin() as connection:
        connection.execute(sa.update(OUTBOX).where(OUTBOX.c.id.in_(stale)).values(payload=None, content=None))
        connection.execute(sa.update(INBOX).where(INBOX.c.id.in_(unhandled)).values(payload=None))
        connection.execute(sa.delete(OUTBOX).where(OUTBOX.c.id.in_(ended)))
        connection.execute(sa.delete(INBOX).where(INBOX.c.id.in_(handled)))
        reached(CommitPoint.TIDYING)
