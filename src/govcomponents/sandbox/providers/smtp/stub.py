"""The stub of a mail server: takes emails, keeps them for the outbox, and sends them nowhere."""

from __future__ import annotations

import hmac
import threading
from collections import OrderedDict
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default
from typing import TYPE_CHECKING, Final

from govcomponents.sandbox.faults.catalogue import Effect
from govcomponents.sandbox.http.messages import text_response
from govcomponents.sandbox.plugins.outbox import Attachment, OutboxMessage
from govcomponents.sandbox.plugins.provider import Fact
from govcomponents.sandbox.providers.smtp.certificate import Certificate
from govcomponents.sandbox.providers.smtp.faults import CONTENT, LOGIN, RECIPIENT
from govcomponents.sandbox.providers.smtp.listener import MailListener

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from email.message import EmailMessage, MIMEPart
    from pathlib import Path

    from govcomponents.core.http.messages import Response
    from govcomponents.sandbox.faults.arming import ArmedFault
    from govcomponents.sandbox.http.messages import Call, Route
    from govcomponents.sandbox.plugins.context import SandboxContext
    from govcomponents.sandbox.providers.smtp.world import SmtpWorld

_MOST: Final = 10_000
_REFERENCE: Final = "X-Reference"
_TAKEN: Final = "250 2.0.0 The sandbox has taken it, and sends it nowhere"
_WRONG_LOGIN: Final = "535 5.7.8 Authentication credentials invalid"


class SmtpStub:
    """A mail server of which the world says who may log in, and how it answers which recipients."""

    section = "smtp"

    def __init__(self, world: SmtpWorld, context: SandboxContext) -> None:
        self._world = world
        self._context = context
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, OutboxMessage] = OrderedDict()
        self._number = 0
        self.username = world.username
        self.max_bytes = world.max_bytes
        self._certificate: Certificate | None = None
        if world.security != "none":
            self._certificate = context.resources.get("smtp certificate", Certificate)
        self._listener = context.resources.get(f"smtp {world.port} {world.security}", self._listen)
        self._listener.receiver = self

    def _listen(self) -> MailListener:
        context = None if self._certificate is None else self._certificate.context
        at_once = self._world.security == "tls"
        return MailListener(
            self._world.port, self, starttls=None if at_once else context, tls=context if at_once else None
        )

    def routes(self) -> Iterable[Route]:
        """Nothing over HTTP."""
        return ()

    def owns(self, path: str) -> bool:
        """Nothing over HTTP."""
        return False

    def missing(self, _call: Call, _allowed: frozenset[str]) -> Response:
        """Answer a path without a route: never called, as it owns no path."""
        return text_response(404, "The mail server speaks SMTP.\n")

    def client_settings(self) -> Mapping[str, object]:
        """The server, the login and the templates."""
        login = {"username": self._world.username, "password": self._world.password}
        return {
            "adapter": "smtp",
            "host": self._listener.host,
            "port": str(self._listener.port),
            "security": self._world.security,
            **{name: value for name, value in login.items() if value is not None},
            "sender": self._world.sender,
            "sender_name": self._world.sender_name,
            "templates_folder": self._world.templates_folder,
        }

    def summary(self) -> Iterable[Fact]:
        """Its port, and how many emails it took."""
        with self._lock:
            count = len(self._kept)
        encrypted = {"none": "no encryption", "starttls": "with STARTTLS", "tls": "with TLS"}[self._world.security]
        facts = [
            Fact("SMTP", f"{self._listener.host}:{self._listener.port}, {encrypted}"),
            Fact("Emails", str(count), "/_sandbox/outbox"),
        ]
        if self.authority is not None:
            facts.append(Fact("Authority", str(self.authority)))
        return facts

    @property
    def authority(self) -> Path | None:
        """The file of the authority by which clients trust its certificate; None without encryption."""
        return None if self._certificate is None else self._certificate.authority

    def environment(self) -> Mapping[str, str]:
        """Whom its clients have to trust, if it encrypts."""
        return {} if self.authority is None else {"REQUESTS_CA_BUNDLE": str(self.authority)}

    def refusal_of_login(self, username: str, password: str) -> str | None:
        """Answer to a login that is not the world's, or that a fault turns away; None if it is right."""
        armed = self._fault(LOGIN)
        if armed is not None:
            return _reply(armed)
        wanted = f"{self._world.username}\0{self._world.password}"
        if hmac.compare_digest(f"{username}\0{password}".encode(), wanted.encode()):
            return None
        self._context.timeline.record("notify", "The mail server refused a login that is not the world's")
        return _WRONG_LOGIN

    def _fault(self, step: str) -> ArmedFault | None:
        faults = self._context.faults
        armed = faults.match(self.section, step) if faults.any_armed else None
        if armed is not None:
            self._context.timeline.record("notify", f"The fault {armed.fault} struck {step}")
        return armed

    def reply_to_recipient(self, address: str) -> str:
        """The answer of an armed fault, or that the world has for the part before the @, or that it is well."""
        armed = self._fault(RECIPIENT)
        if armed is not None:
            return _reply(armed)
        reply = self._world.replies.get(address.rpartition("@")[0].lower())
        if reply is None:
            return "250 2.1.5 OK"
        self._context.timeline.record("notify", f"The mail server refused a recipient: {reply}", person=address)
        return reply

    def take(self, sender: str, recipients: list[str], content: bytes) -> str | None:
        """Keep an email and say so, as far as an armed fault lets it; None if its answer is lost."""
        armed = self._fault(CONTENT)
        if armed is not None and armed.kind.effect is not Effect.CUT_AFTER:
            return None if armed.kind.effect is Effect.CUT_BEFORE else _reply(armed)
        message = message_from_bytes(content, policy=default)
        reference = message.get(_REFERENCE)
        at = self._context.clock.now()
        with self._lock:
            for recipient in recipients:
                self._number += 1
                one = _shown(f"mail-{self._number}", at, sender, recipient, message)
                self._kept[one.id] = one
                if len(self._kept) > _MOST:
                    self._kept.popitem(last=False)
        for recipient in recipients:
            told = f"The service sent an email: {message.get('Subject', 'no subject')}"
            self._context.timeline.record("notify", told, None if reference is None else str(reference), recipient)
        return _TAKEN if armed is None else None

    def outbox(self) -> Sequence[OutboxMessage]:
        """Every email, oldest first."""
        with self._lock:
            return list(self._kept.values())

    def templates(self) -> Mapping[str, str]:
        """Return none: templates are files of the service, and an email does not say from which it was made."""
        return {}

    def newest_messages(self, words: Sequence[str], limit: int) -> tuple[list[OutboxMessage], int]:
        """The newest emails that hold all words, and how many there are of all."""
        kept = self.outbox()
        return [one for one in reversed(kept) if all(word in _told(one) for word in words)][:limit], len(kept)

    def outbox_message(self, message_id: str) -> OutboxMessage | None:
        """One email."""
        with self._lock:
            return self._kept.get(message_id)

    def delete_message(self, message_id: str) -> None:
        """Take one off. Raises LookupError."""
        with self._lock:
            if self._kept.pop(message_id, None) is None:
                raise LookupError("there is no such message")

    def mark_message(self, message_id: str, mark: str) -> None:
        """Let nothing happen to it: a mail server tells no more once it has taken an email. Raises LookupError."""
        raise LookupError(f"{mark} cannot happen to an email that a mail server has taken")


