"""Creating the tables, bringing older ones up to date, and refusing those of a newer version."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import sqlalchemy as sa

from govcomponents.durable.storage.faults import MIGRATE_FIX, store_faults
from govcomponents.durable.storage.schema import (
    CACHE,
    INBOX_ENDED,
    INBOX_KEPT,
    METADATA,
    OUTBOX_FAILED,
    OUTBOX_KEPT,
    OUTBOX_LANE,
    PAYMENT_MADE,
    SCHEMA,
    SIGNING_IN,
    VERSION,
)
from govcomponents.durable.storage.shape import make_again, refuse_missing, tell_dropped
from govcomponents.durable.storage.writing import writing
from govcomponents.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_ADDED_IN_2: Final = (OUTBOX_LANE, OUTBOX_FAILED, OUTBOX_KEPT, INBOX_ENDED, INBOX_KEPT, PAYMENT_MADE)


def _new_indexes(connection: sa.Connection) -> None:
    """Version 2: retention and claims have indexes of their own. Its new table is made as all missing ones are."""
    for index in _ADDED_IN_2:
        index.create(connection, checkfirst=True)
    connection.exec_driver_sql("DROP INDEX IF EXISTS gov_outbox_due")


def _new_table(_connection: sa.Connection) -> None:
    """Version 3: sign-ins that are under way have a table, which is made as all missing ones are."""


MIGRATIONS: Final[Mapping[int, Callable[[sa.Connection], None]]] = {2: _new_indexes, 3: _new_table}
"""How to come to each version from the one before. What a version adds must not trouble workers of the one before."""

_MIGRATION_LOCK: Final = 4_906_720_115


def migrate(engine: sa.Engine) -> None:
    """Create the tables, or bring them up to date. Any number of processes may do it at once, and any number of times.

    Raises ConfigurationError if they are those of a newer version, Unavailable if the database is away or read-only.
    """
    with writing(engine, "durable migrate") as connection:
        migrate_on(connection)


def migrate_on(connection: sa.Connection) -> None:
    """Create the tables, or bring them up to date, in a transaction of the caller's, such as alembic's."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_MIGRATION_LOCK)))
    found = _version(connection)
    _refuse_newer(found)
    if found == VERSION:
        tell_dropped(connection)
    METADATA.create_all(connection)
    for number in range(1 if found is None else found + 1, VERSION + 1):
        if found is not None:
            MIGRATIONS[number](connection)
    if found != VERSION:
        connection.execute(sa.delete(SCHEMA))
        connection.execute(sa.insert(SCHEMA), {"version": VERSION})
    make_again(connection)


def back_to_second(connection: sa.Connection) -> None:
    """Make the tables those of version 2 again, for alembic's downgrade."""
    SIGNING_IN.drop(connection, checkfirst=True)
    connection.execute(sa.update(SCHEMA).values(version=2))


def back_to_first(connection: sa.Connection) -> None:
    """Make the tables those of version 1 again, for alembic's downgrade."""
    for index in _ADDED_IN_2:
        index.drop(connection, checkfirst=True)
    connection.exec_driver_sql("CREATE INDEX gov_outbox_due ON gov_outbox (due_at, id) WHERE state <= 2")
    CACHE.drop(connection, checkfirst=True)
    connection.execute(sa.update(SCHEMA).values(version=1))


def drop_tables(connection: sa.Connection) -> None:
    """Drop the tables, and all that is in them."""
    METADATA.drop_all(connection)


def check_version(engine: sa.Engine) -> None:
    """Raise ConfigurationError if there are no tables, or if they are of a newer version. Older ones are good.

    Raises Unavailable if the database is away.
    """
    with store_faults(), engine.connect() as connection:
        _refuse_unfit(_version(connection))


def check_tables(engine: sa.Engine) -> None:
    """Raise ConfigurationError too if somebody dropped of them what keeps anything from being lost or done twice."""
    with store_faults(), engine.connect() as connection:
        found = _version(connection)
        _refuse_unfit(found)
        if found == VERSION:  # what older tables lack, a migration adds
            refuse_missing(connection)


def _version(connection: sa.Connection) -> int | None:
    if not sa.inspect(connection).has_table(SCHEMA.name):
        return None
    found: int | None = connection.scalar(sa.select(sa.func.max(SCHEMA.c.version)))
    return found


def _refuse_unfit(found: int | None) -> None:
    if found is None:
        raise ConfigurationError("the database has no tables of the durable layer", fix=MIGRATE_FIX)
    _refuse_newer(found)


def _refuse_newer(found: int | None) -> None:
    if found is not None and found > VERSION:
        raise ConfigurationError(
            f"the tables of the durable layer are of version {found}, and this govcomponents knows version {VERSION}",
            fix="run the newer govcomponents here too; it works beside this one, but not the other way round",
        )
