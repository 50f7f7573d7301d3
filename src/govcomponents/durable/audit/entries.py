"""The entries of the audit: each is written in the transaction of what it tells of, and never changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from govcomponents.core.observe import Happening, tell
from govcomponents.durable.storage.schema import AUDIT, database_time
from govcomponents.durable.storage.transactions import first_row
from govcomponents.durable.storage.writing import writing

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from govcomponents.core.observe import Observer
    from govcomponents.durable.storage.transactions import Statements, Transaction

_COLUMNS: Final = ("account", "journey", "what", "outcome", "item", "problem")
_VALUES: Final[dict[str, Any]] = {name: sa.bindparam(name) for name in _COLUMNS} | {"at": database_time()}
_PLAIN: Final = sa.insert(AUDIT).values(_VALUES)
_RETURNING: Final[Statements] = {
    "postgresql": postgresql.insert(AUDIT).values(_VALUES).returning(AUDIT.c.seq),
    "sqlite": sqlite.insert(AUDIT).values(_VALUES).returning(AUDIT.c.seq),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing that happened on a journey: `what` was done, with which `outcome`, and the row that it is told of."""

    journey: str
    account: str
    what: str
    outcome: str
    item: str | None = None
    problem: str | None = None

    def values(self) -> dict[str, str | None]:
        """Return it as the values of its row."""
        return {name: getattr(self, name) for name in _COLUMNS}


def tell_step(observers: Sequence[Observer], entry: Entry, provider: str = "") -> None:
    """Tell the observers of an entry that was written: a journey can be rebuilt from what they were told."""
    labels = {"what": entry.what, "outcome": entry.outcome}
    happened = Happening("journey.step", provider, entry.account, labels, journey=entry.journey, item=entry.item)
    tell(observers, happened)


def note(connection: sa.Connection, entries: Iterable[Entry]) -> None:
    """Write entries in a transaction of our own."""
    if rows := [entry.values() for entry in entries]:
        connection.execute(_PLAIN, rows)


async def note_on(on: Transaction, entry: Entry, operation: str) -> None:
    """Write one entry in a transaction of whoever's."""
    await first_row(on, _RETURNING, entry.values(), operation)


def note_alone(engine: sa.Engine, entry: Entry) -> None:
    """Write one entry in a transaction of its own."""
    with writing(engine, "signed_in") as connection:
        note(connection, [entry])
