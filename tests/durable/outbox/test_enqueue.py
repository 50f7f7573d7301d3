"""A call is put down in the transaction of whoever owns it, goes with it, and a reference stands for one content."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import Session, scoped_session, sessionmaker

from durable.conftest import LICENCES
from govcomponents import (
    AsyncGovComponents,
    ConfigurationError,
    GovComponents,
    InvalidInput,
    Money,
    ReferenceReused,
)
from govcomponents.durable import AsyncDurable, Durable, Ticket
from govcomponents.durable.storage.schema import OUTBOX

TEMPLATE = "5ab1ec0d-0000-4000-8000-000000000101"
VALUES = {"name": "Canary Nightingale", "amount": "£145.00", "reference": "RENEW-7", "refund": True}
INSERT = "INSERT INTO licence (id, state) VALUES (7, 'paid')"


def put(later: Durable, on: Any = None, reference: str = "licence-7-receipt", to: str = "sam@example.com") -> Ticket:
    return later.notify.send_email(to, TEMPLATE, VALUES, reference=reference, on=on)


def counted(engine: sa.Engine) -> tuple[int, int]:
    """How many rows the service's own table and the outbox have."""
    with engine.connect() as connection:
        tables = (LICENCES, OUTBOX)
        own, ours = (connection.scalar(sa.select(sa.func.count()).select_from(one)) for one in tables)
    return own or 0, ours or 0


@contextmanager
def _connection(engine: sa.Engine) -> Iterator[Any]:
    with engine.begin() as connection:
        yield connection, lambda: connection.execute(sa.text(INSERT))


@contextmanager
def _session(engine: sa.Engine) -> Iterator[Any]:
    with Session(engine) as session, session.begin():
        yield session, lambda: session.execute(sa.text(INSERT))


@contextmanager
def _scoped(engine: sa.Engine) -> Iterator[Any]:
    sessions = scoped_session(sessionmaker(engine))
    try:
        with sessions.begin():
            yield sessions, lambda: sessions.execute(sa.text(INSERT))
    finally:
        sessions.remove()


@contextmanager
def _driver(engine: sa.Engine) -> Iterator[Any]:
    """The driver's own connection, without SQLAlchemy."""
    if engine.dialect.name == "sqlite":
        own = sqlite3.connect(str(engine.url.database))
        own.row_factory = sqlite3.Row
        try:
            with own:
                yield own, lambda: own.execute(INSERT)
        finally:
            own.close()
    else:
        port, name = engine.url.port, engine.url.database
        rows: Any = psycopg.rows.dict_row
        with psycopg.connect(f"host=127.0.0.1 port={port} user=gov dbname={name}", row_factory=rows) as connection:
            yield connection, lambda: connection.execute(INSERT)


@contextmanager
def _django(engine: sa.Engine) -> Iterator[Any]:
    import django
    from django.conf import settings
    from django.db import connections, transaction

    if not settings.configured:
        settings.configure(DATABASES={}, USE_TZ=True)
        django.setup()
    kind = "sqlite3" if engine.dialect.name == "sqlite" else "postgresql"
    where = {"HOST": "127.0.0.1", "PORT": str(engine.url.port), "USER": "gov"} if kind == "postgresql" else {}
    before = connections.settings["default"]
    connections.settings["default"] = connections.configure_settings(
        {"default": {"ENGINE": f"django.db.backends.{kind}", "NAME": engine.url.database, **where}}
    )["default"]
    if hasattr(connections._connections, "default"):
        del connections["default"]
    try:
        with transaction.atomic():
            yield connections["default"], lambda: connections["default"].cursor().execute(INSERT)
    finally:
        connections["default"].close()
        del connections["default"]
        connections.settings["default"] = before


OWNERS: dict[str, Callable[[sa.Engine], Any]] = {
    "Connection": _connection,
    "Session": _session,
    "scoped_session": _scoped,
    "driver": _driver,
    "Django": _django,
}


@pytest.fixture
def gov() -> Iterator[GovComponents]:
    with GovComponents.sandbox() as made:
        yield made


@pytest.mark.parametrize("owner", OWNERS)
def test_the_row_is_committed_with_the_callers_own_work(owner: str, engine: sa.Engine, gov: GovComponents) -> None:
    later = Durable(gov, engine)
    with OWNERS[owner](engine) as (on, work):
        work()
        first = put(later, on)
        assert put(later, on) == Ticket(
            id=first.id,
            operation="notify.send_email",
            account="default",
            reference="licence-7-receipt",
            is_repeat=True,
        )
        if engine.dialect.name == "postgresql":
            assert counted(engine) == (0, 0)
    assert counted(engine) == (1, 1)


