"""The tables of the durable layer, for SQLite and PostgreSQL alike, and the clock that all of their times come from."""

from __future__ import annotations

from enum import IntEnum
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

VERSION: Final = 3
"""The number of this schema. `gov_schema` holds that of the database."""

METADATA: Final = sa.MetaData()


def _name(length: int) -> sa.String:
    """A text that is compared byte by byte, as SQLite compares it, whatever language the database is in.

    The order of a language comes from the operating system, and an update of it leaves PostgreSQL's indexes of texts
    in an order that is no more: a reference that is there is then not found, and taken a second time.
    """
    return sa.String(length).with_variant(postgresql.VARCHAR(length, collation="C"), "postgresql")


_Id = sa.BigInteger().with_variant(sa.Integer, "sqlite")
LARGEST_ID: Final = 2**63 - 1
"""The largest number that a column of ids holds: for more a driver raises an error of its own."""
_Time = sa.Double
"""Seconds since the epoch, UTC, of the database's clock: no time zone, no adapter and no driver gets a say in them."""


class State(IntEnum):
    """The state of a row of the outbox."""

    PENDING = 0
    """Waits for `due_at`; certainly not sent."""
    SENDING = 1
    """A worker has it until `due_at`. If that passes, the worker is gone, and what it did is in doubt."""
    IN_DOUBT = 2
    """It may have been sent: it is looked up at the provider, and is never sent from this state."""
    DONE = 3
    """The provider has accepted it."""
    REFUSED = 4
    """The provider said no, and would again."""
    DEAD = 5
    """Given up: too late, in doubt for good, or it brought its workers down."""


KEY_MISSING: Final = "KeyMissing"
"""The problem of what waits for a process that has its data key."""
NOT_CONFIGURED: Final = "NotConfigured"
"""The problem of what waits for a process that has the settings of its account."""


class database_time(FunctionElement[float]):  # noqa: N801  # read in statements as the SQL function that it stands for
    """The database's own time now, in seconds since the epoch: leases of several machines need one clock."""

    type = _Time()
    inherit_cache = True


@compiles(database_time, "postgresql")
def _on_postgresql(_element: object, _compiler: object, **_options: Any) -> str:
    # A subquery is asked once for each statement, and can be compared with an index. Not by extract, which makes a
    # numeric of it first.
    return "(SELECT date_part('epoch', clock_timestamp()))"


@compiles(database_time, "sqlite")
def _on_sqlite(_element: object, _compiler: object, **_options: Any) -> str:
    return "((julianday('now') - 2440587.5) * 86400.0)"


SCHEMA: Final = sa.Table("gov_schema", METADATA, sa.Column("version", sa.Integer, primary_key=True))

OUTBOX: Final = sa.Table(
    "gov_outbox",
    METADATA,
    sa.Column("id", _Id, primary_key=True, autoincrement=True),
    sa.Column("account", _name(64), nullable=False),
    sa.Column("operation", _name(40), nullable=False),
    sa.Column("reference", _name(255), nullable=False),
    sa.Column("journey", _name(64)),
    # Sealed; null once the row has ended.
    sa.Column("payload", sa.LargeBinary),
    # A keyed fingerprint of the payload, to know a reference that is used again with another content.
    sa.Column("content", sa.LargeBinary),
    sa.Column("state", sa.SmallInteger, nullable=False, default=State.PENDING),
    # How often it was tried and answered, which the back-off grows with.
    sa.Column("attempts", sa.Integer, nullable=False, default=0),
    # How often it was claimed since a worker last came to an end with it: what brings workers down is told by this.
    sa.Column("claims", sa.Integer, nullable=False, default=0),
    # When it is due; for a row that is claimed, when the lease ends.
    sa.Column("due_at", _Time, nullable=False),
    # Since when nobody can be sending it any more; null for one that was never in doubt.
    sa.Column("doubt_since", _Time),
    sa.Column("give_up_at", _Time, nullable=False),
    sa.Column("owner", _name(80)),
    sa.Column("provider_id", _name(255)),
    # The class of the last error and the provider's code; never its text.
    sa.Column("problem", _name(120)),
    sa.Column("created_at", _Time, nullable=False),
    sa.Column("ended_at", _Time),
    sa.UniqueConstraint("account", "operation", "reference", name="gov_outbox_reference"),
)
# Literal: a planner that is given a parameter cannot know that the partial index holds the row.
IS_OPEN: Final = OUTBOX.c.state <= sa.literal_column(str(int(State.IN_DOUBT)))
# Partial: with ten million rows that have ended, the index of what is still to be done stays small.
_OUTBOX_OF_JOURNEY = OUTBOX.c.journey.is_not(None)
sa.Index("gov_outbox_journey", OUTBOX.c.journey, postgresql_where=_OUTBOX_OF_JOURNEY, sqlite_where=_OUTBOX_OF_JOURNEY)
# By account and operation: those that are paused are passed over whole, however many of them are due.
OUTBOX_LANE: Final = sa.Index(
    "gov_outbox_lane",
    *(OUTBOX.c[name] for name in ("account", "operation", "due_at", "id")),
    postgresql_where=IS_OPEN,
    sqlite_where=IS_OPEN,
)
sa.Index("gov_outbox_ended", OUTBOX.c.ended_at, postgresql_where=~IS_OPEN, sqlite_where=~IS_OPEN)
HAS_FAILED: Final = OUTBOX.c.state > sa.literal_column(str(int(State.DONE)))
OUTBOX_FAILED: Final = sa.Index(
    "gov_outbox_failed", OUTBOX.c.state, OUTBOX.c.id, postgresql_where=HAS_FAILED, sqlite_where=HAS_FAILED
)
# What was refused or given up keeps its payload for a while: few rows among the millions that ended well.
HOLDS_PAYLOAD: Final = ~IS_OPEN & OUTBOX.c.payload.is_not(None)
OUTBOX_KEPT: Final = sa.Index(
    "gov_outbox_kept", OUTBOX.c.ended_at, postgresql_where=HOLDS_PAYLOAD, sqlite_where=HOLDS_PAYLOAD
)

