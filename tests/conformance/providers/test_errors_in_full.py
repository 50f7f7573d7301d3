"""Each fault, each pair and many triples of them, at each write and for both callers: the whole of what is promised."""

from __future__ import annotations

import random
from itertools import product

import pytest

from promises.enumeration import faults_of, outcome
from promises.notify_writes import GC_FAULTS, SMTP_FAULTS, gc_outcome, mail_server, smtp_outcome
from promises.test_notify_errors_tell_the_truth import sequences
from promises.writes import WRITES, Write

TRIPLES = 60
MORE_TRIPLES = 500


@pytest.mark.parametrize("in_asyncio", [False, True], ids=["blocking", "asyncio"])
@pytest.mark.parametrize("write", WRITES, ids=str)
def test_no_error_promises_what_is_not_so(write: Write, in_asyncio: bool) -> None:
    kinds = faults_of(write)
    triples = random.Random(f"{write} in full").sample(list(product(kinds, kinds, kinds)), TRIPLES)
    sequences = [(first,) for first in kinds] + list(product(kinds, kinds)) + triples
    found = [(faults, outcome(write, faults, in_asyncio=in_asyncio)) for faults in sequences]
    assert [(faults, one) for faults, one in found if one.is_false or one.effects > 1] == []


@pytest.mark.parametrize("in_asyncio", [False, True], ids=["blocking", "asyncio"])
@pytest.mark.parametrize("operation", ["email", "sms", "job"])
def test_no_error_of_gc_notify_promises_what_is_not_so(operation: str, in_asyncio: bool) -> None:
    tried = sequences(GC_FAULTS, MORE_TRIPLES, f"{operation} in full")
    found = [(faults, gc_outcome(operation, faults, in_asyncio=in_asyncio)) for faults in tried]
    assert [(faults, one) for faults, one in found if one.is_false or one.effects > 1] == []


@pytest.mark.parametrize("in_asyncio", [False, True], ids=["blocking", "asyncio"])
def test_no_error_of_smtp_promises_what_is_not_so(in_asyncio: bool) -> None:
    with mail_server() as server:
        tried = sequences(SMTP_FAULTS, MORE_TRIPLES, "smtp in full")
        found = [(faults, smtp_outcome(server, faults, in_asyncio=in_asyncio)) for faults in tried]
    assert [(faults, one) for faults, one in found if one.is_false or one.effects > 1] == []
