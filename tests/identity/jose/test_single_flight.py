"""One fetch of a key set for everybody who waits: threads, tasks, and fetches that nobody can end."""

import asyncio
import threading

import pytest

from govcomponents.core.refreshed_value import NothingToUse

from .support import Source, answer, jwk, jwks


class SlowSource(Source):
    """Fetches wait until the test lets them go on."""

    def __init__(self, *steps):
        super().__init__(*steps)
        self.begun = threading.Event()
        self.go_on = threading.Event()

    async def fetch(self):
        self.begun.set()
        assert self.go_on.wait(10)
        return await super().fetch()


def test_k23_threads_that_have_nothing_wait_for_the_one_that_fetches():
    source = SlowSource(answer(jwks(jwk())))
    found = []
    threads = [threading.Thread(target=lambda: found.append(source.find())) for _ in range(20)]
    for thread in threads:
        thread.start()
    assert source.begun.wait(10)
    assert found == []
    source.go_on.set()
    for thread in threads:
        thread.join(10)
    assert len(found) == 20
    assert source.fetched == 1


def test_k23_threads_that_have_a_stale_copy_do_not_wait():
    source = SlowSource(answer(jwks(jwk())))
    source.go_on.set()
    source.find()
    source.go_on.clear()
    source.begun.clear()
    source.now += 4000
    slow = threading.Thread(target=source.find)
    slow.start()
    assert source.begun.wait(10)
    assert source.find()  # answers although the refresh hangs
    source.go_on.set()
    slow.join(10)
    assert source.fetched == 2


def test_k12_threads_wait_for_a_refetch_that_may_bring_their_key():
    source = SlowSource(answer(jwks(jwk("old"))), answer(jwks(jwk("old"), jwk("new"))))
    source.go_on.set()
    source.find("old")
    source.go_on.clear()
    source.begun.clear()
    source.now += 100
    found = []
    threads = [threading.Thread(target=lambda: found.append(source.find("new"))) for _ in range(5)]
    for thread in threads:
        thread.start()
    assert source.begun.wait(10)
    source.go_on.set()
    for thread in threads:
        thread.join(10)
    assert len(found) == 5
    assert source.fetched == 2


def test_p7_tasks_that_have_nothing_wait_for_the_one_that_fetches():
    async def run():
        source = Source(answer(jwks(jwk())))
        gate, begun = asyncio.Event(), asyncio.Event()

        async def fetch():
            source.fetched += 1
            begun.set()
            await gate.wait()
            return source.steps[0]

        source.fetch = fetch
        tasks = [asyncio.create_task(source.keys.find("k1", "ES256")) for _ in range(20)]
        await begun.wait()
        gate.set()
        found = await asyncio.gather(*tasks)
        assert len(found) == 20
        assert source.fetched == 1

    asyncio.run(run())


def test_p7_a_caller_who_is_cancelled_takes_the_fetch_from_nobody():
    async def run():
        source = Source(answer(jwks(jwk())))
        gate, begun = asyncio.Event(), asyncio.Event()

        async def fetch():
            source.fetched += 1
            begun.set()
            await gate.wait()
            return source.steps[0]

        source.fetch = fetch
        first = asyncio.create_task(source.keys.find("k1", "ES256"))
        await begun.wait()
        others = [asyncio.create_task(source.keys.find("k1", "ES256")) for _ in range(3)]
        quitter = asyncio.create_task(source.keys.find("k1", "ES256"))
        await asyncio.sleep(0)
        quitter.cancel()
        await asyncio.sleep(0)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        gate.set()
        assert len(await asyncio.gather(*others)) == 3
        assert source.fetched == 1

    asyncio.run(run())


def test_a_stranger_who_hangs_up_does_not_use_the_window_up():
    """F2: a forged notice with an unknown key id, and the connection closed while the keys are fetched."""

    async def run():
        source = Source(answer(jwks(jwk())))
        await source.keys.find("k1", "ES256")
        source.steps = [answer(jwks(jwk("new")))]
        fetch = source.fetch

        async def slow():
            await asyncio.sleep(0.01)
            return await fetch()

        source.fetch = slow
        source.now += 60
        stranger = asyncio.create_task(source.keys.find("forged", "ES256"))
        await asyncio.sleep(0)
        stranger.cancel()
        assert await source.keys.find("new", "ES256", from_anybody=False)
        assert source.fetched == 2

    asyncio.run(run())


def test_a_fetch_that_was_stopped_counts_as_none():
    async def run():
        source = Source(answer(jwks(jwk())))
        fetch = source.fetch

        async def hanging():
            await asyncio.sleep(60)

        source.fetch = hanging
        first = asyncio.create_task(source.keys.find("k1", "ES256"))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        source.keys._flight.task.cancel()  # as a loop that ends does
        with pytest.raises(NothingToUse):
            await first
        source.fetch = fetch
        assert await source.keys.find("k1", "ES256")

    asyncio.run(run())


def test_a_blocking_caller_inside_a_loop_is_not_made_to_wait_for_a_task():
    async def run():
        return Source(answer(jwks(jwk()))).find()

    assert asyncio.run(run())


def test_a_fetch_that_nobody_can_end_holds_nobody_up_for_ever(monkeypatch):
    from govcomponents.core import refreshed_value

    source = Source(answer(jwks(jwk())))
    monkeypatch.setattr(refreshed_value, "_WAIT_FOR_OTHER", 0.01)
    source.keys._flight = refreshed_value._Flight(-1, None)  # as a forked process inherits one
    with pytest.raises(NothingToUse):
        source.find()
    assert source.find()


def test_a_fetch_of_an_event_loop_that_is_gone_holds_nobody_up():
    from govcomponents.core import refreshed_value

    source = Source(answer(jwks(jwk())))
    gone = asyncio.new_event_loop()
    gone.close()
    source.keys._flight = refreshed_value._Flight(threading.get_ident(), gone)
    with pytest.raises(NothingToUse):
        source.find()
    assert source.find()

    async def run():
        source.keys._kept = None
        source.keys._flight = refreshed_value._Flight(threading.get_ident(), gone)
        with pytest.raises(NothingToUse):
            await source.keys.find("k1", "ES256")

    asyncio.run(run())
