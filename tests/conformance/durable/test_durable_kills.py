"""The long form of killing workers: DURABLE_KILLS says how often, and over how many rows, on each database.

`make torture` takes 1,000 kills over 50,000 rows.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from durable.outbox.test_kills import torture
from durable.servers.postgres import NoPostgres, remove, start
from govcomponents.sandbox.app import Sandbox

KILLS = int(os.environ.get("DURABLE_KILLS", "20"))
ROWS = int(os.environ.get("DURABLE_ROWS", "1000"))
STOPS = max(3, KILLS // 50)
A_MINUTE = 12_000
"""Messages that the provider takes: four times as many as GOV.UK Notify does, for a run that ends within the hour."""


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
    notify = Sandbox().notify.world.model_dump(mode="json")
    notify["services"][0]["rate_limit_per_minute"] = A_MINUTE
    assert torture(url, rows=ROWS, kills=KILLS, stops=STOPS, world={"notify": notify}) == []
