"""A process that books requests: python -m durable.processes.booking_process URL PER_MINUTE SECONDS."""

from __future__ import annotations

import json
import sys
import time

import sqlalchemy as sa

from govcomponents.durable.shared.budgets import Budgets, StoreBudgets
from govcomponents.durable.shared.redis_budgets import RedisBudgets


def book(url: str, per_minute: float, seconds: float, many: int = 10) -> list[float]:
    """Book as a worker does, ten at a time; return when each request left."""
    budgets: Budgets = RedisBudgets.from_url(url) if url.startswith("redis") else StoreBudgets(sa.create_engine(url))
    left: list[float] = []
    until = time.time() + seconds
    while time.time() < until:
        found = budgets.reserve("default", "notify", many, per_minute)
        now = time.time()
        left += [now + found.wait + number * 60.0 / per_minute for number in range(found.granted)]
        time.sleep(max(0.0, found.wait - 0.5))
    return left


if __name__ == "__main__":
    sys.stdout.write(json.dumps(book(sys.argv[1], float(sys.argv[2]), float(sys.argv[3]))))