@pytest.mark.parametrize("owner", OWNERS)
def test_a_rollback_takes_the_row_along(owner: str, engine: sa.Engine, gov: GovComponents) -> None:
    later = Durable(gov, engine)

    def fails() -> None:
        with OWNERS[owner](engine) as (on, work):
            work()
            put(later, on)
            raise RuntimeError("the service's own fault")

    with pytest.raises(RuntimeError, match="own fault"):
        fails()
    assert counted(engine) == (0, 0)


@pytest.mark.parametrize("kind", ["AsyncConnection", "AsyncSession", "psycopg"])
@pytest.mark.parametrize("is_good", [True, False])
def test_a_transaction_of_asyncio_has_the_row(kind: str, is_good: bool, engine: sa.Engine, url: str) -> None:
    is_sqlite = engine.dialect.name == "sqlite"
    if kind == "psycopg" and is_sqlite:
        pytest.skip("psycopg is PostgreSQL's")
    asked = create_async_engine(url.replace("sqlite:", "sqlite+aiosqlite:"))

    async def ask(gov: AsyncGovComponents, on: Any) -> Ticket:
        given = ("sam@example.com", TEMPLATE, VALUES)
        async with AsyncDurable(gov, asked) as later:
            await later.notify.send_email(*given, reference="licence-7-receipt", on=on)
            return await later.notify.send_email(*given, reference="licence-7-receipt", on=on)

    async def run() -> Ticket:
        async with AsyncGovComponents.sandbox() as gov:
            if kind == "AsyncConnection":
                async with asked.connect() as connection:
                    ticket = await ask(gov, connection)
                    await (connection.commit() if is_good else connection.rollback())
            elif kind == "AsyncSession":
                async with AsyncSession(asked) as session:
                    ticket = await ask(gov, session)
                    await (session.commit() if is_good else session.rollback())
            else:
                where = f"host=127.0.0.1 port={engine.url.port} user=gov dbname=postgres"
                async with await psycopg.AsyncConnection.connect(where) as own:
                    ticket = await ask(gov, own)
                    await (own.commit() if is_good else own.rollback())
        await asked.dispose()
        return ticket

    assert asyncio.run(run()).is_repeat
    assert counted(engine)[1] == (1 if is_good else 0)


def test_without_a_transaction_it_is_committed_at_once(engine: sa.Engine, gov: GovComponents) -> None:
    later = Durable(gov, engine)
    ticket = put(later)
    assert (ticket.operation, ticket.account, ticket.is_repeat) == ("notify.send_email", "default", False)
    assert counted(engine)[1] == 1


def test_a_reference_stands_for_one_content_of_one_operation(engine: sa.Engine, gov: GovComponents) -> None:
    later = Durable(gov, engine)
    first = put(later)
    assert put(later).id == first.id
    with pytest.raises(ReferenceReused, match=r"reference: it was used .* To fix: give each call a reference"):
        put(later, to="another@example.com")
    sms = later.notify.send_sms(
        "07700900001", "5ab1ec0d-0000-4000-8000-000000000102", VALUES, reference=first.reference
    )
    assert sms.id != first.id


def test_what_gov_refuses_is_refused_at_once_and_nothing_is_put_down(engine: sa.Engine, gov: GovComponents) -> None:
    later = Durable(gov, engine)
    with pytest.raises(InvalidInput, match="template: it is not a template's id"):
        later.notify.send_email("sam@example.com", " ", VALUES, reference="R-1")
    with pytest.raises(InvalidInput, match="amount: must not be more than what is left"):
        later.pay.refund("a1", Money.gbp("2.00"), available=Money.gbp("1.00"), reference="R-1")
    assert counted(engine)[1] == 0


def test_what_is_said_beside_the_arguments_is_checked(engine: sa.Engine, gov: GovComponents) -> None:
    notify = Durable(gov, engine).notify
    wrong: list[tuple[str, Any]] = [
        ("reference", ""),
        ("reference", "x" * 256),
        ("reference", "a\0b"),
        ("reference", None),
        ("journey", " "),
        ("journey", 5),
        ("give_up_after", 60),
        ("give_up_after", timedelta(0)),
        ("send_at", datetime(2026, 3, 1)),  # noqa: DTZ001  # the mistake that is meant
        ("send_at", "tomorrow"),
        ("on", "postgresql://"),
    ]
    for field, value in wrong:
        given: dict[str, Any] = {"reference": "R-1", field: value}
        with pytest.raises(InvalidInput) as caught:
            notify.send_email("sam@example.com", TEMPLATE, VALUES, **given)
        assert caught.value.field == field
        assert caught.value.fix
    assert counted(engine)[1] == 0


