"""The listening socket of the mail server: a loop of its own in a thread, which lives until the sandbox is closed."""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
import warnings
from typing import TYPE_CHECKING, Any, Protocol
from weakref import WeakSet

from govcomponents.errors import ConfigurationError

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    from aiosmtpd.smtp import SMTP

_HOST = "127.0.0.1"
_SILENCE = 60.0
_ENDS_WITHIN = 5.0


class Receives(Protocol):
    """Receiver of conversations with a mail server; a reset puts another in its place."""

    username: str | None
    max_bytes: int

    def refusal_of_login(self, username: str, password: str) -> str | None:
        """Answer to a login that is not right, or is turned away; None if it is right."""
        ...

    def reply_to_recipient(self, address: str) -> str:
        """Answer to a recipient."""
        ...

    def take(self, sender: str, recipients: list[str], content: bytes) -> str | None:
        """Keep an email and answer; None breaks the connection instead."""
        ...


class MailListener:
    """One mail server on this machine's loopback. `receiver` may be changed while it listens.

    With `starttls` it offers STARTTLS and takes nothing before it; with `tls` it begins with TLS.
    """

    def __init__(
        self,
        port: int,
        receiver: Receives,
        *,
        starttls: ssl.SSLContext | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """Listen at once. Raises ConfigurationError if the port cannot be had or aiosmtpd is not installed."""
        try:
            import aiosmtpd.smtp  # noqa: F401  # is it there
        except ModuleNotFoundError:
            raise ConfigurationError(
                "the sandbox's mail server needs aiosmtpd, which is not installed",
                fix='pip install "govcomponents[sandbox]"',
            ) from None
        self.receiver = receiver
        self._starttls, self._tls = starttls, tls
        try:
            self._socket = socket.create_server((_HOST, port))
        except OSError as error:
            raise ConfigurationError(
                f"the sandbox's mail server cannot listen on port {port} ({error.strerror})",
                fix='choose another "port" in the section "smtp" of the world; 0 takes a free one',
            ) from None
        self.host, self.port = _HOST, int(self._socket.getsockname()[1])
        if (log := logging.getLogger("mail.log")).level == logging.NOTSET:
            log.setLevel(logging.ERROR)  # it would write every command, with the addresses in it
        self._ready = threading.Event()
        self._open: WeakSet[SMTP] = WeakSet()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="sandbox-mail", daemon=True)
        self._thread.start()
        self._ready.wait(_ENDS_WITHIN)

    def _run(self) -> None:
        server = self._loop.run_until_complete(
            self._loop.create_server(self._protocol, sock=self._socket, ssl=self._tls)
        )
        self._ready.set()
        self._loop.run_forever()
        server.close()
        self._loop.run_until_complete(self._end_conversations())
        self._loop.close()

    async def _end_conversations(self) -> None:
        ending = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in ending:
            task.cancel()
        for one in self._open:
            if one.transport is not None:
                one.transport.close()
        await asyncio.gather(*ending, return_exceptions=True)
        await asyncio.sleep(0)  # a connection is closed in the loop's next turn

    def _protocol(self) -> SMTP:
        from aiosmtpd.smtp import SMTP

        receiver = self.receiver
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it warns of a login without TLS, which stays on this machine
            conversation = SMTP(
                _Conversation(receiver),
                data_size_limit=receiver.max_bytes,
                hostname="sandbox.example.gov.uk",
                ident="govcomponents sandbox",
                authenticator=_authenticator(receiver),
                auth_required=receiver.username is not None,
                auth_require_tls=False,
                tls_context=self._starttls,
                require_starttls=self._starttls is not None,
                timeout=_SILENCE,
                loop=self._loop,
            )
        self._open.add(conversation)
        return conversation

    def close(self) -> None:
        """Free the port."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_ENDS_WITHIN)


def _authenticator(receiver: Receives) -> Callable[..., Any]:
    from aiosmtpd.smtp import AuthResult, LoginPassword

    def check(_server: object, _session: object, _envelope: object, _mechanism: str, given: object) -> AuthResult:
        if not isinstance(given, LoginPassword):
            return AuthResult(success=False, handled=False)
        names = given.login.decode("utf-8", "replace"), given.password.decode("utf-8", "replace")
        refusal = receiver.refusal_of_login(*names)
        return AuthResult(success=refusal is None, handled=False, message=refusal)

    return check


class _Conversation:
    """The hooks that aiosmtpd calls, by their names."""

    def __init__(self, receiver: Receives) -> None:
        self._receiver = receiver

    async def handle_RCPT(  # noqa: N802  # the name is aiosmtpd's
        self, _server: object, _session: object, envelope: Any, address: str, _options: list[str]
    ) -> str:
        """Answer to a recipient."""
        reply = self._receiver.reply_to_recipient(address)
        if reply.startswith("2"):
            envelope.rcpt_tos.append(address)
        return reply

    async def handle_DATA(self, server: SMTP, _session: object, envelope: Any) -> str:  # noqa: N802  # likewise
        """Take the email."""
        recipients = [str(one) for one in envelope.rcpt_tos]
        reply = self._receiver.take(str(envelope.mail_from), recipients, bytes(envelope.content))
        if reply is None and isinstance(server.transport, asyncio.WriteTransport):
            server.transport.abort()
        return reply or "421 4.3.2 The connection was broken"
