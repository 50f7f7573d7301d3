"""Mail servers on loopback: a real one (aiosmtpd), and one that goes wrong at a chosen step."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email import message_from_bytes
from email.policy import default
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

import trustme
from aiosmtpd.smtp import SMTP, AuthResult

from govcomponents.contracts.faults import Fault

if TYPE_CHECKING:
    from email.message import EmailMessage
    from pathlib import Path

USERNAME = "permits-service"
PASSWORD = "canary-password-92"


def make_certificate(folder: Path) -> tuple[Path, ssl.SSLContext]:
    """Make an authority's ca.pem, and the context of a server on 127.0.0.1 that it vouches for."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return folder / "ca.pem", context


@dataclass
class Received:
    """One email as the server took it."""

    sender: str
    recipients: list[str]
    body: bytes
    was_private: bool
    user: str | None

    @property
    def message(self) -> EmailMessage:
        """The email, parsed."""
        return message_from_bytes(self.body, policy=default)


@dataclass
class Mailbox:
    """The handler of a real server: keeps what it takes, and refuses at a step when told so."""

    port: int = 0
    received: list[Received] = field(default_factory=list)
    replies: dict[str, str] = field(default_factory=dict)
    fault: Fault | None = None
    times: int | None = None

    def fail(self, fault: Fault, times: int | None) -> None:
        """Let the next conversations go wrong: so many, or all of them for None."""
        self.fault, self.times = fault, times

    async def handle_EHLO(self, server: Any, session: Any, _envelope: Any, name: str, answers: list[str]) -> list[str]:
        session.host_name = name
        session.fault = None if self.times == 0 else self.fault
        if self.times:
            self.times -= 1
        if session.fault is Fault.NOT_CONNECTED:
            server.transport.abort()
        return ["554 5.3.2 no service here"] if session.fault is Fault.BAD_GATEWAY else answers

    async def handle_HELO(self, _server: Any, session: Any, _envelope: Any, name: str) -> str:
        session.host_name = name
        return "554 5.3.2 no service here" if session.fault is Fault.BAD_GATEWAY else "250 here"

    async def handle_MAIL(self, _server: Any, _session: Any, envelope: Any, address: str, options: list[str]) -> str:
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return self.replies.get("sender", "250 2.1.0 OK")

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, _options: list[str]) -> str:
        if session.fault is Fault.DROPPED_BEFORE:
            server.transport.abort()
        if session.fault is Fault.TOO_MANY_REQUESTS:
            return "421 4.3.2 too many"
        envelope.rcpt_tos.append(address)
        return self.replies.get("recipient", "250 2.1.5 OK")

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if session.fault is Fault.SERVER_ERROR:
            return "451 4.3.0 error"
        if "content" in self.replies:
            return self.replies["content"]
        user = session.auth_data.login.decode() if session.auth_data else None
        self.received.append(
            Received(envelope.mail_from, envelope.rcpt_tos, envelope.content, session.ssl is not None, user)
        )
        if session.fault is Fault.DROPPED_AFTER:
            server.transport.abort()
        return "250 2.0.0 queued as 4D3F"

    def authenticate(self, _server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
        """Judge a login."""
        good = (data.login, data.password) == (USERNAME.encode(), PASSWORD.encode())
        return AuthResult(success=good, handled=False, auth_data=data)


@contextlib.contextmanager
def mail_server(*, tls: ssl.SSLContext | None = None, at_once: bool = False, **options: Any) -> Iterator[Mailbox]:
    """Serve with aiosmtpd: with STARTTLS if `tls` is given, or with TLS at once."""
    mailbox = Mailbox()
    loop = asyncio.new_event_loop()

    def make() -> SMTP:
        return SMTP(
            mailbox, hostname="mail.example.gov.uk", tls_context=None if at_once else tls,
            authenticator=mailbox.authenticate, loop=loop, **options,
        )  # fmt: skip

    server = loop.run_until_complete(loop.create_server(make, "127.0.0.1", 0, ssl=tls if at_once else None))
    mailbox.port = server.sockets[0].getsockname()[1]
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    async def stop() -> None:
        server.close()
        mine = asyncio.current_task()
        others = [task for task in asyncio.all_tasks() if task is not mine]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await asyncio.sleep(0)

    try:
        yield mailbox
    finally:
        asyncio.run_coroutine_threadsafe(stop(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


DROP = None
Reply: TypeAlias = bytes | Callable[[], bytes | None] | None


@dataclass
class BadServer:
    """What a server answers to each step: bytes, DROP (it closes the connection) or a function that gives either."""

    port: int = 0
    whole: int = 0
    connections: int = 0
    commands: list[str] = field(default_factory=list)
    replies: dict[str, Reply] = field(default_factory=dict)

    STEPS: ClassVar = {
        "banner": b"220 mail ready\r\n",
        "EHLO": b"250 mail\r\n",
        "HELO": b"250 mail\r\n",
        "MAIL": b"250 ok\r\n",
        "RCPT": b"250 ok\r\n",
        "DATA": b"354 go on\r\n",
        "content": b"250 taken\r\n",
        "QUIT": b"221 bye\r\n",
        "halfway": b"",
    }

    def _reply(self, step: str) -> bytes | None:
        reply = self.replies.get(step, self.STEPS.get(step, b"500 unknown\r\n"))
        return reply() if callable(reply) else reply

    def talk(self, peer: socket.socket) -> None:
        """Hold one conversation."""
        self.connections += 1
        with peer, peer.makefile("rb") as lines:
            step = "banner"
            while True:
                reply = self._reply(step)
                if reply is DROP:
                    return
                peer.sendall(reply)
                if step == "QUIT" or (step == "banner" and not reply.startswith(b"220")):
                    return
                if step == "DATA" and reply.startswith(b"354"):
                    if "halfway" in self.replies:
                        lines.read(1000)
                        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                        return
                    while (line := lines.readline()) not in (b".\r\n", b""):
                        pass
                    if not line:
                        return
                    self.whole += 1
                    step = "content"
                    continue
                command = lines.readline()
                if not command:
                    return
                step = (command.split() or [b""])[0].decode(errors="replace").upper()
                self.commands.append(step)


@contextlib.contextmanager
def bad_server(**replies: Reply) -> Iterator[BadServer]:
    """Serve by hand, with some steps answered otherwise."""
    bad = BadServer(replies=replies)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        bad.port = listener.getsockname()[1]

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    peer, _ = listener.accept()
                    with contextlib.suppress(OSError):
                        bad.talk(peer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield bad
        finally:
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            thread.join(10)
