"""100,000 calls to a server that misbehaves in every way, in each mode: nobody is handed the answer of another."""

from __future__ import annotations

import multiprocessing
import time
from concurrent.futures import ProcessPoolExecutor

from core.transports.own_answers import misbehaving, outcomes
from govcomponents.contracts.modes import Mode

CALLS = 100_000
IN_PARTS = 4
WELL = 0.85  # the share of requests that are answered as they should be: most connections live for a few calls


def _part(mode: Mode, seed: int) -> dict[str, int]:
    with misbehaving(seed, WELL) as base:
        return dict(outcomes(mode, base, CALLS // IN_PARTS))


def test_no_call_of_a_hundred_thousand_is_handed_the_answer_of_another() -> None:
    started = time.monotonic()
    parts = [(mode, seed) for mode in Mode for seed in range(IN_PARTS)]
    with ProcessPoolExecutor(mp_context=multiprocessing.get_context("spawn")) as pool:
        found = list(pool.map(_part, *zip(*parts, strict=True)))
    for (mode, seed), told in zip(parts, found, strict=True):
        assert "ANOTHER'S" not in told, (mode, seed, told)
        assert sum(told.values()) == CALLS // IN_PARTS
        assert told["own"] > CALLS // IN_PARTS * 0.8, told
    print(f"{CALLS} calls in each mode took {time.monotonic() - started:.0f} s: {found}")  # noqa: T201  # what was reached
