"""Counts the instructions of a call with valgrind's callgrind: a figure that other work does not disturb.

`python -m bench.instructions unwatched get_sampled bare_sampled` prints those of each variant of
`bench.variants.observing` and `bench.variants.queued`, by the middle of a long loop; it takes about a minute each.
"""

from __future__ import annotations

import gc
import os
import re
import subprocess
import sys
from collections.abc import Callable

CALLS = 200


def count(call: Callable[[], object], _count: int, *, warm_up: int = 0) -> None:
    """Make calls while valgrind counts, and none of what leads to them."""
    for _ in range(warm_up):
        call()
    gc.collect()
    gc.disable()
    _let_valgrind_count("on")
    for _ in range(CALLS):
        call()
    _let_valgrind_count("off")


def _let_valgrind_count(state: str) -> None:
    subprocess.run(["callgrind_control", "-i", state, str(os.getpid())], check=True, stdout=subprocess.DEVNULL)


def counted(variant: str) -> int:
    """Return the instructions of one call."""
    valgrind = ["valgrind", "--tool=callgrind", "--instr-atstart=no", "--callgrind-out-file=/dev/null"]
    command = [*valgrind, sys.executable, "-m", "bench.instructions", "--within", variant]
    environment = {**os.environ, "PYTHONHASHSEED": "0"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    found = re.search(r"Collected : (\d+)", done.stderr)
    assert found is not None, done.stderr
    return int(found[1]) // CALLS


if __name__ == "__main__":
    if sys.argv[1] == "--within":
        from bench.variants import observing, queued

        observing.cpu_of = queued.cpu_of = count
        (observing.VARIANTS | queued.VARIANTS)[sys.argv[2]]()
    else:
        for name in sys.argv[1:]:
            print(f"{name}: {counted(name):,} instructions a call", flush=True)
