"""Erasure on request: what is held of a journey is gone, and what of it was not sent yet will not be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa

from govcomponents.core.driver import drive
from govcomponents.durable.audit.entries import Entry, note_on
from govcomponents.durable.inbox.store import FROM_PROVIDERS
from govcomponents.durable.storage.schema import INBOX, IS_OPEN, OUTBOX, State, database_time
from govcomponents.durable.storage.transactions import first_row
from govcomponents.durable.storage.writing import refuse_in_handler, writing

if TYPE_CHECKING:
    from govcomponents.durable.storage.transactions import Row, Transaction, Values

_OPERATION: Final = "erase"


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """The outcome of an erasure, in numbers of rows: `erased` ones hold nothing about anybody any more.

    `cancelled` of them had not been sent yet, and will not be. `left` ones are being sent or are in doubt: ask again
    once they have ended.
    """

    erased: int
    cancelled: int
    left: int


# Constants are literal: the statements go to whoever's connection, with these parameters and no others.
_MINE: Final = OUTBOX.c.journey == sa.bindparam("of_journey")
_ERASED: Final[sa.ColumnElement[str]] = sa.literal_column("'Erased'")
_IS_PENDING: Final = OUTBOX.c.state == sa.literal_column(str(int(State.PENDING)))
_NOTHING: Final[dict[str, Any]] = {"payload": sa.null(), "content": sa.null()}
_NEXT: Final = sa.select(sa.func.min(OUTBOX.c.id)).where(
    _MINE, IS_OPEN, _IS_PENDING, OUTBOX.c.id > sa.bindparam("after")
)
_CANCEL: Final = (
    sa.update(OUTBOX)
    .where(OUTBOX.c.id == sa.bindparam("row"), _IS_PENDING)
    .values(
        _NOTHING | {"state": sa.literal_column(str(int(State.DEAD))), "problem": _ERASED, "ended_at": database_time()}
    )
    .returning(OUTBOX.c.account, OUTBOX.c.operation)
)
# What the layer itself tells of, such as GaveUp, holds nothing about people: its handlers are still to hear of it.
_FORGET_EVENTS: Final = (
    sa.update(INBOX)
    .where(
        INBOX.c.journey == sa.bindparam("of_journey"),
        INBOX.c.payload.is_not(None),
        INBOX.c.source.in_([sa.literal_column(f"'{source}'") for source in FROM_PROVIDERS]),
    )
    .values(payload=sa.null(), is_open=sa.literal_column("0"), problem=_ERASED, ended_at=database_time())
    .returning(INBOX.c.id)
)
_FORGET: Final = sa.update(OUTBOX).where(_MINE, ~IS_OPEN).values(_NOTHING).returning(OUTBOX.c.id)
_COUNT: Final = sa.select(
    sa.func.count().filter(~IS_OPEN).label("erased"), sa.func.count().filter(IS_OPEN).label("left")
).where(_MINE)


async def erase_on(on: Transaction, journey: str) -> Erasure:
    """Erase what is held of a journey in a transaction of whoever's, and cancel what of it waits to be sent."""
    mine = {"of_journey": journey}
    cancelled, number = 0, 0
    while (found := await _row(on, _NEXT, mine | {"after": number})) is not None and found[0] is not None:
        number = found[0]
        if (row := await _row(on, _CANCEL, {"row": number})) is not None:  # else a worker was first
            cancelled += 1
            told = {"journey": journey, "account": row[0], "what": row[1], "item": f"outbox {number}"}
            await note_on(on, Entry(**told, outcome="erased"), _OPERATION)
    await _row(on, _FORGET_EVENTS, mine)
    await _row(on, _FORGET, mine)
    counts = await _row(on, _COUNT, mine)
    erased, left = (0, 0) if counts is None else counts
    return Erasure(erased=erased, cancelled=cancelled, left=left)


def erase_alone(engine: sa.Engine, journey: str) -> Erasure:
    """Erase it in a transaction of its own."""
    refuse_in_handler(engine, _OPERATION, is_only_for_sqlite=False)  # it takes the very event that is being handled
    with writing(engine, _OPERATION) as connection:
        return drive(erase_on(connection, journey))


async def _row(on: Transaction, statement: Any, values: Values) -> Row:
    return await first_row(on, dict.fromkeys(("postgresql", "sqlite"), statement), values, _OPERATION)
