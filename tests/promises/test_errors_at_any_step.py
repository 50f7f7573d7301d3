"""Writes of several requests, of which one loses its answer and all later ones fail: nothing is told falsely."""

from __future__ import annotations

from itertools import product

import pytest

from .enumeration import faults_of, outcome_at
from .writes import OF_SEVERAL_STEPS, Write

LOST = ("connection_dropped_after_acceptance", "malformed_response")
THEN = {"key_revoked", "rate_limited", "server_error", "bad_gateway", "outage_not_found"}


@pytest.mark.parametrize("write", OF_SEVERAL_STEPS, ids=str)
def test_no_failure_after_a_lost_answer_promises_that_nothing_happened(write: Write) -> None:
    kinds = sorted(THEN.intersection(faults_of(write)))
    wrong = []
    for number, at in enumerate(product(range(1, 5), LOST, (0, 1), kinds)):
        found = outcome_at(write, *at, in_asyncio=number % 2 == 1)
        if found.is_false or found.effects > 1:
            wrong.append((at, found))
    assert wrong == []
