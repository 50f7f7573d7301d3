"""Keys that processes share, in either database and in Redis: one answer, whoever asks."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from govcomponents import Unavailable
from govcomponents.durable import RedisEndedSessions, RedisReplayStore, SqlEndedSessions, SqlReplayStore
from govcomponents.durable.storage.migrating import migrate
from govcomponents.identity import ReplayStore
from govcomponents.web import EndedSessions


@pytest.fixture(params=["sqlite", "postgresql", "redis"])
def stores(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Any, Any]]:
    if request.param == "redis":
        client = pytest.importorskip("redis").Redis.from_url(request.getfixturevalue("redis_url"))
        client.flushall()
        yield RedisReplayStore(client), RedisEndedSessions(client)
        client.close()
        return
    url = f"sqlite:///{tmp_path / 'store.db'}" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    engine = sa.create_engine(url)
    migrate(engine)
    yield SqlReplayStore(engine), SqlEndedSessions(engine)
    engine.dispose()


def test_a_key_is_added_once_until_its_time_is_over(stores: tuple[Any, Any]) -> None:
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


def test_of_many_at_once_one_adds_the_key(stores: tuple[Any, Any]) -> None:
    replays, now = stores[0], time.time()
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: replays.add("notice-1", now + 60, now), range(24)))
    assert sum(found) == 1


def test_the_latest_end_of_any_key_counts(stores: tuple[Any, Any]) -> None:
    ended, now = stores[1], time.time()
    assert isinstance(ended, EndedSessions)
    assert ended.ended_at(("session 1", "person 1")) is None
    ended.end("person 1", now, now + 60)
    ended.end("person 1", now - 5, now + 30)
    ended.end("session 1", now - 2, now + 60)
    assert ended.ended_at(("session 1", "person 1")) == pytest.approx(now, abs=1e-6)
    assert ended.ended_at(("session 1",)) == pytest.approx(now - 2, abs=1e-6)
    assert ended.ended_at(("session 2",)) is None


def test_a_store_that_is_away_is_told() -> None:
    away = sa.create_engine("postgresql+psycopg://gov@127.0.0.1:1/service")
    redis = pytest.importorskip("redis")
    for store in (SqlReplayStore(away), RedisReplayStore(redis.Redis(port=1))):
        with pytest.raises(Unavailable):
            store.has("notice-1", 0.0)
    for sessions in (SqlEndedSessions(away), RedisEndedSessions(redis.Redis(port=1))):
        with pytest.raises(Unavailable):
            sessions.end("person 1", 1.0, 2.0)
