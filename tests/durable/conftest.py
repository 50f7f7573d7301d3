"""Fixtures of the durable layer's tests: both databases, real ones, empty for each test, and a real Redis."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from govcomponents.durable.storage.migrating import migrate
from govcomponents.durable.storage.schema import METADATA

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
    engine = sa.create_engine(postgres.url)
    METADATA.drop_all(engine)
    OWN.drop_all(engine)
    engine.dispose()
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


@pytest.fixture
def engine(url: str) -> Iterator[sa.Engine]:
    """An engine on an empty database that has the tables, and one of the service's own."""
    made = sa.create_engine(url)
    migrate(made)
    OWN.create_all(made)
    yield made
    made.dispose()


@pytest.fixture
def world(engine: sa.Engine) -> Iterator[World]:
    made = World(engine)
    with made.gov:
        yield made
