"""Files by email: read once, checked before they are read, and put into a message as the provider wants them."""

from __future__ import annotations

import base64
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final

from govcomponents.core.inputs import flag_argument, path_argument, text_argument
from govcomponents.errors import InvalidInput
from govcomponents.frames import leaving_frames_behind, shield

MAX_BYTES: Final = 2 * 1024 * 1024
MAX_LETTER_BYTES: Final = 5 * 1024 * 1024
EXTENSIONS: Final = ("csv", "doc", "docx", "jpeg", "jpg", "json", "odt", "pdf", "png", "rtf", "txt", "xlsx")
_OPERATION: Final = "notify.attach"
_FIX: Final = "send a file of at most 2 MB that is not empty"


@shield
@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that is ready to be sent as the value of a placeholder. Make one with `attach`. It never prints.

    `content` is the file in base64; None for an option leaves it to the provider: GOV.UK Notify then asks the
    recipient for the email address before the download, and keeps the file for 26 weeks.
    """

    content: str = field(repr=False)
    filename: str | None = field(default=None, repr=False)
    confirm_email: bool | None = None
    retention_weeks: int | None = None
    as_link: bool = True

    def __post_init__(self) -> None:
        if type(self.content) is not str or not self.content.isascii():
            raise _wrong("content", "it is not text in base64", "make attachments with `attach`")
        _check_name(self.filename)
        _check_options(self.confirm_email, self.retention_weeks, self.as_link)


@leaving_frames_behind
def attach(
    file: bytes | str | os.PathLike[str] | IO[bytes],
    filename: str | None = None,
    *,
    confirm_email: bool | None = None,
    retention_weeks: int | None = None,
    as_link: bool = True,
) -> Attachment:
    """Read a file to send by email: give what it returns as the value of a placeholder.

    `file` is the bytes, a path, or a file opened in binary mode; `filename` is what the recipient sees (a path's own
    name if left out), at most 100 characters with an extension that may be sent. `confirm_email` says whether the
    recipient must type their address before the download; `retention_weeks` for how long it can be downloaded, 1 to
    78. `as_link` False asks for a true attachment, which only some providers have. The size is looked up before a path
    or a file is read, and it is held in memory once.

    Raises InvalidInput for an empty file, one above 2 MB, a wrong name, or a wrong number of weeks.
    """
    if filename is None and isinstance(file, (str, os.PathLike)):
        filename = _path(file, "file").name
    _check_name(filename)
    _check_options(confirm_email, retention_weeks, as_link)
    data = _read(file, MAX_BYTES, "file", _FIX)
    return Attachment(base64.b64encode(data).decode(), filename, confirm_email, retention_weeks, as_link)


def read_pdf(pdf: bytes | str | os.PathLike[str] | IO[bytes], max_bytes: int) -> str:
    """Read a ready-made letter and return it in base64. Raises InvalidInput unless it is a PDF that is not too big."""
    try:
        data = _read(pdf, max_bytes, "pdf", f"give a PDF of at most {max_bytes // 1024 // 1024} MB")
        if not data.startswith(b"%PDF-"):
            fix = "give the bytes of a PDF that meets the provider's letter specification"
            raise _wrong("pdf", "it is not a PDF", fix)
    except InvalidInput as error:
        error.operation = "notify.send_precompiled_letter"
        raise
    return base64.b64encode(data).decode()


def _check_options(confirm_email: object, retention_weeks: object, as_link: object) -> None:
    if retention_weeks is not None and (type(retention_weeks) is not int or not 1 <= retention_weeks <= 78):
        raise _wrong("retention_weeks", "it is not from 1 to 78", "give a whole number of weeks from 1 to 78")
    if confirm_email is not None:
        flag_argument(confirm_email, field="confirm_email", operation=_OPERATION)
    flag_argument(as_link, field="as_link", operation=_OPERATION)


def _check_name(filename: object) -> None:
    if filename is None:
        return
    fix = f"give a name that ends in one of {', '.join(EXTENSIONS)}"
    filename = text_argument(filename, field="filename", fix=fix, operation=_OPERATION)
    extension = filename.rpartition(".")[2].lower() if "." in filename else ""
    if len(filename) > 100:
        raise _wrong("filename", "it is longer than 100 characters", "give a shorter name")
    if extension not in EXTENSIONS:
        raise _wrong("filename", "its extension is not one that can be sent", f"use one of {', '.join(EXTENSIONS)}")


def _read(file: bytes | str | os.PathLike[str] | IO[bytes], limit: int, what: str, fix: str) -> bytes:
    if isinstance(file, (str, os.PathLike)):
        path = _path(file, what)
        try:
            size = path.stat().st_size
            data = path.read_bytes() if size <= limit else b""
        except OSError as error:
            raise _wrong(what, f"it cannot be read ({error.strerror})", "check the path") from None
    elif isinstance(file, (bytes, bytearray, memoryview)):
        data = bytes(file)
        size = len(data)
    elif not hasattr(file, "read"):
        problem = f"it is not bytes, a path or a file, but of the type {type(file).__name__}"
        raise _wrong(what, problem, "give the bytes, the path, or a file opened in binary mode")
    else:
        try:
            data = file.read(limit + 1)
        except (OSError, TypeError, ValueError) as error:  # closed, a text that is not UTF-8, or another kind of `read`
            raise _wrong(what, f"it cannot be read ({type(error).__name__})", "open it in binary mode") from None
        if not isinstance(data, bytes):
            raise _wrong(what, "it gives text and not bytes", 'open it in binary mode ("rb")')
        size = len(data)
    if size > limit:
        raise _wrong(what, "it is too large", fix)
    if not data:
        raise _wrong(what, "it is empty", fix)
    return data


def _path(file: object, what: str) -> Path:
    fix = "give the bytes, the path, or a file opened in binary mode"
    return path_argument(file, field=what, fix=fix, operation=_OPERATION)


def _wrong(field_name: str, problem: str, fix: str) -> InvalidInput:
    return InvalidInput(field=field_name, problem=problem, fix=fix, operation=_OPERATION)
