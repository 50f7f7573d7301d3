"""A call whose time is over by the moment in which its connection is there does not leave."""

from __future__ import annotations

import asyncio
import socket

import pytest

from core.loopback import post
from govcomponents import NotSent
from govcomponents.core.driver import drive
from govcomponents.core.http.single_attempt import single_attempt, steady_time
from govcomponents.core.transports.aio.connections import TimelyRequest
from govcomponents.core.transports.aio.sending import AiohttpTransport
from govcomponents.core.transports.blocking import RequestsTransport


@pytest.fixture
def listener():
    with socket.create_server(("127.0.0.1", 0)) as made:
        made.settimeout(5)
        yield made


def call(listener):
    url = f"http://127.0.0.1:{listener.getsockname()[1]}/v2/notifications/email"
    return post(url, b"{}")


def came(listener):
    """What came on the one connection before it ended."""
    connection, _ = listener.accept()
    with connection:
        connection.settimeout(5)
        return connection.recv(65536)


def test_nothing_leaves_a_blocking_caller(listener):
    transport = RequestsTransport()
    with single_attempt(steady_time() - 1), pytest.raises(NotSent, match="time in which this call may be made"):
        drive(transport.send(call(listener)))
    drive(transport.aclose())
    assert came(listener) == b""


def test_nothing_leaves_an_asyncio_caller(listener):
    async def go():
        transport = AiohttpTransport()
        with single_attempt(steady_time() - 1), pytest.raises(NotSent, match="time in which this call may be made"):
            await transport.send(call(listener))
        await transport.aclose()

    asyncio.run(go())
    assert came(listener) == b""


def test_nothing_leaves_an_asyncio_caller_who_was_held_up_before_the_write(listener, monkeypatch):
    async def go():
        transport = AiohttpTransport()
        original = TimelyRequest.write_bytes

        async def held_up(self, *args, **options):
            await asyncio.sleep(0.3)
            await original(self, *args, **options)

        monkeypatch.setattr(TimelyRequest, "write_bytes", held_up)
        with single_attempt(steady_time() + 0.2), pytest.raises(NotSent, match="time in which this call may be made"):
            await transport.send(call(listener))
        await transport.aclose()

    asyncio.run(go())
    assert came(listener) == b""
