"""`let_time_pass`: a test lets time go by in a store, instead of waiting for leases and waits."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from govcomponents import ConfigurationError, GovComponents, InvalidInput
from govcomponents.durable import Durable
from govcomponents.durable.storage.schema import AUDIT
from govcomponents.testing import let_time_pass

from .world import EMAIL, VALUES


@pytest.mark.parametrize(("hours", "is_due"), [(23.9, False), (24.1, True)])
def test_what_is_due_tomorrow_comes_due(engine: sa.Engine, hours: float, is_due: bool) -> None:
    with GovComponents.sandbox() as gov:
        later = Durable(gov, engine)
        tomorrow = datetime.now(UTC) + timedelta(days=1)
        later.notify.send_email("sam@example.com", EMAIL, VALUES, reference="R-1", send_at=tomorrow)
        let_time_pass(engine, hours=hours)
        later.run_due()
        assert len(list(gov.notify.search())) == int(is_due)


def test_what_is_under_the_seal_of_the_audit_stays(engine: sa.Engine) -> None:
    with GovComponents.sandbox() as gov:
        later = Durable(gov, engine)
        later.notify.send_email("sam@example.com", EMAIL, VALUES, reference="R-1", journey="licence-7")
        before = times_of_the_audit(engine)
        let_time_pass(engine, days=3)
        assert before == times_of_the_audit(engine) != []


@pytest.mark.parametrize("seconds", [0, -1, float("inf"), float("nan"), "60", None])
def test_time_goes_forward_only(engine: sa.Engine, seconds: Any) -> None:
    with pytest.raises(InvalidInput, match="let_time_pass"):
        let_time_pass(engine, seconds)


def test_without_tables_it_says_how_to_make_them(url: str) -> None:
    with pytest.raises(ConfigurationError, match="migrate"):
        let_time_pass(sa.create_engine(url, poolclass=sa.NullPool), 5)


def times_of_the_audit(engine: sa.Engine) -> list[float]:
    with engine.connect() as connection:
        return list(connection.execute(sa.select(AUDIT.c.at)).scalars())
