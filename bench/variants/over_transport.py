"""What a call costs above its transport: the same transport, given ready bytes and handing back bytes."""

from __future__ import annotations

import asyncio

from bench.variants.at_once import drive_many
from bench.variants.exchange import COUNT, email_headers
from bench.variants.measuring import EMAIL, EMAIL_BODY, NOTIFY_KEY, URL, choose, cpu_of
from govcomponents.core.http.messages import Replay, Request

PAY_KEY = "api_test_bench"
PAYMENT_ID = "hu20sqlact5260q2nanm0q8u93"
READY_EMAIL = Request(
    "notify.send_email", "POST", URL + "/v2/notifications/email", Replay.UNSENT, email_headers(), EMAIL_BODY
)
READY_GET = Request(
    "pay.get",
    "GET",
    f"{URL}/v1/payments/{PAYMENT_ID}",
    Replay.ALWAYS,
    {"Accept": "application/json", "User-Agent": "bench", "Authorization": f"Bearer {PAY_KEY}"},
)


def our_email() -> None:
    from govcomponents import GovComponents, Settings

    with GovComponents.from_settings(Settings(notify={"api_key": NOTIFY_KEY, "base_url": URL})) as gov:
        notify = gov.notify
        cpu_of(lambda: notify.send_email(*EMAIL), COUNT)


def our_get() -> None:
    from govcomponents import GovComponents, Settings

    with GovComponents.from_settings(Settings(pay={"api_key": PAY_KEY, "base_url": URL})) as gov:
        pay = gov.pay
        cpu_of(lambda: pay.get(PAYMENT_ID), COUNT)


def our_emails() -> None:
    from govcomponents import AsyncGovComponents, Settings

    async def run() -> None:
        settings = Settings(notify={"api_key": NOTIFY_KEY, "base_url": URL})
        async with AsyncGovComponents.from_settings(settings) as gov:
            notify = gov.notify
            await drive_many(lambda: notify.send_email(*EMAIL))

    asyncio.run(run())


def our_gets() -> None:
    from govcomponents import AsyncGovComponents, Settings

    async def run() -> None:
        async with AsyncGovComponents.from_settings(Settings(pay={"api_key": PAY_KEY, "base_url": URL})) as gov:
            pay = gov.pay
            await drive_many(lambda: pay.get(PAYMENT_ID))

    asyncio.run(run())


def ready_email() -> None:
    _blocking(READY_EMAIL)


def ready_get() -> None:
    _blocking(READY_GET)


def ready_emails() -> None:
    asyncio.run(_at_once(READY_EMAIL))


def ready_gets() -> None:
    asyncio.run(_at_once(READY_GET))


def _blocking(ready: Request) -> None:
    from govcomponents.core.driver import drive
    from govcomponents.core.transports.blocking import RequestsTransport

    transport = RequestsTransport()
    cpu_of(lambda: drive(transport.send(ready)).body, COUNT)
    drive(transport.aclose())


async def _at_once(ready: Request) -> None:
    from govcomponents.core.transports.aio.sending import AiohttpTransport

    transport = AiohttpTransport()
    await drive_many(lambda: transport.send(ready))
    await transport.aclose()


if __name__ == "__main__":
    choose(globals())
