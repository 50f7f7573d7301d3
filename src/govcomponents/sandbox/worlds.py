"""Many isolated sandboxes behind one listener: each under a prefix of the path, or a host name, of its own."""

from __future__ import annotations

import re
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Final, Literal, TypeAlias
from urllib.parse import urlsplit

from govcomponents.core.http.messages import Response
from govcomponents.errors import ConfigurationError
from govcomponents.sandbox.callbacks.worker import CallbackWorker
from govcomponents.sandbox.http.messages import text_response

if TYPE_CHECKING:
    from collections.abc import Callable

    from govcomponents.sandbox.app import Sandbox
    from govcomponents.sandbox.http.messages import Call

Reach: TypeAlias = Literal["prefix", "host"]

MAX_WORLDS: Final = 64
PREFIX: Final = "/worlds/"
_NAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?")
_FROM_THE_ROOT: Final = re.compile(rb'(\s(?:href|action|src|data-live)=")/(?!/)')


class Worlds:
    """The sandbox of a server, and those that were added beside it. Safe to share between threads.

    `first` answers whatever names none of the others. `make` makes the sandbox of an address. A world that is reached
    by "host" is at NAME.localhost, which every browser takes for this machine, but not every system's resolver does;
    one that is reached by "prefix" is below /worlds/NAME, for every client that keeps the path of a base URL.
    """

    def __init__(self, first: Sandbox, make: Callable[[str], Sandbox]) -> None:
        self._first = first
        self._make = make
        self._lock = threading.Lock()
        self._added: dict[str, tuple[Sandbox, CallbackWorker]] = {}

    def add(self, name: str, *, by: Reach = "prefix") -> Sandbox:
        """Make a sandbox of the same world with nothing in it. Raises ConfigurationError if the name cannot be had."""
        if not _NAME.fullmatch(name):
            raise ConfigurationError(
                "that is no name for a world", fix="give lower-case letters, digits and hyphens, at most 32"
            )
        if by not in ("prefix", "host"):
            raise ConfigurationError("a world is reached by prefix or by host", fix='give "prefix" or "host"')
        with self._lock:
            if name in self._added:
                raise ConfigurationError(f"there is a world {name} already", fix="remove it first, or reset it")
            if len(self._added) >= MAX_WORLDS:
                raise ConfigurationError(f"there are {MAX_WORLDS} worlds already", fix="remove some of them")
            base = urlsplit(self._first.base_url)
            port = f":{base.port}" if base.port else ""
            at_host = f"{base.scheme}://{name}.localhost{port}"
            sandbox = self._make(at_host if by == "host" else f"{self._first.base_url}{PREFIX}{name}")
            worker = CallbackWorker(sandbox.callbacks, sandbox.clock)
            worker.start()
            self._added[name] = sandbox, worker
        return sandbox

    def all(self) -> dict[str, Sandbox]:
        """Those that were added, by name, oldest first."""
        with self._lock:
            return {name: sandbox for name, (sandbox, _) in self._added.items()}

    def remove(self, name: str) -> None:
        """Take one away, with all that is in it. Raises ConfigurationError if there is none."""
        with self._lock:
            if name not in self._added:
                raise ConfigurationError(f"there is no world {name}", fix="it may be removed already")
            sandbox, worker = self._added.pop(name)
        sandbox.requests.close()
        worker.stop()
        sandbox.close()

    def close(self) -> None:
        """Take all away."""
        for name in self.all():
            self.remove(name)

    def respond(self, call: Call) -> Response:
        """Answer a call in the world that its path or its host names."""
        if not self._added and not call.path.startswith(PREFIX):
            return self._first.respond(call)
        host = call.headers.get("host", "").lower().partition(":")[0]
        if host.endswith(".localhost"):
            return self._at_host(host.removesuffix(".localhost"), call)
        if call.path.startswith(PREFIX):
            return self._at_prefix(call)
        return self._first.respond(call)

    def _at_host(self, name: str, call: Call) -> Response:
        sandbox = self.all().get(name)
        if sandbox is None or not sandbox.base_url.endswith(f"//{call.headers['host'].lower()}"):
            return self._first.respond(call)
        return sandbox.respond(replace(call, base_url=sandbox.base_url))

    def _at_prefix(self, call: Call) -> Response:
        name, slash, rest = call.path.removeprefix(PREFIX).partition("/")
        sandbox = self.all().get(name)
        if sandbox is None or not sandbox.base_url.endswith(PREFIX + name):
            return text_response(404, "There is no such world. POST /_sandbox/api/worlds adds one.\n")
        if not slash:
            return Response(308, {"location": f"{PREFIX}{name}/", "cache-control": "no-store"}, b"")
        inside = replace(call, path=f"/{rest}", base_url=sandbox.base_url)
        return _below(f"{PREFIX}{name}", sandbox.respond(inside))


def _below(prefix: str, response: Response) -> Response:
    """Lead what a page links from the root of the host to the root of its world."""
    headers = dict(response.headers)
    location = headers.get("location", "")
    if location.startswith("/") and not location.startswith("//"):
        headers["location"] = prefix + location
    body = response.body
    if headers.get("content-type", "").startswith("text/html"):
        body = _FROM_THE_ROOT.sub(rb"\1" + prefix.encode() + rb"/", body)
    return Response(response.status, headers, body)
