"""The durable layer of a Django project is on PostgreSQL as the project is: by the same options of connections."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

pytest.importorskip("django")

from web.on_django import test_django  # noqa: F401  # configures Django

pytest.importorskip("psycopg")
pytest.importorskip("sqlalchemy")

import psycopg
import sqlalchemy as sa
from django.db import connections
from django.db.utils import ConnectionHandler

from durable.servers.postgres import NoPostgres, remove, start
from govcomponents.integrations.django.database import engine_of


@pytest.fixture
def alias() -> Iterator[str]:
    """A database of the project, whose connections have a name of their own."""
    try:
        server = start()
    except NoPostgres as error:
        pytest.skip(str(error))
    where = {"ENGINE": "django.db.backends.postgresql", "NAME": "postgres", "USER": "gov", "HOST": "127.0.0.1"}
    options = {"application_name": "renewals", "assume_role": "Renewals owner"}
    given = {**where, "PORT": str(server.port), "OPTIONS": options}
    with psycopg.connect(server.dsn) as connection:
        connection.execute('CREATE ROLE "Renewals owner"')
    connections.settings["elsewhere"] = ConnectionHandler({"default": {}, "elsewhere": given}).settings["elsewhere"]
    yield "elsewhere"
    connections["elsewhere"].close()
    del connections.settings["elsewhere"], connections["elsewhere"]
    remove(server)


def test_its_connections_are_made_with_the_options_of_djangos(alias: str) -> None:
    engine = engine_of(alias)
    with engine.connect() as connection:
        assert connection.execute(sa.text("SHOW application_name")).scalar() == "renewals"
        assert connection.connection.driver_connection.prepare_threshold is None  # a pooler may lie between
        assert connection.execute(sa.text("SELECT current_user")).scalar() == "Renewals owner"
        assert connection.execute(sa.text("SELECT CAST('2026-11-30 10:00' AS timestamptz)")).scalar().year == 2026
    engine.dispose()
