"""Makes one email: headers that nothing can be smuggled into, a plain text part, an HTML part, and its files.

Sources: RFC 5322 (headers), RFC 8058 (one-click unsubscribe), RFC 3834 (automatic messages), RFC 5321 (line ends).
"""

from __future__ import annotations

import base64
import re
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy
from typing import TYPE_CHECKING, Final

from govcomponents.errors import InvalidInput, NotSupported
from govcomponents.notify.templates.attachments import Attachment

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from govcomponents.notify.templates.files import EmailContent

PROVIDER: Final = "SMTP"
REFERENCE_HEADER: Final = "X-Reference"

_MAX_LINE: Final = 998
_URL: Final = re.compile(r"https://[!#-;=?-\[\]_a-z~%]{1,900}", re.ASCII)
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_NOT_IN_NAMES: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029/\\]")
_BARE_LINE_END: Final = re.compile(rb"\r(?!\n)|(?<!\r)\n")
# Not from the machine's own tables, which differ.
_MEDIA_TYPES: Final = {
    "csv": "text/csv",
    "doc": "application/msword",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "jpeg": "image/jpeg",
    "jpg": "image/jpeg",
    "json": "application/json",
    "odt": "application/vnd.oasis.opendocument.text",
    "pdf": "application/pdf",
    "png": "image/png",
    "rtf": "application/rtf",
    "txt": "text/plain",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


class _Unfolded(EmailPolicy):
    """The policy for SMTP, with headers that machines read left on one line: folding would encode their long words."""

    def fold_binary(self, name: str, value: str) -> bytes:
        """Write a header for bytes."""
        line = f"{name}: {value}\r\n"
        is_for_machines = name in ("Message-ID", "List-Unsubscribe", REFERENCE_HEADER)
        if is_for_machines and line.isascii() and len(line) <= _MAX_LINE:
            return line.encode("ascii")
        return super().fold_binary(name, value)


_POLICY: Final = _Unfolded(
    linesep=SMTP.linesep, max_line_length=SMTP.max_line_length, cte_type="7bit", utf8=False, raise_on_defect=False
)


@dataclass(frozen=True, slots=True)
class Headers:
    """The headers of an email. Addresses are checked already."""

    sender: str
    sender_name: str
    recipient: str
    message_id: str
    sent_at: float
    reference: str | None = None
    reply_to: str | None = None
    unsubscribe_url: str | None = None


@dataclass(frozen=True, slots=True)
class Enclosure:
    """One file that an email carries itself: a mail server keeps none behind a link."""

    data: bytes = field(repr=False)
    filename: str = field(repr=False)
    maintype: str
    subtype: str


def new_message_id(sender: str) -> str:
    """Make a Message-ID that nobody can guess, in the sender's domain."""
    return f"<{secrets.token_hex(16)}@{sender.rpartition('@')[2]}>"


def compose(headers: Headers, content: EmailContent, operation: str, enclosures: Sequence[Enclosure] = ()) -> bytes:
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
    # A lone CR or LF ends a line for some servers and not for others, which lets a second email be smuggled in.
    return _BARE_LINE_END.sub(b"\r\n", message.as_bytes())


def set_apart(values: Mapping[str, object], operation: str) -> tuple[dict[str, object], tuple[Enclosure, ...]]:
    """Return the values that a template shows, and the files. Raises InvalidInput or NotSupported, unsent."""
    shown = {name: value for name, value in values.items() if not isinstance(value, Attachment)}
    files = tuple(_enclosure(value, operation) for value in values.values() if isinstance(value, Attachment))
    return shown, files


def _enclosure(file: Attachment, operation: str) -> Enclosure:
    if file.as_link or file.confirm_email is not None or file.retention_weeks is not None:
        raise NotSupported(
            "files behind a link",
            provider=PROVIDER,
            operation=operation,
            fix="make the file with attach(..., as_link=False): it is then part of the email",
        )
    if file.filename is None or _NOT_IN_NAMES.search(file.filename):
        problem = "a file has no name, or one with a slash or a control character"
        raise wrong("personalisation", problem, "give attach() a plain filename with its extension", operation)
    extension = file.filename.rpartition(".")[2].lower()
    maintype, _, subtype = _MEDIA_TYPES.get(extension, "application/octet-stream").partition("/")
    return Enclosure(base64.b64decode(file.content), file.filename, maintype, subtype)


def wrong(name: str, problem: str, fix: str, operation: str) -> InvalidInput:
    """Return the error for an argument that no email can be made with."""
    return InvalidInput(field=name, problem=problem, fix=fix, operation=operation, provider=PROVIDER)


def _one_line(text: str, name: str, operation: str) -> str:
    line = " ".join(_encodable(text, operation).split())
    if _CONTROL.search(line):
        problem = "it holds a control character, which no header can"
        raise wrong(name, problem, "give texts without control characters", operation)
    return line


def _checked_url(url: str, operation: str) -> str:
    if not _URL.fullmatch(url):
        raise wrong(
            "one_click_unsubscribe_url",
            "it is not an https URL that can stand in a header",
            "give an https URL of at most 900 characters, percent-encoded, without spaces and commas",
            operation,
        )
    return url


def _encodable(text: str, operation: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        problem = "it holds a lone surrogate, which no email can"
        raise wrong("personalisation", problem, "give whole characters", operation) from None
    return text
