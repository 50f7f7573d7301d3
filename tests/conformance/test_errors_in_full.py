"""Each fault, each pair and many triples of them, at each write and for both callers: the whole of what is promised."""

from __future__ import annotations

import random
from itertools import product

import pytest

from promises.enumeration import faults_of, outcome
from promises.writes import WRITES, Write

TRIPLES = 60


@pytest.mark.parametrize("in_asyncio", [False, True], ids=["blocking", "asyncio"])
@pytest.mark.parametrize("write", WRITES, ids=str)
def test_no_error_promises_what_is_not_so(write: Write, in_asyncio: bool) -> None:
    kinds = faults_of(write)
    triples = random.Random(f"{write} in full").sample(list(product(kinds, kinds, kinds)), TRIPLES)
    sequences = [(first,) for first in kinds] + list(product(kinds, kinds)) + triples
    found = [(faults, outcome(write, faults, in_asyncio=in_asyncio)) for faults in sequences]
    assert [(faults, one) for faults, one in found if one.is_false or one.effects > 1] == []
