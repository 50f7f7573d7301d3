"""Slow and hostile servers of 28 kinds, all at once: in both modes each call ends in time, with an error of ours."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import socket
import struct
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from govcomponents import AsyncGovComponents, GovComponents, GovComponentsError, Money, Settings
from govcomponents.core.transports.aio.sending import AiohttpTransport
from govcomponents.core.transports.blocking import RequestsTransport

LIMIT = 1.0  # seconds, of a whole call
LATE = 9.0  # seconds: a call that has no limit would take longer, and a busy machine takes less
OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"


def sent(*parts: bytes, each: float = 0.0, again: bytes = b"") -> Callable[[socket.socket], None]:
    """What a server writes: parts, then the bytes of `again` for ever, `each` so many seconds after the one before."""

    def write(connection: socket.socket) -> None:
        for part in parts:
            connection.sendall(part)
        while again:
            connection.sendall(again)
            time.sleep(each)

    return write


def dripped(before: bytes, drops: bytes, each: float = 0.1) -> Callable[[socket.socket], None]:
    """A server that writes one byte at a time."""

    def write(connection: socket.socket) -> None:
        connection.sendall(before)
        for at in range(len(drops)):
            connection.sendall(drops[at : at + 1])
            time.sleep(each)

    return write


def bomb(connection: socket.socket) -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    connection.sendall(CHUNKED.replace(b"\r\n\r\n", b"\r\nContent-Encoding: gzip\r\n\r\n"))
    while True:
        if data := packer.compress(bytes(1 << 20)):
            connection.sendall(b"%x\r\n%s\r\n" % (len(data), data))


def reset(connection: socket.socket) -> None:
    connection.sendall(OK + b"Content-Length: 99\r\n\r\nabc")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def packed_drops() -> bytes:
    return b"".join(b"1\r\n%c\r\n" % byte for byte in gzip.compress(b"{}" * 4000))


SILENT = 30.0
KINDS: dict[str, Callable[[socket.socket], None]] = {
    "silent": lambda _: time.sleep(SILENT),
    "silent after half": lambda c: (c.shutdown(socket.SHUT_WR), time.sleep(SILENT))[0],
    "status line drips": dripped(b"", b"HTTP/1.1 200 OK" + b" " * 400),
    "status line drips slowly": dripped(b"", b"HTTP/1.1 200 OK\r\n", 0.7),
    "headers drip": dripped(OK, b"X-A: b\r\n" * 200),
    "headers without end": sent(OK, again=b"X-A: b\r\n"),
    "a header without end": sent(OK, b"X-A: ", again=b"a" * 1000),
    "100 without end": sent(again=b"HTTP/1.1 100 Continue\r\n\r\n", each=0.01),
    "103 without end": sent(again=b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n", each=0.01),
    "102 now and then": sent(again=b"HTTP/1.1 102 Processing\r\n\r\n", each=0.3),
    "101": sent(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", again=b"\0", each=0.3),
    "body drips": dripped(OK + b"Content-Length: 5000\r\n\r\n", b" " * 5000),
    "chunks drip": sent(CHUNKED, again=b"1\r\n \r\n", each=0.1),
    "size of a chunk drips": dripped(CHUNKED, b"0" * 3000, 0.05),
    "extension of a chunk without end": sent(CHUNKED, b"1;", again=b"a" * 1000),
    "chunks without end": sent(CHUNKED, again=b"ffff\r\n" + b" " * 65535 + b"\r\n"),
    "trailers without end": sent(CHUNKED, b"0\r\n", again=b"X: y\r\n", each=0.01),
    "no length and no end": sent(OK, b"\r\n", again=b" " * 65536),
    "gzip bomb": bomb,
    "gzip drips": dripped(CHUNKED.replace(b"\r\n\r\n", b"\r\nContent-Encoding: gzip\r\n\r\n"), packed_drops()),
    "reset": reset,
    "HTTP/0.9": sent(b"<html>hello"),
    "bytes of no protocol": sent(again=b"\xff\x00garbage", each=0.01),
    "redirect": sent(b"HTTP/1.1 302 F\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"),
    "429 for an age": sent(b"HTTP/1.1 429 T\r\nRetry-After: 99999999999999999999\r\nContent-Length: 0\r\n\r\n"),
    "503 for a second": sent(b"HTTP/1.1 503 T\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n"),
    "a status of many digits": sent(b"HTTP/1.1 " + b"9" * 5000 + b" OK\r\n\r\n"),
    "closes at once": sent(),
}


@contextlib.contextmanager
def serving(kind: str) -> Iterator[Settings]:
    """A server of one kind, for as long as it is needed, and settings that lead to it."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve_one(connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            connection.recv(65536)
            KINDS[kind](connection)

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=serve_one, args=(listener.accept()[0],), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    try:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        yield Settings(environment="test", pay={"api_key": "api_test_" + "k" * 40, "base_url": url})
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def ended(error: BaseException | None, started: float) -> str | None:
    """What is wrong with how a call came out; None if nothing is."""
    if time.monotonic() - started > LATE:
        return "late"
    return None if isinstance(error, GovComponentsError) else repr(error)


def blocking(kind: str, operation: str) -> str | None:
    transport = RequestsTransport(connect_timeout=LIMIT, read_timeout=LIMIT, total_timeout=LIMIT)
    with serving(kind) as settings, GovComponents.from_settings(settings, transport=transport) as gov:
        started = time.monotonic()
        try:
            if operation == "get":
                gov.pay.get("none")
            else:
                gov.pay.create(Money.gbp("1.00"), "R", "D", "https://service.example.gov.uk/back")
        except BaseException as error:  # noqa: BLE001  # whatever came out
            return ended(error, started)
        return ended(None, started)


async def awaited(kind: str, operation: str) -> str | None:
    transport = AiohttpTransport(connect_timeout=LIMIT, read_timeout=LIMIT, total_timeout=LIMIT)
    with serving(kind) as settings:
        async with AsyncGovComponents.from_settings(settings, transport=transport) as gov:
            started = time.monotonic()
            try:
                if operation == "get":
                    await gov.pay.get("none")
                else:
                    await gov.pay.create(Money.gbp("1.00"), "R", "D", "https://service.example.gov.uk/back")
            except BaseException as error:  # noqa: BLE001  # whatever came out
                return ended(error, started)
            return ended(None, started)


@pytest.mark.parametrize("operation", ["get", "create"])
def test_blocking_calls_end_in_time_and_typed(operation: str) -> None:
    with ThreadPoolExecutor(len(KINDS)) as pool:
        found = dict(zip(KINDS, pool.map(lambda kind: blocking(kind, operation), KINDS), strict=True))
    assert {kind: wrong for kind, wrong in found.items() if wrong} == {}


@pytest.mark.parametrize("operation", ["get", "create"])
def test_asyncio_calls_end_in_time_and_typed(operation: str) -> None:
    async def go() -> list[str | None]:
        return await asyncio.gather(*(awaited(kind, operation) for kind in KINDS))

    found = dict(zip(KINDS, asyncio.run(go()), strict=True))
    assert {kind: wrong for kind, wrong in found.items() if wrong} == {}
