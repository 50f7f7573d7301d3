"""Reads HTTP requests from one connection and writes the sandbox's answers, with keep-alive and bounded bodies."""

from __future__ import annotations

import io
import re
import socket
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Protocol, cast
from urllib.parse import unquote

from govcomponents.core.http.messages import Response
from govcomponents.sandbox.http.crash_report import report
from govcomponents.sandbox.http.incoming import BoundedReader, TooMuchSent
from govcomponents.sandbox.http.messages import MAX_REQUEST_BODY, Call, ConnectionCut, text_response
from govcomponents.sandbox.http.strangers import refusal_of_stranger

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

_LONGEST_CHUNK_LINE = 256
_CHUNK_SIZE = re.compile(rb"[0-9a-fA-F]{1,15}")
REQUEST_SECONDS = 30.0
"""How long a whole request may take to come."""
ANSWER_SECONDS = 30.0
"""How long a client may take to fetch its answer."""
_BODILESS = frozenset({204, 304})


class _Unreadable(Exception):
    """The request's body cannot be read; `answer` says why, and the connection ends."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.response = text_response(status, f"{why}\n")


class Served(Protocol):
    """Server behind a connection: it responds to calls, until it is stopping."""

    base_url: str
    hosts: frozenset[str] | None
    stopping: threading.Event

    def set_waiting(self, connection: socket.socket, *, is_waiting: bool) -> None:
        """Note whether a connection waits for a whole request, or for its answer."""
        ...

    @property
    def respond(self) -> Callable[[Call], Response]:
        """Responds to one call."""
        ...


class RequestHandler(BaseHTTPRequestHandler):
    """One connection. Nothing is logged: paths and bodies may hold personal data."""

    protocol_version = "HTTP/1.1"
    server_version = "govcomponents-sandbox"
    sys_version = ""
    disable_nagle_algorithm = True
    wbufsize = -1  # head and body leave in one piece

    @property
    def _served(self) -> Served:
        return cast("Served", self.server)

    def setup(self) -> None:
        """Read the connection within limits."""
        super().setup()
        self._incoming = BoundedReader(self.connection, REQUEST_SECONDS)
        self.rfile.close()
        self.rfile = io.BufferedReader(self._incoming)

    def handle_one_request(self) -> None:
        """Answer the next request."""
        self._incoming.begin()
        super().handle_one_request()

    def handle_expect_100(self) -> bool:
        """Tell a client that waits for it to send its body."""
        super().handle_expect_100()
        self.wfile.flush()
        return True

    def handle(self) -> None:
        """Answer one request after the other. A client that goes away is no error."""
        try:
            super().handle()
        except TooMuchSent:
            with suppress(ConnectionError, TimeoutError):
                self.send_error(431)
        except (ConnectionError, TimeoutError):
            self.close_connection = True

    def finish(self) -> None:
        """Close the streams. What a client that went away did not take is dropped."""
        try:
            super().finish()
        except (ConnectionError, TimeoutError):
            self.rfile.close()

    def __getattr__(self, name: str) -> Callable[[], None]:
        # the base class looks for do_GET, do_POST and so on; here any method is as good as another
        if name.startswith("do_"):
            return self._respond
        raise AttributeError(name)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the name is http.server's
        """Log nothing."""

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer a request whose first line or headers cannot be read. Nothing of it is repeated in the answer."""
        self.close_connection = True
        if self.request_version == "HTTP/0.9":
            self.request_version = self.protocol_version
        self._write(text_response(code, f"{_reason(code)}\n"))

    def _respond(self) -> None:
        try:
            call = self._call()
            self._served.set_waiting(self.connection, is_waiting=False)
            response = refusal_of_stranger(call.method, call.headers, self._served.hosts) or self._served.respond(call)
        except _Unreadable as refusal:
            self.close_connection = True
            response = refusal.response
        except ConnectionCut as cut:
            self._cut(cut)
            return
        except (ConnectionError, TimeoutError):
            raise  # the client went away in the middle of its request
        except Exception as error:  # noqa: BLE001  # one broken page must not end the server
            self.close_connection = True
            response = text_response(500, "The sandbox itself failed; this is a fault in it. Please report it.\n")
            report(error)
        self._write(response)
        self._served.set_waiting(self.connection, is_waiting=True)

    def _call(self) -> Call:
        headers: dict[str, str] = {}
        for name, value in self.headers.items():
            lower = name.lower()
            headers[lower] = f"{headers[lower]},{value}" if lower in headers else value
        path, _, query = self.path.partition("?")
        if not path.startswith("/"):  # a whole URL, as a proxy is sent
            path = "/" + path.partition("://")[2].partition("/")[2]
        if "%" in path:
            path = unquote(path)
        self._incoming.expect_body()
        try:
            body = self._body(headers)
        except TooMuchSent:
            raise _Unreadable(413, "The request is too large for the sandbox.") from None
        return Call(self.command, path, query.partition("#")[0], headers, body, self._served.base_url)

    def _body(self, headers: dict[str, str]) -> bytes:
        coding = headers.get("transfer-encoding")
        length = headers.get("content-length")
        if coding is not None:
            if coding.strip().lower() != "chunked" or length is not None:
                raise _Unreadable(400, "The transfer coding is not one that the sandbox reads.")
            return self._chunks()
        if length is None:
            return b""
        if not (length.isascii() and length.isdigit()):
            raise _Unreadable(400, "Content-Length is not a number.")
        if len(length) > 15 or int(length) > MAX_REQUEST_BODY:
            raise _Unreadable(413, "The request is too large for the sandbox.")
        body = self.rfile.read(int(length))
        if len(body) < int(length):
            raise ConnectionResetError
        return body

    def _chunks(self) -> bytes:
        whole = bytearray()
        while True:
            line = self.rfile.readline(_LONGEST_CHUNK_LINE)
            size_text = line.partition(b";")[0].rstrip()
            if not line.endswith(b"\n") or not _CHUNK_SIZE.fullmatch(size_text):
                raise _Unreadable(400, "The chunked body is malformed.")
            size = int(size_text, 16)
            if len(whole) + size > MAX_REQUEST_BODY:
                raise _Unreadable(413, "The request is too large for the sandbox.")
            if size == 0:
                while self.rfile.readline(_LONGEST_CHUNK_LINE).strip():  # trailers
                    pass
                return bytes(whole)
            chunk = self.rfile.read(size)
            if len(chunk) < size:
                raise ConnectionResetError
            whole += chunk
            if self.rfile.readline(3).strip():
                raise _Unreadable(400, "The chunked body is malformed.")

    def _write(self, response: Response) -> None:
        status = response.status
        lines = [f"HTTP/1.1 {status} {_reason(status)}", f"Date: {self.date_time_string()}"]
        lines += [f"{name.title()}: {_one_line(value)}" for name, value in response.headers.items()]
        if status not in _BODILESS:
            lines.append(f"Content-Length: {len(response.body)}")
        if self.close_connection:
            lines.append("Connection: close")
        head = "\r\n".join([*lines, "\r\n"]).encode("latin-1", "replace")
        has_body = self.command != "HEAD" and status not in _BODILESS
        self.connection.settimeout(ANSWER_SECONDS)
        self.connection.sendall(head + response.body if has_body else head)

    def _cut(self, cut: ConnectionCut) -> None:
        """Stay silent for as long as was asked, or until the sandbox stops; then close without an answer."""
        self.close_connection = True
        self._served.stopping.wait(cut.silent_seconds)
        with suppress(OSError):  # the client may have gone
            self.connection.shutdown(socket.SHUT_RDWR)


def _one_line(value: str) -> str:
    """Keep a header on one line, whatever a caller put into what it was made from."""
    return value.replace("\r", "").replace("\n", "")


def _reason(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Status"
