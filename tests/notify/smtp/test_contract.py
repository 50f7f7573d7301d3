"""The SMTP adapter fulfils the contract of the notify port, against a real mail server."""

from __future__ import annotations

from contextlib import ExitStack

from govcomponents.contracts.faults import Fault
from govcomponents.contracts.notify.suite import Arrived, NotifyDouble, NotifySubject, NotifySuite
from govcomponents.core.transports.scripted import ScriptedTransport
from govcomponents.errors import NotSent, OutcomeUnknown, Unavailable
from govcomponents.notify import attach
from govcomponents.notify.adapters.smtp.adapter import Smtp
from govcomponents.settings import NotifySettings

from .conftest import TEMPLATES
from .servers import mail_server


class MailServer:
    """Where the mail server of the present test listens."""

    port = 25

    def connect(self) -> NotifyDouble:
        stack = ExitStack()
        mailbox = stack.enter_context(mail_server())
        self.port = mailbox.port
        return NotifyDouble(
            transport=ScriptedTransport(),
            fail=mailbox.fail,
            count=lambda: len(mailbox.received),
            arrived=lambda: [as_arrived(*one.recipients, one.message) for one in mailbox.received],
            close=stack.close,
        )

    def build(self, runtime):
        settings = {
            "adapter": "smtp",
            "host": "127.0.0.1",
            "port": self.port,
            "security": "none",
            "sender": "permits@example.gov.uk",
            "templates_folder": str(TEMPLATES),
        }
        return Smtp.from_settings(NotifySettings.model_validate(settings), runtime)


def as_arrived(to, message):
    """What a reader's mail program finds in an email."""
    url = message["List-Unsubscribe"]
    return Arrived(
        to=to,
        text=message.get_body(("plain",)).get_content(),
        files=tuple(part.get_payload(decode=True) for part in message.iter_attachments()),
        reply_to=message["Reply-To"],
        unsubscribe_url=None if message["List-Unsubscribe-Post"] != ONE_CLICK else url.strip("<>"),
    )


LICENCE = attach(b"%PDF-1.4 licence", "licence.pdf", as_link=False)
ONE_CLICK = "List-Unsubscribe=One-Click"  # RFC 8058
SERVER = MailServer()
EMAIL = {
    "to": "canary@example.com",
    "template": "renewed",
    "personalisation": {"name": "Canary Nightingale", "reference": "RENEW-7", "refund": False},
    "reference": "RENEW-7-receipt",
}


class TestOverSmtp(NotifySuite):
    subject = NotifySubject(
        build=SERVER.build,
        connect=SERVER.connect,
        canaries=("canary@example.com", "Nightingale"),
        email=EMAIL,
        file=EMAIL | {"personalisation": EMAIL["personalisation"] | {"licence": LICENCE}},
        reply_to="licences@example.gov.uk",
        # Until the final dot is answered, a mail server has accepted nothing, and what it answers is certain.
        faults={
            Fault.NOT_CONNECTED: NotSent,
            Fault.DROPPED_BEFORE: NotSent,
            Fault.DROPPED_AFTER: OutcomeUnknown,
            Fault.TOO_MANY_REQUESTS: Unavailable,
            Fault.SERVER_ERROR: Unavailable,
            Fault.BAD_GATEWAY: NotSent,  # whoever answers there does not take the connection
        },
        bad_input=[{"extra": {"field": "value"}}, {"to": "nobody"}, {"to": "a@example.com, b@example.com"}],
    )
