"""Servers that break the rules of HTTP: no answer reaches another call, and no limit of time is passed."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from typing import TYPE_CHECKING

import pytest

from core.loopback import get, post
from govcomponents.errors import GovComponentsError, NotSent, OutcomeUnknown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from core.loopback import Caller

    Make = Callable[..., Caller]
    Serve = Callable[["Connection"], None]


class Connection:
    """One connection as the server sees it: reads a request at a time, and writes whatever bytes it likes."""

    def __init__(self, sock: socket.socket, stop: threading.Event) -> None:
        self.sock = sock
        self._file = sock.makefile("rb")
        self.stop = stop

    def request(self) -> str | None:
        """The path of the next request; None when the client has gone."""
        line = self._file.readline()
        if not line:
            return None
        length = 0
        while (header := self._file.readline().strip().lower()) != b"":
            if header.startswith(b"content-length:"):
                length = int(header.partition(b":")[2])
        self._file.read(length)
        return line.split()[1].decode()

    def write(self, text: str) -> None:
        """Write bytes."""
        self.sock.sendall(text.encode("latin-1"))

    def answer(self, path: str, status: str = "200 OK", extra: str = "") -> None:
        """Write an answer that says which request it belongs to."""
        self.write(f"HTTP/1.1 {status}\r\nContent-Length: {len(path)}\r\n{extra}\r\n{path}")

    def wait(self, seconds: float) -> bool:
        """Wait, or return True at once if the test is over."""
        return self.stop.wait(seconds)


@contextlib.contextmanager
def serving(serve: Serve) -> Iterator[str]:
    """Serve each connection by a thread of its own."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    stop = threading.Event()

    def one(sock: socket.socket) -> None:
        with sock, contextlib.suppress(OSError, ValueError):
            serve(Connection(sock, stop))

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                sock, _ = listener.accept()
                threading.Thread(target=one, args=(sock,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        stop.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def _belongs(caller: Caller, base: str, calls: int = 8) -> int:
    """Make calls, each for a path of its own. Returns how many got their own answer; no other may come back."""
    own = 0
    for number in range(calls):
        path = f"/own/{number}"
        try:
            answer = caller.send(post(base + path) if number % 2 else get(base + path))
        except GovComponentsError:
            continue
        assert answer.body.decode() in (path, ""), "an answer that belongs to another call"
        own += answer.body.decode() == path
    return own


@pytest.mark.parametrize("interim", ["102 Processing", "103 Early Hints", "199 Own", "100 Continue"])
def test_interim_answers_are_passed_over(caller: Caller, interim: str) -> None:
    def serve(connection: Connection) -> None:
        while (path := connection.request()) is not None:
            connection.write(f"HTTP/1.1 {interim}\r\nLink: </a.css>\r\n\r\n")
            connection.wait(0.02)
            connection.answer(path)

    with serving(serve) as base:
        assert _belongs(caller, base) == 8


def test_an_interim_answer_with_its_final_one_in_the_same_packet(caller: Caller) -> None:
    def serve(connection: Connection) -> None:
        while (path := connection.request()) is not None:
            connection.write(
                "HTTP/1.1 103 Early Hints\r\n\r\n" * 3 + f"HTTP/1.1 200 OK\r\nContent-Length: {len(path)}\r\n\r\n{path}"
            )

    with serving(serve) as base:
        assert _belongs(caller, base) == 8


def test_a_body_that_may_not_be_there_reaches_nobody(caller: Caller) -> None:
    def serve(connection: Connection) -> None:
        while (path := connection.request()) is not None:
            if path == "/own/0":
                connection.write("HTTP/1.1 204 No Content\r\nContent-Length: 60\r\n\r\n")
                connection.wait(0.05)
                connection.write("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nother" + " " * 14)
            else:
                connection.wait(0.1)
                connection.answer(path)

    with serving(serve) as base:
        assert _belongs(caller, base, 4) == 3


def test_a_connection_that_the_server_gave_up_is_told_as_not_sent(caller: Caller) -> None:
    """Load balancers write 408 on a kept connection before they close it; the request was not read."""

    def serve(connection: Connection) -> None:
        path = connection.request()
        connection.answer(path or "")
        if connection.request() is not None:
            connection.write("HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

    with serving(serve) as base:
        assert caller.send(post(base + "/a")).body == b"/a"
        with pytest.raises(NotSent, match="408"):
            caller.send(post(base + "/b"))


def _drip(connection: Connection, head: str, drop: str) -> None:
    connection.request()
    connection.write(head)
    while not connection.wait(0.05):
        connection.write(drop)


DRIPS = {
    "status line": ("HTTP/1.1 200 ", "O"),
    "headers": ("HTTP/1.1 200 OK\r\n", "X: y\r\n"),
    "one header": ("HTTP/1.1 200 OK\r\nX: ", "y"),
    "chunk size": ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "0"),
    "chunks": ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "1\r\na\r\n"),
    "body": ("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", "a"),
    "interim answers": ("", "HTTP/1.1 100 Continue\r\n\r\n"),
    "early hints": ("", "HTTP/1.1 103 Early Hints\r\n\r\n"),
}


@pytest.mark.parametrize(("head", "drop"), DRIPS.values(), ids=list(DRIPS))
def test_whatever_drips_the_total_limit_holds(make_caller: Make, head: str, drop: str) -> None:
    caller = make_caller(connect_timeout=0.4, read_timeout=0.4, total_timeout=0.8)
    with serving(lambda connection: _drip(connection, head, drop)) as base:
        started = time.monotonic()
        with pytest.raises(OutcomeUnknown):
            caller.send(post(base + "/a"))
        assert time.monotonic() - started < 1.8


def test_a_request_may_have_a_limit_of_its_own(make_caller: Make) -> None:
    caller = make_caller(connect_timeout=5, read_timeout=5, total_timeout=60)
    with serving(lambda connection: _drip(connection, *DRIPS["body"])) as base:
        started = time.monotonic()
        with pytest.raises(OutcomeUnknown):
            caller.send(get(base + "/keys", time_limit=0.5))
        assert time.monotonic() - started < 2


@pytest.mark.parametrize("handshake", ["plain text", "closed", "silent"])
def test_a_tls_handshake_that_fails_is_told_as_not_sent(make_caller: Make, handshake: str) -> None:
    caller = make_caller(connect_timeout=0.3, read_timeout=0.3, total_timeout=1)

    def serve(connection: Connection) -> None:
        connection.sock.recv(1)
        if handshake == "plain text":
            connection.write("HTTP/1.1 400 Bad Request\r\n\r\n")
        if handshake == "silent":
            connection.wait(5)

    with serving(serve) as base, pytest.raises(NotSent):
        caller.send(post(base.replace("http:", "https:") + "/a"))


def test_closing_closes_every_connection_at_once(make_caller: Make) -> None:
    caller = make_caller()
    gone = threading.Event()

    def serve(connection: Connection) -> None:
        while (path := connection.request()) is not None:
            connection.answer(path)
        gone.set()

    with serving(serve) as base:
        caller.send(get(base + "/a"))
        caller.close()
        assert gone.wait(2)
