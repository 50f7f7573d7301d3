"""Jobs that come round: of all workers one takes each turn, by a row with the time of the next."""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from govcomponents.durable.storage.schema import SCHEDULE, database_time

_DIALECTS: Final[dict[str, Any]] = {"postgresql": postgresql.insert, "sqlite": sqlite.insert}


def is_turn(engine: sa.Engine, name: str, every: float) -> bool:
    """Whether a job is to be run now, by this worker; the next turn is so many seconds from now."""
    return turn_since(engine, name, every) is not None


def turn_since(engine: sa.Engine, name: str, every: float) -> tuple[float, float] | None:
    """Return the time that a turn is for, from the end of the last one until now; None if it is not this worker's.

    A job that never ran before gets a turn of its usual length.
    """
    insert = _DIALECTS[engine.dialect.name](SCHEDULE).values(name=name, next_at=0.0).on_conflict_do_nothing()
    held = sa.select(SCHEDULE.c.next_at, database_time().label("now")).where(SCHEDULE.c.name == name)
    with engine.begin() as connection:
        if (row := connection.execute(held).first()) is None:
            connection.execute(insert)
            row = connection.execute(held).one()
        next_at, now = row
        if next_at > now:
            return None
        mine = (SCHEDULE.c.name == name, SCHEDULE.c.next_at == next_at)
        if connection.execute(sa.update(SCHEDULE).where(*mine).values(next_at=now + every)).rowcount != 1:
            return None
    return (next_at - every if next_at else now - every), now


def give_back(engine: sa.Engine, name: str, span: tuple[float, float], every: float) -> None:
    """Give a turn back that could not be used: the next one is for its time, too."""
    with engine.begin() as connection:
        back = sa.update(SCHEDULE).where(SCHEDULE.c.name == name).values(next_at=span[0] + every)
        connection.execute(back)
