"""A real HTTP server on loopback, whose answers a test writes, and one caller for both kinds of transport."""

from __future__ import annotations

import contextlib
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

from govcomponents.contracts.modes import Mode
from govcomponents.core.driver import drive
from govcomponents.core.http.messages import Replay, Request, Response
from govcomponents.core.transports.blocking import RequestsTransport

if TYPE_CHECKING:
    import asyncio
    import ssl
    from collections.abc import Callable, Iterator

    from govcomponents.core.http.transport import Transport


@dataclass(frozen=True)
class Seen:
    """One request as the server saw it; `client` tells connections apart."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    client: tuple[str, int]


@dataclass
class Loopback:
    """The server: `url` is where it is, `seen` what came, `answer` what it does with each request."""

    url: str
    answer: Callable[[BaseHTTPRequestHandler], None]
    seen: list[Seen] = field(default_factory=list)
    let_go: threading.Event = field(default_factory=threading.Event)


def reply(status: int = 200, body: bytes = b"ok", **headers: str) -> Callable[[BaseHTTPRequestHandler], None]:
    """Answer with a status, a body and headers (an underscore stands for a hyphen)."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def drop(handler: BaseHTTPRequestHandler) -> None:
    """Read the request and close the connection without an answer."""
    handler.close_connection = True


@contextlib.contextmanager
def serving(tls: ssl.SSLContext | None = None) -> Iterator[Loopback]:
    """Run a server until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            loopback.seen.append(Seen(self.command, self.path, headers, body, self.client_address))
            loopback.answer(self)

        do_GET = do_POST = do_PUT = do_DELETE = do_CONNECT = handle_any  # noqa: N815  # http.server's names

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        block_on_close = False
        request_queue_size = 128

        def handle_error(self, *_: object) -> None:
            """A client that goes away is what some tests are about."""

    server = Server(("127.0.0.1", 0), Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    scheme = "http" if tls is None else "https"
    loopback = Loopback(f"{scheme}://127.0.0.1:{server.server_port}", reply())
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield loopback
    finally:
        loopback.let_go.set()
        server.shutdown()
        server.server_close()
        thread.join()


class Caller:
    """Sends through the transport of a mode, as that mode's callers do."""

    def __init__(self, mode: Mode, runner: asyncio.Runner, **limits: float) -> None:
        self.mode = mode
        self._runner = runner
        self.transport = self._make(**limits)

    def _make(self, **limits: float) -> Transport:
        if self.mode is Mode.BLOCKING:
            return RequestsTransport(**limits)
        from govcomponents.core.transports.aio.sending import AiohttpTransport

        return AiohttpTransport(**limits)

    def send(self, request: Request) -> Response:
        """Send one request."""
        if self.mode is Mode.BLOCKING:
            return drive(self.transport.send(request))
        return self._runner.run(self.transport.send(request))

    def close(self) -> None:
        """Close the transport."""
        if self.mode is Mode.BLOCKING:
            drive(self.transport.aclose())
        else:
            self._runner.run(self.transport.aclose())


def get(url: str, **changes: object) -> Request:
    """A read."""
    return Request("pay.get", "GET", url, Replay.ALWAYS, {"Accept": "application/json"}, **changes)


def post(url: str, body: bytes = b"{}", **changes: object) -> Request:
    """A request that may be sent only once."""
    headers = {"Authorization": "Bearer canary-key", "Content-Type": "application/json"}
    return Request("pay.create", "POST", url, Replay.UNSENT, headers, body, lookup="search by reference", **changes)
