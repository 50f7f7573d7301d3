"""A store that is closed, away, read-only, full, damaged or locked: an error of ours that says so."""

from __future__ import annotations

import socket
import socketserver
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from durable.outbox.test_payments import make
from durable.servers.postgres import Postgres
from durable.world import World
from govcomponents import ConfigurationError, GovComponentsError, InvalidInput, OutcomeUnknown, Unavailable
from govcomponents.cli.main import main
from govcomponents.core.http.messages import Request
from govcomponents.durable import TemplatesChanged
from govcomponents.durable.inbox.receiving import stored
from govcomponents.durable.storage.migrating import migrate
from govcomponents.durable.storage.schema import METADATA, PAYMENT, SCHEMA
from govcomponents.durable.storage.sealing import PayloadKeys

OPERATIONS: dict[str, Callable[[World], object]] = {
    "send": lambda world: world.email(),
    "run_due": lambda world: world.later.run_due(),
    "status": lambda world: world.later.status(),
    "erase": lambda world: world.later.erase(journey="J-1"),
    "migrate": lambda world: world.later.migrate(),
    "check": lambda world: world.later.check(),
}
READS = {"status", "check", "migrate"}


def refused(engine: sa.Engine, operation: str, kind: type[GovComponentsError]) -> GovComponentsError:
    """The error of one operation, which holds nothing of the row and has nothing behind it."""
    world = World(engine)
    with world.gov, pytest.raises(kind) as caught:
        OPERATIONS[operation](world)
    engine.dispose()
    error = caught.value
    assert error.fix
    assert error.__cause__ is None
    assert error.__suppress_context__ or error.__context__ is None
    assert "Nightingale" not in f"{error!s}{error!r}"
    return error


@contextmanager
def no_listener(port: int) -> Iterator[None]:
    """Nobody takes connections at the port. Skips where somebody else has it."""
    with socket.socket() as held:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            held.bind(("127.0.0.1", port))
        except OSError:
            pytest.skip(f"somebody else has port {port}")
        yield


def closed_session(world: World) -> Session:
    session = Session(world.engine, close_resets_only=False)
    session.close()
    return session


def closed_connection(world: World) -> sa.Connection:
    connection = world.engine.connect()
    connection.close()
    return connection


def closed_driver(world: World) -> object:
    if world.engine.dialect.name == "sqlite":
        bare = sqlite3.connect(world.engine.url.database or "")
    else:
        bare = psycopg.connect(world.engine.url.set(drivername="postgresql").render_as_string())
    bare.close()
    return bare


@pytest.mark.parametrize("closed", [closed_session, closed_connection, closed_driver])
def test_a_transaction_that_is_closed_is_a_wrong_argument(world: World, closed: Callable[[World], object]) -> None:
    with pytest.raises(InvalidInput) as caught:
        world.email(on=closed(world))
    assert caught.value.field == "on"
    assert world.later.status().pending == 0


def test_a_transaction_that_has_failed_before_is_a_wrong_argument(postgres_url: str) -> None:
    engine = sa.create_engine(postgres_url)
    migrate(engine)
    world = World(engine)
    with world.gov, engine.connect() as connection:
        with pytest.raises(sa.exc.ProgrammingError):
            connection.execute(sa.text("SELECT nothing"))
        with pytest.raises(InvalidInput, match="failed before"):
            world.email(on=connection)
    engine.dispose()