INBOX: Final = sa.Table(
    "gov_inbox",
    METADATA,
    sa.Column("id", _Id, primary_key=True, autoincrement=True),
    sa.Column("account", _name(64), nullable=False),
    # "pay", "notify" or "identity"; "outbox" for what the outbox gave up.
    sa.Column("source", _name(20), nullable=False),
    # A hash of the event's key: the same message has the same one.
    sa.Column("key", _name(64), nullable=False),
    sa.Column("kind", _name(60), nullable=False),
    sa.Column("journey", _name(64)),
    # A hash of what it is about, such as a payment: events of one subject are handled one after the other.
    sa.Column("subject", _name(64), nullable=False),
    # The event, sealed; null once it is handled.
    sa.Column("payload", sa.LargeBinary),
    sa.Column("is_open", sa.SmallInteger, nullable=False, default=1),
    sa.Column("claims", sa.Integer, nullable=False, default=0),
    sa.Column("due_at", _Time, nullable=False),
    sa.Column("owner", _name(80)),
    # The class of the error for which it was given up, or last failed; never its text.
    sa.Column("problem", _name(120)),
    sa.Column("created_at", _Time, nullable=False),
    sa.Column("ended_at", _Time),
    sa.UniqueConstraint("source", "account", "key", name="gov_inbox_key"),
)
IS_WAITING: Final = INBOX.c.is_open == sa.literal_column("1")
_INBOX_OF_JOURNEY = INBOX.c.journey.is_not(None)
sa.Index("gov_inbox_journey", INBOX.c.journey, postgresql_where=_INBOX_OF_JOURNEY, sqlite_where=_INBOX_OF_JOURNEY)
sa.Index("gov_inbox_due", INBOX.c.due_at, INBOX.c.id, postgresql_where=IS_WAITING, sqlite_where=IS_WAITING)
sa.Index("gov_inbox_subject", INBOX.c.subject, INBOX.c.id, postgresql_where=IS_WAITING, sqlite_where=IS_WAITING)
HAS_ENDED: Final = INBOX.c.is_open == sa.literal_column("0")
INBOX_ENDED: Final = sa.Index("gov_inbox_ended", INBOX.c.ended_at, postgresql_where=HAS_ENDED, sqlite_where=HAS_ENDED)
KEEPS_EVENT: Final = HAS_ENDED & INBOX.c.payload.is_not(None)
INBOX_KEPT: Final = sa.Index("gov_inbox_kept", INBOX.c.ended_at, postgresql_where=KEEPS_EVENT, sqlite_where=KEEPS_EVENT)

PAYMENT: Final = sa.Table(
    "gov_payment",
    METADATA,
    sa.Column("id", _Id, primary_key=True, autoincrement=True),
    sa.Column("account", _name(64), nullable=False),
    sa.Column("reference", _name(255), nullable=False),
    sa.Column("journey", _name(64)),
    sa.Column("minor", sa.BigInteger, nullable=False),
    sa.Column("currency", _name(3), nullable=False),
    # The provider's id; null until it is known.
    sa.Column("payment_id", _name(255)),
    # 1 while nobody knows whether the payment was made.
    sa.Column("is_open", sa.SmallInteger, nullable=False, default=1),
    sa.Column("looks", sa.Integer, nullable=False, default=0),
    sa.Column("look_at", _Time, nullable=False),
    # The status when it was last looked at, and when it is looked at again; null once there is nothing more to see.
    sa.Column("status", _name(20)),
    sa.Column("watch_at", _Time),
    sa.Column("problem", _name(120)),
    sa.Column("created_at", _Time, nullable=False),
    sa.Index("gov_payment_reference", "account", "reference"),
    sa.Index("gov_payment_id", "account", "payment_id"),
    sa.Index("gov_payment_journey", "journey"),
)
IS_UNKNOWN: Final = PAYMENT.c.is_open == sa.literal_column("1")
sa.Index("gov_payment_look", PAYMENT.c.look_at, postgresql_where=IS_UNKNOWN, sqlite_where=IS_UNKNOWN)

