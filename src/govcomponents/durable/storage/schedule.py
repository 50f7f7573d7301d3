"""Jobs that come round: of all workers one takes each turn, and a job that goes through rows keeps how far it came."""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from govcomponents.durable.storage.faults import store_faults
from govcomponents.durable.storage.schema import SCHEDULE, database_time

_DIALECTS: Final[dict[str, Any]] = {"postgresql": postgresql.insert, "sqlite": sqlite.insert}


def is_turn(engine: sa.Engine, name: str, every: float) -> bool:
    """Whether a job is to be run now, by this worker; the next turn is so many seconds from now.

    A next turn that is further away than that was put down by a clock that has been set back since: it is now.
    """
    insert = _DIALECTS[engine.dialect.name](SCHEDULE).values(name=name, next_at=0.0).on_conflict_do_nothing()
    held = sa.select(SCHEDULE.c.next_at, database_time().label("now")).where(SCHEDULE.c.name == name)
    with store_faults("run_due"), engine.begin() as connection:
        if (row := connection.execute(held).first()) is None:
            connection.execute(insert)
            row = connection.execute(held).one()
        next_at, now = row
        if now < next_at <= now + every:
            return False
        mine = (SCHEDULE.c.name == name, SCHEDULE.c.next_at == next_at)
        return connection.execute(sa.update(SCHEDULE).where(*mine).values(next_at=now + every)).rowcount == 1


def come_again(engine: sa.Engine, name: str, wait: float) -> None:
    """Let the next turn of a job be so many seconds from now, as it did not come to its end."""
    with store_faults("run_due"), engine.begin() as connection:
        next_at = database_time() + wait
        connection.execute(sa.update(SCHEDULE).where(SCHEDULE.c.name == name).values(next_at=next_at))


def position(engine: sa.Engine, name: str, ago: float) -> float:
    """Return the time up to which a job has gone through its rows; so many seconds ago for one that never ran."""
    insert = _DIALECTS[engine.dialect.name](SCHEDULE).values(name=name, next_at=database_time() - ago)
    with store_faults("run_due"), engine.begin() as connection:
        connection.execute(insert.on_conflict_do_nothing())
        held: float = connection.execute(sa.select(SCHEDULE.c.next_at).where(SCHEDULE.c.name == name)).scalar_one()
    return held


def advance(engine: sa.Engine, name: str, to: float) -> None:
    """Keep that a job has gone through all rows up to a time. It never goes back."""
    with store_faults("run_due"), engine.begin() as connection:
        mine = (SCHEDULE.c.name == name, SCHEDULE.c.next_at < to)
        connection.execute(sa.update(SCHEDULE).where(*mine).values(next_at=to))
