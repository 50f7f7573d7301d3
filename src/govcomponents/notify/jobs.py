"""Jobs: one request that holds many messages, for providers that take them and deal with them later.

`send_many` needs no such provider, and tells what became of each row. A job is one request, and is accepted whole or
not at all; its messages are found by searching.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, Field

from govcomponents.core.inputs import Input
from govcomponents.core.results import Result
from govcomponents.notify.models import Channel, TemplateId


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
