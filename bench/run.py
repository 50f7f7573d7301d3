"""Measures each row and prints the table: `python -m bench.run [--only WORD] [--rounds N]`.

Each variant runs in a process of its own, ours and the peer's in turn; the ratio is of the medians. A row that is not
met is said to be not met; the exit status is 0 all the same, because a noisy machine is no fault of the code.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
from collections.abc import Mapping

from bench import sandbox
from bench.rows import ROWS, Row
from bench.stage import stage


def run_variant(variant: str, told: Mapping[str, str]) -> dict[str, float]:
    """Run one variant in a process of its own; return what it prints, and what the process cost."""
    reading, writing = os.pipe()
    command = [sys.executable, "-c", "pass"]
    if variant != "bare":
        module, _, function = variant.partition(":")
        command = [sys.executable, "-m", f"bench.variants.{module}", function]
    environment = {**os.environ, **{name: value for name, value in told.items() if name.isupper()}}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # the peers were compiled when they were installed
    if "url" in told:
        environment["BENCH_URL"] = told["url"]
    pid = os.posix_spawn(
        command[0],
        command,
        environment,
        file_actions=[(os.POSIX_SPAWN_DUP2, writing, 1), (os.POSIX_SPAWN_CLOSE, reading)],
    )
    os.close(writing)
    with os.fdopen(reading) as output:
        printed = output.read()
    _, status, usage = os.wait4(pid, 0)
    if status:
        raise SystemExit(f"the variant {variant} failed with status {os.waitstatus_to_exitcode(status)}")
    figures: dict[str, float] = json.loads(printed) if printed.strip() else {}
    return {**figures, "process_cpu": (usage.ru_utime + usage.ru_stime) * 1e6, "process_memory": usage.ru_maxrss}


def measure(row: Row, rounds: int | None) -> tuple[float, float, float]:
    """Return our median figure, the peer's, and the ratio."""
    ours, peer, bare = [], [], []
    with stage(row.stage) as told:
        for turn in range((rounds or row.rounds) + 1):
            found = [run_variant(variant, told)[row.figure] for variant in (row.ours, row.peer)]
            nothing = run_variant("bare", told)[row.figure] if row.over_bare else 0.0
            if turn:  # the first turn warms the caches of the disk
                ours.append(found[0])
                peer.append(found[1])
                bare.append(nothing)
    floor = statistics.median(bare)
    mine, theirs = statistics.median(ours) - floor, statistics.median(peer) - floor
    unit = 1024 if row.figure.endswith("memory") else 1
    return mine, theirs, (mine - theirs) / unit if row.above else mine / theirs


def shown(figure: str, value: float) -> str:
    if figure in ("cpu", "process_cpu"):
        return f"{value:,.0f} µs" if value < 10_000 else f"{value / 1000:,.1f} ms"
    if figure in ("process_memory", "peak_memory"):
        return f"{value / 1024:,.1f} MiB"
    if figure in ("seconds", "waited"):
        return f"{value:,.1f} s"
    return f"{value:,.0f}" if figure == "refused" else f"{value:,.0f}/s"


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure govcomponents beside what people would use instead.")
    parser.add_argument("--only", metavar="WORD", help="only the rows whose name holds this word")
    parser.add_argument("--rounds", type=int, help="turns for each row, after one that is not counted")
    options = parser.parse_args()
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, {platform.machine()}")
    print(f"\n| {'measure':<78} | {'ours':>10} | {'peer':>10} | ratio | {'must be':>7} | met |")
    print(f"| {'-' * 78} | {'-' * 9}: | {'-' * 9}: | ----: | {'-' * 6}: | --- |", flush=True)
    for row in [*ROWS, *sandbox.rows()]:
        if options.only and options.only.lower() not in row.name.lower():
            continue
        mine, theirs, ratio = measure(row, options.rounds)
        met = ratio >= row.limit if row.at_least else ratio <= row.limit
        wanted = f"{'>=' if row.at_least else '<='} {row.limit:g}" if row.limit else "-"
        print(
            f"| {row.name:<78} | {shown(row.figure, mine):>10} | {shown(row.figure, theirs):>10} "
            f"| {ratio:5.2f} | {wanted:>7} | {'-' if not row.limit else 'yes' if met else 'NO'} |",
            flush=True,
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
