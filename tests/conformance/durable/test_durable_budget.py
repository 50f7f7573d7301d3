"""A budget that four processes share: at least 99 % of it are used, and no second has more than 105 %."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from durable.outbox.test_budgets import four_processes
from durable.servers.postgres import NoPostgres, remove, start
from durable.servers.redis_server import NoRedis, serving
from govcomponents.durable.storage.migrating import migrate

pytestmark = pytest.mark.alone

PER_SECOND = 200


@pytest.fixture(params=["postgresql", "redis"])
def shared(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    try:
        if request.param == "redis":
            with serving(tmp_path) as url:
                yield url
            return
        server = start()
    except (NoPostgres, NoRedis) as error:
        pytest.skip(str(error))
    engine = sa.create_engine(server.url)
    migrate(engine)
    engine.dispose()
    yield server.url
    remove(server)


def test_a_shared_budget_is_used_up_and_passed_in_no_second(shared: str) -> None:
    left = four_processes(shared, per_second=PER_SECOND, seconds=8.0)
    assert len(left) >= 0.99 * PER_SECOND * (left[-1] - left[0])
    assert max(Counter(int(at - left[0]) for at in left).values()) <= 1.05 * PER_SECOND
