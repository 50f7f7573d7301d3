"""Closing the durable layer: connections of its own are closed, and an engine of the service is left alone."""

from __future__ import annotations

import asyncio

import sqlalchemy as sa
from sqlalchemy.pool import QueuePool

from govcomponents import AsyncGovComponents, GovComponents
from govcomponents.durable import AsyncDurable, Durable


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
