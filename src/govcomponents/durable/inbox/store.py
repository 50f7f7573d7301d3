"""The statements of the inbox: one INSERT for each message, and the claim of one event whose subject nobody has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from govcomponents.durable.audit.entries import Entry, note, note_on
from govcomponents.durable.inbox.events import event_key, hashed, kind_of, subject_of, written
from govcomponents.durable.storage.schema import INBOX, IS_WAITING, OUTBOX, PAYMENT, database_time
from govcomponents.durable.storage.transactions import first_row
from govcomponents.durable.storage.writing import begin_writing

if TYPE_CHECKING:
    from govcomponents.core.results import Result
    from govcomponents.durable.inbox.events import OwnEvent
    from govcomponents.durable.storage.sealing import PayloadKeys
    from govcomponents.durable.storage.transactions import Transaction

FROM_PROVIDERS: Final = ("pay", "notify", "identity")
"""The sources of what providers report; all others are the durable layer itself."""
_MESSAGES: Final = ("notify.send_email", "notify.send_sms", "notify.send_letter")
_COLUMNS: Final = ("account", "source", "key", "kind", "journey", "subject", "payload")
_DIALECTS: Final[dict[str, Any]] = {"postgresql": postgresql.insert, "sqlite": sqlite.insert}
_FIXED: Final[dict[str, Any]] = {"due_at": database_time(), "created_at": database_time()}
_INSERT: Final = {
    name: insert(INBOX)
    .values({column: sa.bindparam(column) for column in _COLUMNS} | _FIXED)
    .on_conflict_do_nothing(index_elements=[INBOX.c.source, INBOX.c.account, INBOX.c.key])
    .returning(INBOX.c.id)  # the count of rows is not told of an INSERT by every driver
    for name, insert in _DIALECTS.items()
}


@dataclass(frozen=True, slots=True)
class Waiting:
    """An event that this worker has until its lease ends."""

    id: int
    account: str
    source: str
    key: str
    kind: str
    payload: bytes | None
    claims: int
    owner: str
    journey: str | None
    age: float
    """Seconds since it came."""


_EARLIER, _OTHER = INBOX.alias("earlier"), INBOX.alias("other")
_OTHER_IS_HELD = (
    _OTHER.c.is_open == sa.literal_column("1"),
    _OTHER.c.owner.is_not(None),
    _OTHER.c.due_at > database_time(),
)
_NEXT = (
    sa.select(INBOX.c.id)
    .where(
        IS_WAITING,
        INBOX.c.due_at <= database_time(),
        # What this process has no handler for waits for one that has.
        INBOX.c.kind.in_(sa.bindparam("kinds", expanding=True)),
        # Of one subject only the first is anybody's to have: while it is handled, the others wait.
        ~sa.exists().where(
            _EARLIER.c.is_open == sa.literal_column("1"),
            _EARLIER.c.subject == INBOX.c.subject,
            _EARLIER.c.kind.in_(sa.bindparam("kinds", expanding=True)),
            _EARLIER.c.id < INBOX.c.id,
        ),
        # Nor while another worker is at a later one, or at one of a kind that this process has no handler for.
        ~sa.exists().where(*_OTHER_IS_HELD, _OTHER.c.subject == INBOX.c.subject, _OTHER.c.id != INBOX.c.id),
    )
    .order_by(INBOX.c.due_at, INBOX.c.id)
    .limit(1)
    .with_for_update(skip_locked=True, of=INBOX)
    .cte("next_one")
)
_CLAIM: Final = (
    sa.update(INBOX)
    .where(INBOX.c.id.in_(sa.select(_NEXT.c.id)))
    .values(
        claims=INBOX.c.claims + 1,
        due_at=database_time() + sa.bindparam("lease", type_=sa.Double),
        owner=sa.bindparam("me"),
    )
    .returning(
        *(
            INBOX.c[name]
            for name in ("id", "account", "source", "key", "kind", "payload", "claims", "owner", "journey")
        ),
        (database_time() - INBOX.c.created_at).label("age"),
        INBOX.c.subject,
    )
)
_IS_ANOTHERS: Final = sa.select(
    sa.exists().where(
        *_OTHER_IS_HELD, _OTHER.c.subject == sa.bindparam("of_subject"), _OTHER.c.id != sa.bindparam("row")
    )
)
_AFTER_ANOTHER: Final = 1.0
"""Seconds for which an event is left whose subject another worker has claimed in the same moment."""

_HANDLED: Final = dict.fromkeys(
    _DIALECTS,
    sa.update(INBOX)
    .where(INBOX.c.id == sa.bindparam("event"), INBOX.c.owner == sa.bindparam("me"), IS_WAITING)
    .values(
        is_open=sa.literal_column("0"),
        owner=sa.null(),
        ended_at=database_time(),
        problem=sa.null(),
        payload=sa.null(),
    )
    .returning(INBOX.c.id),
)


def insert_event(
    connection: sa.Connection,
    event: Result | OwnEvent,
    source: str,
    keys: PayloadKeys,
    steps: list[Entry] | None = None,
) -> bool:
    """Store an event; False if it is there already, as the same message came before.

    The step of the event's journey is put on `steps`, to be told of once it is committed.
    """
    begin_writing(connection)
    account: str = event.account
    key, kind = hashed(event_key(event)), kind_of(event, source)
    journey = journey_of(connection, event, source)
    values = {
        "account": account,
        "source": source,
        "key": key,
        "kind": kind,
        "journey": journey,
        "subject": subject_of(event, source),
        "payload": keys.seal(written(event), event_name(source, account, key)),
    }
    if connection.execute(_INSERT[connection.dialect.name], values).first() is None:
        return False
    if journey is not None and source in FROM_PROVIDERS:
        step = Entry(journey=journey, account=account, what=kind, outcome="received")
        note(connection, [step])
        if steps is not None:
            steps.append(step)
    return True


def journey_of(connection: sa.Connection, event: Result | OwnEvent, source: str) -> str | None:
    """Return the journey that an event belongs to: that of the payment or of the message that it is about."""
    if source not in FROM_PROVIDERS:
        own: str | None = getattr(event, "journey", None)
        return own
    payment, reference = getattr(event, "payment_id", None), getattr(event, "reference", None)
    if payment is not None:
        same = (PAYMENT.c.account == event.account, PAYMENT.c.payment_id == payment)
        found = connection.scalar(sa.select(PAYMENT.c.journey).where(*same).limit(1))
    elif source == "notify" and reference is not None:
        mine = OUTBOX.c.operation.in_(_MESSAGES)
        same = (OUTBOX.c.account == event.account, OUTBOX.c.reference == reference)
        found = connection.scalar(sa.select(OUTBOX.c.journey).where(mine, *same).limit(1))
    else:
        return None
    journey: str | None = found
    return journey


def claim_event(connection: sa.Connection, kinds: list[str], *, lease: float, me: str) -> Waiting | None:
    """Claim the next event of these kinds that is due, and whose subject nobody is at."""
    while (row := connection.execute(_CLAIM, {"kinds": kinds, "lease": lease, "me": me}).first()) is not None:
        waiting = Waiting(*row[:-1])
        if not _is_anothers(connection, row.id, row.subject):
            return waiting
        put_back(connection, waiting, None, _AFTER_ANOTHER, is_counted=False)
    return None


def _is_anothers(connection: sa.Connection, row: int, subject: str) -> bool:
    """Whether somebody else claimed an event of the subject in the same moment, which a claim cannot see.

    Of two such claims the later one finds the lock taken, or else sees the earlier one. It waits for no lock: two that
    hold one each could wait for one another's. SQLite has one writer.
    """
    if connection.dialect.name != "postgresql":
        return False
    number = int.from_bytes(bytes.fromhex(subject)[:8], "big", signed=True)
    if not connection.scalar(sa.select(sa.func.pg_try_advisory_xact_lock(number))):
        return True
    return bool(connection.scalar(_IS_ANOTHERS, {"of_subject": subject, "row": row}))


async def mark_handled(on: Transaction, row: Waiting) -> bool:
    """Mark an event as handled, in a transaction of any kind; False if another worker has it now."""
    if await first_row(on, _HANDLED, {"event": row.id, "me": row.owner}, "run_due") is None:
        return False
    if row.journey is not None:
        await note_on(on, handled_step(row, row.journey), "run_due")
    return True


def handled_step(row: Waiting, journey: str) -> Entry:
    """Return the step of its journey that an event is when it was handled."""
    return Entry(journey=journey, account=row.account, what=row.kind, outcome="handled")


def end_event(connection: sa.Connection, row: Waiting, problem: str) -> bool:
    """Mark an event as given up, with the problem; False if another worker has it now."""
    mine = (INBOX.c.id == row.id, INBOX.c.owner == row.owner, IS_WAITING)
    ended = {"is_open": 0, "owner": None, "ended_at": database_time(), "problem": problem}
    return connection.execute(sa.update(INBOX).where(*mine).values(ended)).rowcount == 1


def put_back(
    connection: sa.Connection, row: Waiting, problem: str | None, wait: float, *, is_counted: bool = True
) -> bool:
    """Let an event whose handler failed wait for so many seconds; not counted as a try where no handler was called.

    False if it has ended, or another worker has it now.
    """
    mine = (INBOX.c.id == row.id, INBOX.c.owner == row.owner)
    back: dict[str, Any] = {"owner": None, "due_at": database_time() + wait}
    if problem is not None:
        back["problem"] = problem
    back["claims"] = INBOX.c.claims - (0 if is_counted else 1)
    return connection.execute(sa.update(INBOX).where(*mine).values(back)).rowcount == 1


def is_claimed(connection: sa.Connection, row: Waiting) -> bool:
    """Whether this worker has an event that is still to be handled."""
    mine = (INBOX.c.id == row.id, INBOX.c.owner == row.owner, IS_WAITING)
    return connection.execute(sa.select(INBOX.c.id).where(*mine)).first() is not None


def event_name(source: str, account: str, key: str) -> bytes:
    """Return what the payload of an event is bound to."""
    return f"inbox\0{source}\0{account}\0{key}".encode()