def test_an_engine_on_psycopg2_does_as_one_on_psycopg_and_its_codes_are_read(postgres_url: str) -> None:
    pytest.importorskip("psycopg2")
    url = sa.make_url(postgres_url).set(drivername="postgresql+psycopg2")
    fix = refused(sa.create_engine(url), "send", ConfigurationError).fix
    assert "govcomponents durable migrate" in fix
    read_only = {"options": "-c default_transaction_read_only=on"}
    engine = sa.create_engine(url)
    migrate(engine)
    told = str(refused(sa.create_engine(url, connect_args=read_only), "send", Unavailable))
    assert "ReadOnlySqlTransaction 25006" in told
    world = World(engine)
    with world.gov, engine.connect() as connection:
        with Session(engine) as session, session.begin():
            world.email(on=session)
        assert world.later.run_due().done == 1
        with pytest.raises(sa.exc.ProgrammingError):
            connection.execute(sa.text("SELECT nothing"))
        with pytest.raises(InvalidInput, match="failed before"):
            world.email(on=connection)
    engine.dispose()


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_database_that_is_away(operation: str, tmp_path: Path) -> None:
    for url in (f"sqlite:///{tmp_path}/nowhere/store.db", "postgresql+psycopg://gov@127.0.0.1:1/service"):
        assert "cannot be used" in str(refused(sa.create_engine(url), operation, Unavailable))


@pytest.mark.parametrize("port", [25006, 28000, 40001, 42501, 42703, 53100])
def test_a_port_that_reads_like_a_code_of_postgresql_is_none(port: int) -> None:
    away = sa.create_engine(f"postgresql+psycopg://gov@127.0.0.1:{port}/service")
    with no_listener(port):
        assert "Connection refused" in str(refused(away, "send", Unavailable))


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_database_that_is_not_on_its_server(operation: str, postgres: Postgres) -> None:
    engine = sa.create_engine(sa.make_url(postgres.url).set(database="canary"))
    assert "govcomponents durable migrate" in refused(engine, operation, ConfigurationError).fix


@pytest.mark.parametrize("operation", sorted(OPERATIONS.keys() - READS))
def test_a_database_that_can_only_be_read(operation: str, url: str) -> None:
    engine = sa.create_engine(url)
    migrate(engine)
    engine.dispose()
    if engine.dialect.name == "sqlite":
        engine = sa.create_engine(f"sqlite:///file:{engine.url.database}?mode=ro&uri=true")
    else:
        engine = sa.create_engine(url, connect_args={"options": "-c default_transaction_read_only=on"})
    assert "not written to" in str(refused(engine, operation, Unavailable))


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_file_that_is_no_database(operation: str, tmp_path: Path) -> None:
    (tmp_path / "store.db").write_bytes(b"canary" * 1000)
    refused(sa.create_engine(f"sqlite:///{tmp_path / 'store.db'}"), operation, ConfigurationError)


@pytest.mark.parametrize("operation", sorted(OPERATIONS.keys() - {"migrate"}))
def test_a_database_without_tables(operation: str, url: str) -> None:
    fix = refused(sa.create_engine(url), operation, ConfigurationError).fix
    assert "govcomponents durable migrate" in fix


def test_a_database_that_is_full(tmp_path: Path) -> None:
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'store.db'}")
    migrate(engine)
    world = World(engine)

    def fill() -> None:
        for number in range(2000):
            world.email(f"R-{number}")

    sa.event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA max_page_count = 1"))
    engine.dispose()
    with world.gov, pytest.raises(Unavailable, match="is full"):
        fill()
    engine.dispose()


def test_a_database_that_is_locked(tmp_path: Path) -> None:
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'store.db'}", connect_args={"timeout": 0.05})
    migrate(engine)
    world = World(engine)
    with world.gov, engine.connect() as other:
        other.exec_driver_sql("BEGIN IMMEDIATE")
        with pytest.raises(Unavailable, match="locked"):
            world.email()
    engine.dispose()


@pytest.mark.parametrize("limit", ["statement_timeout", "lock_timeout"])
def test_a_limit_of_time_is_told_of_with_what_may_hold_it_up(postgres_url: str, limit: str) -> None:
    engine = sa.create_engine(postgres_url, connect_args={"options": f"-c {limit}=50"})
    migrate(engine)
    other = sa.create_engine(postgres_url)
    told = "took too long" if limit == "statement_timeout" else "locked by somebody else"
    with other.begin() as connection:
        connection.exec_driver_sql("LOCK TABLE gov_outbox IN ACCESS EXCLUSIVE MODE")
        for operation in ("send", "run_due"):
            assert told in str(refused(engine, operation, Unavailable))
    other.dispose()


