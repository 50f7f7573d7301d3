"""Work that can only block: on the caller's thread for blocking callers, beside the event loop for asyncio ones."""

from __future__ import annotations

import asyncio
import threading

import pytest

from govcomponents.contracts.faults import EVERY, Fault, FaultyTransport
from govcomponents.core.driver import drive
from govcomponents.core.transports.aio.sending import AiohttpTransport
from govcomponents.core.transports.blocking import RequestsTransport
from govcomponents.core.transports.in_process import InProcessTransport
from govcomponents.core.transports.scripted import ScriptedTransport


def _never(*_arguments: object) -> None:
    raise AssertionError("nothing is to be sent")


DIRECT = {
    "requests": RequestsTransport,
    "in process": lambda: InProcessTransport(_never, _never),
    "scripted": ScriptedTransport,
    "faulty": lambda: FaultyTransport(ScriptedTransport(), {EVERY: Fault.NOT_CONNECTED}),
}


@pytest.mark.parametrize("make", DIRECT.values(), ids=DIRECT)
def test_blocking_transports_run_it_on_the_callers_thread(make):
    assert drive(make().run_blocking(threading.get_ident)) == threading.get_ident()


@pytest.mark.parametrize("make", DIRECT.values(), ids=DIRECT)
def test_its_error_is_the_callers(make):
    with pytest.raises(ZeroDivisionError):
        drive(make().run_blocking(lambda: 1 // 0))


def test_an_event_loop_goes_on_while_it_runs():
    async def both() -> tuple[int, bool]:
        transport = AiohttpTransport()
        released = threading.Event()

        def work() -> tuple[int, bool]:
            return threading.get_ident(), released.wait(10)

        waiting = asyncio.ensure_future(transport.run_blocking(work))
        await asyncio.sleep(0)
        released.set()  # reached only if the loop is free
        result = await waiting
        await transport.aclose()
        return result

    thread, was_released = asyncio.run(both())
    assert was_released
    assert thread != threading.get_ident()


def test_its_error_reaches_an_asyncio_caller():
    async def failing() -> None:
        await AiohttpTransport().run_blocking(lambda: 1 // 0)

    with pytest.raises(ZeroDivisionError):
        asyncio.run(failing())