def _reply(armed: ArmedFault) -> str:
    response = armed.definition.respond() if armed.definition.respond is not None else None
    return "421 4.3.2 Not available" if response is None else f"{response.status} {response.body.decode()}"


def _told(one: OutboxMessage) -> str:
    return f"{one.to} {one.subject} {one.text} {one.reference or ''} {one.status}".lower()


def _shown(message_id: str, at: datetime, sender: str, recipient: str, message: EmailMessage) -> OutboxMessage:
    plain, html = message.get_body(("plain",)), message.get_body(("html",))
    reference = message.get(_REFERENCE)
    return OutboxMessage(
        id=message_id,
        kind="email",
        at=at.astimezone(UTC),
        to=recipient,
        text=_content(plain),
        status="taken",
        sender=str(message.get("From", sender)),
        subject=str(message.get("Subject", "")),
        html=None if html is None else _content(html),
        reference=None if reference is None else str(reference),
        attachments=[
            Attachment(part.get_filename() or "file", part.get_content_type(), _bytes(part))
            for part in message.iter_attachments()
        ],
    )


def _bytes(part: MIMEPart) -> bytes:
    decoded = part.get_payload(decode=True)
    return decoded if isinstance(decoded, bytes) else b""


def _content(part: MIMEPart | None) -> str:
    if part is None:
        return ""
    try:
        return str(part.get_content())
    except (LookupError, ValueError):  # an encoding that is not known here
        return "The sandbox cannot read this part."
