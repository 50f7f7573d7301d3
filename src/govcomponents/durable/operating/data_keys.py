"""The data keys that the store stands under: since when each is in use, and how many rows need it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from govcomponents.durable.storage.schema import (
    AUDIT_SEAL,
    HOLDS_PAYLOAD,
    INBOX,
    IS_OPEN,
    IS_WAITING,
    KEEPS_EVENT,
    OUTBOX,
    database_time,
)

NO_KEY: Final = "none"
"""The name of what stands under no key, as it may outside production."""
_SEALED: Final = 1
_PREFIX_BYTES: Final = 5  # whether it is sealed, and the id of its key


@dataclass(frozen=True, slots=True, kw_only=True)
class DataKey:
    """A data key by the beginning of its hash. `age` is in seconds, None where nothing tells.

    `rows` are those whose payload is kept: open ones, and for some days those that were refused or given up.
    """

    id: str
    age: float | None
    rows: int


def data_keys(connection: sa.Connection) -> list[DataKey]:
    """Return the keys of what is kept sealed, and that of the newest seal of the audit."""
    found: dict[str, tuple[float | None, int]] = {}
    if (used := _of_audit(connection)) is not None:
        found[used[0]] = (used[1], 0)
    for table, condition in (
        *((OUTBOX, IS_OPEN), (OUTBOX, HOLDS_PAYLOAD)),
        *((INBOX, IS_WAITING), (INBOX, KEEPS_EVENT)),
    ):
        prefix = sa.func.substr(table.c.payload, 1, _PREFIX_BYTES, type_=sa.LargeBinary).label("prefix")
        oldest = database_time() - sa.func.min(table.c.created_at)
        sealed = sa.select(prefix, oldest, sa.func.count()).where(condition, table.c.payload.is_not(None))
        for begins, age, count in connection.execute(sealed.group_by(prefix)):
            name = bytes(begins[1:]).hex() if begins[:1] == bytes([_SEALED]) else NO_KEY
            before, rows = found.get(name, (None, 0))
            found[name] = (max(before or 0.0, age), rows + count)
    return [DataKey(id=name, age=age, rows=rows) for name, (age, rows) in sorted(found.items())]


def _of_audit(connection: sa.Connection) -> tuple[str, float] | None:
    """Return the key of the newest seal, and for how long the seals before it are under the same one.

    The first of them is found by halves: there may be millions, and a key that was changed does not come back.
    """
    seals = sa.select(AUDIT_SEAL.c.number, AUDIT_SEAL.c.hash, database_time() - AUDIT_SEAL.c.at)
    newest = connection.execute(seals.order_by(AUDIT_SEAL.c.number.desc()).limit(1)).first()
    if newest is None:
        return None
    key = newest[1].partition(":")[0]
    low, high, age = 0, newest[0], newest[2]
    while low < high:
        middle = (low + high) // 2
        from_there = seals.where(AUDIT_SEAL.c.number >= middle).order_by(AUDIT_SEAL.c.number).limit(1)
        number, held, its_age = connection.execute(from_there).one()
        if held.partition(":")[0] == key:
            high, age = middle, its_age
        else:
            low = number + 1
    return key or NO_KEY, max(0.0, age)
