"""Each fault, each pair and some triples of them, at each write, for both callers: nothing told falsely or doubled."""

from __future__ import annotations

import random
from itertools import product

import pytest

from .enumeration import faults_of, outcome
from .writes import WRITES, Write


@pytest.mark.parametrize("write", WRITES, ids=str)
@pytest.mark.parametrize("in_asyncio", [False, True], ids=["blocking", "asyncio"])
def test_a_write_without_faults_acts_once(write: Write, in_asyncio: bool) -> None:
    assert (found := outcome(write, (), in_asyncio=in_asyncio)).told == "success", found
    assert found.effects == 1


@pytest.mark.parametrize("write", WRITES, ids=str)
def test_no_error_promises_what_is_not_so(write: Write) -> None:
    kinds = faults_of(write)
    triples = random.Random(str(write)).sample(list(product(kinds, kinds, kinds)), 40)
    sequences = [(first,) for first in kinds] + list(product(kinds, kinds)) + triples
    wrong = []
    for number, faults in enumerate(sequences):
        found = outcome(write, faults, in_asyncio=number % 2 == 1)
        if found.is_false or found.effects > 1:
            wrong.append((faults, found))
    assert wrong == []
