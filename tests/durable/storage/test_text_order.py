"""Texts of the durable layer are compared byte by byte on PostgreSQL, whatever language the database is in."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
import sqlalchemy as sa

from durable.servers.postgres import Postgres
from durable.world import World
from govcomponents.durable.storage.migrating import migrate

DATABASE = "in_english"


@pytest.fixture
def in_english(postgres: Postgres) -> Iterator[sa.Engine]:
    """An engine on a database whose own order of texts is that of a dictionary: "a", "B", "c"."""
    with psycopg.connect(postgres.dsn, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {DATABASE}")
        connection.execute(
            f"CREATE DATABASE {DATABASE} TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'en-GB' LOCALE 'C'"
        )
    made = sa.create_engine(sa.make_url(postgres.url).set(database=DATABASE))
    migrate(made)
    yield made
    made.dispose()


def test_every_text_is_compared_byte_by_byte(in_english: sa.Engine) -> None:
    with in_english.connect() as connection:
        orders = connection.exec_driver_sql(
            "SELECT table_name || '.' || column_name, collation_name FROM information_schema.columns "
            "WHERE table_name LIKE 'gov\\_%%' AND data_type IN ('character varying', 'text')"
        ).all()
        of_the_database = connection.exec_driver_sql(
            "SELECT daticulocale FROM pg_database WHERE datname = current_database()"
            if connection.dialect.server_version_info < (17,)
            else "SELECT datlocale FROM pg_database WHERE datname = current_database()"
        ).scalar()
    assert of_the_database == "en-GB"
    assert len(orders) > 30
    assert [name for name, order in orders if order != "C"] == []


def test_rows_are_queued_claimed_and_listed_in_a_database_of_a_language(in_english: sa.Engine) -> None:
    world = World(in_english)
    with world.gov:
        for reference in ("a", "B", "c"):
            world.email(reference)
        with in_english.connect() as connection:
            found = connection.exec_driver_sql("SELECT reference FROM gov_outbox ORDER BY reference").scalars().all()
        assert found == ["B", "a", "c"]
        assert world.later.run_due().done == 3
