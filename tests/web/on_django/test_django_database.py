"""The durable layer of a Django project is on the database that the project is on, by the same options."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

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


def of_django(name: str, given: dict[str, object]) -> None:
    connections.settings[name] = ConnectionHandler({"default": {}, name: given}).settings[name]


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
    of_django("elsewhere", given)
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


@pytest.mark.parametrize("mode", ["rwc", "ro"])
def test_a_file_that_is_named_by_a_uri_is_the_one_that_django_opens(tmp_path: Path, mode: str) -> None:
    of_django("rwc", {"ENGINE": "django.db.backends.sqlite3", "NAME": f"file:{tmp_path}/a%20file.db?mode=rwc"})
    of_django("ro", {"ENGINE": "django.db.backends.sqlite3", "NAME": f"file:{tmp_path}/a%20file.db?mode=ro"})
    with connections["rwc"].cursor() as cursor:
        cursor.execute("CREATE TABLE made (by_django)")
    engine = engine_of(mode)
    with engine.connect() as connection:
        assert sa.inspect(connection).get_table_names() == ["made"]
        if mode == "ro":
            with pytest.raises(sa.exc.OperationalError, match="readonly"):
                connection.execute(sa.text("INSERT INTO made VALUES (1)"))
    engine.dispose()
    for name in ("rwc", "ro"):
        connections[name].close()
        del connections.settings[name], connections[name]
    assert [one.name for one in tmp_path.iterdir()] == ["a file.db"]


WITHOUT_PSYCOPG = """
import sys
sys.modules["psycopg"] = None  # as where it is not installed: Django takes psycopg2 then
import django
from django.conf import settings
where = {"ENGINE": "django.db.backends.postgresql", "NAME": "postgres", "USER": "gov", "HOST": "127.0.0.1"}
settings.configure(DATABASES={"default": where})
django.setup()
from govcomponents import ConfigurationError
from govcomponents.integrations.django.database import engine_of
try:
    engine_of("default")
except ConfigurationError as error:
    print(error)
"""


def test_a_project_on_psycopg2_is_told_that_the_durable_layer_needs_psycopg() -> None:
    pytest.importorskip("psycopg2")
    told = subprocess.run([sys.executable, "-c", WITHOUT_PSYCOPG], capture_output=True, text=True, check=True).stdout
    assert "needs psycopg 3" in told
    assert "pip install psycopg" in told


@pytest.mark.parametrize(("options", "waits"), [({}, 5000), ({"timeout": 20}, 20_000)])
def test_it_waits_for_a_file_that_is_locked_as_long_as_django_does(
    tmp_path: Path, options: dict[str, object], waits: int
) -> None:
    of_django("filed", {"ENGINE": "django.db.backends.sqlite3", "NAME": str(tmp_path / "a.db"), "OPTIONS": options})
    engine = engine_of("filed")
    with engine.connect() as connection, connections["filed"].cursor() as cursor:
        ours = connection.execute(sa.text("PRAGMA busy_timeout")).scalar()
        assert (ours, cursor.execute("PRAGMA busy_timeout").fetchone()[0]) == (waits, waits)
    engine.dispose()
    connections["filed"].close()
    del connections.settings["filed"], connections["filed"]
