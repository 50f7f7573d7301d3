"""Files of emails as GC Notify wants them: attached, or behind a link that lives for 7 days.

Source: GC Notify docs, "Sending a file by email"; cds-snc/notification-api, its OpenAPI description.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from govcomponents.errors import NotSupported
from govcomponents.notify.adapters.gc_notify.checks import PROVIDER, refuse
from govcomponents.notify.templates.attachments import Attachment

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_FILES: Final = 10
MAX_TOTAL: Final = 6 * 1024 * 1024
_SHORTEST_NAME: Final = 3


def with_files(values: Mapping[str, object], operation: str) -> dict[str, object]:
    """Return the values with each file as an object of the API. Raises InvalidInput or NotSupported, unsent."""
    written: dict[str, object] = {}
    count = total = 0
    for name, value in values.items():
        if isinstance(value, Attachment):
            count += 1
            total += len(value.content) * 3 // 4
            written[name] = _file(value, operation)
        else:
            written[name] = value
    if count > MAX_FILES:
        raise refuse("personalisation", "it holds more than 10 files", "send at most 10 files with an email", operation)
    if total > MAX_TOTAL:
        raise refuse(
            "personalisation",
            "its files are larger than 6 MB together",
            "keep an email and its files within 6 MB",
            operation,
        )
    return written


def _file(attachment: Attachment, operation: str) -> dict[str, object]:
    for option, given in (
        ("asking for the address before a download", attachment.confirm_email),
        ("keeping a file for a number of weeks", attachment.retention_weeks),
    ):
        if given is not None:
            raise NotSupported(
                option,
                provider=PROVIDER,
                operation=operation,
                fix="leave that option of attach() out: a link lives for 7 days, and opens without a question",
            )
    if attachment.filename is None or len(attachment.filename) < _SHORTEST_NAME:
        raise refuse(
            "personalisation",
            "a file has no name, or one below 3 characters",
            "give attach() a filename with its extension",
            operation,
        )
    return {
        "file": attachment.content,
        "filename": attachment.filename,
        "sending_method": "link" if attachment.as_link else "attach",
    }
