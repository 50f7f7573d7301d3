"""The shape of the tables: what of it somebody dropped, and making that again."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

import sqlalchemy as sa

from govcomponents.durable.storage.faults import KEYS_FIX, MIGRATE_FIX
from govcomponents.durable.storage.schema import METADATA
from govcomponents.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

log = logging.getLogger("govcomponents")

Key: TypeAlias = sa.PrimaryKeyConstraint | sa.UniqueConstraint

# Indexes that keep nothing from being taken twice: one that PostgreSQL did not finish (CREATE INDEX CONCURRENTLY that
# failed), and one of a constraint that it looks at only when a transaction ends, which ON CONFLICT does not take.
_UNFIT: Final = sa.text(
    "SELECT held.relname, index.relname FROM pg_index AS one JOIN pg_class AS held ON held.oid = one.indrelid"
    " JOIN pg_class AS index ON index.oid = one.indexrelid"
    " WHERE pg_table_is_visible(held.oid) AND NOT (one.indisvalid AND one.indisready AND one.indimmediate)"
)
_RESTORE: Final = (
    "restore it from a backup; if all that is in the table may be lost, `DROP TABLE {table}`, then "
    "`govcomponents durable migrate`"
)


@dataclass(frozen=True, slots=True)
class Missing:
    """The parts of the tables that are not there any more. `keys` are what keeps anything from being taken twice."""

    tables: Sequence[str]
    columns: Mapping[str, Sequence[str]]
    keys: Sequence[Key]
    indexes: Sequence[sa.Index]
    unfit: Sequence[tuple[str, str]]
    """Tables and their indexes that PostgreSQL shows, and that do not work."""


def missing(connection: sa.Connection) -> Missing:
    """Return what is not there of the tables as this version has them."""
    look = sa.inspect(connection)
    names = [table.name for table in METADATA.sorted_tables]
    columns = look.get_multi_columns(filter_names=names)
    primary = look.get_multi_pk_constraint(filter_names=names)
    unique = look.get_multi_unique_constraints(filter_names=names)
    indexes = look.get_multi_indexes(filter_names=names)
    unfit = [(one[0], one[1]) for one in connection.execute(_UNFIT)] if connection.dialect.name == "postgresql" else []
    tables: list[str] = []
    gone: dict[str, list[str]] = {}
    keys: list[Key] = []
    unindexed: list[sa.Index] = []
    for table in METADATA.sorted_tables:
        of = (None, table.name)
        if of not in columns:
            tables.append(table.name)
            continue
        held = {column["name"] for column in columns[of]}
        if lacks := [column.name for column in table.columns if column.name not in held]:
            gone[table.name] = lacks
        # Whichever way it is there, and in whatever order: a database takes each for what may come once.
        useless = {index for name, index in unfit if name == table.name}
        once: list[tuple[str | None, Sequence[str | None]]] = [(one["name"], one["column_names"]) for one in unique[of]]
        once.append((primary[of]["name"], primary[of]["constrained_columns"]))
        once += [(one["name"], one["column_names"]) for one in indexes[of] if one["unique"] and not _is_partial(one)]
        kept = {frozenset(columns) for name, columns in once if name not in useless}
        keys += [key for key in _keys(table) if frozenset(key.columns.keys()) not in kept]
        there = {index["name"] for index in indexes[of]} - useless
        unindexed += sorted((index for index in table.indexes if index.name not in there), key=_name)
    return Missing(tables, gone, keys, unindexed, [(name, index) for name, index in unfit if name in names])


def tell_dropped(connection: sa.Connection) -> None:
    """Tell in the log which tables somebody dropped, before they are made anew: what was in them is lost."""
    look = sa.inspect(connection)
    for table in METADATA.sorted_tables:
        if not look.has_table(table.name):
            told = (
                "the table %s had been dropped, and is made anew, with nothing in it: restore it if you have a backup"
            )
            log.warning(told, table.name)


def make_again(connection: sa.Connection) -> None:
    """Make what somebody dropped of the tables, which are all there, and tell of it in the log.

    Raises ConfigurationError for columns that are gone, as what was in them is, and for a key under which something has
    come twice since.
    """
    found = missing(connection)
    _refuse_gone(found)
    wanted = {_name(part) for part in (*found.keys, *found.indexes)}
    for table, unfit in found.unfit:
        if unfit in wanted:  # no other: it may be somebody's own, or one that is being made
            connection.exec_driver_sql(f'ALTER TABLE {table} DROP CONSTRAINT IF EXISTS "{unfit}"')
            connection.exec_driver_sql(f'DROP INDEX IF EXISTS "{unfit}"')
    for key in found.keys:
        _make_key(connection, key)
        log.warning("the key %s had been dropped, and is made again", _name(key))
    for index in found.indexes:
        index.create(connection)
        log.warning("the index %s had been dropped, and is made again", _name(index))


def refuse_missing(connection: sa.Connection) -> None:
    """Raise ConfigurationError if tables, columns or keys are missing: something would be lost, or done twice.

    Without an index all is right, and slow: the log tells of it.
    """
    found = missing(connection)
    if found.tables:
        raise ConfigurationError(
            f"the database has no table {', '.join(found.tables)} of the durable layer any more", fix=MIGRATE_FIX
        )
    _refuse_gone(found)
    if found.keys:
        raise ConfigurationError(
            "what keeps a call of the durable layer from being made twice was dropped, or is unfinished: "
            + ", ".join(map(_name, found.keys)),
            fix=KEYS_FIX,
        )
    if found.indexes:
        told = "the durable layer is slow, as somebody dropped %s: run `govcomponents durable migrate`"
        log.warning(told, ", ".join(map(_name, found.indexes)))


def _refuse_gone(found: Missing) -> None:
    for table, columns in found.columns.items():
        raise ConfigurationError(
            f"the table {table} has no column {', '.join(columns)}, which its version has: somebody changed it",
            fix="rename it back, or " + _RESTORE.format(table=table),
        )


def _make_key(connection: sa.Connection, key: Key) -> None:
    """Make a key again. Raises ConfigurationError if something has come twice since, or SQLite cannot do it."""
    table, name, columns = key.table.name, _name(key), list(key.columns)
    twice = sa.select(*columns, sa.func.count()).group_by(*columns).having(sa.func.count() > sa.literal_column("1"))
    if count := len(connection.execute(twice).all()):
        raise ConfigurationError(
            f"the key {name} cannot be made again: since it was dropped, {count} came in more than once under it",
            fix=f"find them: `{' '.join(str(twice).split())}`; leave one row of each, then run this again",
            operation="durable migrate",
        )
    named = ", ".join(key.columns.keys())
    is_primary = isinstance(key, sa.PrimaryKeyConstraint)
    if connection.dialect.name == "postgresql":
        kind = "PRIMARY KEY" if is_primary else "UNIQUE"
        connection.exec_driver_sql(f"ALTER TABLE {table} ADD CONSTRAINT {name} {kind} ({named})")
    elif is_primary:
        raise ConfigurationError(
            f"the table {table} has no primary key, and SQLite adds none to a table that is there",
            fix=_RESTORE.format(table=table),
            operation="durable migrate",
        )
    else:
        connection.exec_driver_sql(f"CREATE UNIQUE INDEX {name} ON {table} ({named})")


def _keys(table: sa.Table) -> list[Key]:
    return [one for one in table.constraints if isinstance(one, (sa.PrimaryKeyConstraint, sa.UniqueConstraint))]


def _name(part: Key | sa.Index) -> str:
    return f"{part.table.name}_pkey" if part.name is None else str(part.name)  # type: ignore[union-attr]  # each is of a table


def _is_partial(index: Mapping[str, object]) -> bool:
    options = index.get("dialect_options")
    return isinstance(options, dict) and any(name.endswith("_where") for name in options)
