"""A call that is cancelled gives its connection's answer to nobody else, over a real socket, at any time."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator

import pytest

from govcomponents.core.http.messages import Replay, Request
from govcomponents.core.transports.aio.sending import AiohttpTransport

CALLS = 400
CALLERS = 6  # at once, with a connection for each
SLOWEST = 0.03  # seconds that an answer takes at most


@contextlib.asynccontextmanager
async def echoing(form: str) -> AsyncIterator[str]:
    """A server that answers each request with its own path, in two parts and after a while. Its URL."""
    dice = random.Random(7)  # to be the same each time

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                path = head.split(b" ", 2)[1]
                await asyncio.sleep(dice.uniform(0, SLOWEST / 2))
                if form == "chunked":
                    first = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n" % (len(path), path)
                    rest = b"%x\r\n%b\r\n0\r\n\r\n" % (len(path), path)
                else:
                    first = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (2 * len(path), path)
                    rest = path
                writer.write(first)
                await writer.drain()
                await asyncio.sleep(dice.uniform(0, SLOWEST / 2))
                writer.write(rest)
                await writer.drain()
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()

    served: list[asyncio.Task[None]] = []

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        served.append(asyncio.ensure_future(serve(reader, writer)))

    async with await asyncio.start_server(connected, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    await asyncio.gather(*served)


@pytest.mark.parametrize("form", ["chunked", "of a length"])
def test_no_call_gets_the_answer_of_one_that_was_cancelled(form: str) -> None:
    dice = random.Random(11)  # as above

    async def one(transport: AiohttpTransport, url: str, number: int) -> str:
        path = f"/{number:04}"
        request = Request("test", "GET", f"{url}{path}", Replay.UNSENT, provider="test")
        task = asyncio.ensure_future(transport.send(request))
        if number % 2:
            asyncio.get_running_loop().call_later(dice.uniform(0, SLOWEST), task.cancel)
        try:
            answer = await task
        except asyncio.CancelledError:
            return "cancelled"
        assert answer.body == (path * 2).encode()
        return "answered"

    async def go() -> list[str]:
        async with echoing(form) as url:
            transport = AiohttpTransport(pool_size=CALLERS)
            numbers = iter(range(CALLS))

            async def caller() -> list[str]:
                return [await one(transport, url, number) for number in numbers]

            try:
                ended = await asyncio.gather(*(caller() for _ in range(CALLERS)))
                return [how for many in ended for how in many]
            finally:
                await transport.aclose()

    ended = asyncio.run(go())
    assert ended.count("answered") >= CALLS // 2
    assert ended.count("cancelled") >= CALLS // 10
