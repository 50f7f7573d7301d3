"""The asyncio transport's library is imported for the first call, and not where a service starts."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from core.loopback import get, reply
from govcomponents import AsyncGovComponents
from govcomponents.core.transports.aio import on_first_use, sending
from govcomponents.core.transports.aio.on_first_use import AiohttpOnFirstUse
from govcomponents.errors import ConfigurationError

if TYPE_CHECKING:
    from core.loopback import Loopback

STARTS = """
import sys
from govcomponents import AsyncGovComponents
from govcomponents.settings import Settings
AsyncGovComponents.from_settings(Settings(environment="test", pay={"api_key": "api_test_only0in0the0tests"}))
print("aiohttp" in sys.modules)
"""


def test_components_that_are_made_and_call_nobody_do_not_import_it() -> None:
    done = subprocess.run([sys.executable, "-c", STARTS], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False"]


def test_first_calls_at_once_share_one_transport(server: Loopback, monkeypatch: pytest.MonkeyPatch) -> None:
    server.answer = lambda handler: reply(200, handler.path.encode())(handler)
    made: list[sending.AiohttpTransport] = []

    class Counted(sending.AiohttpTransport):
        def __init__(self, *, total_timeout: float) -> None:
            super().__init__(total_timeout=total_timeout)
            made.append(self)

    monkeypatch.setattr(sending, "AiohttpTransport", Counted)

    async def calls() -> list[bytes]:
        transport = AiohttpOnFirstUse(total_timeout=20.0)
        answers = await asyncio.gather(*(transport.send(get(f"{server.url}/{n}")) for n in range(20)))
        transport.renew()
        answers.append(await transport.send(get(f"{server.url}/20")))
        await transport.aclose()
        return [one.body for one in answers]

    assert asyncio.run(calls()) == [f"/{n}".encode() for n in range(21)]
    assert [one.total_timeout for one in made] == [20.0]


def test_an_event_loop_goes_on_while_it_is_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    released, threads = threading.Event(), list[int]()

    def slow_import(_name: str) -> None:
        threads.append(threading.get_ident())
        assert released.wait(10)

    monkeypatch.setattr(on_first_use, "import_module", slow_import)

    async def prepare() -> None:
        preparing = asyncio.ensure_future(AiohttpOnFirstUse().prepare())
        await asyncio.sleep(0)
        released.set()  # reached only if the loop is free
        await preparing

    asyncio.run(prepare())
    assert threads != [threading.get_ident()]


@pytest.mark.parametrize("is_used", [False, True])
def test_what_is_sent_after_it_was_closed_is_refused(server: Loopback, *, is_used: bool) -> None:
    async def closed() -> None:
        transport = AiohttpOnFirstUse()
        transport.renew()
        if is_used:
            await transport.send(get(server.url))
        await transport.aclose()
        await transport.aclose()
        await transport.send(get(server.url))

    with pytest.raises(ConfigurationError, match="closed"):
        asyncio.run(closed())


def test_a_first_call_that_is_overtaken_by_the_closing_is_refused(server: Loopback) -> None:
    async def overtaken() -> None:
        transport = AiohttpOnFirstUse()
        call = asyncio.ensure_future(transport.send(get(server.url)))
        await asyncio.sleep(0)
        await transport.aclose()
        await call

    with pytest.raises(ConfigurationError, match="closed"):
        asyncio.run(overtaken())
    assert server.seen == []


def test_that_it_is_not_installed_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(on_first_use, "find_spec", lambda _name: None)
    with pytest.raises(ConfigurationError, match="aiohttp"):
        AsyncGovComponents.from_settings(pay_settings())


def pay_settings() -> object:
    from govcomponents.settings import Settings

    return Settings(environment="test", pay={"api_key": "api_test_only0in0the0tests"})
