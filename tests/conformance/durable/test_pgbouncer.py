"""The durable layer behind PgBouncer in its mode "transaction", on the engine that the page on deployment names."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from durable.servers.pgbouncer import NoPgBouncer, pooling
from durable.servers.postgres import NoPostgres, remove, start
from durable.test_inbox import EMAIL, KEY, VALUES, callback_world, receipt
from govcomponents import AsyncGovComponents, GovComponents, Money, OutcomeUnknown
from govcomponents.durable import AsyncDurable, Durable, StoreBudgets
from govcomponents.notify import DeliveryReceipt

PAGE = Path(__file__).parents[3] / "docs" / "deployment" / "database.md"
AT_ONCE, EACH = 6, 8  # more at once than there are connections, and more often than a driver waits to prepare
FEE, BACK = Money.gbp("145.00"), "https://service.example.gov.uk/back"


@pytest.fixture
def engine() -> Iterator[sa.Engine]:
    try:
        server = start()
    except NoPostgres as error:
        pytest.skip(str(error))
    (made,) = re.findall(r"^engine = (.*prepare_threshold.*)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    try:
        with pooling(server) as url:
            engine: sa.Engine = eval(made, {"sa": sa, "url": url})  # the page's own line
            yield engine
            engine.dispose()
    except NoPgBouncer as error:
        pytest.skip(str(error))
    finally:
        remove(server)


def at_once(work: Any) -> list[Any]:
    with ThreadPoolExecutor(AT_ONCE) as threads:
        return list(threads.map(work, range(AT_ONCE)))


def test_everything_works_behind_a_pooler_of_transactions(engine: sa.Engine) -> None:
    with GovComponents.sandbox(callback_world()) as gov:
        later = Durable(gov, engine, keys=[KEY])
        later.migrate()
        handled: list[str] = []
        later.when(DeliveryReceipt)(lambda event, _transaction: handled.append(event.reference))

        def work(number: int) -> None:
            for each in range(EACH):
                with engine.begin() as transaction:
                    reference = f"R-{number}-{each}"
                    later.notify.send_email("sam@example.com", EMAIL, VALUES, reference=reference, on=transaction)
                assert later.receive("notify", *receipt(each)).status == 200
                later.run_due(seconds=0.1)

        at_once(work)
        later.run_due()
        assert len(list(gov.notify.search())) == AT_ONCE * EACH
        assert sorted(handled) == sorted(f"R-{each}" for each in range(EACH))

        def click(_number: int) -> str | None:
            try:
                return later.pay.create(FEE, "RENEW-7", "Renew a licence", BACK, once=True).id
            except OutcomeUnknown:  # another click makes it
                return None

        assert {made for made in at_once(click) if made} == {one.id for one in gov.pay.search()}
        now = gov.runtime.clock()
        assert sum(at_once(lambda _number: later.used_once.add("a sign-in", now + 60, now))) == 1
        later.ended_sessions.end("somebody", now, now + 60)
        assert at_once(lambda _number: later.ended_sessions.ended_at(("somebody",))) == [now] * AT_ONCE
        budgets = StoreBudgets(engine)
        assert sum(at_once(lambda _number: budgets.reserve("default", "notify", 1, 60).granted)) >= 1


def test_with_asyncio_the_same_engine_is_given(engine: sa.Engine) -> None:
    async def journey() -> None:
        async with AsyncGovComponents.sandbox() as gov:
            later = AsyncDurable(gov, engine, keys=[KEY])
            await later.migrate()

            async def work(number: int) -> None:
                for each in range(EACH):
                    reference = f"R-{number}-{each}"
                    await later.notify.send_email("sam@example.com", EMAIL, VALUES, reference=reference)
                    await later.run_due(seconds=0.1)

            await asyncio.gather(*map(work, range(AT_ONCE)))
            await later.run_due()
            assert len([one async for one in gov.notify.search()]) == AT_ONCE * EACH

    asyncio.run(journey())
