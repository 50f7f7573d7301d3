"""Fifty exchanges at once: govcomponents under asyncio, the official client in threads, and aiohttp by itself."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Awaitable, Callable

from bench.variants.exchange import email_headers
from bench.variants.measuring import BATCHES, EMAIL, EMAIL_BODY, NOTIFY_KEY, URL, choose

AT_ONCE = 50
COUNT = 6000


async def drive_many(call: Callable[[], Awaitable[object]]) -> None:
    """Print the rate of COUNT calls, AT_ONCE of them at any time, and the CPU of one as `cpu_of` does."""

    async def share(numbers: range) -> None:
        for _ in numbers:
            await call()

    async def all_of(count: int) -> None:
        await asyncio.gather(*(share(range(count // AT_ONCE)) for _ in range(AT_ONCE)))

    await all_of(AT_ONCE * 4)
    batches, began = [], time.perf_counter()
    for _ in range(BATCHES):
        started = time.process_time()
        await all_of(COUNT // BATCHES)
        batches.append((time.process_time() - started) / (COUNT // BATCHES))
    wall = time.perf_counter() - began
    print(json.dumps({"cpu": min(batches) * 1e6, "rate": COUNT / wall}))


def our_emails() -> None:
    from govcomponents import AsyncGovComponents, Settings

    async def run() -> None:
        settings = Settings(notify={"api_key": NOTIFY_KEY, "base_url": URL})
        async with AsyncGovComponents.from_settings(settings) as gov:
            notify = gov.notify
            await drive_many(lambda: notify.send_email(*EMAIL))

    asyncio.run(run())


def bare_aiohttp() -> None:
    import aiohttp

    async def run() -> None:
        url, headers = URL + "/v2/notifications/email", email_headers()
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=100)) as session:

            async def call() -> None:
                async with session.post(url, data=EMAIL_BODY, headers=headers) as answer:
                    await answer.read()

            await drive_many(call)

    asyncio.run(run())


def official_threads() -> None:
    from notifications_python_client.notifications import NotificationsAPIClient

    each = COUNT // AT_ONCE
    ready = threading.Barrier(AT_ONCE + 1)

    def work() -> None:
        client = NotificationsAPIClient(NOTIFY_KEY, base_url=URL)
        client.send_email_notification(*EMAIL)
        ready.wait()
        for _ in range(each):
            client.send_email_notification(*EMAIL)

    threads = [threading.Thread(target=work) for _ in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    ready.wait()
    cpu, wall = time.process_time(), time.perf_counter()
    for thread in threads:
        thread.join()
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    print(json.dumps({"cpu": cpu / COUNT * 1e6, "rate": COUNT / wall}))


if __name__ == "__main__":
    choose(globals())
