"""Handlers that end their transaction by themselves, or lose it: what is told of them is what became of their event."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from govcomponents import AsyncGovComponents, InvalidInput, Money
from govcomponents.durable import AsyncDurable, GaveUp
from govcomponents.durable.storage.schema import INBOX

from .conftest import LICENCES
from .world import EMAIL, VALUES, World

UNKNOWN_TEMPLATE = "5ab1ec0d-0000-4000-8000-00000000ffff"
EFFECT = sa.insert(LICENCES).values(id=7, state="told")


def rolls_back(transaction: sa.Connection) -> None:
    transaction.rollback()


def closes(transaction: sa.Connection) -> None:
    transaction.close()


def goes_on_after_a_failure(transaction: sa.Connection) -> None:
    """PostgreSQL answers the commit of such a transaction with a rollback, and no driver raises for it."""
    if transaction.dialect.name == "sqlite":
        transaction.rollback()
        return
    with suppress(sa.exc.DBAPIError):
        transaction.exec_driver_sql("INSERT INTO nowhere VALUES (1)")


WAYS = [rolls_back, closes, goes_on_after_a_failure]


def kept(engine: sa.Engine) -> tuple[int, list[tuple[int, str | None, int]]]:
    with engine.connect() as connection:
        effects = connection.scalar(sa.select(sa.func.count()).select_from(LICENCES)) or 0
        events = connection.execute(sa.select(INBOX.c.is_open, INBOX.c.problem, INBOX.c.claims)).all()
        return effects, [(event.is_open, event.problem, event.claims) for event in events]


@pytest.mark.parametrize("loses", WAYS)
def test_an_event_whose_transaction_was_lost_is_not_told_of_as_handled(
    world: World, caplog: pytest.LogCaptureFixture, loses: Callable[[sa.Connection], None]
) -> None:
    @world.later.when(GaveUp)
    def handler(_event: GaveUp, transaction: sa.Connection) -> None:
        transaction.execute(EFFECT)
        loses(transaction)

    world.later.notify.send_email("sam@example.com", UNKNOWN_TEMPLATE, VALUES, reference="R-1", journey="licence-7")
    report = world.later.run_due()
    assert (report.handled, report.failed) == (0, 1)
    assert kept(world.engine) == (0, [(1, "RolledBack", 1)])
    assert "nothing of it was kept, and it is tried again" in caplog.text
    assert [step.outcome for step in world.later.journey("licence-7")] == ["queued", "refused"]


@pytest.mark.parametrize("loses", WAYS[:1] + WAYS[2:])
def test_nor_is_one_of_a_coroutine(engine: sa.Engine, url: str, loses: Callable[[sa.Connection], None]) -> None:
    async def go() -> None:
        made = create_async_engine(url.replace("sqlite:", "sqlite+aiosqlite:"))
        async with AsyncGovComponents.sandbox() as gov, AsyncDurable(gov, made) as later:

            @later.when(GaveUp)
            async def handler(_event: GaveUp, transaction: AsyncConnection) -> None:
                await transaction.execute(EFFECT)
                await transaction.run_sync(loses)

            await later.notify.send_email("sam@example.com", UNKNOWN_TEMPLATE, VALUES, reference="R-1")
            report = await later.run_due()
        assert (report.handled, report.failed) == (0, 1)
        await made.dispose()

    asyncio.run(go())
    assert kept(engine) == (0, [(1, "RolledBack", 1)])


def test_a_handler_that_commits_and_then_fails_is_not_said_to_be_tried_again(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    @world.later.when(GaveUp)
    def handler(_event: GaveUp, transaction: sa.Connection) -> None:
        transaction.execute(EFFECT)
        transaction.commit()
        raise RuntimeError

    world.later.notify.send_email("sam@example.com", UNKNOWN_TEMPLATE, VALUES, reference="R-1")
    world.later.run_due()
    assert kept(world.engine) == (1, [(0, None, 1)])
    assert "what a handler commits by itself ends its event" in caplog.text
    assert "tried again" not in caplog.text


def sends(world: World, on: sa.Connection | None) -> None:
    world.email("R-2", on=on)


def erases(world: World, on: sa.Connection | None) -> None:
    world.later.erase(journey="licence-7", on=on)


def pays(world: World, _on: sa.Connection | None) -> None:
    world.later.pay.create(Money.gbp("1.00"), "RENEW-7", "A licence", "https://service.example/back")


@pytest.mark.parametrize("does", [sends, erases, pays])
def test_a_handler_that_would_wait_for_itself_is_refused_at_once_with_a_word_on_how(
    world: World, caplog: pytest.LogCaptureFixture, does: Callable[[World, sa.Connection | None], None]
) -> None:
    """On SQLite that is all that writes without its transaction; anywhere an erasure, which takes its event."""
    begun = []

    @world.later.when(GaveUp)
    def handler(_event: GaveUp, _transaction: sa.Connection) -> None:
        begun.append(time.monotonic())
        does(world, None)

    world.later.notify.send_email("sam@example.com", UNKNOWN_TEMPLATE, VALUES, reference="R-1", journey="licence-7")
    report = world.later.run_due()
    assert time.monotonic() - begun[0] < 4.0  # SQLite's own patience is five seconds
    if world.engine.dialect.name == "postgresql" and does is not erases:
        assert report.handled == 1
        return
    assert (report.handled, report.failed) == (0, 1)
    assert "failed with InvalidInput (" in caplog.text
    assert "on: it is left out in a handler" in caplog.text
    assert "give the handler's own transaction: on=transaction" in caplog.text
    does(world, None)  # outside of handlers all of it is good


@pytest.mark.parametrize("does", [sends, erases])
def test_in_the_transaction_of_the_handler_it_is_good(
    world: World, does: Callable[[World, sa.Connection | None], None]
) -> None:
    @world.later.when(GaveUp)
    def handler(_event: GaveUp, transaction: sa.Connection) -> None:
        does(world, transaction)

    world.later.notify.send_email("sam@example.com", UNKNOWN_TEMPLATE, VALUES, reference="R-1", journey="licence-7")
    assert world.later.run_due().handled == 1


def test_nor_does_a_coroutine_wait_for_itself(engine: sa.Engine, url: str) -> None:
    refused: list[str] = []

    async def go() -> None:
        made = create_async_engine(url.replace("sqlite:", "sqlite+aiosqlite:"))
        async with AsyncGovComponents.sandbox() as gov, AsyncDurable(gov, made) as later:
            given = ("sam@example.com", EMAIL, VALUES)

            @later.when(GaveUp)
            async def handler(_event: GaveUp, _transaction: AsyncConnection) -> None:
                for does in (later.erase(journey="licence-7"), later.notify.send_email(*given, reference="R-2")):
                    try:
                        await does
                    except InvalidInput as error:
                        refused.append(error.operation)

            await later.notify.send_email("sam@example.com", UNKNOWN_TEMPLATE, VALUES, reference="R-1")
            assert (await later.run_due()).handled == 1
        await made.dispose()

    asyncio.run(go())
    assert refused == (["erase", "notify.send_email"] if engine.dialect.name == "sqlite" else ["erase"])


def waits(engine: sa.Engine) -> tuple[str | None, int, str | None]:
    with engine.connect() as connection:
        event = connection.execute(sa.select(INBOX).where(INBOX.c.is_open == 1)).one()
    return event.problem, event.claims, event.owner


@pytest.mark.parametrize(("ends", "claims"), [(SystemExit, 1), (KeyboardInterrupt, 0)])
def test_a_handler_that_ends_its_process_leaves_its_event_to_others_at_once(
    world: World, caplog: pytest.LogCaptureFixture, ends: type[BaseException], claims: int
) -> None:
    """That it was interrupted, as by Ctrl-C, is no fault of the handler's."""

    @world.later.when(GaveUp)
    def handler(_event: GaveUp, transaction: sa.Connection) -> None:
        transaction.execute(EFFECT)
        raise ends

    world.later.notify.send_email("sam@example.com", UNKNOWN_TEMPLATE, VALUES, reference="R-1")
    with pytest.raises(ends):
        world.later.run_due()
    assert waits(world.engine) == (ends.__name__, claims, None)
    assert kept(world.engine)[0] == 0
    told = "failed with SystemExit, which ends its process, at test_broken_handlers.py:"
    assert (told in caplog.text) is (ends is SystemExit)


def test_a_coroutine_that_is_cancelled_leaves_its_event_to_others_at_once(engine: sa.Engine, url: str) -> None:
    async def go() -> None:
        is_begun = asyncio.Event()
        made = create_async_engine(url.replace("sqlite:", "sqlite+aiosqlite:"))
        async with AsyncGovComponents.sandbox() as gov, AsyncDurable(gov, made) as later:

            @later.when(GaveUp)
            async def handler(_event: GaveUp, transaction: AsyncConnection) -> None:
                await transaction.execute(EFFECT)
                if not is_begun.is_set():
                    is_begun.set()
                    await asyncio.Event().wait()

            await later.notify.send_email("sam@example.com", UNKNOWN_TEMPLATE, VALUES, reference="R-1")
            working = asyncio.ensure_future(later.run_due())
            await is_begun.wait()
            working.cancel()
            with pytest.raises(asyncio.CancelledError):
                await working
            assert waits(engine) == ("CancelledError", 0, None)
            assert (await later.run_due()).handled == 1
        await made.dispose()

    asyncio.run(go())
    assert kept(engine) == (1, [(0, None, 1)])
