"""Stores of ended sessions: the latest end counts, what is over is forgotten, and one look-up finds a person."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from govcomponents.web import EndedSessions, FileEndedSessions, MemoryEndedSessions

Make = Callable[[], EndedSessions]


@pytest.fixture(params=["memory", "file"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> EndedSessions:
    return MemoryEndedSessions() if request.param == "memory" else FileEndedSessions(tmp_path / "ends.db")


def test_what_never_ended_has_no_end(store: EndedSessions) -> None:
    assert store.ended_at(("a", "b")) is None
    store.end("a", 10, 100)
    assert store.ended_at(("b",)) is None


def test_the_latest_end_of_any_key_counts(store: EndedSessions) -> None:
    store.end("a", 20, 100)
    store.end("a", 10, 100)
    store.end("b", 30, 100)
    assert store.ended_at(("a",)) == 20
    assert store.ended_at(("a", "b", "c")) == 30


def test_an_end_is_forgotten_when_no_session_can_be_so_old(store: EndedSessions) -> None:
    store.end("a", 10, 100)
    store.end("b", 100, 200)
    assert store.ended_at(("a",)) is None
    assert store.ended_at(("b",)) == 100


def test_an_end_that_is_told_again_is_kept_for_the_longer_time(store: EndedSessions) -> None:
    store.end("a", 10, 200)
    store.end("a", 20, 100)
    store.end("b", 150, 300)
    assert store.ended_at(("a",)) == 20


def test_many_threads_may_use_it(store: EndedSessions) -> None:
    threads = [threading.Thread(target=store.end, args=(f"k{n % 3}", n, 1000)) for n in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [store.ended_at((f"k{n}",)) for n in range(3)] == [27, 28, 29]


def test_a_file_is_shared_and_holds_no_key(tmp_path: Path) -> None:
    path = tmp_path / "ends.db"
    FileEndedSessions(path).end("person https://issuer sam-the-subject", 10, 100)
    assert FileEndedSessions(path).ended_at(("person https://issuer sam-the-subject",)) == 10
    assert b"sam-the-subject" not in path.read_bytes()


def test_a_file_that_is_no_store_raises(tmp_path: Path) -> None:
    path = tmp_path / "ends.db"
    path.write_bytes(b"not a database, and longer than a page's head" * 20)
    with pytest.raises(sqlite3.Error):
        FileEndedSessions(path).ended_at(("a",))


def test_ending_one_among_a_hundred_thousand_is_quick(store: EndedSessions) -> None:
    if isinstance(store, MemoryEndedSessions):
        for number in range(100_000):
            store.end(f"person {number}", 1, 1000)
    started = time.thread_time()
    store.end("person 500", 2, 1000)
    assert store.ended_at(("person 500",)) == 2
    assert time.thread_time() - started < 0.05
    assert store.ended_at(("person 501",)) in (1, None)
