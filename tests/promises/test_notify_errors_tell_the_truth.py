"""The same for GC Notify and SMTP: each fault, some pairs and some triples of them, nothing told falsely or doubled."""

from __future__ import annotations

import random
from itertools import product

import pytest

from .notify_writes import GC_FAULTS, SMTP_FAULTS, gc_outcome, mail_server, smtp_outcome


def sequences(kinds: list[str], triples: int, seed: str, pairs: int | None = None) -> list[tuple[str, ...]]:
    """Nothing, each fault, so many ordered pairs or each of them, and so many triples."""
    some, both = random.Random(seed), list(product(kinds, kinds))
    more = some.sample(list(product(kinds, kinds, kinds)), triples)
    return [(), *((kind,) for kind in kinds), *(both if pairs is None else some.sample(both, pairs)), *more]


@pytest.mark.parametrize("in_asyncio", [False, True], ids=["blocking", "asyncio"])
@pytest.mark.parametrize("operation", ["email", "sms", "job"])
def test_no_error_of_gc_notify_promises_what_is_not_so(operation: str, in_asyncio: bool) -> None:
    assert gc_outcome(operation, (), in_asyncio=in_asyncio).told == "success"
    wrong = []
    for faults in sequences(GC_FAULTS, 20, f"{operation} {in_asyncio}", pairs=40):
        found = gc_outcome(operation, faults, in_asyncio=in_asyncio)
        if found.is_false or found.effects > 1:
            wrong.append((faults, found))
    assert wrong == []


@pytest.mark.parametrize("in_asyncio", [False, True], ids=["blocking", "asyncio"])
def test_no_error_of_smtp_promises_what_is_not_so(in_asyncio: bool) -> None:
    wrong = []
    with mail_server() as server:
        assert smtp_outcome(server, (), in_asyncio=in_asyncio).told == "success"
        for faults in sequences(SMTP_FAULTS, 20, f"smtp {in_asyncio}", pairs=40):
            found = smtp_outcome(server, faults, in_asyncio=in_asyncio)
            if found.is_false or found.effects > 1:
                wrong.append((faults, found))
    assert wrong == []
