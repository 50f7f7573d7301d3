"""The long form of killing workers: DURABLE_KILLS says how often, on each database."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from durable.postgres import NoPostgres, remove, start
from durable.test_kills import torture

KILLS = int(os.environ.get("DURABLE_KILLS", "20"))


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'store.db'}"
        return
    try:
        server = start()
    except NoPostgres as error:
        pytest.skip(str(error))
    yield server.url
    remove(server)


def test_workers_that_are_killed_for_long_miss_nothing_and_send_nothing_twice(url: str) -> None:
    # The sandbox takes 3,000 messages a minute, as GOV.UK Notify does.
    assert torture(url, rows=2800, kills=KILLS, stops=3) == []
