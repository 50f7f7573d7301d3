"""Processes that share a database agree on the sessions that ended, and on what was used once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from govcomponents import ConfigurationError, Unavailable
from govcomponents.durable import SqlEndedSessions, SqlPendingStore, SqlReplayStore
from govcomponents.identity import ReplayStore
from govcomponents.web import EndedSessions, PendingStore


def test_the_latest_end_counts_until_it_is_over(engine: sa.Engine) -> None:
    one, other = SqlEndedSessions(engine), SqlEndedSessions(engine)
    assert isinstance(one, EndedSessions)
    assert other.ended_at(("a", "b")) is None
    one.end("a", 20, 100)
    one.end("a", 10, 300)
    assert (other.ended_at(("a", "b")), other.ended_at(("b",))) == (20, None)
    one.end("b", 200, 400)
    assert other.ended_at(("a",)) == 20
    one.end("b", 300, 400)
    assert other.ended_at(("a",)) is None
    assert other.ended_at(("b", "a")) == 300


def test_a_thing_counts_once_until_it_is_over(engine: sa.Engine) -> None:
    one, other = SqlReplayStore(engine), SqlReplayStore(engine)
    assert isinstance(one, ReplayStore)
    assert [one.add("a", 100, 1), other.add("a", 100, 2), other.add("a", 300, 100)] == [True, False, True]
    assert [one.has("a", 299), one.has("a", 300), one.has("b", 1)] == [True, False, False]
    one.add("c", 900, 500)
    with engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT count(*) FROM gov_once")) == 1


def test_of_many_at_once_one_is_first(engine: sa.Engine) -> None:
    store = SqlReplayStore(engine)
    with ThreadPoolExecutor(8) as pool:
        firsts = list(pool.map(lambda number: store.add(f"sign-in {number % 5}", 100, 1), range(40)))
    assert sum(firsts) == 5


def test_sign_ins_wait_the_newest_of_each_browser_until_they_are_over(engine: sa.Engine) -> None:
    one, other = SqlPendingStore(engine), SqlPendingStore(engine)
    assert isinstance(one, PendingStore)
    for number in range(3):
        one.keep("sam", f"sam {number}", f"sealed {number}", 100 + number, 10 + number, 2)
    other.keep("nia", "nia 0", "hers", 100, 13, 2)
    assert [other.find(key, 14) for key in ("sam 0", "sam 1", "sam 2", "nia 0")] == [
        None,
        "sealed 1",
        "sealed 2",
        "hers",
    ]
    assert [one.find("sam 1", now) for now in (100.5, 101)] == ["sealed 1", None]
    other.end("sam 2")
    one.end("sam 2")
    assert one.find("sam 2", 14) is None
    one.keep("sam", "sam 3", "sealed 3", 300, 200, 2)
    with engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT count(*) FROM gov_signing_in")) == 1


def test_browsers_that_begin_at_once_keep_what_they_began(engine: sa.Engine) -> None:
    store = SqlPendingStore(engine)

    def begin(number: int) -> None:
        store.keep(f"browser {number % 4}", f"key {number}", "sealed", 100, float(number), 5)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(begin, range(40)))
    found = [store.find(f"key {number}", 50) for number in range(40)]
    assert found[20:] == ["sealed"] * 20  # the newest five of each, whoever counted before whom
    store.keep("browser 0", "last", "sealed", 100, 60.0, 5)
    assert [store.find(f"key {number}", 61) for number in range(0, 40, 4)].count("sealed") == 4


def test_only_hashes_are_kept(engine: sa.Engine) -> None:
    SqlEndedSessions(engine).end("person canary", 1, 2)
    SqlReplayStore(engine).add("sign-in canary", 2, 1)
    SqlPendingStore(engine).keep("browser canary", "browser state canary", "sealed", 2, 1, 5)
    with engine.connect() as connection:
        rows = [
            *connection.execute(sa.text("SELECT * FROM gov_ended")),
            *connection.execute(sa.text("SELECT * FROM gov_once")),
            *connection.execute(sa.text("SELECT key FROM gov_signing_in")),
            *connection.execute(sa.text("SELECT browser FROM gov_signing_in")),
        ]
    assert len(rows) == 4
    assert b"canary" not in repr([bytes(row[0]) for row in rows]).encode()


def test_a_database_without_tables_says_what_to_do(url: str) -> None:
    made = sa.create_engine(url)
    with pytest.raises(ConfigurationError, match="durable migrate"):
        SqlReplayStore(made).add("a", 2, 1)
    with pytest.raises(ConfigurationError, match="durable migrate"):
        SqlEndedSessions(made).ended_at(("a",))
    with pytest.raises(ConfigurationError, match="durable migrate"):
        SqlPendingStore(made).find("a", 1)
    made.dispose()


def test_a_database_that_is_away_is_told_by_an_error_of_ours() -> None:
    made = sa.create_engine("postgresql+psycopg://gov@127.0.0.1:1/nothing")
    with pytest.raises(Unavailable):
        SqlReplayStore(made).has("a", 1)
    with pytest.raises(Unavailable):
        SqlEndedSessions(made).end("a", 1, 2)
