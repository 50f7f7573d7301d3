"""Keys that processes share, in either database and in Redis: one answer, whoever asks."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from govcomponents import ConfigurationError, Unavailable
from govcomponents.durable import (
    RedisBudgets,
    RedisDocumentStore,
    RedisEndedSessions,
    RedisPendingStore,
    RedisReplayStore,
    SqlEndedSessions,
    SqlPendingStore,
    SqlReplayStore,
)
from govcomponents.durable.storage.migrating import migrate
from govcomponents.identity import ReplayStore
from govcomponents.web import EndedSessions, PendingStore


@pytest.fixture(params=["sqlite", "postgresql", "redis", "redis, decoded"])
def stores(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Any, Any, Any]]:
    if request.param.startswith("redis"):
        url, is_decoded = request.getfixturevalue("redis_url"), request.param != "redis"
        client = pytest.importorskip("redis").Redis.from_url(url, decode_responses=is_decoded)
        client.flushall()
        yield RedisReplayStore(client), RedisEndedSessions(client), RedisPendingStore(client)
        client.close()
        return
    url = f"sqlite:///{tmp_path / 'store.db'}" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    engine = sa.create_engine(url)
    migrate(engine)
    yield SqlReplayStore(engine), SqlEndedSessions(engine), SqlPendingStore(engine)
    engine.dispose()


def test_a_key_is_added_once_until_its_time_is_over(stores: tuple[Any, Any, Any]) -> None:
    replays, now = stores[0], time.time()
    assert isinstance(replays, ReplayStore)
    assert not replays.has("notice-1", now)
    assert replays.add("notice-1", now + 0.3, now)
    assert replays.has("notice-1", now)
    assert not replays.add("notice-1", now + 60, now)
    assert replays.add("notice-2", now + 60, now)
    time.sleep(0.35)
    assert not replays.has("notice-1", now + 0.35)
    assert replays.add("notice-1", now + 60, now + 0.35)


def test_of_many_at_once_one_adds_the_key(stores: tuple[Any, Any, Any]) -> None:
    replays, now = stores[0], time.time()
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: replays.add("notice-1", now + 60, now), range(24)))
    assert sum(found) == 1


def test_the_latest_end_of_any_key_counts(stores: tuple[Any, Any, Any]) -> None:
    ended, now = stores[1], time.time()
    assert isinstance(ended, EndedSessions)
    assert ended.ended_at(("session 1", "person 1")) is None
    ended.end("person 1", now, now + 60)
    ended.end("person 1", now - 5, now + 30)
    ended.end("session 1", now - 2, now + 60)
    assert ended.ended_at(("session 1", "person 1")) == pytest.approx(now, abs=1e-6)
    assert ended.ended_at(("session 1",)) == pytest.approx(now - 2, abs=1e-6)
    assert ended.ended_at(("session 2",)) is None


def test_sign_ins_wait_the_newest_of_each_browser_until_they_are_over(stores: tuple[Any, Any, Any]) -> None:
    waiting, now = stores[2], time.time()
    assert isinstance(waiting, PendingStore)
    for number in range(3):
        waiting.keep("sam", f"sam {number}", f"sealed {number}", now + 100, now + number, 2)
    waiting.keep("nia", "nia 0", "hers", now + 50, now + 3, 2)
    found = [waiting.find(key, now + 4) for key in ("sam 0", "sam 1", "sam 2", "nia 0", "nobody's")]
    assert found == [None, "sealed 1", "sealed 2", "hers", None]
    assert waiting.find("nia 0", now + 50) is None
    waiting.end("sam 2")
    waiting.end("sam 2")
    assert waiting.find("sam 2", now + 4) is None
    waiting.keep("sam", "sam 3", "sealed 3", now + 100, now + 5, 1)
    assert [waiting.find(key, now + 6) for key in ("sam 1", "sam 3")] == [None, "sealed 3"]


def test_a_sign_in_that_was_held_up_takes_no_newer_ones_place(stores: tuple[Any, Any, Any]) -> None:
    waiting, now = stores[2], time.time()
    for number in (1, 2, 0):
        waiting.keep("sam", f"sam {number}", f"sealed {number}", now + 100, now + number, 2)
    assert [waiting.find(f"sam {number}", now + 4) for number in range(3)] == [None, "sealed 1", "sealed 2"]


def test_a_sign_in_is_gone_when_its_time_is_over(stores: tuple[Any, Any, Any]) -> None:
    waiting, now = stores[2], time.time()
    waiting.keep("sam", "sam 0", "sealed", now + 0.3, now, 5)
    assert waiting.find("sam 0", now) == "sealed"
    time.sleep(0.35)
    assert waiting.find("sam 0", now + 0.35) is None


def test_browsers_that_begin_at_once_keep_the_newest(stores: tuple[Any, Any, Any]) -> None:
    waiting, now = stores[2], time.time()

    def begin(number: int) -> None:
        waiting.keep(f"browser {number % 4}", f"key {number}", "sealed", now + 100, now + number, 5)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(begin, range(40)))
    assert [waiting.find(f"key {number}", now + 50) for number in range(20, 40)] == ["sealed"] * 20


def test_redis_is_told_hashes_only(redis_url: str) -> None:
    client = pytest.importorskip("redis").Redis.from_url(redis_url)
    client.flushall()
    now = time.time()
    RedisReplayStore(client).add("sign-in canary", now + 9, now)
    RedisEndedSessions(client).end("person canary", now, now + 9)
    RedisPendingStore(client).keep("browser canary", "state canary", "sealed", now + 9, now, 5)
    names = client.keys()
    members = [one for name in names if client.type(name) == b"zset" for one in client.zrange(name, 0, -1)]
    assert len(names) == 4
    assert b"canary" not in b"".join([*names, *members])
    client.close()


def test_a_store_that_is_away_is_told() -> None:
    away = sa.create_engine("postgresql+psycopg://gov@127.0.0.1:1/service")
    redis = pytest.importorskip("redis")
    for store in (SqlReplayStore(away), RedisReplayStore(redis.Redis(port=1))):
        with pytest.raises(Unavailable):
            store.has("notice-1", 0.0)
    for sessions in (SqlEndedSessions(away), RedisEndedSessions(redis.Redis(port=1))):
        with pytest.raises(Unavailable):
            sessions.end("person 1", 1.0, 2.0)
    for waiting in (SqlPendingStore(away), RedisPendingStore(redis.Redis(port=1))):
        with pytest.raises(Unavailable):
            waiting.find("sam 0", 1.0)


@pytest.mark.parametrize(
    "kind", [RedisBudgets, RedisDocumentStore, RedisEndedSessions, RedisPendingStore, RedisReplayStore]
)
def test_a_client_of_asyncio_is_refused(kind: Any) -> None:
    client = pytest.importorskip("redis.asyncio").Redis()
    with pytest.raises(ConfigurationError, match="blocking"):
        kind(client)
