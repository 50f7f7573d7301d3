"""Keys, indexes and tables that somebody dropped: nothing is taken twice, and a command makes them again."""

from __future__ import annotations

import logging
import re

import pytest
import sqlalchemy as sa

from durable.world import World
from govcomponents import ConfigurationError, GovComponents
from govcomponents.durable import Durable
from govcomponents.durable.storage.schema import INBOX, METADATA, OUTBOX
from govcomponents.durable.storage.shape import missing

KEYS = {"gov_outbox_reference": OUTBOX, "gov_inbox_key": INBOX, "gov_budget_pkey": METADATA.tables["gov_budget"]}
NAMES_THE_COMMAND = r"keeps a call.* from being made twice.* run `govcomponents durable migrate`"


def drop(engine: sa.Engine, name: str) -> None:
    """Drop a key, as somebody who copies a database without its constraints does."""
    table = KEYS[name].name
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
            return
        made = connection.scalar(sa.text("SELECT sql FROM sqlite_master WHERE name = :name"), {"name": table})
        without = re.sub(r",\s*CONSTRAINT \w+ UNIQUE \([^)]*\)", "", made)
        assert without != made
        connection.exec_driver_sql(f"DROP TABLE {table}")
        connection.exec_driver_sql(without)


@pytest.mark.parametrize("name", ["gov_outbox_reference", "gov_inbox_key"])
def test_a_key_that_somebody_dropped_is_told_of_and_made_again(
    world: World, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    drop(world.engine, name)
    fresh = Durable(world.gov, world.engine)
    for asks in (world.later.check, world.later.run_due, fresh.run_due):
        with pytest.raises(ConfigurationError, match=NAMES_THE_COMMAND) as caught:
            asks()
        assert name in str(caught.value)
    with caplog.at_level(logging.WARNING, "govcomponents"):
        world.later.migrate()
    assert f"the key {name} had been dropped, and is made again" in caplog.text
    world.later.check()
    world.email()
    world.email()
    assert world.later.run_due().done == 1


def test_without_its_key_no_reference_is_taken_twice(world: World) -> None:
    world.email()
    world.later.run_due()
    drop(world.engine, "gov_outbox_reference")
    with pytest.raises(ConfigurationError, match=NAMES_THE_COMMAND):
        world.email("R-2")
    with world.engine.begin() as connection, pytest.raises(ConfigurationError, match=NAMES_THE_COMMAND):
        world.email("R-2", on=connection)


def test_what_came_twice_since_a_key_was_dropped_is_to_be_found_by_a_statement(world: World) -> None:
    drop(world.engine, "gov_outbox_reference")
    row = {"account": "default", "operation": "notify.send_sms", "reference": "R-1", "due_at": 0.0, "give_up_at": 0.0}
    with world.engine.begin() as connection:
        connection.execute(sa.insert(OUTBOX), [row | {"created_at": 0.0}] * 2)
    with pytest.raises(ConfigurationError, match="1 came in more than once") as caught:
        world.later.migrate()
    statement = (caught.value.fix or "").split("`")[1]
    with world.engine.begin() as connection:
        assert connection.exec_driver_sql(statement).one() == ("default", "notify.send_sms", "R-1", 2)
        connection.execute(
            sa.delete(OUTBOX).where(OUTBOX.c.id == sa.select(sa.func.max(OUTBOX.c.id)).scalar_subquery())
        )
    world.later.migrate()
    world.later.check()


def test_primary_keys_are_made_again_too(world: World) -> None:
    if world.engine.dialect.name == "sqlite":
        with world.engine.begin() as connection:
            connection.exec_driver_sql("CREATE TABLE copied AS SELECT * FROM gov_budget")
            connection.exec_driver_sql("DROP TABLE gov_budget")
            connection.exec_driver_sql("ALTER TABLE copied RENAME TO gov_budget")
        with pytest.raises(ConfigurationError, match="gov_budget has no primary key, and SQLite adds none"):
            world.later.migrate()
        return
    drop(world.engine, "gov_budget_pkey")
    with pytest.raises(ConfigurationError, match="gov_budget_pkey"):
        world.later.check()
    world.later.migrate()
    world.later.check()


def test_a_key_of_another_kind_serves(world: World) -> None:
    """Whoever copied a database may have made an index of it, and in another order."""
    drop(world.engine, "gov_outbox_reference")
    with world.engine.begin() as connection:
        connection.exec_driver_sql("CREATE UNIQUE INDEX own ON gov_outbox (reference, account, operation)")
        assert missing(connection).keys == []
        connection.exec_driver_sql("DROP INDEX own")
        connection.exec_driver_sql(
            "CREATE UNIQUE INDEX own ON gov_outbox (reference, account, operation) WHERE state = 0"
        )
        assert [key.name for key in missing(connection).keys] == ["gov_outbox_reference"]


@pytest.mark.parametrize("kind", ["unfinished", "deferrable"])
def test_a_key_that_holds_nothing_yet_is_none(world: World, kind: str) -> None:
    """One that could not be built stays there, and one that is looked at in the end lets two calls both be made."""
    if world.engine.dialect.name == "sqlite":
        pytest.skip("SQLite has neither")
    drop(world.engine, "gov_outbox_reference")
    columns = "(account, operation, reference)"
    if kind == "deferrable":
        with world.engine.begin() as connection:
            connection.exec_driver_sql(
                f"ALTER TABLE gov_outbox ADD CONSTRAINT gov_outbox_reference UNIQUE {columns} DEFERRABLE"
            )
    else:
        row = {"account": "a", "operation": "b", "reference": "R", "due_at": 0.0, "give_up_at": 0.0, "created_at": 0.0}
        with world.engine.begin() as connection:
            connection.execute(sa.insert(OUTBOX), [row] * 2)
        with (
            world.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection,
            pytest.raises(sa.exc.IntegrityError),
        ):
            connection.exec_driver_sql(f"CREATE UNIQUE INDEX CONCURRENTLY gov_outbox_reference ON gov_outbox {columns}")
        with world.engine.begin() as connection:
            connection.execute(sa.delete(OUTBOX))
    with pytest.raises(ConfigurationError, match="gov_outbox_reference"):
        world.later.check()
    world.later.migrate()
    world.later.check()
    world.email()
    world.email()
    assert world.later.run_due().done == 1


def test_somebodys_own_key_that_is_unfinished_stays(world: World) -> None:
    if world.engine.dialect.name == "sqlite":
        pytest.skip("SQLite has none")
    with world.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE gov_outbox ADD CONSTRAINT own UNIQUE (id, state) DEFERRABLE")
    world.later.migrate()
    world.later.check()
    assert "own" in {one["name"] for one in sa.inspect(world.engine).get_unique_constraints("gov_outbox")}


def test_an_index_that_somebody_dropped_is_told_of_once_and_the_work_goes_on(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    with world.engine.begin() as connection:
        connection.exec_driver_sql("DROP INDEX gov_outbox_lane")
    world.email()
    with caplog.at_level(logging.WARNING, "govcomponents"):
        assert world.later.run_due().done == 1
        world.later.run_due()
        assert caplog.text.count("somebody dropped gov_outbox_lane: run `govcomponents durable migrate`") == 1
        world.later.check()
        assert caplog.text.count("gov_outbox_lane") == 2
        world.later.migrate()
        assert "the index gov_outbox_lane had been dropped, and is made again" in caplog.text
        caplog.clear()
        world.later.migrate()
        world.later.check()
    assert not caplog.records


def test_a_table_or_a_column_that_is_gone_is_named(world: World, caplog: pytest.LogCaptureFixture) -> None:
    with world.engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE gov_signing_in")
    with pytest.raises(ConfigurationError, match=r"no table gov_signing_in .*durable migrate"):
        world.later.check()
    with caplog.at_level(logging.WARNING, "govcomponents"):
        world.later.migrate()
    assert "the table gov_signing_in had been dropped, and is made anew, with nothing in it" in caplog.text
    with world.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE gov_signing_in RENAME COLUMN browser TO whose")
    with pytest.raises(ConfigurationError, match="gov_signing_in has no column browser"):
        world.later.check()


def test_tables_that_are_older_are_not_measured_by_what_a_newer_version_has(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE gov_schema SET version = 2")
        connection.exec_driver_sql("DROP TABLE gov_signing_in")
    with GovComponents.sandbox() as gov:
        Durable(gov, engine).check()
