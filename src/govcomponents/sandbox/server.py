"""Serves a sandbox over HTTP: the sandbox, its listening socket, and the worker that sends its callbacks."""

from __future__ import annotations

import errno
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from govcomponents.core.validation import base_url_parts
from govcomponents.errors import ConfigurationError
from govcomponents.sandbox.app import Sandbox
from govcomponents.sandbox.callbacks.worker import CallbackWorker
from govcomponents.sandbox.control.client_environment import environment_for
from govcomponents.sandbox.http.listener import Listener
from govcomponents.sandbox.world import load_world, with_callbacks_to, with_redirects_to
from govcomponents.sandbox.worlds import Worlds

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from govcomponents.sandbox.plugins.context import SignIn


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
        sign_in: SignIn | None = None,
        public_url: str | None = None,
        state: Path | str | None = None,
        callbacks_to: str | None = None,
        redirect_to: str | None = None,
        send_below: Iterable[str] = (),
        scenarios: Path | str | None = None,
        snapshots: bool = False,
    ) -> None:
        """Bind at once. Port 0 takes a free one. Raises ConfigurationError if the address cannot be had."""
        if public_url is not None and base_url_parts(public_url) is None:
            raise ConfigurationError(
                "the public URL is not a base URL", fix='give scheme and host, such as "http://sandbox.example:8910"'
            )
        try:
            self._listener = Listener(host, port)
        except (OSError, OverflowError) as error:
            reason = getattr(error, "strerror", None) or error
            is_port = getattr(error, "errno", None) in (errno.EADDRINUSE, errno.EACCES, None)
            raise ConfigurationError(
                f"the sandbox cannot listen on {host} port {port} ({reason})",
                fix="choose another --port; perhaps a sandbox is running there already"
                if is_port
                else "give an address of this machine with --host, such as 127.0.0.1",
            ) from None
        shown = f"[{host}]" if ":" in host else host
        self.base_url = public_url.rstrip("/") if public_url else f"http://{shown}:{self._listener.server_port}"
        may_send = [*send_below, *([callbacks_to] if callbacks_to is not None else [])]
        try:
            if callbacks_to is not None:
                world = with_callbacks_to(load_world(world), callbacks_to)
            if redirect_to is not None:
                world = with_redirects_to(load_world(world), redirect_to)

            def make(base_url: str, *, state: Path | str | None = None) -> Sandbox:
                return Sandbox(
                    world,
                    seed=seed,
                    now=now,
                    base_url=base_url,
                    sign_in=sign_in,
                    shares_clock=False,
                    state=state,
                    scenarios=scenarios,
                    snapshots=snapshots,
                    send_below=may_send,
                )

            self.sandbox = make(self.base_url, state=state)
        except BaseException:
            self._listener.server_close()
            raise
        self._listener.base_url = self.base_url
        named = urlsplit(self.base_url).hostname or ""
        self._listener.hosts = frozenset({host.lower(), self._listener.server_name, named})
        self.worlds = self.sandbox.worlds = Worlds(self.sandbox, make)
        """Other sandboxes behind the same address, such as one for each process of a suite."""
        self._listener.respond = self.worlds.respond
        self.sandbox.drop_connections = self._listener.drop_connections
        self._worker = CallbackWorker(self.sandbox.callbacks, self.sandbox.clock)

    def environment(self) -> dict[str, str]:
        """Return the environment variables with which a service in another process reaches this sandbox."""
        return dict(environment_for(self.sandbox.providers))

    def serve(self) -> None:
        """Answer until `stop` is called from another thread or a signal handler."""
        self._worker.start()
        self._listener.serve_forever(poll_interval=0.05)

    def stop(self) -> None:
        """Stop answering, end every connection, and free the address."""
        self._listener.shutdown()
        self.close()

    def close(self) -> None:
        """Free the address of a server that is not being served."""
        self.sandbox.requests.close()
        self._listener.end_connections()
        self._listener.server_close()
        self.worlds.close()
        self._worker.stop()
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
