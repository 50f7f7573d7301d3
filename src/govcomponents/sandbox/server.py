"""Serves a sandbox over HTTP, a thread for each connection, with keep-alive."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from werkzeug.serving import WSGIRequestHandler, make_server

from govcomponents.errors import ConfigurationError
from govcomponents.sandbox.app import Sandbox
from govcomponents.sandbox.wsgi import application

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from werkzeug.serving import BaseWSGIServer


class _Handler(WSGIRequestHandler):
    """Keeps connections alive, sends small answers at once, and logs nothing: paths may hold personal data."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 60

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002  # the name is werkzeug's
        """Log nothing."""


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
    ) -> None:
        """Bind at once. Port 0 takes a free one. Raises ConfigurationError if the address cannot be had."""
        try:
            self._server: BaseWSGIServer = make_server(host, port, _not_ready, threaded=True, request_handler=_Handler)
        except (OSError, SystemExit) as error:
            raise ConfigurationError(
                f"the sandbox cannot listen on {host} port {port} ({type(error).__name__})",
                fix="choose another --port; perhaps a sandbox is running there already",
            ) from None
        shown = f"[{host}]" if ":" in host else host
        self.base_url = public_url.rstrip("/") if public_url else f"http://{shown}:{self._server.port}"
        self.sandbox = Sandbox(world, seed=seed, now=now, base_url=self.base_url, sign_in=sign_in)
        self._server.app = application(self.sandbox.answer, self.base_url)

    def serve(self) -> None:
        """Answer until `stop` is called from another thread or a signal handler."""
        self._server.serve_forever(poll_interval=0.1)

    def stop(self) -> None:
        """Stop answering, and free the address."""
        self._server.shutdown()
        self._server.server_close()

    def close(self) -> None:
        """Free the address of a server that is not being served."""
        self._server.server_close()


def _not_ready(_environ: object, start_response: Any) -> list[bytes]:
    start_response("503 Service Unavailable", [("Content-Length", "0")])
    return []


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
