"""The right to write, taken before anything is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlalchemy as sa


def begin_writing(connection: sa.Connection) -> None:
    """Take SQLite's one place of a writer first, so that what a statement reads, its clock too, is not from before."""
    if connection.dialect.name == "sqlite":
        bare = connection.connection.dbapi_connection
        if not getattr(bare, "in_transaction", True):
            connection.exec_driver_sql("BEGIN IMMEDIATE")
