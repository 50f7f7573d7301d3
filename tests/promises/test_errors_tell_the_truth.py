"""Each fault, some pairs and some triples of them, at each write, for both callers: nothing told falsely or doubled.

`make conformance` tries every pair. The writes of a provider share what answers a fault, and each has pairs of its own:
together they have most of them here too.
"""

from __future__ import annotations

import random
from itertools import cycle, product

import pytest

from .enumeration import faults_of, outcome
from .writes import WRITES, Write

BOTH = (False, True)


@pytest.mark.parametrize("write", WRITES, ids=str)
@pytest.mark.parametrize("in_asyncio", BOTH, ids=["blocking", "asyncio"])
def test_a_write_without_faults_acts_once(write: Write, in_asyncio: bool) -> None:
    assert (found := outcome(write, (), in_asyncio=in_asyncio)).told == "success", found
    assert found.effects == 1


@pytest.mark.parametrize("write", WRITES, ids=str)
def test_no_error_promises_what_is_not_so(write: Write) -> None:
    kinds, some = faults_of(write), random.Random(str(write))
    pairs, triples = list(product(kinds, kinds)), list(product(kinds, kinds, kinds))
    more = [*some.sample(pairs, 40), *some.sample(triples, 20)]
    tried = [*product(zip(kinds), BOTH), *zip(more, cycle(BOTH))]
    wrong = []
    for faults, in_asyncio in tried:
        found = outcome(write, faults, in_asyncio=in_asyncio)
        if found.is_false or found.effects > 1:
            wrong.append((faults, found))
    assert wrong == []
