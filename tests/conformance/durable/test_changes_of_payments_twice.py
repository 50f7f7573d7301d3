"""Queued refunds, captures and cancellations, at each payment provider, with every pair of faults."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from durable.outbox.test_changes_of_payments import (
    A_DAY,
    CHANGES,
    FAULTS,
    PROVIDERS,
    refund_is_made_once,
    world_of,
)
from durable.world import World
from govcomponents.durable.storage.migrating import migrate

PAIRS = list(itertools.product(FAULTS, FAULTS))


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[sa.Engine]:
    made = sa.create_engine(f"sqlite:///{tmp_path / 'store.db'}")
    migrate(made)
    yield made
    made.dispose()


@pytest.mark.parametrize("faults", PAIRS, ids="-".join)
@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("holds", CHANGES)
def test_a_change_is_made_once(
    engine: sa.Engine, holds: Callable[[World, tuple[str, ...]], None], provider: str, faults: tuple[str, ...]
) -> None:
    holds(world_of(engine, provider), faults)


@pytest.mark.parametrize("faults", PAIRS, ids="-".join)
@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_refund_is_made_once_though_its_key_is_forgotten(
    engine: sa.Engine, provider: str, faults: tuple[str, ...]
) -> None:
    refund_is_made_once(world_of(engine, provider), faults, A_DAY)
