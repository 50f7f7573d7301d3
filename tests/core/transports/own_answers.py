"""Many calls at once to a server that misbehaves in every way: whose answers came, and which were told as wrong."""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from tenacity import wait_none

from core.loopback import get, post
from govcomponents import AsyncGovComponents, GovComponents, Money, RetryPolicy, Settings
from govcomponents.contracts.modes import Mode
from govcomponents.core.driver import is_driven
from govcomponents.errors import GovComponentsError
from govcomponents.privacy import Secret

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from govcomponents.core.http.transport import Transport
    from govcomponents.pay import Payment

BACK = "https://service.example.gov.uk/back"
KEY = Secret("api_test_" + "k" * 50)
AT_ONCE = 16
LIMITS = {"connect_timeout": 2.0, "read_timeout": 0.3, "total_timeout": 0.6}


@contextlib.contextmanager
def misbehaving(seed: int, well: float = 0.5, kinds: Iterable[str] = ()) -> Iterator[str]:
    """Run the server, which answers the share `well` of requests as it should, until the block ends."""
    program = Path(__file__).with_name("misbehaving_server.py")
    command = [sys.executable, str(program), str(seed), str(well), *kinds]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield f"http://127.0.0.1:{int(server.stdout.readline())}"
        finally:
            server.kill()


def outcomes(mode: Mode, base: str, calls: int) -> Counter[str]:
    """Make calls, every third of which creates a payment, and count how they ended: "own", "ANOTHER'S" or an error."""
    settings = Settings(environment="test", pay={"api_key": KEY, "base_url": base})
    retry = RetryPolicy(wait=wait_none())
    if mode is Mode.BLOCKING:
        return _blocking(settings, retry, calls)
    return asyncio.run(_asyncio(settings, retry, calls))


def _blocking(settings: Settings, retry: RetryPolicy, calls: int) -> Counter[str]:
    from govcomponents.core.transports.blocking import RequestsTransport

    with GovComponents.from_settings(settings, retry=retry, transport=RequestsTransport(**LIMITS)) as gov:

        def one(number: int) -> str:
            reference = f"R{number}"
            try:
                if number % 3 == 0:
                    return _whose(gov.pay.create(Money(100), reference, "A thing", BACK), reference)
                return _whose(gov.pay.get(f"p{reference}"), reference)
            except GovComponentsError as error:
                return type(error).__name__

        with ThreadPoolExecutor(AT_ONCE) as pool:
            return Counter(pool.map(one, range(calls)))


async def _asyncio(settings: Settings, retry: RetryPolicy, calls: int) -> Counter[str]:
    from govcomponents.core.transports.aio.sending import AiohttpTransport

    found: Counter[str] = Counter()
    numbers = iter(range(calls))
    transport = AiohttpTransport(**LIMITS)
    async with AsyncGovComponents.from_settings(settings, retry=retry, transport=transport) as gov:

        async def work() -> None:
            for number in numbers:
                reference = f"R{number}"
                try:
                    if number % 3 == 0:
                        given = await gov.pay.create(Money(100), reference, "A thing", BACK)
                    else:
                        given = await gov.pay.get(f"p{reference}")
                except GovComponentsError as error:
                    found[type(error).__name__] += 1
                else:
                    found[_whose(given, reference)] += 1

        await asyncio.gather(*(work() for _ in range(AT_ONCE)))
    return found


def _whose(payment: Payment, reference: str) -> str:
    link = payment.redirect_url()
    link = link if isinstance(link, str) else link.reveal()
    is_own = (payment.reference, payment.id, link.rpartition("/")[2]) == (reference, f"p{reference}", reference)
    return "own" if is_own else "ANOTHER'S"


async def bare_outcomes(transport: Transport, base: str, calls: int) -> Counter[str]:
    """Make calls by a transport alone, and count whose answer came, by what the answer itself tells."""
    found: Counter[str] = Counter()
    numbers = iter(range(calls))

    async def work() -> None:
        for number in numbers:
            reference = f"R{number}"
            sent = json.dumps({"reference": reference}).encode()
            path = f"{base}/v1/payments"
            try:
                answer = await transport.send(post(path, sent) if number % 2 else get(f"{path}/p{reference}"))
                told = json.loads(answer.body)["reference"]
            except GovComponentsError as error:
                found[type(error).__name__] += 1
            except (ValueError, KeyError):
                found["unreadable"] += 1
            else:
                found["own" if told == reference else "ANOTHER'S"] += 1

    if is_driven():
        await work()
    else:
        await asyncio.gather(*(work() for _ in range(AT_ONCE)))
    await transport.aclose()
    return found
