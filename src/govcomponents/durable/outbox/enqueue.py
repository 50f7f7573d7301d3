"""One row for one call: the INSERT in the caller's transaction, and what a reference that is used again means."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from govcomponents.core.journeys import current_journey
from govcomponents.core.observe import Happening, tell
from govcomponents.durable.audit.entries import Entry, note_on, tell_step
from govcomponents.durable.outbox.payloads import written
from govcomponents.durable.storage.commit_points import CommitPoint, reached
from govcomponents.durable.storage.schema import OUTBOX, State, database_time
from govcomponents.durable.storage.transactions import Statements, first_row
from govcomponents.durable.storage.writing import writing
from govcomponents.errors import InvalidInput, ReferenceReused

if TYPE_CHECKING:
    from datetime import timedelta

    from govcomponents.core.http.runtime import Runtime
    from govcomponents.durable.outbox.order import Order
    from govcomponents.durable.storage.sealing import PayloadKeys
    from govcomponents.durable.storage.transactions import Transaction

log = logging.getLogger("govcomponents")

_KEY: Final = frozenset({"idempotency_key"})
_FORGOTTEN: Final = (
    "it stands for a call whose content was erased, so that nobody can tell whether this is the same one; nothing was "
    "put down"
)
_NOT_COMPARED: Final = (
    "a reference of %s of account %s was used again, and whether for the same content cannot be told, as the data key "
    "of the first is not among this process's: see `govcomponents outbox show %d`"
)
_OWN_REFERENCE: Final = (
    "give this call a reference of its own, if it is another one; `govcomponents outbox list --reference` says what "
    "became of the first"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """The receipt of a call that was put down to be made later, with the number of its row. Safe to log.

    `is_repeat` is true if the reference was used already with the same content: then it is the ticket of that call.
    """

    id: int
    operation: str
    account: str
    reference: str
    journey: str | None = None
    is_repeat: bool = False


def _inserts() -> Statements:
    name = sa.bindparam
    due = sa.func.coalesce(sa.cast(name("due_at"), sa.Double), database_time())
    values: dict[str, Any] = {
        part: name(part) for part in ("account", "operation", "reference", "journey", "payload", "content")
    }
    values |= {"state": sa.literal_column(str(int(State.PENDING))), "attempts": sa.literal_column("0")}
    values |= {"claims": sa.literal_column("0"), "due_at": due, "created_at": database_time()}
    values["give_up_at"] = due + sa.cast(name("patience"), sa.Double)
    # By its columns: if somebody dropped the constraint, the database refuses, and does not take a reference twice.
    once = [OUTBOX.c.account, OUTBOX.c.operation, OUTBOX.c.reference]
    inserts: dict[str, Any] = {"postgresql": postgresql.insert, "sqlite": sqlite.insert}
    return {
        name: insert(OUTBOX).values(values).on_conflict_do_nothing(index_elements=once).returning(OUTBOX.c.id)
        for name, insert in inserts.items()
    }


_INSERT: Final = _inserts()
_HELD = sa.select(OUTBOX.c.id, OUTBOX.c.content, OUTBOX.c.journey).where(
    OUTBOX.c.account == sa.bindparam("account"),
    OUTBOX.c.operation == sa.bindparam("operation"),
    OUTBOX.c.reference == sa.bindparam("reference"),
)
_SELECT: Final[Statements] = {"postgresql": _HELD, "sqlite": _HELD}


class Queue:
    """The queue of one account: `later.*` puts its calls here."""

    def __init__(self, engine: sa.Engine, runtime: Runtime, keys: PayloadKeys, patience: timedelta) -> None:
        self._engine = engine
        self._runtime = runtime
        self._keys = keys
        self._patience = patience

    async def add(self, order: Order, provider: str) -> Ticket:
        """Put down one call in the caller's transaction, or in one of its own.

        Raises InvalidInput; ReferenceReused if the reference stands for another content, or for one that was erased;
        ConfigurationError; Unavailable if the database cannot be written to.
        """
        operation, account = order.operation, self._runtime.account
        plain = written(order.given, operation, _KEY)
        row = row_name(account, operation, order.reference)
        values = {
            "account": account,
            "operation": operation,
            "reference": order.reference,
            "journey": order.journey or current_journey(),
            "payload": self._keys.seal(plain, row),
            "content": self._keys.fingerprint(plain, row),
            "due_at": None if order.send_at is None else order.send_at.timestamp(),
            "patience": (order.give_up_after or self._patience).total_seconds(),
        }
        if order.on is None:
            found = await self._runtime.transport.run_blocking(lambda: self._alone(values, operation))
            reached(CommitPoint.OUTBOX_QUEUED)
        else:
            found = await _put(order.on, values, operation)
        held_id, content, journey, is_repeat = found
        if is_repeat:
            if content is None:
                raise ReferenceReused(problem=_FORGOTTEN, fix=_OWN_REFERENCE, operation=operation)
            is_same = self._keys.is_same(content, plain, row)
            if is_same is False:
                raise ReferenceReused(operation=operation)
            if is_same is None:  # as between two processes of a rotation, where it is nearly always the same one
                log.warning(_NOT_COMPARED, operation, account, held_id)
        if observers := self._runtime.observers:
            item, labels = f"outbox {held_id}", {"operation": operation}
            tell(observers, Happening("outbox.queued", provider, account, labels, journey=journey, item=item))
            if journey is not None and not is_repeat:
                tell_step(observers, _queued(journey, account, operation, item), provider)
        return Ticket(
            id=held_id,
            operation=operation,
            account=account,
            reference=order.reference,
            journey=journey,
            is_repeat=is_repeat,
        )

    def _alone(self, values: dict[str, Any], operation: str) -> tuple[int, bytes | None, str | None, bool]:
        from govcomponents.core.driver import drive

        with writing(self._engine, operation) as connection:
            return drive(_put(connection, values, operation))


async def _put(on: Transaction, values: dict[str, Any], operation: str) -> tuple[int, bytes | None, str | None, bool]:
    """Insert the row, or find the one that has its reference."""
    if row := await first_row(on, _INSERT, values, operation):
        if (journey := values["journey"]) is not None:
            await note_on(on, _queued(journey, values["account"], operation, f"outbox {row[0]}"), operation)
        reached(CommitPoint.OUTBOX_INSERTED)
        return row[0], None, values["journey"], False
    key = {name: values[name] for name in ("account", "operation", "reference")}
    if held := await first_row(on, _SELECT, key, operation):
        return held[0], held[1], held[2], True
    raise InvalidInput(
        field="reference",
        problem="another transaction has just used it, and this one cannot see it yet",
        fix="roll back, and do the whole transaction again",
        operation=operation,
    )


def _queued(journey: str, account: str, operation: str, item: str) -> Entry:
    return Entry(journey=journey, account=account, what=operation, outcome="queued", item=item)


def row_name(account: str, operation: str, reference: str) -> bytes:
    """Return the name of a row, to which its payload is bound: it opens for no other."""
    return f"{account}\0{operation}\0{reference}".encode()
