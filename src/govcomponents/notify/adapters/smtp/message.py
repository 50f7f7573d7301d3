"""Makes one email: headers that nothing can be smuggled into, a plain text part and an HTML part.

Sources: RFC 5322 (headers), RFC 8058 (one-click unsubscribe), RFC 3834 (automatic messages), RFC 5321 (line ends).
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy
from typing import TYPE_CHECKING, Final

from govcomponents.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Sequence

    from govcomponents.notify.adapters.smtp.enclosures import Enclosure

REFERENCE_HEADER: Final = "X-Reference"

_MAX_LINE: Final = 998
_URL: Final = re.compile(r"https://[!#-;=?-\[\]_a-z~%]{1,900}", re.ASCII)
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_BARE_LINE_END: Final = re.compile(rb"\r(?!\n)|(?<!\r)\n")


class _Unfolded(EmailPolicy):
    """The policy for SMTP, with headers that machines read left on one line: folding would encode their long words."""

    def fold_binary(self, name: str, value: str) -> bytes:
        """Write a header for bytes."""
        whole = _whole(name, value)
        return whole.encode("ascii") if whole else super().fold_binary(name, value)


def _whole(name: str, value: str) -> str | None:
    line = f"{name}: {value}\r\n"
    machine = name in ("Message-ID", "List-Unsubscribe", REFERENCE_HEADER)
    return line if machine and value.isascii() and len(line) <= _MAX_LINE else None


_POLICY: Final = _Unfolded(
    linesep=SMTP.linesep, max_line_length=SMTP.max_line_length, cte_type="7bit", utf8=False, raise_on_defect=False
)


@dataclass(frozen=True, slots=True)
class Content:
    """What an email says: its subject, and its body twice."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True, slots=True)
class Headers:
    """What an email carries besides its content. Addresses are checked already."""

    sender: str
    sender_name: str
    recipient: str
    message_id: str
    sent_at: float
    reference: str | None = None
    reply_to: str | None = None
    unsubscribe_url: str | None = None


def new_message_id(sender: str) -> str:
    """Make a Message-ID that nobody can guess, in the sender's domain."""
    return f"<{secrets.token_hex(16)}@{sender.rpartition('@')[2]}>"


def compose(headers: Headers, content: Content, operation: str, enclosures: Sequence[Enclosure] = ()) -> bytes:
    """Write the email as it goes over the wire, without the dots that SMTP adds. Raises InvalidInput."""
    message = EmailMessage(policy=_POLICY)
    message["From"] = Address(headers.sender_name, addr_spec=headers.sender)
    message["To"] = Address(addr_spec=headers.recipient)
    if headers.reply_to is not None:
        message["Reply-To"] = Address(addr_spec=headers.reply_to)
    message["Subject"] = _one_line(content.subject, "personalisation", operation)
    message["Date"] = datetime.fromtimestamp(headers.sent_at, UTC)
    message["Message-ID"] = headers.message_id
    message["Auto-Submitted"] = "auto-generated"
    if headers.reference is not None:
        message[REFERENCE_HEADER] = _one_line(headers.reference, "reference", operation)
    if headers.unsubscribe_url is not None:
        message["List-Unsubscribe"] = f"<{_checked_url(headers.unsubscribe_url, operation)}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(_encodable(content.text, operation), cte="quoted-printable")
    message.add_alternative(_encodable(content.html, operation), subtype="html", cte="quoted-printable")
    for file in enclosures:
        message.add_attachment(file.data, file.maintype, file.subtype, filename=file.filename)
    written = message.as_bytes()
    # A lone CR or LF ends a line for some servers and not for others, which lets a second email be smuggled in.
    return _BARE_LINE_END.sub(b"\r\n", written)


def _one_line(text: str, field: str, operation: str) -> str:
    line = " ".join(_encodable(text, operation).split())
    if _CONTROL.search(line):
        raise InvalidInput(
            field=field,
            problem="it holds a control character, which no header can",
            fix="give texts without control characters",
            operation=operation,
        )
    return line


def _checked_url(url: str, operation: str) -> str:
    if not _URL.fullmatch(url):
        raise InvalidInput(
            field="one_click_unsubscribe_url",
            problem="it is not an https URL that can stand in a header",
            fix="give an https URL of at most 900 characters, percent-encoded, without spaces and commas",
            operation=operation,
        )
    return url


def _encodable(text: str, operation: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise InvalidInput(
            field="personalisation",
            problem="it holds a lone surrogate, which no email can",
            fix="give whole characters",
            operation=operation,
        ) from None
    return text
