"""The plan of a bulk send: its arguments, validated, and its columns, compared with the template's placeholders."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, TypeAlias

from pydantic import AfterValidator, Field, PlainValidator

from govcomponents.core.inputs import Input, checked_input
from govcomponents.errors import InvalidInput
from govcomponents.notify.bulk.checkpoint import Checkpoint
from govcomponents.notify.bulk.pace import Pace
from govcomponents.notify.bulk.results import BulkProgress, RowResult
from govcomponents.notify.bulk.send import BulkSend
from govcomponents.notify.bulk.spreadsheets import Row, Source, missing_columns, read_rows, respelt
from govcomponents.notify.capabilities import NotifyCapability as Can
from govcomponents.notify.inputs import EmailInput, SmsInput
from govcomponents.notify.limiters import Limiter
from govcomponents.notify.models import Channel
from govcomponents.privacy import Personal

if TYPE_CHECKING:
    from govcomponents.notify.sending import Sender
    from govcomponents.notify.templates.registry import TemplateChoice

_OPERATION: Final = "notify.send_many"
_FASTEST: Final = 1e9
_PART_OF_PACE: Final = 0.98
"""The part of the permitted pace that is used: the rest is for what else goes out with the same kind of key."""

CAPABILITIES: Final = {Channel.EMAIL: Can.EMAIL, Channel.SMS: Can.SMS}


def _email_or_sms(channel: Channel) -> Channel:
    if channel not in CAPABILITIES:
        raise ValueError("it is not that of emails or text messages")
    return channel


def _pace(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value <= _FASTEST:
        raise ValueError("it is not a number above 0")
    return value


def _function(value: object) -> object:
    if value is not None and not callable(value):
        raise ValueError("it is not a function")
    return value


def _limiter(value: object) -> object:
    if value is not None and not isinstance(value, Limiter):
        raise ValueError("it has no method acquire")  # pydantic takes no TypeError
    return value


OnProgress: TypeAlias = "Callable[[BulkProgress], None] | None"
OnResult: TypeAlias = "Callable[[RowResult], None] | None"


class BulkInput(Input):
    """Input of `send_many`, validated, but for the template."""

    rows: Annotated[Source, PlainValidator(lambda rows: rows)] = Field(
        repr=False, description="give an iterable of mappings, or the path of a CSV file"
    )
    channel: Annotated[Channel, AfterValidator(_email_or_sms)] = Field(description='give "email" or "sms"')
    batch: str = Field(
        min_length=1, max_length=100, description="give a name of at most 100 characters that no other bulk send has"
    )
    checkpoint: Path | None = Field(default=None, description="give the path of a file, or leave it out")
    per_minute: Annotated[float, PlainValidator(_pace)] = Field(
        description="give the number of messages that the provider permits in a minute"
    )
    limiter: Annotated[Limiter | None, PlainValidator(_limiter)] = Field(
        default=None, description="give a LimitsLimiter, or an object of yours that has its method acquire"
    )
    resend_unknown: bool = Field(default=False, description="give True to send rows of unknown outcome again")
    encoding: str | None = Field(
        default=None, min_length=1, max_length=40, description='give that of the CSV file, such as "cp1252"'
    )
    concurrency: int = Field(default=96, ge=1, le=1000, description="give a whole number from 1 to 1000")
    on_progress: Annotated[OnProgress, PlainValidator(_function)] = Field(
        default=None, description="give a function that takes a BulkProgress, or leave it out"
    )
    on_result: Annotated[OnResult, PlainValidator(_function)] = Field(
        default=None, description="give a function that takes a RowResult, or leave it out"
    )


@dataclass(frozen=True, slots=True)
class BulkPlan:
    """A bulk send that is ready to start."""

    sender: Sender
    bulk: BulkInput
    template_id: str
    choice: TemplateChoice | None

    def checkpoint(self) -> Checkpoint:
        """Return the checkpoint, not opened yet; in memory only without a path."""
        return Checkpoint(self.bulk.checkpoint, batch=self.bulk.batch, template=self.template_id)

    async def start(self, checkpoint: Checkpoint) -> BulkSend:
        """Return a run of the send, if the first row has all columns. Raises InvalidInput; nothing was sent then."""
        bulk, port = self.bulk, self.sender.port
        read = read_rows(bulk.rows, bulk.channel, bulk.encoding)
        first = next(read, None)
        placeholders = None if self.choice is None else self.choice.placeholders
        if first is not None and placeholders is None and Can.TEMPLATES in port.capabilities:
            placeholders = (await port.get_template(self.template_id, None)).placeholders
        if first is not None and (missing := missing_columns(first, placeholders or ())):
            raise InvalidInput(
                field="rows",
                problem=f"there is no column for {', '.join(missing)}",
                fix="give a column for each placeholder of the template",
                operation=_OPERATION,
            )
        return BulkSend(
            sender=self.sender,
            rows=iter(()) if first is None else respelt(first, read, placeholders or ()),
            message=self.message,
            channel=bulk.channel,
            batch=bulk.batch,
            checkpoint=checkpoint,
            pace=Pace(bulk.per_minute * _PART_OF_PACE / 60),
            limiter=bulk.limiter or self.sender.limiter,
            resend_unknown=bulk.resend_unknown,
            on_progress=bulk.on_progress,
            on_result=bulk.on_result,
        )

    def message(self, row: Row, reference: str) -> EmailInput | SmsInput:
        """Make the message of one row. Raises InvalidInput or NotSupported."""
        if row.problem:
            fix = "give an address or a number as text"
            raise InvalidInput(field="to", problem=row.problem, fix=fix, operation=_OPERATION)
        values = row.values if self.choice is None else self.choice.written(row.values)
        to = Personal(row.to)
        message: EmailInput | SmsInput
        if self.bulk.channel is Channel.SMS:
            with checked_input(_OPERATION, SmsInput):
                return SmsInput(to=to, template=self.template_id, personalisation=values, reference=reference)
        with checked_input(_OPERATION, EmailInput):
            message = EmailInput(to=to, template=self.template_id, personalisation=values, reference=reference)
        self.sender.port.require(*message.needed, operation=_OPERATION)
        return message
