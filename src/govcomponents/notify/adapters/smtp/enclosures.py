"""Files that an email carries itself: a mail server keeps none behind a link."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from govcomponents.errors import InvalidInput, NotSupported
from govcomponents.notify.templates.attachments import Attachment

if TYPE_CHECKING:
    from collections.abc import Mapping

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029/\\]")

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
class Enclosure:
    """One file: its bytes, its name and its media type."""

    data: bytes = field(repr=False)
    filename: str = field(repr=False)
    maintype: str
    subtype: str


def set_apart(
    values: Mapping[str, object], operation: str, provider: str
) -> tuple[dict[str, object], tuple[Enclosure, ...]]:
    """Return the values that a template shows, and the files. Raises InvalidInput or NotSupported, unsent."""
    shown: dict[str, object] = {}
    enclosures: list[Enclosure] = []
    for name, value in values.items():
        if isinstance(value, Attachment):
            enclosures.append(_enclosure(value, operation, provider))
        else:
            shown[name] = value
    return shown, tuple(enclosures)


def _enclosure(file: Attachment, operation: str, provider: str) -> Enclosure:
    if file.as_link or file.confirm_email is not None or file.retention_weeks is not None:
        raise NotSupported(
            "files behind a link",
            provider=provider,
            operation=operation,
            fix="make the file with attach(..., as_link=False): it is then part of the email",
        )
    if file.filename is None or _CONTROL.search(file.filename):
        raise InvalidInput(
            field="personalisation",
            problem="a file has no name, or one with a slash or a control character",
            fix="give attach() a plain filename with its extension",
            operation=operation,
            provider=provider,
        )
    extension = file.filename.rpartition(".")[2].lower()
    maintype, _, subtype = _MEDIA_TYPES.get(extension, "application/octet-stream").partition("/")
    return Enclosure(base64.b64decode(file.content), file.filename, maintype, subtype)
