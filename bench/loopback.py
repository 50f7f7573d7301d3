"""A loopback HTTP server that costs little: it answers every request with one fixed answer.

    python -m bench.loopback --body FILE [--status 201] [--tls CERT KEY] [--close] [--delay SECONDS] [--count N]
        [--echo FIELD]

It prints its port, then serves until it is killed; with a count, the seconds from the first request to the nth, too.
With a field to echo, its value in the answer is that of the request, as a provider gives a reference back.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import re
import ssl
import sys
import time
from pathlib import Path

LENGTH = re.compile(rb"\r\ncontent-length:\s*(\d+)", re.IGNORECASE)


class Counted:
    """Counts requests, and says how long the wanted number of them took."""

    def __init__(self, wanted: int) -> None:
        self.wanted = wanted
        self.seen = 0
        self.begun = 0.0

    def one(self) -> None:
        self.seen += 1
        if self.seen == 1:
            self.begun = time.perf_counter()
        elif self.seen == self.wanted:
            print(time.perf_counter() - self.begun, flush=True)


class Answer:
    """The answer of all requests, but for the value of one field where that is to be the request's."""

    def __init__(self, head: bytes, body: bytes, echo: str = "") -> None:
        self.head = head
        self.field = re.compile(rb'"%b": *"([^"]*)"' % echo.encode()) if echo else None
        self.before, self.after = body, b""
        if self.field is not None:
            found = self.field.search(body)
            assert found is not None
            self.before, self.after = body[: found.start(1)], body[found.end(1) :]
        self.whole = self._with(b"")

    def _with(self, value: bytes) -> bytes:
        length = len(self.before) + len(value) + len(self.after)
        return b"%b\r\nContent-Length: %d\r\n\r\n%b%b%b" % (self.head, length, self.before, value, self.after)

    def to(self, request: bytes) -> bytes:
        found = self.field.search(request) if self.field is not None else None
        return self.whole if found is None else self._with(found[1])


class Exchange(asyncio.Protocol):
    """One connection: finds the end of each request, and writes the answer."""

    def __init__(self, answer: Answer, *, close: bool, delay: float, counted: Counted) -> None:
        self.answer = answer
        self.counted = counted
        self.close = close
        self.delay = delay
        self.held = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.held += data
        while (end := self.held.find(b"\r\n\r\n")) >= 0:
            length = LENGTH.search(self.held, 0, end)
            total = end + 4 + (int(length.group(1)) if length else 0)
            if len(self.held) < total:
                return
            request, self.held = self.held[:total], self.held[total:]
            self.counted.one()
            answer = self.answer.to(request)
            if self.delay:
                asyncio.get_running_loop().call_later(self.delay, self.reply, answer)
            else:
                self.reply(answer)

    def reply(self, answer: bytes) -> None:
        if self.transport.is_closing():
            return
        self.transport.write(answer)
        if self.close:
            self.transport.close()


async def serve(options: argparse.Namespace, body: bytes) -> None:
    head = [
        f"HTTP/1.1 {options.status} Status",
        "Content-Type: application/json",
        "Date: Mon, 02 Mar 2026 09:15:27 GMT",
        "Connection: " + ("close" if options.close else "keep-alive"),
    ]
    answer = Answer("\r\n".join(head).encode(), body, options.echo)
    context = None
    if options.tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*options.tls)
    counted = Counted(options.count)
    server = await asyncio.get_running_loop().create_server(
        lambda: Exchange(answer, close=options.close, delay=options.delay, counted=counted),
        "127.0.0.1",
        0,
        ssl=context,
        backlog=1024,
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def main() -> int:
    parser = argparse.ArgumentParser(description="Answer every request with one fixed answer.")
    parser.add_argument("--body", required=True)
    parser.add_argument("--status", default="201 Created")
    parser.add_argument("--tls", nargs=2, metavar=("CERT", "KEY"))
    parser.add_argument("--close", action="store_true")
    parser.add_argument("--delay", type=float, default=0.0)
    parser.add_argument("--count", type=int, default=0)
    parser.add_argument("--echo", metavar="FIELD", default="")
    options = parser.parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(options, Path(options.body).read_bytes()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
