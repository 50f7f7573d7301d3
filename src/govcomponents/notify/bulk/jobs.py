"""Jobs: one request that holds many messages, for providers that take them and deal with them later.

`send_many` needs no such provider, and tells what became of each row. A job is one request, and is accepted whole or
not at all; its messages are found by searching.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from govcomponents.core.results import Result
from govcomponents.errors import InvalidInput
from govcomponents.notify.models import Channel, TemplateId
from govcomponents.notify.templates.personalisation import checked_values, placeholder_key
from govcomponents.privacy import Personal

if TYPE_CHECKING:
    import os

    from govcomponents.notify.bulk.spreadsheets import Row
    from govcomponents.notify.inputs import Recipient
    from govcomponents.notify.templates.formats import Language
    from govcomponents.notify.templates.registry import TemplateChoice

_OPERATION: Final = "notify.send_job"


class JobStatus(StrEnum):
    """Where a job stands. UNKNOWN is a status that this version does not know; `Job.raw_status` has its text.

    LIMITS_EXCEEDED: the service may not send that many now. FINISHED says that every message was made, not that any
    was delivered.
    """

    PENDING = "pending"
    SCHEDULED = "scheduled"
    READY = "ready"
    IN_PROGRESS = "in_progress"
    FINISHED = "finished"
    LIMITS_EXCEEDED = "limits_exceeded"
    CANCELLED = "cancelled"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Job(Result):
    """A job that the provider accepted. `id` is not the id of a message; `count` is how many it will make."""

    id: str
    name: str | None
    channel: Channel
    status: JobStatus
    raw_status: str
    count: int
    template_id: TemplateId
    template_version: int | None
    created_at: datetime | None
    scheduled_for: datetime | None


@dataclass(frozen=True, slots=True, repr=False)
class JobInput:
    """A job to send. `columns` are the names of placeholders; each row is a recipient and a value for each column.

    `sender` is the id of the reply-to address of emails, or of the sender of text messages. It never prints.
    """

    name: str
    channel: Channel
    template: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    reference: str | None
    sender: str | None
    send_at: datetime | None


def job_input(
    rows: Iterable[Mapping[str, object]] | str | os.PathLike[str],
    template: str,
    channel: Channel,
    name: object,
    reference: object,
    sender: object,
    send_at: object,
    *,
    allowed: Callable[[str], Recipient],
    choice: TemplateChoice | None,
) -> JobInput:
    """Check and freeze the arguments of `send_job`. `allowed` guards each recipient. Raises InvalidInput."""
    from govcomponents.notify.bulk.spreadsheets import missing_columns, read_rows

    if channel not in (Channel.EMAIL, Channel.SMS):
        raise _wrong("channel", "jobs hold emails or text messages", 'give "email" or "sms"')
    if choice is not None and choice.channel is not channel:
        raise _wrong("template", f"it is for {choice.channel.value}", "use a template of this channel")
    if not isinstance(name, str) or not name.strip():
        raise _wrong("name", "it is empty", "give a text by which the job is known again, without personal data")
    if reference is not None and (not isinstance(reference, str) or len(reference) > 1000):
        raise _wrong("reference", "it is not a text of at most 1,000 characters", "give such a text, or leave it out")
    if sender is not None and (not isinstance(sender, str) or not sender):
        raise _wrong("sender", "it is not an id", "give the id of a reply-to address or of a text message sender")
    if send_at is not None and (not isinstance(send_at, datetime) or send_at.tzinfo is None):
        raise _wrong("send_at", "it is not a datetime with a zone", "give an aware datetime, or leave it out")
    language: Language = "en" if choice is None else choice.language
    columns: tuple[str, ...] | None = None
    written: list[tuple[str, ...]] = []
    for row in read_rows(rows, channel):
        if columns is None:
            columns = tuple(row.values)
            if choice is not None and (missing := missing_columns(row, choice.placeholders or ())):
                raise _wrong("rows", f"there is no column for {', '.join(missing)}", "add a column for each")
        written.append((_recipient(row, allowed), *_cells(row, columns, language)))
    if columns is None:
        raise _wrong("rows", "there is none", "give at least one recipient")
    return JobInput(name, channel, template, columns, tuple(written), reference, sender, send_at)


def _recipient(row: Row, allowed: Callable[[str], Recipient]) -> str:
    if not row.to.strip():
        raise _wrong("rows", f"row {row.number} has no recipient", "give every row a recipient")
    to = allowed(row.to)
    return to.reveal() if isinstance(to, Personal) else to


def _cells(row: Row, columns: tuple[str, ...], language: Language) -> list[str]:
    try:
        values = {placeholder_key(name): value for name, value in checked_values(row.values, language).items()}
    except ValueError as error:
        raise _wrong("rows", f"row {row.number}: {error}", "give texts, numbers, dates, True or False") from None
    cells = [values.pop(placeholder_key(name), None) for name in columns]
    if values or None in cells:
        raise _wrong(
            "rows",
            f"row {row.number} has not the columns of the first row",
            "give every row a value for each placeholder of the template",
        )
    if not all(isinstance(cell, (str, int, float)) for cell in cells):
        raise _wrong("rows", f"row {row.number} holds a list or a file", "give one text for each column")
    return [str(cell) for cell in cells]


def _wrong(field: str, problem: str, fix: str) -> InvalidInput:
    return InvalidInput(field=field, problem=problem, fix=fix, operation=_OPERATION)
