"""The state of the outbox in numbers, for health pages, dashboards and people on call."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from govcomponents.durable.storage.faults import store_faults
from govcomponents.durable.storage.schema import (
    HAS_FAILED,
    IS_OPEN,
    KEY_MISSING,
    OUTBOX,
    PAUSE,
    State,
    database_time,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxStatus:
    """The outbox in numbers. `late_by` is for how many seconds the oldest row has been due, 0 if none is.

    `paused` names what is not tried for now, by account: such as "default notify." after a refused credential.
    `without_key` are open rows that wait for a worker with their data key: the last one that had them lacked it.
    """

    pending: int
    sending: int
    in_doubt: int
    refused: int
    dead: int
    late_by: float
    paused: tuple[str, ...]
    without_key: int


def outbox_status(engine: sa.Engine) -> OutboxStatus:
    """Count the rows that are open, refused or dead. Rows that are done are not counted: there may be millions.

    Raises ConfigurationError if the tables are not there, Unavailable if the database is away.
    """
    late = sa.func.max(database_time() - OUTBOX.c.due_at)
    keyless = sa.func.sum(sa.case((OUTBOX.c.problem == KEY_MISSING, 1), else_=0))
    still_open = sa.select(OUTBOX.c.state, sa.func.count(), late, keyless).where(IS_OPEN).group_by(OUTBOX.c.state)
    failed = sa.select(OUTBOX.c.state, sa.func.count()).where(HAS_FAILED).group_by(OUTBOX.c.state)
    paused = sa.select(PAUSE.c.account, PAUSE.c.scope).where(PAUSE.c.until > database_time()).order_by(*PAUSE.c)
    with store_faults("durable status"), engine.connect() as connection:
        # Two statements, each by a small index: together they would read all that is done.
        rows = connection.execute(still_open).all()
        ends = connection.execute(failed).all()
        pauses = connection.execute(paused).all()
    counts = {State(state): count for state, count, *_ in (*rows, *ends)}
    return OutboxStatus(
        pending=counts.get(State.PENDING, 0),
        sending=counts.get(State.SENDING, 0),
        in_doubt=counts.get(State.IN_DOUBT, 0),
        refused=counts.get(State.REFUSED, 0),
        dead=counts.get(State.DEAD, 0),
        late_by=max([0.0, *(late for _, _, late, _ in rows)]),
        paused=tuple(f"{account} {scope}" for account, scope in pauses),
        without_key=sum(without for _, _, _, without in rows),
    )
