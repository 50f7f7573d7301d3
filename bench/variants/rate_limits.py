"""Sending to many past the provider's rate limit: the sandbox's bucket, in virtual time, beside the ideal."""

from __future__ import annotations

import asyncio
import json
import math

from tests.notify.bulk.virtual_time import EMAIL, LimitedNotify, rows, run

from bench.variants.measuring import choose

FIFTH, NORMAL = 600, 3000
ROWS, PROCESSES = 2500, 4
USED = 0.98


def ideal(per_minute: float, count: int, bucket: int = 0) -> float:
    return (count - bucket) * 60 / per_minute


def bucket_of(per_minute: int) -> int:
    return min(math.ceil(per_minute / 3), 1000)


def told(provider: LimitedNotify, seconds: float, count: int, waited: float = 0.0) -> None:
    print(json.dumps({"seconds": seconds, "refused": provider.refused, "rate": count / seconds, "waited": waited}))


async def sends(provider: LimitedNotify, processes: int, count: int, **options: object) -> None:
    each = [
        provider.process(number).send_many(
            rows(count), EMAIL, channel="email", batch=f"b{number}", per_minute=NORMAL, **options
        )
        for number in range(processes)
    ]
    assert all(result.is_complete for result in await asyncio.gather(*each))


def limit_of_a_fifth() -> None:
    async def main(loop: asyncio.AbstractEventLoop) -> None:
        provider = LimitedNotify(loop, FIFTH)
        await sends(provider, 1, 1500)
        told(provider, loop.time(), 1500)

    run(main)


def ideal_of_a_fifth() -> None:
    print(json.dumps({"seconds": ideal(FIFTH, 1500, bucket_of(FIFTH)), "refused": 1500}))


def four_alone() -> None:
    """Four processes that share nothing, and a fifth that sends single emails: again after 10 s where it is refused."""
    from govcomponents import RateLimited

    async def main(loop: asyncio.AbstractEventLoop) -> None:
        provider = LimitedNotify(loop, NORMAL)
        waits: list[float] = []

        async def singles() -> None:
            notify = provider.process(99)
            values = {name: value for name, value in next(rows(1)).items() if name != "email address"}
            while True:
                began = loop.time()
                while True:
                    try:
                        await notify.send_email("sam@example.com", EMAIL, values)
                    except RateLimited:
                        await asyncio.sleep(10)
                    else:
                        break
                waits.append(loop.time() - began)
                await asyncio.sleep(2)

        web = asyncio.create_task(singles())
        await sends(provider, PROCESSES, ROWS)
        web.cancel()
        told(provider, loop.time(), PROCESSES * ROWS, max(waits))

    run(main)


def ideal_of_four() -> None:
    count = PROCESSES * ROWS
    print(json.dumps({"seconds": ideal(NORMAL, count, bucket_of(NORMAL)), "refused": count, "waited": 1.0}))


class Window:
    """So many requests in each second, as a shared limiter over the library limits gives them."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._most = int(NORMAL * USED / 60)
        self._taken: dict[int, int] = {}

    def acquire(self, tokens: int) -> float:
        now = self._loop.time()
        window = int(now)
        self._taken[window] = self._taken.get(window, 0) + tokens
        return 0.0 if self._taken[window] <= self._most else window + 1 - now


def four_with_a_limiter() -> None:
    async def main(loop: asyncio.AbstractEventLoop) -> None:
        provider = LimitedNotify(loop, NORMAL)
        await sends(provider, PROCESSES, ROWS, limiter=Window(loop))
        told(provider, loop.time(), PROCESSES * ROWS)

    run(main)


def ideal_with_a_limiter() -> None:
    """A limiter gives no credit for the bucket that is full at the start."""
    count = PROCESSES * ROWS
    print(json.dumps({"seconds": ideal(NORMAL, count), "refused": count}))


def one_alone() -> None:
    async def main(loop: asyncio.AbstractEventLoop) -> None:
        provider = LimitedNotify(loop, NORMAL)
        await sends(provider, 1, ROWS)
        told(provider, loop.time(), ROWS)

    run(main)


def permitted() -> None:
    print(json.dumps({"rate": NORMAL / 60}))


if __name__ == "__main__":
    choose(globals())
