"""The branch of alembic makes the very tables that the code describes, beside a service's own branch."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from durable.world import SMS, VALUES, World
from govcomponents import GovComponents
from govcomponents.durable import Durable
from govcomponents.durable.storage.schema import METADATA, OUTBOX, SCHEMA, VERSION, State

alembic_command = pytest.importorskip("alembic.command")

ENVIRONMENT = """
from alembic import context

connectable = context.config.attributes["engine"]
with connectable.connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
"""
OWN = """
import sqlalchemy as sa
from alembic import op

revision, down_revision, branch_labels, depends_on = "own_1", None, ("service",), None


def upgrade():
    op.create_table("permit", sa.Column("id", sa.Integer, primary_key=True))
"""


@pytest.fixture
def config(tmp_path: Path, url: str):
    from alembic.config import Config

    scripts = tmp_path / "scripts"
    (scripts / "versions").mkdir(parents=True)
    (scripts / "env.py").write_text(ENVIRONMENT)
    (scripts / "versions" / "own.py").write_text(OWN)
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        for table in ("alembic_version", "permit"):
            connection.exec_driver_sql(f"DROP TABLE IF EXISTS {table}")
    made = Config()
    made.set_main_option("script_location", str(scripts))
    made.set_main_option("path_separator", "space")
    ours = "govcomponents:durable/storage/revisions"
    made.set_main_option("version_locations", f"{scripts / 'versions'} {ours}")
    made.attributes["engine"] = engine
    yield made
    engine.dispose()


def differences(engine: sa.Engine) -> list[object]:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    with engine.connect() as connection:
        names = set(METADATA.tables)
        options = {
            "include_name": lambda name, kind, _parents: kind != "table" or name in names,
            "compare_type": True,
        }
        return compare_metadata(MigrationContext.configure(connection, opts=options), METADATA)


def test_the_branch_makes_the_tables_that_the_code_describes(config) -> None:
    engine = config.attributes["engine"]
    alembic_command.upgrade(config, "govcomponents@head")
    assert differences(engine) == []
    with engine.connect() as connection:
        assert connection.scalar(sa.select(SCHEMA.c.version)) == VERSION
        assert not sa.inspect(connection).has_table("permit")
    alembic_command.upgrade(config, "heads")
    with GovComponents.sandbox() as gov:
        Durable(gov, engine).check()
    alembic_command.downgrade(config, "govcomponents@base")
    with engine.connect() as connection:
        assert not sa.inspect(connection).has_table(SCHEMA.name)
        assert sa.inspect(connection).has_table("permit")


def test_the_command_makes_the_same_tables_and_the_branch_takes_them_over(config) -> None:
    engine = config.attributes["engine"]
    with GovComponents.sandbox() as gov:
        Durable(gov, engine).migrate()
    assert differences(engine) == []
    alembic_command.upgrade(config, "govcomponents@head")
    assert differences(engine) == []


def test_a_table_that_was_changed_by_hand_is_seen(config) -> None:
    engine = config.attributes["engine"]
    alembic_command.upgrade(config, "govcomponents@head")
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP INDEX gov_outbox_lane")
    assert differences(engine)


def test_tables_of_the_first_version_are_brought_up_to_date_and_work_before_that(config) -> None:
    engine = config.attributes["engine"]
    alembic_command.upgrade(config, "govcomponents@head")
    alembic_command.downgrade(config, "gov_0001")
    assert differences(engine)
    with GovComponents.sandbox() as gov:
        later = Durable(gov, engine)
        later.notify.send_sms("07700900123", SMS, VALUES, reference="R-1")
        assert later.run_due().done == 1
        later.migrate()
    assert differences(engine) == []


def test_rows_in_flight_come_to_their_ends_after_the_tables_were_brought_up_to_date(config) -> None:
    engine = config.attributes["engine"]
    alembic_command.upgrade(config, "govcomponents@head")
    alembic_command.downgrade(config, "gov_0001")
    world = World(engine)
    with world.gov, engine.connect() as connection:
        for number in range(3):
            world.email(f"R-{number}")
        with connection.begin():  # of a worker of the version before, which was ended for the deployment
            sending = sa.update(OUTBOX).where(OUTBOX.c.reference == "R-0")
            connection.execute(sending.values(state=State.SENDING, due_at=0.0, claims=1, owner="gone"))
            doubtful = sa.update(OUTBOX).where(OUTBOX.c.reference == "R-1")
            connection.execute(doubtful.values(state=State.IN_DOUBT, due_at=0.0, doubt_since=OUTBOX.c.created_at))
        world.later.migrate()
        world.later.run_due()
        world.let_pass(600)
        world.later.run_due()
        assert [world.held(f"R-{number}") for number in range(3)] == [1, 1, 1]
        assert [world.row(f"R-{number}").state for number in range(3)] == [State.DONE] * 3
    assert differences(engine) == []
