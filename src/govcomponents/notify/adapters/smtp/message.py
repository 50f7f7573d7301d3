"""Makes one email: headers that nothing can be smuggled into, a plain text part, an HTML part, and its files.

The head is written here and not by `email.message`: that reads a text before it writes it, so what somebody typed in
the form of an encoded word (RFC 2047) would be decoded, line ends and all (CVE-2024-6923 is of this kind). What was
written is read back by other code, and must be what was given.
Sources: RFC 5322 (headers), RFC 2047 (encoded words), RFC 8058 (one-click unsubscribe), RFC 3834 (automatic messages),
RFC 5321 (line ends).
"""

from __future__ import annotations

import base64
import re
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.header import Header, decode_header, make_header
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from typing import TYPE_CHECKING, Final

from govcomponents.errors import InvalidInput, NotSupported
from govcomponents.notify.templates.attachments import Attachment

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from govcomponents.notify.templates.files import EmailContent

PROVIDER: Final = "SMTP"
REFERENCE_HEADER: Final = "X-Reference"

_MAX_LINE: Final = 998
_FOLD: Final = 76
_POLICY: Final = SMTP.clone(cte_type="7bit")
_FOLDED: Final = re.compile(r"\r\n(?=[ \t])")
_OF_THE_BODY: Final = ["MIME-Version", "Content-Type"]
_URL: Final = re.compile(r"https://[!#-;=?-\[\]_a-z~%]{1,900}", re.ASCII)
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_NOT_IN_NAMES: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029/\\]|=\?")
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
    lines = [
        _Line(
            "From", headers.sender, name=_encodable(headers.sender_name, "sender_name", operation), field="sender_name"
        ),
        _Line("To", headers.recipient, field="to", is_exact=True),
    ]
    if headers.reply_to is not None:
        lines.append(_Line("Reply-To", headers.reply_to, field="reply_to", is_exact=True))
    lines += [
        _Line("Subject", _one_line(content.subject, "personalisation", operation), field="personalisation"),
        _Line("Date", format_datetime(datetime.fromtimestamp(headers.sent_at, UTC))),
        _Line("Message-ID", headers.message_id, field="message_id", is_exact=True),
        _Line("Auto-Submitted", "auto-generated"),
    ]
    if headers.reference is not None:
        reference = _one_line(headers.reference, "reference", operation)
        lines.append(_Line(REFERENCE_HEADER, reference, field="reference", is_for_machines=True))
    if headers.unsubscribe_url is not None:
        url = f"<{_checked_url(headers.unsubscribe_url, operation)}>"
        field = "one_click_unsubscribe_url"
        lines.append(_Line("List-Unsubscribe", url, field=field, is_for_machines=True, is_exact=True))
        lines.append(_Line("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"))
    body = EmailMessage(policy=_POLICY)
    body.set_content(_encodable(content.text, "personalisation", operation), cte="quoted-printable")
    body.add_alternative(_encodable(content.html, "personalisation", operation), subtype="html", cte="quoted-printable")
    for file in enclosures:
        body.add_attachment(file.data, file.maintype, file.subtype, filename=file.filename)
    written = "".join(line.written() for line in lines).encode("ascii") + body.as_bytes()
    _check_head(written, lines, operation)
    # A lone CR or LF ends a line for some servers and not for others, which lets a second email be smuggled in.
    return _BARE_LINE_END.sub(b"\r\n", written)


@dataclass(frozen=True, slots=True)
class _Line:
    """One header: an address with a name or without one, or a text. `field` is the argument that it comes from.

    What is exact cannot be encoded, for what reads it decodes nothing: addresses, ids and URLs.
    """

    header: str
    text: str
    name: str | None = None
    field: str = "email"
    is_for_machines: bool = False
    is_exact: bool = False

    def written(self) -> str:
        """Write the header; what is not plain ASCII, or could be taken for an encoded word, is encoded."""
        if self.name is not None:
            quoted = self.name.replace("\\", r"\\").replace('"', r"\"")
            line = f'{self.header}: "{quoted}" <{self.text}>'
            if _is_plain(self.name) and len(line) <= _MAX_LINE:
                # On one line, and quoted whatever its length: some readers end a quotation where it is folded, and some
                # put a space between two encoded words of a name (python/cpython#128110).
                return f"{line}\r\n"
            return f"{self.header}: {_encoded(self.name, self.header)}\r\n <{self.text}>\r\n"
        if not _is_plain(self.text):
            return f"{self.header}: {_encoded(self.text, self.header)}\r\n"
        # What machines read stays on one line if it may: not all of them unfold.
        width = _MAX_LINE if self.is_for_machines else _FOLD
        words = self.text.split(" ")
        line = f"{self.header}: {words[0]}"
        folded = ""
        for word in words[1:]:
            if len(line) + 1 + len(word) > width:
                folded, line = f"{folded}{line}\r\n", ""
            line += f" {word}"
        return f"{folded}{line}\r\n"

    def is_read_from(self, value: str) -> bool:
        """Whether a header's unfolded value says what was given, read by the older of Python's two readers."""
        if (self.is_exact or self.name is not None) and not (_is_plain(self.text) and " " not in self.text):
            return False
        if self.name is None:
            return str(make_header(decode_header(value))) == self.text
        name, address = parseaddr(value)
        return (str(make_header(decode_header(name))), address) == (self.name, self.text)


def _is_plain(text: str) -> bool:
    return (
        text.isascii() and text.isprintable() and "=?" not in text and max(map(len, text.split(" "))) < _MAX_LINE // 2
    )


def _encoded(text: str, header: str) -> str:
    return Header(text, "utf-8", maxlinelen=_FOLD, header_name=header).encode(linesep="\r\n")


def _check_head(written: bytes, lines: Sequence[_Line], operation: str) -> None:
    """Raise InvalidInput unless the head holds the headers that were given and no others, in order and equal."""
    head = written.partition(b"\r\n\r\n")[0].decode("ascii")
    found = [line.partition(": ") for line in _FOLDED.sub("", head).split("\r\n")]
    for line, (header, _, value) in zip(lines, found, strict=False):
        if header != line.header or not line.is_read_from(value):
            problem = "it cannot be written into an email's head so that it is read as it was given"
            raise wrong(line.field, problem, "leave out what is not plain text", operation)
    if [header for header, _, _ in found[len(lines) :]] != _OF_THE_BODY:
        raise wrong("email", "the email's head would hold other headers than ours", "give plain texts", operation)


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
        problem = "a file has no name, or one with a slash, a control character or =?"
        raise wrong("personalisation", problem, "give attach() a plain filename with its extension", operation)
    extension = file.filename.rpartition(".")[2].lower()
    maintype, _, subtype = _MEDIA_TYPES.get(extension, "application/octet-stream").partition("/")
    return Enclosure(base64.b64decode(file.content), file.filename, maintype, subtype)


def wrong(name: str, problem: str, fix: str, operation: str) -> InvalidInput:
    """Return the error for an argument that no email can be made with."""
    return InvalidInput(field=name, problem=problem, fix=fix, operation=operation, provider=PROVIDER)


def _one_line(text: str, name: str, operation: str) -> str:
    line = " ".join(_encodable(text, name, operation).split())
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


def _encodable(text: str, name: str, operation: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        problem = "it holds a lone surrogate, which no email can"
        raise wrong(name, problem, "give whole characters", operation) from None
    return text
