"""The outbox in numbers, where there is none."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from govcomponents import ConfigurationError, GovComponents
from govcomponents.durable import Durable


def test_the_status_of_a_database_without_tables_says_what_to_do(url: str) -> None:
    engine = sa.create_engine(url)
    with GovComponents.sandbox() as gov, pytest.raises(ConfigurationError, match="durable migrate"):
        Durable(gov, engine).status()
    engine.dispose()