IS_WATCHED: Final = PAYMENT.c.watch_at.is_not(None)
sa.Index("gov_payment_watch", PAYMENT.c.watch_at, postgresql_where=IS_WATCHED, sqlite_where=IS_WATCHED)
PAYMENT_MADE: Final = sa.Index("gov_payment_created", PAYMENT.c.created_at)

SCHEDULE: Final = sa.Table(
    "gov_schedule",
    METADATA,
    # A job, such as "pay.RefundChanged default".
    sa.Column("name", _name(120), primary_key=True),
    sa.Column("next_at", _Time, nullable=False),
)

AUDIT: Final = sa.Table(
    "gov_audit",
    METADATA,
    sa.Column("seq", _Id, primary_key=True, autoincrement=True),
    sa.Column("at", _Time, nullable=False),
    sa.Column("account", _name(64), nullable=False),
    sa.Column("journey", _name(64), nullable=False),
    # An operation such as "notify.send_email", or the class of an event.
    sa.Column("what", _name(60), nullable=False),
    sa.Column("outcome", _name(40), nullable=False),
    # The row that it is told of, such as "outbox 7".
    sa.Column("item", _name(40)),
    sa.Column("problem", _name(120)),
    # The number of the seal over it; null until there is one.
    sa.Column("seal", _Id),
    sa.Index("gov_audit_journey", "journey", "seq"),
    sa.Index("gov_audit_seal_number", "seal", "seq"),
)
_IS_UNSEALED = AUDIT.c.seal.is_(None)
sa.Index("gov_audit_unsealed", AUDIT.c.seq, postgresql_where=_IS_UNSEALED, sqlite_where=_IS_UNSEALED)

AUDIT_SEAL: Final = sa.Table(
    "gov_audit_seal",
    METADATA,
    sa.Column("number", _Id, primary_key=True, autoincrement=False),
    sa.Column("entries", sa.Integer, nullable=False),
    # The hash of the seal before; nothing for the first.
    sa.Column("previous", _name(80), nullable=False),
    sa.Column("hash", _name(80), nullable=False),
    sa.Column("at", _Time, nullable=False),
)

BUDGET: Final = sa.Table(
    "gov_budget",
    METADATA,
    sa.Column("account", _name(64), primary_key=True),
    # What the budget is of: a component such as "notify".
    sa.Column("scope", _name(40), primary_key=True),
    # When the next request may leave.
    sa.Column("next_at", _Time, nullable=False),
)

PAUSE: Final = sa.Table(
    "gov_pause",
    METADATA,
    sa.Column("account", _name(64), primary_key=True),
    # A component such as "notify", or one operation such as "notify.send_sms".
    sa.Column("scope", _name(40), primary_key=True),
    sa.Column("until", _Time, nullable=False),
    sa.Column("problem", _name(120), nullable=False),
)

ENDED: Final = sa.Table(
    "gov_ended",
    METADATA,
    # A hash of the session or person that ended.
    sa.Column("key", sa.LargeBinary(32), primary_key=True),
    sa.Column("at", _Time, nullable=False),
    sa.Column("until", _Time, nullable=False, index=True),
)

ONCE: Final = sa.Table(
    "gov_once",
    METADATA,
    # A hash of what counts once, such as a sign-in or a logout notice.
    sa.Column("key", sa.LargeBinary(32), primary_key=True),
    sa.Column("until", _Time, nullable=False, index=True),
)

SIGNING_IN: Final = sa.Table(
    "gov_signing_in",
    METADATA,
    # A hash of a browser's id and of the state of a sign-in that it began.
    sa.Column("key", sa.LargeBinary(32), primary_key=True),
    # A hash of the browser's id.
    sa.Column("browser", sa.LargeBinary(32), nullable=False, index=True),
    # The sign-in, sealed under the secret of the service's cookies.
    sa.Column("sealed", sa.LargeBinary, nullable=False),
    sa.Column("began_at", _Time, nullable=False),
    sa.Column("until", _Time, nullable=False, index=True),
)

CACHE: Final = sa.Table(
    "gov_cache",
    METADATA,
    # A hash of what it is of, such as the address of a key set.
    sa.Column("key", sa.LargeBinary(32), primary_key=True),
    # A document that a provider publishes: keys, or where its services are. Null while the first one is fetched.
    sa.Column("body", sa.LargeBinary),
    sa.Column("fetched_at", _Time, nullable=False),
    sa.Column("fresh_until", _Time, nullable=False),
    # Until when one process is fetching it; the others use what is there.
    sa.Column("fetching_until", _Time, nullable=False),
    sa.Column("until", _Time, nullable=False, index=True),
)
