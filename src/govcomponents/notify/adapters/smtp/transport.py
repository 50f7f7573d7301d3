"""Hands one email to a mail server. The one place that knows whether the server may have taken it.

An email is the server's from the moment it answers the final dot with 250 (RFC 5321, section 4.2.5), and not before:
whatever fails before the dot goes out, nothing was sent. Only if its answer is lost, nobody can tell.
"""

from __future__ import annotations

import contextlib
import re
import smtplib
from typing import TYPE_CHECKING, Final, TypeVar, cast

from govcomponents.core.http.error_mapping import facts_of
from govcomponents.core.http.messages import Request, Response
from govcomponents.core.transports.proxies_and_tls import trust
from govcomponents.errors import (
    ConfigurationError,
    CredentialsRefused,
    NotSent,
    OutcomeUnknown,
    PermissionRefused,
    RequestRefused,
    Unavailable,
    UnexpectedReply,
)
from govcomponents.notify.adapters.smtp.settings import MailServer, Security

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator

    from govcomponents.core.http.transport import Transport
    from govcomponents.errors import AnswerFacts, GovComponentsError

T = TypeVar("T")

NOOP: Final = "NOOP"
FROM: Final = "mail-from"
TO: Final = "rcpt-to"
STAGE: Final = "stage"
ENHANCED: Final = "enhanced"

_LOGIN_NEEDED: Final = 530
_STORAGE: Final = 552  # the email is too big, or the recipient's mailbox is full
_FULL: Final = "5.2.2"
_STEP: Final = 30.0  # seconds that the server may stay silent
_FINAL: Final = 120.0  # after the final dot, when a server scans the email: an early end would leave it unknown
_GOODBYE: Final = 2.0
_TAIL: Final = 64 * 1024  # goes out with the final dot; a dot by itself would wait for the rest to be acknowledged
_ENHANCED_CODE: Final = re.compile(rb"([245]\.\d{1,3}\.\d{1,3})\b")
_LINE_DOT: Final = re.compile(rb"(?m)^\.")


class SmtpTransport:
    """Carries requests that an SMTP server answers, in the way of `inner`: asyncio callers are not stalled.

    A request's body is the email, its headers `mail-from` and `rcpt-to` the envelope; one with the method NOOP logs in
    and hands over nothing. The answer's status is the server's code, its header `stage` says at which step it came. A
    connection serves one email: none is shared between threads.
    """

    def __init__(self, inner: Transport, server: MailServer, *, step: float = _STEP, final: float = _FINAL) -> None:
        self._inner = inner
        self._server = server
        self._step = step
        self._final = final
        self._trust: ssl.SSLContext | None = None

    async def send(self, request: Request) -> Response:
        """Hand over one email. Raises NotSent, OutcomeUnknown or ConfigurationError (no TLS, no way to log in)."""
        if getattr(self._inner, "is_http_only", False):
            raise ConfigurationError("the transport is of HTTP alone", fix="use the sandbox for emails by SMTP")
        return await self._inner.run_blocking(lambda: self._converse(request))

    async def sleep(self, seconds: float) -> None:
        """Wait in the inner transport's way."""
        await self._inner.sleep(seconds)

    async def run_blocking(self, work: Callable[[], T]) -> T:
        """Run it in the inner transport's way."""
        return await self._inner.run_blocking(work)

    async def aclose(self) -> None:
        """Do nothing: no connection is kept, and the inner transport is closed by whoever made it."""

    def _converse(self, request: Request) -> Response:
        with contextlib.ExitStack() as stack:
            with _nothing_accepted(request):
                connection = self._connect()
                stack.callback(_leave, connection)
                refusal = self._greet(connection, request)
                if refusal is None and request.method == NOOP:
                    return _answer("noop", *connection.noop())
                refusal = refusal or self._offer(connection, request)
                if refusal is not None:
                    return refusal
                whole = _LINE_DOT.sub(b"..", request.body or b"") + b".\r\n"
                if len(whole) > _TAIL:
                    connection.send(whole[:-_TAIL])
            return self._finish(connection, whole[-_TAIL:], request)

    def _finish(self, connection: smtplib.SMTP, tail: bytes, request: Request) -> Response:
        """Send the rest with the final dot: only from here on can the server have taken the email."""
        sock = cast("ssl.SSLSocket", connection.sock)  # or a plain one; after 354 there is one
        try:
            sock.sendall(tail)
        except (BrokenPipeError, ConnectionResetError) as error:  # this machine did not take the dot
            raise _not_sent(error, request) from None
        except OSError as error:  # such as one that a signal's handler raised, perhaps after the last byte
            raise _unknown(error, request) from None
        sock.settimeout(self._final)
        try:
            return _answer("content", *connection.getreply())
        except OSError as error:
            raise _unknown(error, request) from None

    def _connect(self) -> smtplib.SMTP:
        server = self._server
        if server.security is Security.TLS:
            return smtplib.SMTP_SSL(
                server.host, server.port, server.hello_name, timeout=self._step, context=self._context()
            )
        return smtplib.SMTP(server.host, server.port, server.hello_name, timeout=self._step)

    def _context(self) -> ssl.SSLContext:
        if self._trust is None:
            self._trust = trust()
        return self._trust

    def _greet(self, connection: smtplib.SMTP, request: Request) -> Response | None:
        """Make the connection private and log in; the server's answer if it refuses."""
        connection.ehlo_or_helo_if_needed()
        if self._server.security is Security.STARTTLS:
            if not connection.has_extn("starttls"):
                raise _unable(
                    "the mail server offers no STARTTLS", "check HOST and PORT, or set SECURITY to tls", request
                )
            connection.starttls(context=self._context())
            connection.ehlo_or_helo_if_needed()
        if self._server.username is None or self._server.password is None:
            return None
        offered = connection.esmtp_features.get("auth", "").upper().split()
        connection.user, connection.password = self._server.username, self._server.password.reveal()
        try:
            if "PLAIN" in offered:
                connection.auth("PLAIN", connection.auth_plain)
            elif "LOGIN" in offered:
                connection.auth("LOGIN", connection.auth_login)
            else:
                raise _unable(
                    "the mail server offers no login by user name and password", "unset USERNAME and PASSWORD", request
                )
        except smtplib.SMTPAuthenticationError as error:
            return _answer("login", error.smtp_code, error.smtp_error)
        return None

    def _offer(self, connection: smtplib.SMTP, request: Request) -> Response | None:
        """Say from whom and to whom the email is, and ask to hand it over; the server's answer if it refuses."""
        body = request.body or b""
        limit = connection.esmtp_features.get("size", "")
        if limit.isdigit() and 0 < int(limit) < len(body):
            return _answer("size", 552, b"5.3.4 larger than the server said that it takes")
        options = [f"size={len(body)}"] if "size" in connection.esmtp_features else []
        answer = _answer("sender", *connection.mail(request.headers[FROM], options))
        if answer.status == 250:
            answer = _answer("recipient", *connection.rcpt(request.headers[TO]))
            if answer.status in (250, 251):
                answer = _answer("data", *connection.docmd("DATA"))
                if answer.status == 354:
                    return None
        return answer


