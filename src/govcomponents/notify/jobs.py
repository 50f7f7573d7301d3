"""Jobs: one request that holds many messages, for providers that take them and deal with them later.

`send_many` needs no such provider, and tells what became of each row. A job is one request, and is accepted whole or
not at all; its messages are found by searching.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Final

from pydantic import AfterValidator, Field

from govcomponents.core.inputs import Input
from govcomponents.core.results import Result
from govcomponents.errors import InvalidInput
from govcomponents.notify.models import Channel, TemplateId
from govcomponents.notify.templates.personalisation import placeholder_key, shown_values

if TYPE_CHECKING:
    from govcomponents.notify.bulk.spreadsheets import Row, Source
    from govcomponents.notify.templates.formats import Language
    from govcomponents.notify.templates.registry import TemplateChoice

_OPERATION: Final = "notify.send_job"


class JobStatus(StrEnum):
    """The status of a job. UNKNOWN is a status that this version does not know; `Job.raw_status` has its text.

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


def _email_or_sms(channel: Channel) -> Channel:
    if channel not in (Channel.EMAIL, Channel.SMS):
        raise ValueError("jobs hold emails or text messages")
    return channel


def _aware(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("it is a datetime without a zone")
    return moment


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("it is empty")
    return text


class JobInput(Input):
    """Input of `send_job`, validated.

    `columns` are the names of placeholders; each row is a recipient and a value for each column. `sender` is the id of
    the reply-to address of emails, or of the sender of text messages.
    """

    channel: Annotated[Channel, AfterValidator(_email_or_sms)] = Field(description='give "email" or "sms"')
    template: str = Field(min_length=1, max_length=200, description="give the template's id")
    name: Annotated[str, AfterValidator(_not_blank)] = Field(
        description="give a text by which the job is known again, without personal data"
    )
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = Field(default=(), repr=False)
    reference: str | None = Field(
        default=None, max_length=1000, description="give at most 1,000 characters, or leave it out"
    )
    sender: str | None = Field(
        default=None, min_length=1, description="give the id of a reply-to address or of a text message sender"
    )
    send_at: Annotated[datetime, AfterValidator(_aware)] | None = Field(
        default=None, description="give a datetime with its zone, or leave it out"
    )


def with_rows(job: JobInput, source: Source, choice: TemplateChoice | None) -> JobInput:
    """Return a job with its rows, which all have the columns of the first. Raises InvalidInput."""
    from govcomponents.notify.bulk.spreadsheets import missing_columns, read_rows

    language: Language = "en" if choice is None else choice.language
    columns: tuple[str, ...] | None = None
    written: list[tuple[str, ...]] = []
    for row in read_rows(source, job.channel):
        if columns is None:
            columns = tuple(row.values)
            if choice is not None and (missing := missing_columns(row, choice.placeholders or ())):
                raise _wrong("rows", f"there is no column for {', '.join(missing)}", "add a column for each")
        if not row.to.strip():
            raise _wrong("rows", f"row {row.number} has no recipient", "give every row a recipient")
        written.append((row.to, *_cells(row, columns, language)))
    if columns is None:
        raise _wrong("rows", "there is none", "give at least one recipient")
    return job.model_copy(update={"columns": columns, "rows": tuple(written)})


def _cells(row: Row, columns: tuple[str, ...], language: Language) -> list[str]:
    try:
        values = {placeholder_key(name): value for name, value in shown_values(row.values, language).items()}
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
