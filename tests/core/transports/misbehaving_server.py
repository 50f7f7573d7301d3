"""A server of payments that breaks the rules of HTTP in every way that proxies and servers do, mixed by a seed.

    python misbehaving_server.py SEED SHARE [KIND ...]

Run as a program, so that its work is not on the clock of the one it serves. It prints its port, and tells in each
answer whose it is: the reference that was asked about, and an id made from it. It imports nothing of ours.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
from collections.abc import Callable

LATE = 0.004  # seconds: later than the next call on the connection begins, as a rule

Step = tuple[float, bytes | None]  # after so many seconds these bytes are written; None closes the connection


def body_of(reference: str) -> bytes:
    """The payment that belongs to a reference."""
    payment = {
        "payment_id": f"p{reference}",
        "amount": 100,
        "reference": reference,
        "description": "A thing",
        "state": {"status": "created", "finished": False},
        "_links": {"next_url": {"href": f"https://card.example.gov.uk/secure/{reference}"}},
    }
    return json.dumps(payment).encode()


def whole(body: bytes, status: str = "200 OK", extra: str = "") -> bytes:
    """An answer as it should be."""
    return (
        f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n{extra}\r\n".encode()
        + body
    )


def chunked(body: bytes, end: bytes = b"0\r\n\r\n", extra: str = "") -> bytes:
    """An answer in two chunks."""
    half = len(body) // 2
    parts = b"".join(f"{len(part):x}\r\n".encode() + part + b"\r\n" for part in (body[:half], body[half:]))
    return f"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n{extra}\r\n".encode() + parts + end


def _headed(head: str, body: bytes = b"") -> bytes:
    return head.replace("\n", "\r\n").encode() + b"\r\n\r\n" + body


def _interim(status: int) -> bytes:
    return f"HTTP/1.1 {status} Interim\r\nLink: </a.css>\r\n\r\n".encode()


Kind = Callable[[bytes], list[Step]]
KINDS: dict[str, Kind] = {
    "closes": lambda b: [(0, whole(b)), (0, None)],
    "says that it closes": lambda b: [(0, whole(b, extra="Connection: close\r\n")), (0, None)],
    "says that it closes and does not": lambda b: [(0, whole(b, extra="Connection: close\r\n"))],
    "no answer": lambda _: [(0, None)],
    "chunked": lambda b: [(0, chunked(b))],
    "chunked with a trailer": lambda b: [(0, chunked(b, b"0\r\nX-Sum: 1\r\n\r\n"))],
    "chunked, cut": lambda b: [(0, chunked(b, b"")), (0, None)],
    "chunked, end late": lambda b: [(0, chunked(b, b"")), (LATE, b"0\r\n\r\n")],
    "chunked, size is none": lambda b: [(0, chunked(b, b"zz\r\n\r\n")), (LATE, whole(b))],
    "chunked, size is negative": lambda b: [(0, chunked(b, b"-5\r\n\r\n")), (LATE, whole(b))],
    "chunked and a length": lambda b: [(0, chunked(b, extra=f"Content-Length: {len(b)}\r\n")), (LATE, whole(b))],
    "chunked and a length of nothing": lambda b: [(0, chunked(b, extra="Content-Length: 0\r\n")), (LATE, whole(b))],
    "chunked, in another spelling": lambda b: [
        (0, _headed(f"HTTP/1.1 200 OK\nTransfer-Encoding: gzip, chunked\nContent-Length: {len(b)}", b)),
        (LATE, whole(b)),
    ],
    "100 after the answer": lambda b: [(0, whole(b)), (LATE, _interim(100))],
    "103 after the answer": lambda b: [(0, whole(b)), (LATE, _interim(103))],
    "204 with a body": lambda b: [(0, _headed(f"HTTP/1.1 204 No Content\nContent-Length: {len(b)}", b))],
    "204 with a late body": lambda b: [
        (0, _headed(f"HTTP/1.1 204 No Content\nContent-Length: {len(whole(b))}")),
        (LATE, whole(b)),
    ],
    "204 with a late chunked body": lambda b: [
        (0, _headed("HTTP/1.1 204 No Content\nTransfer-Encoding: chunked")),
        (LATE, whole(b)),
    ],
    "204 and an answer late": lambda b: [(0, _headed("HTTP/1.1 204 No Content")), (LATE, whole(b))],
    "205 with a late body": lambda b: [(0, _headed("HTTP/1.1 205 Reset Content")), (LATE, whole(b)), (LATE, None)],
    "304 with a late body": lambda b: [
        (0, _headed(f"HTTP/1.1 304 Not Modified\nContent-Length: {len(b)}")),
        (LATE, whole(b)),
    ],
    "an answer twice in one packet": lambda b: [(0, whole(b) * 2)],
    "an answer twice, the second late": lambda b: [(0, whole(b)), (LATE, whole(b))],
    "an answer twice, the second soon": lambda b: [(0, whole(b)), (LATE / 8, whole(b))],
    "an answer twice, the second much later": lambda b: [(0, whole(b)), (LATE * 5, whole(b))],
    "an answer three times": lambda b: [(0, whole(b)), (LATE, whole(b)), (LATE, whole(b))],
    "another status, then the answer": lambda b: [(0, whole(b"{}", "502 Bad Gateway")), (LATE, whole(b))],
    "a page, then the answer": lambda b: [(0, whole(b"<html>", "503 No")), (LATE, whole(b))],
    "a redirect, then the answer": lambda b: [(0, whole(b"", "302 Found", "Location: /x\r\n")), (LATE, whole(b))],
    "101, then the answer": lambda b: [
        (0, _headed("HTTP/1.1 101 Switching\nUpgrade: x\nConnection: upgrade")),
        (LATE, whole(b)),
    ],
    "408 on the idle connection": lambda b: [(0, whole(b)), (LATE, whole(b"", "408 Request Timeout")), (0, None)],
    "408 on the idle connection, kept": lambda b: [(0, whole(b)), (LATE, whole(b"", "408 Request Timeout"))],
    "408 for an answer": lambda _: [(0, whole(b"", "408 Request Timeout")), (0, None)],
    "length too small": lambda b: [(0, _headed(f"HTTP/1.1 200 OK\nContent-Length: {len(b) - 9}", b))],
    "length too small, the rest an answer": lambda b: [
        (0, _headed("HTTP/1.1 200 OK\nContent-Length: 2", b"{}")),
        (LATE, whole(b)),
    ],
    "length too large": lambda b: [(0, _headed(f"HTTP/1.1 200 OK\nContent-Length: {len(b) + 9}", b)), (0, None)],
    "length too large, an answer fills it": lambda b: [
        (0, _headed(f"HTTP/1.1 200 OK\nContent-Length: {len(b) + 60}", b)),
        (LATE, whole(b)),
        (LATE, whole(b)),
    ],
    "length negative": lambda b: [(0, _headed("HTTP/1.1 200 OK\nContent-Length: -1", b)), (LATE, whole(b))],
    "length with a sign": lambda b: [(0, _headed(f"HTTP/1.1 200 OK\nContent-Length: +{len(b)}", b)), (LATE, whole(b))],
    "length no number": lambda b: [(0, _headed("HTTP/1.1 200 OK\nContent-Length: x", b)), (LATE, whole(b))],
    "length with an underscore": lambda b: [
        (0, _headed(f"HTTP/1.1 200 OK\nContent-Length: {str(len(b))[0]}_{str(len(b))[1:]}", b)),
        (LATE, whole(b)),
    ],
    "two lengths": lambda b: [
        (0, _headed(f"HTTP/1.1 200 OK\nContent-Length: 2\nContent-Length: {len(b)}", b)),
        (LATE, whole(b)),
    ],
    "two lengths in one": lambda b: [
        (0, _headed(f"HTTP/1.1 200 OK\nContent-Length: {len(b)}, 2", b)),
        (LATE, whole(b)),
    ],
    "the same length twice": lambda b: [
        (0, _headed(f"HTTP/1.1 200 OK\nContent-Length: {len(b)}\nContent-Length: {len(b)}", b))
    ],
    "no length": lambda b: [(0, _headed("HTTP/1.1 200 OK", b)), (LATE, None)],
    "no length, cut": lambda b: [(0, _headed("HTTP/1.1 200 OK", b[:40])), (0, None)],
    "status line cut": lambda _: [(0, b"HTTP/1.1 201 Cre"), (0, None)],
    "status line without an end": lambda b: [(0, b"HTTP/1.1 200 OK"), (LATE, whole(b))],
    "headers cut": lambda _: [(0, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX: "), (0, None)],
    "headers cut after a line": lambda _: [(0, b"HTTP/1.1 201 Created\r\nX: y\r\n"), (0, None)],
    "body cut": lambda b: [(0, whole(b)[:-9]), (0, None)],
    "body late": lambda b: [(0, whole(b)[:-9]), (LATE, whole(b)[-9:])],
    "byte by byte": lambda b: [(LATE / 40, bytes([one])) for one in whole(b)[:30]] + [(0, whole(b)[30:])],
    "HTTP/1.0": lambda b: [(0, _headed("HTTP/1.0 200 OK", b)), (0, None)],
    "HTTP/1.0 that stays": lambda b: [(0, _headed(f"HTTP/1.0 200 OK\nContent-Length: {len(b)}", b)), (LATE, whole(b))],
    "HTTP/0.9": lambda b: [(0, b), (0, None)],
    "HTTP/2": lambda b: [(0, _headed("HTTP/2 200", b)), (LATE, whole(b)), (0, None)],
    "line breaks before the answer": lambda b: [(0, b"\r\n\r\n" + whole(b))],
    "lines without CR": lambda b: [(0, f"HTTP/1.1 200 OK\nContent-Length: {len(b)}\n\n".encode() + b)],
    "a folded header": lambda b: [(0, whole(b, extra="X: a\r\n b\r\n"))],
    "a header without a name": lambda b: [(0, whole(b, extra=": a\r\n")), (LATE, whole(b))],
    "a header without a colon": lambda b: [
        (0, f"HTTP/1.1 200 OK\r\nno colon\r\nContent-Length: {len(b)}\r\n\r\n".encode() + b),
        (LATE, whole(b)),
    ],
    "a space before the colon": lambda b: [
        (0, f"HTTP/1.1 200 OK\r\nContent-Length : {len(b)}\r\n\r\n".encode() + b),
        (LATE, whole(b)),
    ],
    "a NUL in a header": lambda b: [(0, whole(b, extra="X: a\0b\r\n")), (LATE, whole(b))],
    "gzip that is none": lambda b: [(0, whole(b, extra="Content-Encoding: gzip\r\n")), (LATE, whole(b))],
    "an encoding that is none": lambda b: [(0, whole(b, extra="Content-Encoding: br\r\n"))],
    "429": lambda _: [(0, whole(b'{"code":"P0900","description":"too many"}', "429 Too Many Requests"))],
    "a refusal": lambda _: [(0, whole(b'{"code":"P0102","description":"invalid"}', "422 Unprocessable"))],
    "a failure": lambda _: [(0, whole(b'{"code":"P0999","description":"error"}', "500 Error"))],
    "empty": lambda _: [(0, whole(b""))],
    "half": lambda b: [(0, whole(b[:50]))],
    "another's": lambda _: [(0, whole(body_of("R-of-another")))],
    "silent": lambda _: [],
}
for _status in (100, 102, 103, 199):
    KINDS[f"{_status} before the answer"] = lambda b, s=_status: [(0, _interim(s) + whole(b))]
    KINDS[f"{_status}, the answer late"] = lambda b, s=_status: [(0, _interim(s)), (LATE, whole(b))]
KINDS["many interim answers"] = lambda b: [(0, _interim(103) * 5), (LATE, _interim(100) * 3 + whole(b))]
KINDS["103 with a length"] = lambda b: [
    (0, f"HTTP/1.1 103 Early Hints\r\nContent-Length: {len(b)}\r\n\r\n".encode()),
    (LATE, whole(b)),
]
# What is answered well and then answered again cannot be told from the answer to the next request, without reading it.
TOLD_APART_BY_READING = {
    "an answer twice, the second late",
    "an answer twice, the second soon",
    "an answer twice, the second much later",
    "an answer three times",
    "length too small, the rest an answer",
    "408 on the idle connection, kept",
    "a space before the colon",
    "a NUL in a header",
    "another's",
}
RARE = {"silent", "no answer", "byte by byte"}  # each takes the caller's whole patience


class Connection(asyncio.Protocol):
    """One connection: answers each request as it comes, in a way that the seed chooses."""

    def __init__(self, chance: random.Random, well: float) -> None:
        self._chance = chance
        self._well = well
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way back."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer each request that is whole."""
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head, rest = self._buffer[:end].decode("latin-1"), self._buffer[end + 4 :]
            lower = head.lower()
            at = lower.find("\r\ncontent-length:")
            length = int(lower[at + 17 :].split("\r\n", 1)[0]) if at >= 0 else 0
            if len(rest) < length:
                return
            self._buffer = rest[length:]
            self._answer(head, rest[:length])

    def _answer(self, head: str, sent: bytes) -> None:
        method, path, _ = head.split(" ", 2)
        reference = json.loads(sent)["reference"] if method == "POST" else path.rpartition("/")[2][1:]
        body = body_of(reference)
        if self._chance.random() < self._well:
            self._transport.write(whole(body))
            return
        kind = self._chance.choice(ALL)
        if kind in RARE and self._chance.random() < 0.9:
            kind = "closes"
        after = 0.0
        for wait, text in KINDS[kind](body):
            after += wait
            if after == 0:
                self._write(text)
            else:
                asyncio.get_running_loop().call_later(after, self._write, text)

    def _write(self, text: bytes | None) -> None:
        if text is None:
            self._transport.close()
        elif not self._transport.is_closing():
            self._transport.write(text)


ALL = list(KINDS)


async def serve(seed: int, well: float) -> None:
    """Serve until the one who started this closes its input."""
    chance = random.Random(seed)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(chance, well), "127.0.0.1", 0, backlog=256)
    print(server.sockets[0].getsockname()[1], flush=True)  # noqa: T201  # this is how the port is told
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


if __name__ == "__main__":
    ALL[:] = sys.argv[3:] or ALL
    asyncio.run(serve(int(sys.argv[1]), float(sys.argv[2])))
