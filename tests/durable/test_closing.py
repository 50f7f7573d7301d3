"""Closing the durable layer: connections of its own are closed, and an engine of the service is left alone."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.pool import Pool, QueuePool

from govcomponents import AsyncGovComponents, ConfigurationError, GovComponents
from govcomponents.durable import AsyncDurable, Durable
from govcomponents.durable.storage.schema import SCHEMA


def idle(engine: sa.Engine) -> int:
    assert isinstance(engine.pool, QueuePool)
    return engine.pool.checkedin()


def test_connections_of_its_own_are_closed_at_the_end(url: str) -> None:
    with GovComponents.sandbox() as gov, Durable(gov, url) as later:
        later.migrate()
        later.run_due()
        assert idle(later.engine) >= 1
        pool = later.engine.pool
    assert isinstance(pool, QueuePool)
    assert pool.checkedin() == 0
    later.close()


def test_so_are_those_of_asyncio(url: str) -> None:
    async def close() -> None:
        async with AsyncGovComponents.sandbox() as gov, AsyncDurable(gov, url) as later:
            await later.migrate()
            await later.run_due()
            assert idle(later.engine) >= 1
            pool = later.engine.pool
        assert isinstance(pool, QueuePool)
        assert pool.checkedin() == 0
        await later.aclose()

    asyncio.run(close())


def test_an_engine_of_the_service_stays_open(engine: sa.Engine) -> None:
    with GovComponents.sandbox() as gov, Durable(gov, engine) as later:
        later.run_due()
        before = idle(engine)
        assert before >= 1
    assert idle(engine) == before


def test_a_file_that_is_refused_is_closed_again(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'store.db'}"
    with GovComponents.sandbox() as gov:
        with Durable(gov, url) as later, later.engine.begin() as connection:
            connection.execute(sa.update(SCHEMA).values(version=99))
        opened: list[object] = []

        def keep(connection: object, _record: object) -> None:
            opened.append(connection)

        def let_go(connection: object, _record: object) -> None:
            opened.remove(connection)

        sa.event.listen(Pool, "connect", keep)
        sa.event.listen(Pool, "close", let_go)
        try:
            with pytest.raises(ConfigurationError, match="version 99"):
                Durable(gov, url)
            assert opened == []
        finally:
            sa.event.remove(Pool, "connect", keep)
            sa.event.remove(Pool, "close", let_go)