@contextlib.contextmanager
def _nothing_accepted(request: Request) -> Iterator[None]:
    """Tell what fails in here as NotSent: the final dot has not gone out. Library texts may hold addresses."""
    try:
        yield
    except smtplib.SMTPResponseException as error:
        raise NotSent(
            "the mail server did not take the connection",
            operation=request.operation,
            provider=request.provider,
            status=error.smtp_code,
        ) from None
    except (OSError, ValueError) as error:  # ValueError: a challenge that is not base64
        raise _not_sent(error, request) from None


def _not_sent(error: Exception, request: Request) -> NotSent:
    what = "the mail server did not answer" if request.method == NOOP else "the email could not be handed over"
    return NotSent(
        f"{what} ({type(error).__name__}); nothing was sent",
        operation=request.operation,
        provider=request.provider,
    )


def _unknown(error: OSError, request: Request) -> OutcomeUnknown:
    return OutcomeUnknown(
        f"the mail server's answer was lost ({type(error).__name__})",
        lookup=request.lookup,
        operation=request.operation,
        provider=request.provider,
    )


def _unable(happened: str, fix: str, request: Request) -> ConfigurationError:
    return ConfigurationError(
        f"{happened}; nothing was sent", fix=fix, operation=request.operation, provider=request.provider
    )


def _answer(stage: str, code: int, text: bytes | str) -> Response:
    body = text if isinstance(text, bytes) else text.encode()
    found = _ENHANCED_CODE.match(body)
    headers = {STAGE: stage}
    if found:
        headers[ENHANCED] = found.group(1).decode()
    return Response(code, headers, body)


def _leave(connection: smtplib.SMTP) -> None:
    """Say goodbye if the server still listens: nothing depends on it."""
    try:
        if connection.sock is not None:
            connection.sock.settimeout(_GOODBYE)
        connection.quit()
    except OSError:
        pass
    finally:
        connection.close()


def refusal(response: Response, request: Request, provider: str) -> GovComponentsError:
    """Return the typed error for an answer that is not an acceptance. Nothing was sent, except after UnexpectedReply.

    The server's text may hold the recipient's address, so it never shows; its codes do. A 4xx asks to come back later,
    a 5xx is final (RFC 5321, section 4.2.1); the middle number of an enhanced code says what it is about (RFC 3463).
    """
    status = response.status
    enhanced = response.header(ENHANCED)
    facts = facts_of(request, response, provider=provider, code=enhanced)
    stage = response.header(STAGE)
    if not 400 <= status < 600:
        return UnexpectedReply("the mail server's answer is none of SMTP", lookup=request.lookup, **facts)
    if status < 500:
        return _later(stage, facts)
    about = (enhanced or "").split(".")[1:2]
    if stage == "login" or status == _LOGIN_NEEDED:
        return CredentialsRefused(
            "the mail server wants a login, or refused it", fix="check USERNAME and PASSWORD", **facts
        )
    if enhanced == _FULL or (enhanced is None and status == _STORAGE and stage == "recipient"):
        return RequestRefused(
            "the recipient's mailbox is full",
            field="to",
            fix="reach the person another way, or try in some days",
            **facts,
        )
    if status == _STORAGE or stage == "size":
        return RequestRefused("the email is too big for the mail server", fix="make it smaller", **facts)
    if stage == "sender":
        return PermissionRefused(
            "the mail server takes no email from this sender", fix="set SENDER to an address of this account", **facts
        )
    if stage == "recipient" and about == ["7"]:
        return PermissionRefused(
            "the mail server's rules do not allow this recipient",
            fix="log in with USERNAME and PASSWORD, or ask whoever runs the server to let this service send there",
            **facts,
        )
    if stage == "recipient":
        return RequestRefused("the mail server refused the recipient", field="to", fix="check the address", **facts)
    return RequestRefused(
        "the mail server refused the email for what it holds",
        fix="ask whoever runs the server for its rules; its log names this email",
        **facts,
    )


def _later(stage: str | None, facts: AnswerFacts) -> Unavailable:
    if stage == "recipient":
        return Unavailable(
            "the mail server does not take email for the recipient now",
            fix="send it again in a few minutes: many servers turn a new sender away once",
            **facts,
        )
    return Unavailable("the mail server does not take the email now", fix="send it again in a few minutes", **facts)
