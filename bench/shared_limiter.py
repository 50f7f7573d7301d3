"""Measures a shared limiter in real time, with a Redis of its own: `python -m bench.shared_limiter [--rows N]`.

Several processes send at once with one key, over HTTP, to a sandbox whose limit is GOV.UK Notify's, and share a
`LimitsLimiter`, or with `--durable` the durable layer's budget in a SQLite file. It takes as long as the limit says.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import multiprocessing
import os
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

import sqlalchemy as sa

from govcomponents import GovComponents
from govcomponents.durable import Durable
from govcomponents.durable.storage.migrating import migrate
from govcomponents.notify import LimitsLimiter
from govcomponents.sandbox.app import Sandbox
from govcomponents.sandbox.server import serving
from notify.bulk.virtual_time import EMAIL, rows
from notify.redis_server import redis_server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.synchronize import Barrier

    from govcomponents import CallEvent
    from govcomponents.notify import Limiter

PER_MINUTE = 3000
PROCESSES = 4
SEAL = base64.b64encode(hashlib.sha256(b"a key for this measurement alone").digest()).decode()


def limiter_at(place: str, gov: GovComponents) -> Limiter:
    if place.startswith("redis"):
        return LimitsLimiter.from_url(place, per_minute=PER_MINUTE)
    return Durable(gov, sa.create_engine(place, connect_args={"timeout": 30}), keys=[SEAL]).limiter(
        per_minute=PER_MINUTE
    )


def process(number: int, count: int, settings: dict[str, str], place: str, begin: Barrier, told: object) -> None:
    refused = 0

    def watch(event: CallEvent) -> None:
        nonlocal refused
        refused += event.status == 429

    os.environ.update(settings)
    with GovComponents.from_settings(observers=[watch]) as gov:
        limiter = limiter_at(place, gov)
        begin.wait()
        result = gov.notify.send_many(rows(count), EMAIL, channel="email", batch=f"b{number}", limiter=limiter)
        told.put((result.progress.accepted, refused, time.time()))


def measured(count: int, place: str) -> Iterator[str]:
    world = Sandbox().notify.world.model_dump(mode="json")
    world["services"][0]["rate_limit_per_minute"] = PER_MINUTE
    with serving({"notify": world}) as server:
        context = multiprocessing.get_context("spawn")
        begin, told = context.Barrier(PROCESSES + 1), context.Queue()
        given = (count, server.environment(), place, begin, told)
        running = [context.Process(target=process, args=(number, *given)) for number in range(PROCESSES)]
        for one in running:
            one.start()
        begin.wait()
        began = time.time()
        ends = [told.get() for _ in running]
        for one in running:
            one.join()
    accepted, refused = sum(end[0] for end in ends), sum(end[1] for end in ends)
    seconds, ideal = max(end[2] for end in ends) - began, PROCESSES * count * 60 / PER_MINUTE
    yield f"{accepted} of {PROCESSES * count} accepted, {refused} refused ({refused / (accepted + refused):.4f})"
    yield f"{seconds:.1f} s, rows at the permitted rate {ideal:.1f} s, ratio {seconds / ideal:.3f}"


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rows", type=int, default=2500, help="of each process (default: %(default)s)")
    options.add_argument("--durable", action="store_true", help="share the budget of the durable layer")
    given = options.parse_args()
    with ExitStack() as stack:
        if given.durable:
            folder = stack.enter_context(tempfile.TemporaryDirectory())
            place = f"sqlite:///{folder}/budgets.db"
            migrate(sa.create_engine(place))
        else:
            place = stack.enter_context(redis_server())
        for line in measured(given.rows, place):
            print(line)


if __name__ == "__main__":
    main()
