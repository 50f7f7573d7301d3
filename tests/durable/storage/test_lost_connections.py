"""A connection that is lost in the middle of a service's transaction, and a database that cannot keep every letter."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.orm import Session

from durable.servers.postgres import Postgres
from durable.world import EMAIL, VALUES
from govcomponents import AsyncGovComponents, GovComponents, InvalidInput, Unavailable
from govcomponents.durable import AsyncDurable, Durable


def lose(connection: sa.Connection) -> None:
    """End the connection at the server, as its restart does. SQLite has none."""
    pid = connection.scalar(sa.select(sa.func.pg_backend_pid()))
    with connection.engine.connect() as other:
        other.execute(sa.select(sa.func.pg_terminate_backend(pid)))


@contextmanager
def of_connection(engine: sa.Engine) -> Iterator[Any]:
    with engine.begin() as connection:
        lose(connection)
        yield connection


@contextmanager
def of_session(engine: sa.Engine) -> Iterator[Any]:
    with Session(engine) as session, session.begin():
        lose(session.connection())
        yield session


@pytest.mark.parametrize("transaction", [of_connection, of_session])
def test_what_is_raised_is_what_happened_and_not_that_the_rollback_failed(postgres_url: str, transaction: Any) -> None:
    engine = sa.create_engine(postgres_url)
    with GovComponents.sandbox() as gov:
        later = Durable(gov, engine)
        later.migrate()
        put = later.notify.send_email
        with pytest.raises(Unavailable), transaction(engine) as on:
            put("sam@example.com", EMAIL, VALUES, reference="R-1", on=on)
        assert later.status().pending == 0  # and the pool has given up what was lost
        put("sam@example.com", EMAIL, VALUES, reference="R-1")
        assert later.run_due().done == 1
    engine.dispose()


def test_with_asyncio_too(postgres_url: str) -> None:
    async def go() -> None:
        made = create_async_engine(postgres_url)
        async with AsyncGovComponents.sandbox() as gov, AsyncDurable(gov, made) as later:
            await later.migrate()

            async def put() -> None:
                async with made.begin() as connection:
                    pid = await connection.scalar(sa.select(sa.func.pg_backend_pid()))
                    async with made.connect() as other:
                        await other.execute(sa.select(sa.func.pg_terminate_backend(pid)))
                    await later.notify.send_email("sam@example.com", EMAIL, VALUES, reference="R-1", on=connection)

            with pytest.raises(Unavailable):
                await put()
            assert (await later.status()).pending == 0
        await made.dispose()

    asyncio.run(go())


def test_a_reference_that_the_database_cannot_keep_is_refused(postgres: Postgres, postgres_url: str) -> None:
    with psycopg.connect(postgres.dsn, autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS latin")
        connection.execute("CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'")
    url = postgres_url.replace("/postgres", "/latin")
    engine = sa.create_engine(url)
    with GovComponents.sandbox() as gov:
        later = Durable(gov, engine)
        later.migrate()
        with engine.connect() as connection:
            for on in (None, connection):
                with pytest.raises(InvalidInput, match="reference: it holds a character") as caught:
                    later.notify.send_email("sam@example.com", EMAIL, VALUES, reference="R-Ŵ", on=on)
                assert "UTF8" in (caught.value.fix or "")
    engine.dispose()

    async def go() -> None:
        made = create_async_engine(url)
        async with AsyncGovComponents.sandbox() as gov, AsyncDurable(gov, made) as later, made.connect() as on:
            with pytest.raises(InvalidInput, match="reference: it holds a character"):
                await later.notify.send_email("sam@example.com", EMAIL, VALUES, reference="R-Ŵ", on=on)
        await made.dispose()

    asyncio.run(go())
    with psycopg.connect(postgres.dsn, autocommit=True) as connection:
        connection.execute("DROP DATABASE latin WITH (FORCE)")
