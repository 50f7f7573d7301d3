"""The project's own database, as the durable layer takes it: its tables are beside the project's."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from django.db import close_old_connections, connections, transaction

from govcomponents.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Engine

    from govcomponents.durable import DjangoConnection

_MEMORY: Final = (":memory:", "mode=memory")
_OF_DJANGO: Final = ("cursor_factory", "context")
"""What Django reads values by."""
_PATIENCE: Final = 5.0
"""For how many seconds Django's own connection waits for another writer, where the project does not say."""


def is_in_memory(alias: str) -> bool:
    """Whether a database is in the memory of this process, as that of Django's tests is on SQLite."""
    database = connections[alias]
    return database.vendor == "sqlite" and any(part in str(database.settings_dict["NAME"]) for part in _MEMORY)


@contextmanager
def handled_in(alias: str) -> Iterator[DjangoConnection]:
    """Give a transaction of Django's, on a connection that is closed if the database has dropped it."""
    close_old_connections()
    with transaction.atomic(using=alias):
        yield connections[alias]


def engine_of(alias: str) -> Engine:
    """Return an engine on one of Django's databases. Raises ConfigurationError for one that will not do."""
    import sqlalchemy as sa

    from govcomponents.durable.storage.engines import engine_for

    if alias not in connections:
        raise ConfigurationError(
            f"the project has no database {alias!r} for the durable layer", fix="name one of DATABASES"
        )
    if is_in_memory(alias):
        raise ConfigurationError(
            f"the database {alias!r} is in memory, and workers could not see it",
            fix='give it a file; in tests: DATABASES["default"]["TEST"] = {"NAME": "test.db"}',
        )
    database = connections[alias]
    facts = database.settings_dict
    if database.vendor == "sqlite":
        # The file is the project's: it keeps its journal mode, and the tables are made by its `migrate`.
        name = str(facts["NAME"])
        is_uri = {"uri": "true"} if name.startswith("file:") else {}  # as Django's own driver takes it
        url = sa.URL.create("sqlite", database=name, query=is_uri)
        return engine_for(sa.create_engine(url, connect_args={"timeout": facts["OPTIONS"].get("timeout", _PATIENCE)}))
    if database.vendor != "postgresql":
        raise ConfigurationError(
            f"the durable layer does not work on the database {alias!r}, which is {database.vendor}",
            fix="use PostgreSQL or SQLite",
        )
    # Whatever the project's own connections are made with, such as files of certificates, and no prepared statements.
    given = {name: value for name, value in database.get_connection_params().items() if name not in _OF_DJANGO}
    if role := facts["OPTIONS"].get("assume_role"):  # Django assumes it by a statement of its own
        escaped = role.replace("\\", "\\\\").replace(" ", "\\ ")
        given["options"] = f"{given.get('options', '')} -c role={escaped}".strip()
    try:
        return engine_for(sa.create_engine("postgresql+psycopg://", connect_args=given))
    except ModuleNotFoundError:  # Django does with psycopg2 where there is no other
        raise ConfigurationError(
            "the durable layer needs psycopg 3, which is not installed: psycopg2 will not do",
            fix="pip install psycopg: Django takes it before psycopg2",
        ) from None
