"""Serves a sandbox over HTTP, a thread for each connection, with keep-alive."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager, suppress
from http.server import ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from govcomponents.errors import ConfigurationError
from govcomponents.sandbox.app import Sandbox
from govcomponents.sandbox.callbacks.urls import with_callbacks_to
from govcomponents.sandbox.callbacks.worker import CallbackWorker
from govcomponents.sandbox.http.handler import RequestHandler
from govcomponents.sandbox.http.messages import text_response
from govcomponents.sandbox.world import load_world

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from govcomponents.core.messages import Response
    from govcomponents.sandbox.http.messages import Call


_LONGEST_GOODBYE = 5.0


def _not_ready(_call: Call) -> Response:
    return text_response(503, "The sandbox is starting.\n")


class Listener(ThreadingHTTPServer):
    """The listening socket and its open connections, which all end when it stops."""

    request_queue_size = 128
    base_url = ""

    def __init__(self, host: str, port: int) -> None:
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.stopping = threading.Event()
        self.respond: Callable[[Call], Response] = _not_ready
        self._open: dict[Any, threading.Thread] = {}
        self._lock = threading.Lock()
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
            self._open[request] = thread
            thread.start()  # under the lock: whoever finds it here may join it

    def shutdown_request(self, request: Any) -> None:
        """End a connection."""
        with self._lock:
            self._open.pop(request, None)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Print nothing about a connection that broke."""

    def drop_connections(self) -> int:
        """End every open connection but the one that asks, without an answer; returns how many."""
        with self._lock:
            others = [one for one, thread in self._open.items() if thread is not threading.current_thread()]
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
        for _connection, thread in waiting:
            thread.join(_LONGEST_GOODBYE)


class SandboxServer:
    """A sandbox that listens. `sandbox` is the state, `base_url` where it is; `serve` blocks until `stop`."""

    def __init__(
        self,
        world: Path | str | Mapping[str, object] | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        seed: int = 0,
        now: str | None = None,
        sign_in: str | None = None,
        public_url: str | None = None,
        state: Path | str | None = None,
        callbacks_to: str | None = None,
    ) -> None:
        """Bind at once. Port 0 takes a free one. Raises ConfigurationError if the address cannot be had."""
        try:
            self._listener = Listener(host, port)
        except (OSError, OverflowError) as error:
            raise ConfigurationError(
                f"the sandbox cannot listen on {host} port {port} ({type(error).__name__})",
                fix="choose another --port; perhaps a sandbox is running there already",
            ) from None
        shown = f"[{host}]" if ":" in host else host
        self.base_url = public_url.rstrip("/") if public_url else f"http://{shown}:{self._listener.server_port}"
        try:
            if callbacks_to is not None:
                world = with_callbacks_to(load_world(world), callbacks_to)
            self.sandbox = Sandbox(
                world,
                seed=seed,
                now=now,
                base_url=self.base_url,
                sign_in=sign_in,
                shares_clock=False,
                state=state,
            )
        except BaseException:
            self._listener.server_close()
            raise
        self._listener.base_url = self.base_url
        self._listener.respond = self.sandbox.respond
        self.sandbox.drop_connections = self._listener.drop_connections
        self._courier = CallbackWorker(self.sandbox.callbacks, self.sandbox.clock)

    def serve(self) -> None:
        """Answer until `stop` is called from another thread or a signal handler."""
        self._courier.start()
        self._listener.serve_forever(poll_interval=0.05)

    def stop(self) -> None:
        """Stop answering, end every connection, and free the address."""
        self._listener.shutdown()
        self.close()

    def close(self) -> None:
        """Free the address of a server that is not being served."""
        self._listener.end_connections()
        self._listener.server_close()
        self._courier.stop()
        self.sandbox.close()


@contextmanager
def serving(world: Path | str | Mapping[str, object] | None = None, **options: Any) -> Iterator[SandboxServer]:
    """Serve a sandbox from a thread of this process for the length of a `with` block; see `SandboxServer`."""
    server = SandboxServer(world, **options)
    thread = threading.Thread(target=server.serve, name="govcomponents-sandbox", daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.stop()
        thread.join()
