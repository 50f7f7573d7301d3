"""What the sandbox's tests share: a listening server with the toy provider behind it, and its raw socket."""

from __future__ import annotations

import socket
import threading

import pytest

from govcomponents.sandbox.http.listener import Listener
from govcomponents.sandbox.http.messages import text_response
from govcomponents.sandbox.http.routing import Found, Router

from .toy import Toy


class Served:
    def __init__(self):
        self.toy = Toy()
        router = Router([self.toy])

        def answer(call):
            found = router.find(call.method, call.path)
            if not isinstance(found, Found):
                return self.toy.missing(call, found) if call.path.startswith("/toy") else text_response(404, "no\n")
            call.params = dict(found.params)
            return found.route.handler(call)

        self.listener = Listener("127.0.0.1", 0)
        self.listener.base_url = self.base_url = f"http://127.0.0.1:{self.listener.server_port}"
        self.listener.respond = answer
        self.thread = threading.Thread(target=lambda: self.listener.serve_forever(poll_interval=0.01))
        self.thread.start()

    def close(self):
        self.listener.shutdown()
        self.listener.end_connections()
        self.listener.server_close()
        self.thread.join()

    def raw(self, sent: bytes) -> bytes:
        """Send bytes on a connection of their own, end it, and return all that comes back."""
        with socket.create_connection(("127.0.0.1", self.listener.server_port), timeout=10) as connection:
            connection.sendall(sent)
            connection.shutdown(socket.SHUT_WR)
            parts = []
            while part := connection.recv(65536):
                parts.append(part)
        return b"".join(parts)


@pytest.fixture
def served():
    server = Served()
    yield server
    server.close()
