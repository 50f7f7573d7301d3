"""Health and readiness of a worker, on a port of the loopback address that was asked for."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

from govcomponents.cli.store import listening
from govcomponents.errors import GovComponentsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Engine


@contextmanager
def serving_health(port: int, engine: Engine, all_run: Callable[[], bool]) -> Iterator[None]:
    """Answer /health with 200 while every process is at work, and /ready with 200 if the database can be used too.

    Otherwise 503. The body tells why, in JSON.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path not in ("/health", "/ready"):
                self._answer(404, {"problem": "there is only /health and /ready"})
                return
            problem = None if all_run() else "a process is missing, and is being started again"
            if problem is None and self.path == "/ready":
                problem = _problem_of(engine)
            self._answer(200 if problem is None else 503, {"ok": problem is None, "problem": problem})

        def _answer(self, status: int, facts: dict[str, object]) -> None:
            body = json.dumps(facts).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Cache-Control", "no-store")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """A probe every few seconds is no news."""

    server = listening(ThreadingHTTPServer, port, Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True, name="govcomponents-health")
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()


def _problem_of(engine: Engine) -> str | None:
    from govcomponents.durable.storage.faults import store_faults
    from govcomponents.durable.storage.migrating import check_version

    try:
        with store_faults():
            check_version(engine)
    except GovComponentsError as error:
        return str(error)
    return None
