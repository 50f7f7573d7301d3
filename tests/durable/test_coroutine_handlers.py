"""Handlers that are coroutine functions work in the transaction in which their event is marked as handled."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from govcomponents import AsyncGovComponents, InvalidInput
from govcomponents.durable import AsyncDurable
from govcomponents.durable.storage.schema import INBOX
from govcomponents.notify import DeliveryReceipt

from .conftest import LICENCES
from .test_inbox import TOKEN, receipt

pytestmark = pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")  # aiosqlite closes in its own thread


@pytest.fixture
def asyncio_engine(engine: sa.Engine, url: str) -> Iterator[AsyncEngine]:
    made = create_async_engine(url.replace("sqlite:", "sqlite+aiosqlite:"))
    yield made
    asyncio.run(made.dispose())


def world() -> dict[str, Any]:
    from govcomponents.sandbox.world import default_world

    notify: Any = default_world()["notify"]
    service = {**notify["services"][0], "callbacks": [{"kind": "delivery_status", "bearer_token": TOKEN}]}
    return {**default_world(), "notify": {**notify, "services": [service]}}


def handled(engine: sa.Engine) -> tuple[int, int]:
    with engine.connect() as connection:
        ids = connection.scalar(sa.select(sa.func.count()).select_from(LICENCES))
        waiting = connection.scalar(sa.select(sa.func.count()).select_from(INBOX).where(INBOX.c.is_open == 1))
    return ids or 0, waiting or 0


def test_a_coroutine_works_in_the_transaction_that_ends_its_event(
    engine: sa.Engine, asyncio_engine: AsyncEngine
) -> None:
    fails = [True]

    async def go() -> list[tuple[int, int]]:
        async with AsyncGovComponents.sandbox(world()) as gov:
            later = AsyncDurable(gov, asyncio_engine)

            @later.when(DeliveryReceipt)
            async def emailed(event: DeliveryReceipt, transaction: AsyncConnection) -> None:
                await transaction.execute(sa.insert(LICENCES), {"id": 1})
                if fails:
                    raise RuntimeError

            @later.when(DeliveryReceipt)
            def also(event: DeliveryReceipt, transaction: sa.Connection) -> None:
                transaction.execute(sa.insert(LICENCES), {"id": 2})

            assert (await later.receive("notify", *receipt())).status == 200
            first = await later.run_due()
            after_failure = (first.failed, *handled(engine))
            fails.clear()
            with engine.begin() as connection:
                connection.execute(sa.update(INBOX).values(due_at=0.0))
            second = await later.run_due()
            later.engine.dispose()
            return [after_failure, (second.handled, *handled(engine))]

    assert asyncio.run(go()) == [(1, 0, 1), (1, 2, 0)]


def test_without_an_engine_of_asyncio_a_coroutine_is_refused(engine: sa.Engine) -> None:
    async def go() -> None:
        async with AsyncGovComponents.sandbox() as gov:
            with pytest.raises(InvalidInput, match="give AsyncDurable an AsyncEngine"):

                @AsyncDurable(gov, engine).when(DeliveryReceipt)
                async def emailed(event: DeliveryReceipt, transaction: AsyncConnection) -> None: ...

    asyncio.run(go())
