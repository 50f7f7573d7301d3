"""The listening socket of a served sandbox: a thread for each connection, with keep-alive, and a limit of them."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from govcomponents.sandbox.http.handler import RequestHandler
from govcomponents.sandbox.http.messages import text_response

if TYPE_CHECKING:
    from collections.abc import Callable

    from govcomponents.core.http.messages import Response
    from govcomponents.sandbox.http.messages import Call

_LONGEST_GOODBYE = 5.0
_MAKES_ROOM_WITHIN = 1.0
MAX_CONNECTIONS = 256
"""How many connections are open at once, each with its thread."""
_BUSY = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


def _not_ready(_call: Call) -> Response:
    return text_response(503, "The sandbox is starting.\n")


@dataclass(slots=True)
class _Open:
    """One open connection; `waits_since` is None while it is being answered."""

    thread: threading.Thread
    waits_since: float | None = field(default_factory=time.monotonic)


class Listener(ThreadingHTTPServer):
    """The listening socket and its open connections, which all end when it stops."""

    request_queue_size = 128
    base_url = ""
    hosts: frozenset[str] | None = None
    """By which hosts it is known; None answers any."""

    def __init__(self, host: str, port: int) -> None:
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.stopping = threading.Event()
        self.respond: Callable[[Call], Response] = _not_ready
        self._open: dict[Any, _Open] = {}
        self._lock = threading.Lock()
        self._ended = threading.Condition(self._lock)
        super().__init__((host, port), RequestHandler)

    def server_bind(self) -> None:
        """Bind, without the base class's question to the name server about the host's full name."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    def process_request(self, request: Any, client_address: Any) -> None:
        """Answer a new connection from its own thread."""
        thread = threading.Thread(
            target=self.process_request_thread, args=(request, client_address), name="sandbox-connection", daemon=True
        )
        with self._lock:
            has_room = len(self._open) < MAX_CONNECTIONS or self._make_room()
            if has_room:
                self._open[request] = _Open(thread)
                thread.start()  # under the lock: whoever finds it here may join it
        if not has_room:
            with suppress(OSError):
                request.sendall(_BUSY)
            super().shutdown_request(request)

    def _make_room(self) -> bool:
        """End the connection that has waited longest without a whole request; whether there is room then."""
        waiting = [(one.waits_since, id(key), key) for key, one in self._open.items() if one.waits_since is not None]
        if not waiting:
            return False
        with suppress(OSError):
            min(waiting)[2].shutdown(socket.SHUT_RDWR)
        return self._ended.wait_for(lambda: len(self._open) < MAX_CONNECTIONS, _MAKES_ROOM_WITHIN)

    def set_waiting(self, connection: socket.socket, *, is_waiting: bool) -> None:
        """Note whether a connection waits for a whole request, or for its answer."""
        if (one := self._open.get(connection)) is not None:
            one.waits_since = time.monotonic() if is_waiting else None

    def shutdown_request(self, request: Any) -> None:
        """End a connection."""
        with self._lock:
            self._open.pop(request, None)
            self._ended.notify_all()
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Print nothing about a connection that broke."""

    def drop_connections(self) -> int:
        """End every open connection but the one that asks, without an answer; returns how many."""
        with self._lock:
            others = [one for one, its in self._open.items() if its.thread is not threading.current_thread()]
        for connection in others:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        return len(others)

    def end_connections(self) -> None:
        """End every open connection, also those that wait for a next request."""
        self.stopping.set()
        with self._lock:
            waiting = list(self._open.items())
        for connection, _thread in waiting:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for _connection, its in waiting:
            its.thread.join(_LONGEST_GOODBYE)
