"""Engines that a service has set in its own way: nothing is committed too early, done twice or put elsewhere."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession, async_scoped_session, async_sessionmaker, create_async_engine
from sqlalchemy.orm import Session, clear_mappers, registry

from durable.conftest import LICENCES
from durable.outbox.test_enqueue import OWNERS
from durable.world import EMAIL, VALUES
from govcomponents import AsyncGovComponents, ConfigurationError, GovComponents, InvalidInput, Money, OutcomeUnknown
from govcomponents.durable import AsyncDurable, Durable, GaveUp
from govcomponents.durable.storage.schema import INBOX, OUTBOX

IN_NONE = "on: it is in no transaction"
UNKNOWN_TEMPLATE = "5ab1ec0d-0000-4000-8000-00000000ffff"


@pytest.fixture
def gov() -> Iterator[GovComponents]:
    with GovComponents.sandbox() as made:
        yield made


def of_asyncio(engine: sa.Engine) -> str:
    return engine.url.render_as_string(hide_password=False).replace("sqlite:", "sqlite+aiosqlite:")


def rows(engine: sa.Engine, table: sa.Table = OUTBOX) -> int:
    with engine.connect() as connection:
        return connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0


def put(later: Durable, on: Any, reference: str = "R-1") -> None:
    later.notify.send_email("sam@example.com", EMAIL, VALUES, reference=reference, on=on)


def test_an_engine_that_commits_each_statement_is_in_no_transaction(engine: sa.Engine, gov: GovComponents) -> None:
    later = Durable(gov, engine)
    each = sa.create_engine(engine.url, isolation_level="AUTOCOMMIT")
    with each.connect() as fresh, each.begin() as begun, Session(each) as session:
        begun.execute(sa.select(1))
        for on in (fresh, begun, session):
            with pytest.raises(InvalidInput, match=IN_NONE) as caught:
                put(later, on)
            assert "SQLAlchemy: an engine without" in (caught.value.fix or "")
    each.dispose()
    assert rows(engine) == 0


def test_so_is_one_of_asyncio(engine: sa.Engine) -> None:
    async def go() -> None:
        each = create_async_engine(of_asyncio(engine), isolation_level="AUTOCOMMIT")
        async with AsyncGovComponents.sandbox() as gov:
            later = AsyncDurable(gov, engine)
            async with each.connect() as connection, AsyncSession(each) as session:
                for on in (connection, session):
                    with pytest.raises(InvalidInput, match=IN_NONE):
                        await later.notify.send_email("sam@example.com", EMAIL, VALUES, reference="R-1", on=on)
        await each.dispose()
        assert rows(engine) == 0

    asyncio.run(go())


def test_a_service_that_begins_by_its_own_listener_is_in_a_transaction(engine: sa.Engine, gov: GovComponents) -> None:
    """As SQLAlchemy's documentation has it for SQLite, for savepoints that work."""
    if engine.dialect.name != "sqlite":
        pytest.skip("of SQLite only")
    later, own = Durable(gov, engine), sa.create_engine(engine.url, connect_args={"isolation_level": None})
    sa.event.listen(own, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
    with own.connect() as connection:
        put(later, connection)
        connection.rollback()
        assert rows(engine) == 0
        put(later, connection)
        connection.commit()
    assert rows(engine) == 1
    with Durable(gov, engine) as over:
        put(Durable(gov, own), None, "R-2")
        assert over.run_due().done == 2
    own.dispose()


def give_up_one(later: Durable) -> None:
    later.notify.send_email("sam@example.com", UNKNOWN_TEMPLATE, VALUES, reference="R-1")


def test_an_event_is_not_lost_where_each_statement_is_committed(engine: sa.Engine, gov: GovComponents) -> None:
    each = sa.create_engine(engine.url, isolation_level="AUTOCOMMIT")
    wrong, right = Durable(gov, each), Durable(gov, engine)
    heard = []

    @wrong.when(GaveUp)
    def fails(event: GaveUp, _transaction: sa.Connection) -> None:
        raise RuntimeError(event.problem)

    @right.when(GaveUp)
    def works(event: GaveUp, _transaction: sa.Connection) -> None:
        heard.append(event.reference)

    give_up_one(wrong)
    with pytest.raises(ConfigurationError, match=r"handlers are given no transaction.*AUTOCOMMIT"):
        wrong.run_due()
    each.dispose()
    assert right.run_due().handled == 1
    assert heard == ["R-1"]


def test_nor_where_handlers_are_coroutines(engine: sa.Engine) -> None:
    async def go() -> None:
        each, whole = (
            create_async_engine(of_asyncio(engine), **how) for how in ({"isolation_level": "AUTOCOMMIT"}, {})
        )
        heard = []
        async with AsyncGovComponents.sandbox() as gov:
            wrong, right = AsyncDurable(gov, each), AsyncDurable(gov, whole)

            @wrong.when(GaveUp)
            async def fails(event: GaveUp, _transaction: object) -> None:
                raise RuntimeError(event.problem)

            @right.when(GaveUp)
            async def works(event: GaveUp, _transaction: object) -> None:
                heard.append(event.reference)

            await wrong.notify.send_email("sam@example.com", UNKNOWN_TEMPLATE, VALUES, reference="R-1")
            with pytest.raises(ConfigurationError, match="handlers are given no transaction"):
                await wrong.run_due()
            assert (await right.run_due()).handled == 1
            assert heard == ["R-1"]
            await wrong.aclose()
            await right.aclose()
        await each.dispose()
        await whole.dispose()

    asyncio.run(go())


def test_handlers_work_in_the_isolation_that_the_service_chose(engine: sa.Engine, gov: GovComponents) -> None:
    if engine.dialect.name != "postgresql":
        pytest.skip("SQLite has one isolation")
    strict = sa.create_engine(engine.url, isolation_level="SERIALIZABLE")
    later = Durable(gov, strict)
    heard = []

    @later.when(GaveUp)
    def works(_event: GaveUp, transaction: sa.Connection) -> None:
        heard.append(transaction.exec_driver_sql("SHOW transaction_isolation").scalar())

    give_up_one(later)
    assert later.run_due().handled == 1
    assert heard == ["serializable"]
    strict.dispose()


@pytest.mark.parametrize(
    "how",
    [
        {"isolation_level": "REPEATABLE READ"},
        {"connect_args": {"options": "-c default_transaction_isolation=repeatable\\ read"}},
    ],
    ids=["engine", "server"],
)
def test_a_reference_has_one_payment_where_transactions_read_only_what_was_there_before(
    postgres_url: str, gov: GovComponents, how: dict[str, Any]
) -> None:
    old = sa.create_engine(postgres_url, **how)
    later = Durable(gov, old)
    later.migrate()
    start, made = threading.Barrier(4), []

    def click(reference: str) -> None:
        start.wait()
        try:
            payment = later.pay.create(Money.gbp("1.00"), reference, "A fee", "https://example.com/back", once=True)
        except OutcomeUnknown:
            return  # it is being made elsewhere
        made.append(payment.id)

    for turn in range(3):
        made.clear()
        clicks = [threading.Thread(target=click, args=(f"FEE-{turn}",)) for _ in range(4)]
        for one in clicks:
            one.start()
        for one in clicks:
            one.join()
        assert len(set(made)) == 1
    old.dispose()


def test_the_tables_are_not_those_of_a_tenant(engine: sa.Engine, gov: GovComponents) -> None:
    tenant = engine.execution_options(schema_translate_map={None: "tenant"})
    for later in (Durable(gov, engine), Durable(gov, tenant)):
        later.migrate()
        with tenant.connect() as connection:
            put(later, connection, f"{id(later)} first")
            put(later, connection, f"{id(later)} second")
            connection.commit()
        put(later, None, f"{id(later)} alone")
        assert later.run_due().done == 3
    assert rows(engine) == 6
    assert rows(engine, INBOX) == rows(engine, LICENCES) == 0


def test_nor_are_they_with_asyncio(engine: sa.Engine) -> None:
    async def go() -> None:
        made = create_async_engine(of_asyncio(engine))
        tenant = made.execution_options(schema_translate_map={None: "tenant"})
        async with AsyncGovComponents.sandbox() as gov, tenant.begin() as connection:
            later = AsyncDurable(gov, engine)
            await later.notify.send_email("sam@example.com", EMAIL, VALUES, reference="R-1", on=connection)
        await made.dispose()
        assert rows(engine) == 1

    asyncio.run(go())


def test_a_session_that_several_tasks_use_at_once_is_told_of_as_that(engine: sa.Engine) -> None:
    async def go() -> None:
        made = create_async_engine(of_asyncio(engine))
        async with AsyncGovComponents.sandbox() as gov, AsyncSession(made) as session:
            notify = AsyncDurable(gov, engine).notify
            calls = [
                notify.send_email("sam@example.com", EMAIL, VALUES, reference=f"R-{number}", on=session)
                for number in range(3)
            ]
            found = await asyncio.gather(*calls, return_exceptions=True)
        refused = [one for one in found if isinstance(one, InvalidInput)]
        assert len(refused) == 2
        for one in refused:
            assert "another task is at work on it" in one.problem
            assert "one task at a time" in (one.fix or "")
        await made.dispose()

    asyncio.run(go())


def test_a_session_whose_flush_failed_is_to_be_rolled_back(engine: sa.Engine, gov: GovComponents) -> None:
    class Licence:
        def __init__(self, number: int) -> None:
            self.id = number

    registry().map_imperatively(Licence, LICENCES)
    with Session(engine) as session:
        session.execute(sa.insert(LICENCES), {"id": 7})
        session.add(Licence(7))
        with pytest.raises(sa.exc.IntegrityError):
            session.flush()
        with pytest.raises(InvalidInput, match="its transaction has failed before") as caught:
            put(Durable(gov, engine), session)
        assert "roll back" in (caught.value.fix or "")
    clear_mappers()


def test_a_scoped_session_of_asyncio_is_its_session(engine: sa.Engine) -> None:
    async def go() -> None:
        made = create_async_engine(of_asyncio(engine))
        scoped = async_scoped_session(async_sessionmaker(made), asyncio.current_task)
        async with AsyncGovComponents.sandbox() as gov:
            notify = AsyncDurable(gov, engine).notify
            await notify.send_email("sam@example.com", EMAIL, VALUES, reference="R-1", on=scoped)
            await scoped.rollback()
            assert rows(engine) == 0
            await notify.send_email("sam@example.com", EMAIL, VALUES, reference="R-1", on=scoped)
            await scoped.commit()
            await scoped.remove()
        assert rows(engine) == 1
        await made.dispose()

    asyncio.run(go())


def test_a_connection_whose_cursors_know_no_names_is_good(engine: sa.Engine, gov: GovComponents) -> None:
    if engine.dialect.name != "postgresql":
        pytest.skip("psycopg is PostgreSQL's")
    dsn = f"host=127.0.0.1 port={engine.url.port} user=gov dbname=postgres"
    with psycopg.connect(dsn, cursor_factory=psycopg.RawCursor) as own:
        put(Durable(gov, engine), own)

    async def go() -> None:
        async with AsyncGovComponents.sandbox() as made:
            connecting = psycopg.AsyncConnection.connect(dsn, cursor_factory=psycopg.AsyncRawCursor)
            async with await connecting as own:
                notify = AsyncDurable(made, engine).notify
                await notify.send_email("sam@example.com", EMAIL, VALUES, reference="R-2", on=own)

    asyncio.run(go())
    assert rows(engine) == 2


@pytest.mark.parametrize("ends", ["savepoint", "transaction"])
@pytest.mark.parametrize("kind", [sa.Connection, Session])
def test_nothing_is_put_down_after_a_block_was_ended_inside(
    engine: sa.Engine, gov: GovComponents, kind: Any, ends: str
) -> None:
    """The driver would put it into the transaction around, or in none: SQLAlchemy refuses every statement there."""
    later = Durable(gov, engine)
    with kind(engine) as on, on.begin() as outer:
        with on.begin_nested() as inner:
            (inner if ends == "savepoint" else outer).rollback()
            with pytest.raises(InvalidInput, match=r"was ended inside of its own `with` block.* leave that block"):
                put(later, on)
        if ends == "savepoint":
            put(later, on, "R-2")
    assert rows(engine) == (1 if ends == "savepoint" else 0)


def test_nor_is_it_with_asyncio(engine: sa.Engine) -> None:
    async def go() -> None:
        own = create_async_engine(of_asyncio(engine))
        async with AsyncGovComponents.sandbox() as gov:
            later = AsyncDurable(gov, own)
            async with own.begin() as on, on.begin_nested() as inner:
                await inner.rollback()
                with pytest.raises(InvalidInput, match="was ended inside"):
                    await later.notify.send_email("sam@example.com", EMAIL, VALUES, reference="R-1", on=on)
        await own.dispose()
        assert rows(engine) == 0

    asyncio.run(go())


def test_a_block_of_django_that_is_to_be_rolled_back_is_no_database_that_is_away(
    engine: sa.Engine, gov: GovComponents
) -> None:
    from django.db import transaction

    later = Durable(gov, engine)
    with OWNERS["Django"](engine) as (on, _):
        transaction.set_rollback(True)
        with pytest.raises(InvalidInput, match=r"has failed before, and takes no more statements.* roll back"):
            put(later, on)
    assert rows(engine) == 0