@pytest.mark.parametrize("wrong", [None, 7, "", "x" * 300, "x" * 2000, b"R-1"])
def test_a_reference_that_is_none_is_told_what_it_has_to_be(wrong: Any, engine: sa.Engine, gov: GovComponents) -> None:
    with pytest.raises(InvalidInput, match=r"^notify\.send_email: reference: ") as caught:
        Durable(gov, engine).notify.send_email("sam@example.com", TEMPLATE, VALUES, reference=wrong)
    assert "such as licence-7-receipt" in (caught.value.fix or "")


def test_a_connection_that_is_in_no_transaction_is_refused(engine: sa.Engine, gov: GovComponents) -> None:
    later = Durable(gov, engine)
    refused = pytest.raises(InvalidInput, match="on: it is in no transaction")
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection, refused:
        put(later, connection)
    if engine.dialect.name == "sqlite":
        own: Any = sqlite3.connect(str(engine.url.database), isolation_level=None)
    else:
        own = psycopg.connect(f"host=127.0.0.1 port={engine.url.port} user=gov dbname=postgres", autocommit=True)
    with pytest.raises(InvalidInput, match="on: it is in no transaction"):
        put(later, own)
    own.execute("BEGIN")
    assert put(later, own)
    own.rollback()
    own.close()
    assert counted(engine)[1] == 0


@pytest.mark.skipif(sys.version_info < (3, 12), reason="sqlite3 has the argument from Python 3.12 on")
@pytest.mark.parametrize("autocommit", [True, False])
def test_an_sqlite_connection_says_in_either_way_that_it_is_in_no_transaction(
    tmp_path: Path, gov: GovComponents, autocommit: bool
) -> None:
    later = Durable(gov, f"sqlite:///{tmp_path / 'store.db'}")
    options: dict[str, Any] = {"autocommit": autocommit}
    with later, closing(sqlite3.connect(tmp_path / "store.db", **options)) as own:
        if autocommit:
            with pytest.raises(InvalidInput, match="on: it is in no transaction"):
                put(later, own)
            own.execute("BEGIN")
        assert put(later, own)
        own.execute("ROLLBACK")
        assert later.status().pending == 0


def test_a_connection_of_asyncio_is_refused_by_a_blocking_caller(
    engine: sa.Engine, url: str, gov: GovComponents
) -> None:
    asked = create_async_engine(url.replace("sqlite:", "sqlite+aiosqlite:"))
    with pytest.raises(InvalidInput, match=r"on: it is a connection of asyncio.* use AsyncDurable"):
        put(Durable(gov, engine), AsyncSession(asked))


def test_a_database_without_the_tables_says_how_to_make_them(url: str, gov: GovComponents) -> None:
    bare = sa.create_engine(url)
    for on in (None, Session(bare)):
        with pytest.raises(ConfigurationError, match=r"no tables of the durable layer.*govcomponents durable migrate"):
            put(Durable(gov, bare), on)
        if on is not None:
            on.close()
    with pytest.raises(ConfigurationError, match="no tables of the durable layer"):
        Durable(gov, bare).check()
    Durable(gov, bare).migrate()
    Durable(gov, bare).check()
    assert put(Durable(gov, bare)).id
    bare.dispose()


def test_times_and_journey_are_on_the_row(engine: sa.Engine, gov: GovComponents) -> None:
    at = datetime(2040, 3, 1, 9, tzinfo=UTC)
    ticket = Durable(gov, engine).notify.send_email(
        "sam@example.com",
        TEMPLATE,
        VALUES,
        reference="R-1",
        send_at=at,
        give_up_after=timedelta(hours=2),
        journey="licence-7",
    )
    with engine.connect() as connection:
        row = connection.execute(sa.select(OUTBOX).where(OUTBOX.c.id == ticket.id)).one()
    assert (row.due_at, row.give_up_at - row.due_at, row.journey) == (at.timestamp(), 7200.0, "licence-7")
    assert abs(row.created_at - datetime.now(UTC).timestamp()) < 60


WRONG = {
    "date": date(2026, 3, 1),
    "object": object(),
    "surrogate": "\ud800",
    "inside": {"a": [{"b": "\ud800"}]},
    "no number": float("nan"),
    "endless": [float("inf")],
    "set": {"x"},
    "key": {2: "x"},
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_a_field_of_the_providers_own_that_is_not_json_is_refused_at_once(engine: sa.Engine, wrong: object) -> None:
    with GovComponents.sandbox() as gov:
        later = Durable(gov, engine)
        with pytest.raises(InvalidInput, match="extra: it cannot be written as JSON") as caught:
            later.notify.send_email("sam@example.com", TEMPLATE, VALUES, reference="R-1", extra={"x": wrong})
        assert caught.value.field == "extra"
        assert counted(engine) == (0, 0)
