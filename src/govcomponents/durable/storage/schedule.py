"""Jobs that come round: of all workers one takes each turn, by a row with the time of the next."""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from govcomponents.durable.storage.schema import SCHEDULE, database_time

_DIALECTS: Final[dict[str, Any]] = {"postgresql": postgresql.insert, "sqlite": sqlite.insert}


def is_turn(engine: sa.Engine, name: str, every: float) -> bool:
    """Whether a job is to be run now, by this worker; the next turn is so many seconds from now."""
    insert = _DIALECTS[engine.dialect.name](SCHEDULE).values(name=name, next_at=0.0).on_conflict_do_nothing()
    mine = (SCHEDULE.c.name == name, SCHEDULE.c.next_at <= database_time())
    with engine.begin() as connection:
        connection.execute(insert)
        taken = sa.update(SCHEDULE).where(*mine).values(next_at=database_time() + every)
        return connection.execute(taken).rowcount == 1
