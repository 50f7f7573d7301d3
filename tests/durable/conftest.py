"""Fixtures of the durable layer's tests: both databases, real ones, empty for each test, and a real Redis."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from govcomponents.durable.storage.migrating import migrate

from .servers.postgres import NoPostgres, Postgres, remove, start
from .servers.redis_server import NoRedis, serving
from .world import World

OWN = sa.MetaData()
LICENCES = sa.Table("licence", OWN, sa.Column("id", sa.Integer, primary_key=True), sa.Column("state", sa.Text))


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    try:
        server = start()
    except NoPostgres as error:
        pytest.skip(str(error))
    yield server
    remove(server)


@pytest.fixture
def postgres_url(postgres: Postgres) -> str:
    """The URL of PostgreSQL, without any tables."""
    with psycopg.connect(postgres.dsn, autocommit=True) as connection:
        connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public; GRANT USAGE ON SCHEMA public TO PUBLIC")
    return postgres.url


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a Redis, a real one. Who uses it empties it."""
    try:
        with serving(tmp_path_factory.mktemp("redis")) as url:
            yield url
    except NoRedis as error:
        pytest.skip(str(error))


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database, of either kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'store.db'}"
    found: str = request.getfixturevalue("postgres_url")
    return found


def _migrate(engine: sa.Engine) -> None:
    migrate(engine)
    OWN.create_all(engine)


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file that `migrate` made, to be copied: making one takes twenty times as long."""
    file = tmp_path_factory.mktemp("migrated") / "store.db"
    made = sa.create_engine(f"sqlite:///{file}")
    _migrate(made)
    made.dispose()
    return file


@pytest.fixture(scope="session")
def migrating_statements() -> list[tuple[str, object]]:
    """What `migrate` wrote into the first empty PostgreSQL, to be written into the others without looking first."""
    return []


@pytest.fixture
def engine(
    url: str, tmp_path: Path, migrated_file: Path, migrating_statements: list[tuple[str, object]]
) -> Iterator[sa.Engine]:
    """An engine on an empty database that has the tables, and one of the service's own."""
    made = sa.create_engine(url)
    if made.dialect.name == "sqlite":
        shutil.copyfile(migrated_file, tmp_path / "store.db")
    elif migrating_statements:
        with made.begin() as connection:
            for statement, parameters in migrating_statements:
                connection.exec_driver_sql(statement, parameters)
    else:

        def note(_connection: object, _cursor: object, statement: str, parameters: object, *_more: object) -> None:
            if statement.lstrip().startswith(("CREATE", "INSERT")):
                migrating_statements.append((statement, parameters))

        sa.event.listen(made, "before_cursor_execute", note)
        _migrate(made)
        sa.event.remove(made, "before_cursor_execute", note)
    yield made
    made.dispose()


@pytest.fixture
def world(engine: sa.Engine) -> Iterator[World]:
    made = World(engine)
    with made.gov:
        yield made
