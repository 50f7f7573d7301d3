"""Files by email: what the provider's file service accepts, and the link that stands for a file.

Source: GOV.UK Notify docs, "Send a file by email"; alphagov/document-download-api, `app/upload/views.py`.
"""

from __future__ import annotations

import base64
import binascii
import re
import uuid
from typing import TYPE_CHECKING, Any

from govcomponents.sandbox.providers.govuk_notify import schemas
from govcomponents.sandbox.providers.govuk_notify.responses import bad_request, invalid

if TYPE_CHECKING:
    from collections.abc import Mapping

    from govcomponents.sandbox.plugins.context import SandboxContext
    from govcomponents.sandbox.providers.govuk_notify.world import Service
    from govcomponents.sandbox.state.ids import Ids

EXTENSIONS = ("csv", "doc", "docx", "jpeg", "jpg", "json", "odt", "pdf", "png", "rtf", "txt", "xlsx")
_MAX_BYTES = 2 * 1024 * 1024 + 1024
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]")
_SIGNATURES = (
    (b"%PDF-", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"{\\rtf", "text/rtf"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/msword"),
)
_ZIPPED = (
    (b"word/", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    (b"xl/", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    (b"application/vnd.oasis.opendocument.text", "application/vnd.oasis.opendocument.text"),
)
_BINARY = "application/octet-stream"


def is_file(value: object) -> bool:
    """Whether a value of personalisation is a file."""
    return isinstance(value, dict) and "file" in value


def kept(values: Mapping[str, object]) -> tuple[tuple[str, str], ...]:
    """Return the names of the files among values, each with the file in base64, for the outbox."""
    return tuple(
        (str(value.get("filename") or name), str(value["file"]))
        for name, value in values.items()
        if isinstance(value, dict) and is_file(value)
    )


def with_links(
    values: Mapping[str, object], forms: schemas.Forms, service: Service, context: SandboxContext, *, simulated: bool
) -> Mapping[str, object]:
    """Put a link in the place of each file. Raises Refusal for the first file that is not accepted."""
    files: dict[str, dict[str, Any]] = {
        name: value for name, value in values.items() if isinstance(value, dict) and is_file(value)
    }
    if not files:
        return values
    host = context.base_url
    for value in files.values():
        if "is_csv" in value and "filename" in value:
            raise invalid(*forms.problems(schemas.FILE, value), "Do not set a value for `is_csv` if `filename` is set.")
        forms.check(schemas.FILE, value)
    if not service.contact_link:
        raise bad_request(
            "Send files by email has not been set up - add contact details for your service at "
            f"{host}/services/{service.id}/service-settings/send-files-by-email"
        )
    if simulated:
        link = f"{host}/services/{service.id}/documents/test-document"
        return {**values, **dict.fromkeys(files, link)}
    return {**values, **{name: _uploaded(value, service, host, context.ids) for name, value in files.items()}}


def _uploaded(value: Mapping[str, Any], service: Service, host: str, ids: Ids) -> str:
    data = decoded(value["file"])
    if not data:
        raise bad_request("Document must not be empty")
    if len(data) > _MAX_BYTES:
        raise bad_request("Uploaded file exceeds file size limit")
    name = value.get("filename")
    if name is not None and len(name) > 100:
        raise bad_request("`filename` cannot be longer than 100 characters")
    kind = _sniffed(data)
    extension = name.rpartition(".")[2].lower() if name else None
    if kind == _BINARY or (extension is not None and extension not in EXTENSIONS):
        supported = ", ".join(f"'.{extension}'" for extension in EXTENSIONS)
        shown = f".{extension}" if extension is not None and extension not in EXTENSIONS else kind
        raise bad_request(f"Unsupported file type '{shown}'. Supported types are: {supported}")
    key = base64.urlsafe_b64encode(uuid.UUID(ids.uuid()).bytes + uuid.UUID(ids.uuid()).bytes)
    return f"{host}/d/{_short(service.id)}/{_short(ids.uuid())}?key={key.decode().rstrip('=')}"


def decoded(text: str) -> bytes:
    """Decode a file as the server does: what is not base64 is left out, without a word."""
    kept = _NOT_BASE64.sub(b"", text.encode("utf-8", "replace"))
    try:
        return base64.b64decode(kept + b"=" * (-len(kept) % 4))
    except binascii.Error:
        raise bad_request("Document is not base64 encoded") from None


def _short(identifier: str) -> str:
    return base64.urlsafe_b64encode(uuid.UUID(identifier).bytes).decode().rstrip("=")


def _sniffed(data: bytes) -> str:
    for start, kind in _SIGNATURES:
        if data.startswith(start):
            return kind
    if data.startswith(b"PK\x03\x04"):
        return next((kind for mark, kind in _ZIPPED if mark in data), _BINARY)
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return _BINARY
    return _BINARY if "\x00" in text else "text/plain"
