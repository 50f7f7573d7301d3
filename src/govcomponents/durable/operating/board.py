"""The store on one screen for people on call: the outbox, callbacks, payments that are looked for, and budgets."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa

from govcomponents.durable.operating.data_keys import data_keys
from govcomponents.durable.operating.gauges import NEWEST
from govcomponents.durable.operating.provider_documents import provider_documents
from govcomponents.durable.outbox.status import OutboxStatus, outbox_status
from govcomponents.durable.storage.faults import store_faults
from govcomponents.durable.storage.schema import BUDGET, INBOX, IS_UNKNOWN, IS_WAITING, KEY_MISSING, database_time

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from govcomponents.durable.operating.data_keys import DataKey
    from govcomponents.durable.operating.provider_documents import ProviderDocument


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """The store at one moment. `waiting` are the callbacks that no handler has ended yet, `late_by` the oldest's age.

    `without_key` are those of them that wait for a worker with their data key.

    Of the newest 10,000 callbacks: `gave_up` are those that were given up, `last` is when the last came, by its source.
    `looked_for` are payments of which it is not known whether they were made. `booked` is for how many seconds the
    budget of an account's scope is booked ahead. `keys` are the data keys that what is kept stands under,
    `documents` the copies of providers' keys that processes share.
    """

    outbox: OutboxStatus
    waiting: int
    without_key: int
    late_by: float
    gave_up: int
    last: Mapping[str, datetime]
    looked_for: int
    booked: Mapping[str, float]
    keys: Sequence[DataKey]
    documents: Sequence[ProviderDocument]

    @property
    def needs_somebody(self) -> bool:
        """Whether something stands that does not go on by itself."""
        outbox = self.outbox
        return bool(outbox.dead or outbox.paused or outbox.without_key or self.gave_up or self.without_key)


def board(engine: sa.Engine) -> Board:
    """Look at the store. Raises ConfigurationError if the tables are not there, Unavailable if the database is away."""
    outbox = outbox_status(engine)
    now = database_time()
    newest = sa.select(INBOX.c.source, INBOX.c.created_at, INBOX.c.is_open, INBOX.c.problem)
    newest_rows = newest.order_by(INBOX.c.id.desc()).limit(NEWEST).subquery()
    is_given_up = sa.and_(newest_rows.c.is_open == 0, newest_rows.c.problem.is_not(None))
    given_up = sa.func.sum(sa.case((is_given_up, 1), else_=0))
    of_source = sa.select(newest_rows.c.source, sa.func.max(newest_rows.c.created_at), given_up)
    keyless = sa.func.coalesce(sa.func.sum(sa.case((INBOX.c.problem == KEY_MISSING, 1), else_=0)), 0)
    waiting = sa.select(sa.func.count(), sa.func.max(now - INBOX.c.due_at), keyless).where(IS_WAITING)
    with store_faults("status"), engine.connect() as connection:
        count, late, without_key = connection.execute(waiting).one()
        sources = connection.execute(of_source.group_by(newest_rows.c.source).order_by(newest_rows.c.source)).all()
        looked_for = connection.execute(sa.select(sa.func.count()).where(IS_UNKNOWN)).scalar_one()
        budgets = connection.execute(
            sa.select(BUDGET.c.account, BUDGET.c.scope, BUDGET.c.next_at - now).order_by(BUDGET.c.account)
        ).all()
        keys = data_keys(connection)
        documents = provider_documents(connection)
    return Board(
        outbox=outbox,
        waiting=count,
        without_key=without_key,
        late_by=max(0.0, late or 0.0),
        gave_up=sum(gave_up for _, _, gave_up in sources),
        last={source: datetime.fromtimestamp(at, UTC) for source, at, _ in sources},
        looked_for=looked_for,
        booked={f"{account} {scope}": max(0.0, ahead) for account, scope, ahead in budgets},
        keys=keys,
        documents=documents,
    )
