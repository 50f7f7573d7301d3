"""The stores of the keys of events that came: once each, for their time, from many threads."""

import threading
import time

import pytest

from govcomponents.identity.replay_stores import FileReplayStore, MemoryReplayStore, ReplayStore


@pytest.fixture(params=["memory", "file"])
def store(request, tmp_path):
    return MemoryReplayStore() if request.param == "memory" else FileReplayStore(tmp_path / "notices.db")


def test_a_store_keeps_each_key_once_for_its_time(store):
    assert isinstance(store, ReplayStore)
    assert not store.has("a", 100)
    assert store.add("a", 200, 100)
    assert store.has("a", 199)
    assert not store.has("a", 200)
    assert not store.add("a", 300, 150)
    assert store.add("b", 200, 150)
    assert store.add("a", 300, 200)
    assert not store.add("a", 300, 299)


def test_of_many_threads_one_wins(store):
    won = []
    barrier = threading.Barrier(10)

    def work():
        barrier.wait()
        if store.add("key", 200, 100):
            won.append(1)

    threads = [threading.Thread(target=work) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert won == [1]


def test_memory_is_bounded():
    store = MemoryReplayStore(limit=10)
    for number in range(100):
        assert store.add(str(number), 1000, 1)
    assert len(store._until) == 10
    assert store.add("late", 3000, 2000)
    assert len(store._until) <= 10


def test_a_full_store_is_not_slow():
    """F16: 12 ms for each notice, once."""
    store = MemoryReplayStore(limit=50_000)
    for number in range(50_000):
        store.add(str(number), 1000, 1)
    started = time.process_time()
    for number in range(1000):
        assert store.add(f"more-{number}", 1000, 1)
    assert time.process_time() - started < 1
