"""Each pair of faults at any two steps of the writes that take several, for both callers."""

from __future__ import annotations

from itertools import product

import pytest

from promises.enumeration import faults_of, outcome_at
from promises.writes import OF_SEVERAL_STEPS, Write


@pytest.mark.parametrize("in_asyncio", [False, True], ids=["blocking", "asyncio"])
@pytest.mark.parametrize("write", OF_SEVERAL_STEPS, ids=str)
def test_no_failure_after_another_at_any_step_promises_that_nothing_happened(write: Write, in_asyncio: bool) -> None:
    kinds = faults_of(write)
    wrong = []
    for at in product(range(1, 5), kinds, (0, 1), kinds):
        found = outcome_at(write, *at, in_asyncio=in_asyncio)
        if found.is_false or found.effects > 1:
            wrong.append((at, found))
    assert wrong == []
