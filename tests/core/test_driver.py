from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator

import pytest

from govcomponents.core.driver import drive, drive_iterator
from govcomponents.errors import AdapterSuspended


async def _nothing() -> None:
    return None


async def _forty_two() -> int:
    await _nothing()
    return 42


async def _fails() -> int:
    raise LookupError("its own error")


def test_a_coroutine_that_never_suspends_runs_to_its_end() -> None:
    assert drive(_forty_two()) == 42


def test_what_the_coroutine_raises_comes_through() -> None:
    with pytest.raises(LookupError, match="its own error"):
        drive(_fails())


def test_it_works_inside_a_running_loop_and_in_threads() -> None:
    async def main() -> int:
        return drive(_forty_two())

    assert asyncio.run(main()) == 42
    results: list[int] = []
    threads = [threading.Thread(target=lambda: results.append(drive(_forty_two()))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [42] * 4


def test_a_coroutine_that_suspends_is_closed_and_told_what_to_mend() -> None:
    closed = []

    async def suspends() -> None:
        try:
            await asyncio.sleep(0)
        finally:
            closed.append(True)

    with pytest.raises(AdapterSuspended, match="await only"):
        drive(suspends())
    assert closed == [True]


def test_a_coroutine_that_suspends_again_while_it_is_closed_gives_the_same_error() -> None:
    async def stubborn() -> None:
        try:
            await asyncio.sleep(0)
        finally:
            await asyncio.sleep(0)

    with pytest.raises(AdapterSuspended):
        drive(stubborn())


def test_a_coroutine_that_will_not_end_is_given_up() -> None:
    ignored = []

    async def will_not_end() -> None:
        while len(ignored) < 101:
            try:
                await asyncio.sleep(0)
            except GeneratorExit:
                ignored.append(True)

    with pytest.raises(AdapterSuspended):
        drive(will_not_end())
    assert len(ignored) >= 100


def _counting(ended: list[str]) -> AsyncGenerator[int, None]:
    async def numbers() -> AsyncGenerator[int, None]:
        try:
            for number in range(3):
                await _nothing()
                yield number
        finally:
            ended.append("ended")

    return numbers()


def test_an_async_generator_becomes_an_iterator() -> None:
    ended: list[str] = []
    assert list(drive_iterator(_counting(ended))) == [0, 1, 2]
    assert ended == ["ended"]


def test_an_iterator_that_is_left_early_ends_the_generator() -> None:
    ended: list[str] = []
    items = drive_iterator(_counting(ended))
    assert next(items) == 0
    items.close()  # it is a generator, which a for loop that is left closes like this
    assert ended == ["ended"]


def test_an_iterator_that_is_left_early_ends_a_generator_that_somebody_else_still_holds() -> None:
    ended: list[str] = []
    generator = _counting(ended)
    items = drive_iterator(generator)
    assert next(items) == 0
    items.close()
    assert (ended, generator.ag_running) == (["ended"], False)


def test_an_iterator_that_was_never_begun_leaves_nothing_behind() -> None:
    ended: list[str] = []
    del ended[:]
    items = drive_iterator(_counting(ended))
    del items
    assert ended == []


def test_an_iterator_works_inside_a_running_loop() -> None:
    async def main() -> list[int]:
        return list(drive_iterator(_counting([])))

    assert asyncio.run(main()) == [0, 1, 2]


def test_a_generator_that_suspends_is_told_what_to_mend() -> None:
    async def suspends() -> AsyncGenerator[int, None]:
        yield 1
        await asyncio.sleep(0)
        yield 2

    items = drive_iterator(suspends())
    assert next(items) == 1
    with pytest.raises(AdapterSuspended):
        next(items)


def test_what_a_generator_raises_comes_through() -> None:
    async def fails() -> AsyncGenerator[int, None]:
        yield 1
        raise LookupError("its own error")

    items = drive_iterator(fails())
    next(items)
    with pytest.raises(LookupError):
        next(items)
