"""Writes of the notify adapters without a sandbox: GC Notify by its double, SMTP by a server that goes wrong."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import socket
import threading
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from govcomponents import errors
from govcomponents.core.http.messages import Request, Response
from govcomponents.core.http.runtime import Runtime
from govcomponents.core.transports.scripted import ScriptedTransport
from govcomponents.notify.adapters.gc_notify.adapter import GcNotify
from govcomponents.notify.adapters.smtp.adapter import Smtp
from govcomponents.notify.async_service import AsyncNotifyService
from govcomponents.notify.service import NotifyService
from govcomponents.settings import NotifySettings
from notify.gc_notify.support import KEY
from notify.gc_notify.test_contract import ARGUMENTS, Service
from notify.smtp.conftest import TEMPLATES

from .enumeration import PROMISE_NOTHING_HAPPENED, Outcome

EMAIL = {
    "to": "sam@example.com",
    "template": "renewed",
    "personalisation": {"name": "Sam", "reference": "RENEW-7", "refund": False},
    "reference": "R-1",
}


def _outcome(notify: Any, act: Callable[[Any], Any], effects: Callable[[], int]) -> Outcome:
    async def awaited(value: Any) -> Any:
        return await value

    told, promises_nothing = "success", False
    try:
        value = act(notify)
        if inspect.isawaitable(value):
            asyncio.run(awaited(value))
    except errors.GovComponentsError as error:
        told, promises_nothing = type(error).__name__, isinstance(error, PROMISE_NOTHING_HAPPENED)
    return Outcome(told, promises_nothing, effects())


# GC Notify.

_JSON = {"content-type": "application/json"}
_PAGE = {"content-type": "text/html"}
_ANSWERS = {
    "rate_limited": Response(429, _JSON, b'{"errors": [{"error": "RateLimitError", "message": "Exceeded"}]}'),
    "rate_limited_by_a_page": Response(429, _PAGE, b"<html>"),
    "key_unknown": Response(401, _JSON, b'{"errors": [{"error": "AuthError", "message": "Unauthorized"}]}'),
    "key_refused": Response(403, _JSON, b'{"errors": [{"error": "AuthError", "message": "Invalid token"}]}'),
    "refused_by_a_firewall": Response(403, _PAGE, b"<html>"),
    "refused": Response(400, _JSON, b'{"errors": [{"error": "ValidationError", "message": "to is not valid"}]}'),
    "failed": Response(500, _JSON, b'{"result": "error", "message": "Internal server error"}'),
    "bad_gateway": Response(502, _PAGE, b"<html>"),
    "unavailable": Response(503, _PAGE, b"<html>"),
    "moved": Response(302, {"location": "https://elsewhere.example/"}, b""),
}
_AFTER = {
    "half_an_answer": Response(201, _JSON, b'{"id": '),
    "a_page": Response(200, _PAGE, b"<html>"),
    "nothing": Response(204, {}, b""),
    "failed": Response(500, _JSON, b"{}"),
    "gateway_timeout": Response(504, _PAGE, b"<html>"),
}
GC_FAULTS = ["not_connected", "lost_before", "lost_after", *_ANSWERS, *(f"after_{name}" for name in _AFTER)]


class _Struck:
    """A service whose first requests are struck by faults."""

    def __init__(self, faults: tuple[str, ...]) -> None:
        self.service = Service()
        self._faults = deque(faults)

    def __call__(self, request: Request) -> Response:
        fault = self._faults.popleft() if self._faults else ""
        if fault == "not_connected":
            raise errors.NotSent("no connection", operation=request.operation, provider=request.provider)
        if fault in _ANSWERS:
            return _ANSWERS[fault]
        answer = self.service(request) if fault != "lost_before" else None
        if fault.startswith("lost"):
            raise errors.OutcomeUnknown(
                "the answer was lost", lookup=request.lookup, operation=request.operation, provider=request.provider
            )
        assert answer is not None
        return _AFTER[fault.removeprefix("after_")] if fault else answer


def gc_outcome(operation: str, faults: tuple[str, ...], *, in_asyncio: bool) -> Outcome:
    """Make one write to GC Notify under a sequence of faults."""
    struck, transport = _Struck(faults), ScriptedTransport()
    transport.steps = deque([struck] * 20)
    runtime = Runtime(transport)
    port = GcNotify.from_settings(NotifySettings(api_key=KEY), runtime)
    notify = (AsyncNotifyService if in_asyncio else NotifyService)(port, runtime)
    arguments = dict(ARGUMENTS[operation])
    if operation == "job":
        arguments["rows"] = arguments["rows"][:1]
    name = "send_job" if operation == "job" else f"send_{operation}"
    return _outcome(notify, lambda service: getattr(service, name)(**arguments), lambda: len(struck.service.held))


# SMTP.

_STEPS = {
    "banner": b"220 mail ready\r\n",
    "EHLO": b"250 mail\r\n",
    "MAIL": b"250 ok\r\n",
    "RCPT": b"250 ok\r\n",
    "DATA": b"354 go on\r\n",
    "content": b"250 taken\r\n",
    "QUIT": b"221 bye\r\n",
}
_TURNED = {
    "closed": None,
    "busy": b"421 4.3.2 later\r\n",
    "refused": b"554 5.7.1 no\r\n",
    "garbage": b"\x16\x03\x01?\r\n",
}
SMTP_FAULTS = [f"{step}_{how}" for step in ("banner", "MAIL", "RCPT", "DATA", "content") for how in _TURNED]
_MAY_HAVE_TAKEN = ("content_closed", "content_garbage")


@dataclass
class MailServer:
    """A mail server; each of its conversations is struck by the next fault, which turns one step's answer."""

    port: int = 0
    taken: int = 0
    faults: deque[str] = field(default_factory=deque)

    def talk(self, peer: socket.socket) -> None:
        """Hold one conversation. What the server took before its answer was lost or spoilt counts as taken."""
        fault = self.faults.popleft() if self.faults else ""
        at, _, how = fault.partition("_")
        with peer, peer.makefile("rb") as lines:
            step = "banner"
            while step:
                if step == "content" and (at != step or fault in _MAY_HAVE_TAKEN):
                    self.taken += 1
                reply = _TURNED[how] if at == step else _STEPS.get(step, b"500 what\r\n")
                if reply is None:
                    return
                peer.sendall(reply)
                if step == "DATA" and reply.startswith(b"354"):
                    while lines.readline() not in (b".\r\n", b""):
                        pass
                    step = "content"
                else:
                    step = (lines.readline().split() or [b""])[0].decode(errors="replace").upper()


@contextlib.contextmanager
def mail_server() -> Iterator[MailServer]:
    """Serve on loopback."""
    server = MailServer()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server.port = listener.getsockname()[1]

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    peer, _ = listener.accept()
                    with contextlib.suppress(OSError):
                        server.talk(peer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            thread.join(10)


def smtp_outcome(server: MailServer, faults: tuple[str, ...], *, in_asyncio: bool) -> Outcome:
    """Send one email by SMTP under a sequence of faults."""
    server.faults, server.taken = deque(faults), 0
    settings = {
        "adapter": "smtp", "host": "127.0.0.1", "port": server.port, "security": "none",
        "sender": "permits@example.gov.uk", "templates_folder": str(TEMPLATES),
    }  # fmt: skip
    runtime = Runtime(ScriptedTransport())
    port = Smtp.from_settings(NotifySettings.model_validate(settings), runtime)
    notify = (AsyncNotifyService if in_asyncio else NotifyService)(port, runtime)
    return _outcome(notify, lambda service: service.send_email(**EMAIL), lambda: server.taken)