def test_a_user_without_rights_to_the_tables(postgres_url: str) -> None:
    engine = sa.create_engine(postgres_url)
    migrate(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP ROLE IF EXISTS stranger")
        connection.exec_driver_sql("CREATE ROLE stranger LOGIN")
    engine.dispose()
    stranger = sa.create_engine(sa.make_url(postgres_url).set(username="stranger"))
    assert "gov_*" in refused(stranger, "send", ConfigurationError).fix


@pytest.mark.parametrize(
    ("role", "database", "kind", "said"),
    [
        ("crowded", "postgres", Unavailable, "no connection"),
        ("outsider", "crowd", Unavailable, "no connection"),
        ("outsider", "private", ConfigurationError, "does not let this user in"),
        ("nologin", "postgres", ConfigurationError, "does not let this user in"),
        ("nobody", "postgres", ConfigurationError, "does not let this user in"),
        ("gov", "shut", Unavailable, "cannot be used"),
    ],
)
def test_a_server_that_lets_nobody_in_now_or_never(
    role: str, database: str, kind: type[GovComponentsError], said: str, postgres: Postgres
) -> None:
    with psycopg.connect(postgres.dsn, autocommit=True) as connection:
        for name, limits in {"crowded": "LOGIN CONNECTION LIMIT 0", "outsider": "LOGIN", "nologin": "NOLOGIN"}.items():
            connection.execute(f"DROP ROLE IF EXISTS {name}")
            connection.execute(f"CREATE ROLE {name} {limits}")
        for name, limits in {"crowd": "CONNECTION LIMIT 0", "private": "", "shut": "ALLOW_CONNECTIONS false"}.items():
            connection.execute(f"DROP DATABASE IF EXISTS {name}")
            connection.execute(f"CREATE DATABASE {name} {limits}")
        connection.execute("REVOKE CONNECT ON DATABASE private FROM PUBLIC")
    engine = sa.create_engine(sa.make_url(postgres.url).set(username=role, database=database))
    assert said in refused(engine, "run_due", kind).happened


class TlsOffered(socketserver.BaseRequestHandler):
    """A server of PostgreSQL, as far as it says that it speaks TLS."""

    def handle(self) -> None:
        self.request.recv(8)
        self.request.sendall(b"S")


def test_a_certificate_that_is_not_there_is_no_database_that_is_not_there() -> None:
    with socketserver.TCPServer(("127.0.0.1", 0), TlsOffered) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        url = f"postgresql+psycopg://gov@127.0.0.1:{server.server_address[1]}/service"
        wants_tls = sa.create_engine(f"{url}?sslmode=verify-full&sslrootcert=/nowhere/ca.crt")
        assert "cannot be used" in refused(wants_tls, "run_due", Unavailable).happened
        server.shutdown()


def test_a_pool_without_a_free_connection(postgres_url: str) -> None:
    engine = sa.create_engine(postgres_url, pool_size=1, max_overflow=0, pool_timeout=0.05)
    migrate(engine)
    with engine.connect() as held:
        assert "no connection" in refused(engine, "send", Unavailable).happened
        held.invalidate()  # its pool was disposed of, and closes it no more


def test_a_worker_refuses_tables_of_a_newer_version_and_works_on_older_ones(world: World) -> None:
    world.email()
    with world.engine.begin() as connection:
        connection.execute(sa.update(SCHEMA).values(version=99))
    with pytest.raises(ConfigurationError, match="version 99"):
        world.later.run_due()
    assert world.held() == 0
    with world.engine.begin() as connection:
        connection.execute(sa.update(SCHEMA).values(version=0))
    assert world.later.run_due().done == 1


def test_a_database_that_is_restarted_between_two_calls(postgres: Postgres) -> None:
    engine = sa.create_engine(postgres.url)
    METADATA.drop_all(engine)
    migrate(engine)
    world = World(engine)
    with world.gov:
        world.email("R-1")
        postgres.stop()
        try:
            with pytest.raises(Unavailable):
                world.email("R-2")
            with pytest.raises(Unavailable):
                world.later.run_due()
        finally:
            postgres.start()
        world.email("R-3")
        assert world.later.run_due().done == 2
    engine.dispose()


@pytest.mark.parametrize("command", [["durable", "status"]])
def test_a_path_that_was_misspelt_makes_no_file(
    command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status = main([*command, "--database", f"sqlite:///{tmp_path / 'typo.db'}"])
    assert status != 0
    assert "govcomponents durable migrate" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_pool_without_a_free_connection_costs_no_callback_and_no_payment(url: str, engine: sa.Engine) -> None:
    small = sa.create_engine(url, pool_size=1, max_overflow=0, pool_timeout=0.05, poolclass=sa.QueuePool)
    world = World(small)
    held: list[sa.Connection] = []

    def busy(_request: Request) -> None:
        """Another request of the service takes the only connection while the provider makes the payment."""
        held.append(small.connect())

    with world.gov:
        with small.connect(), pytest.raises(Unavailable, match="so it was not made"):
            make(world)
        world.wire.faults = [busy]
        assert make(world).redirect_url()
        held.pop().close()
        with small.begin() as connection:
            row = connection.execute(sa.select(PAYMENT)).one()
        assert (row.is_open, row.payment_id) == (1, None)  # it is found by its reference
        with small.connect():
            answer = stored(
                small, TemplatesChanged(key="k", account="default", problems=()), "templates", PayloadKeys()
            )
        assert answer.status == 503
    small.dispose()


def test_the_only_payment_of_a_reference_is_given_to_nobody_until_it_is_recorded(url: str, engine: sa.Engine) -> None:
    small = sa.create_engine(url, pool_size=1, max_overflow=0, pool_timeout=0.05, poolclass=sa.QueuePool)
    world = World(small)
    held: list[sa.Connection] = []
    with world.gov:
        world.wire.faults = [lambda _request: held.append(small.connect())]
        with pytest.raises(OutcomeUnknown, match="could not be recorded") as caught:
            make(world, once=True)
        assert "call again" in caught.value.lookup
        held.pop().close()
        there = [one.id for one in world.gov.pay.search(reference="RENEW-7")]
        assert [make(world, once=True).id] == there
        assert [one.id for one in world.gov.pay.search(reference="RENEW-7")] == there
    small.dispose()


def test_a_column_that_somebody_renamed_is_named_as_migrating_cannot_mend_it(world: World) -> None:
    with world.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE gov_outbox RENAME COLUMN claims TO tries")
        connection.exec_driver_sql("DROP INDEX gov_outbox_lane")
    with pytest.raises(ConfigurationError, match="gov_outbox has no column claims") as caught:
        world.later.migrate()
    assert "rename it back" in (caught.value.fix or "")
    with world.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE gov_outbox RENAME COLUMN tries TO claims")
    world.later.migrate()
    with world.engine.connect() as connection:
        assert "gov_outbox_lane" in {index["name"] for index in sa.inspect(connection).get_indexes("gov_outbox")}


def test_a_user_that_is_not_there_is_no_database_that_is_not_there(postgres: Postgres) -> None:
    engine = sa.create_engine(sa.make_url(postgres.url).set(username="nobody_of_that_name"))
    assert "does not let this user in" in str(refused(engine, "status", ConfigurationError))


def test_a_file_whose_folder_is_not_there(tmp_path: Path) -> None:
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'nowhere' / 'store.db'}")
    assert "make the folder" in str(refused(engine, "status", Unavailable))


def test_a_session_with_an_engine_for_some_tables_only_says_what_to_give(world: World) -> None:
    with Session(binds={SCHEMA: world.engine}) as session:
        with pytest.raises(InvalidInput, match="bind_arguments"):
            world.email(on=session)
        world.email(on=session.connection(bind_arguments={"bind": world.engine}))
        session.rollback()
    assert world.later.status().pending == 0
