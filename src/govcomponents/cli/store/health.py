"""Health, readiness and metrics of a worker, on a port of the loopback address that was asked for."""

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

    Otherwise 503. The body tells why, in JSON. /metrics shows the gauges of the store, if prometheus-client is there.
    """
    metrics = _metrics_of(engine)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/metrics" and metrics is not None:
                self._write(200, "text/plain; version=0.0.4; charset=utf-8", metrics())
                return
            if self.path not in ("/health", "/ready"):
                also = ", and /metrics with the extra prometheus" if self.path == "/metrics" else ""
                self._answer(404, {"problem": f"there is only /health and /ready{also}"})
                return
            problem = None if all_run() else "a process is missing, and is being started again"
            if problem is None and self.path == "/ready":
                problem = _problem_of(engine)
            self._answer(200 if problem is None else 503, {"ok": problem is None, "problem": problem})

        def _answer(self, status: int, facts: dict[str, object]) -> None:
            self._write(status, "application/json", json.dumps(facts).encode())

        def _write(self, status: int, kind: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
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


def _metrics_of(engine: Engine) -> Callable[[], bytes] | None:
    from functools import partial

    try:
        from prometheus_client import CollectorRegistry, generate_latest
    except ImportError:
        return None
    from govcomponents.durable.operating.gauges import StoreGauges
    from govcomponents.observability.prometheus import PrometheusObserver

    registry = CollectorRegistry()
    PrometheusObserver(registry).add_gauges(StoreGauges(engine))
    return partial(generate_latest, registry)


def _problem_of(engine: Engine) -> str | None:
    from govcomponents.durable.storage.faults import store_faults
    from govcomponents.durable.storage.migrating import check_version

    try:
        with store_faults():
            check_version(engine)
    except GovComponentsError as error:
        return str(error)
    return None
