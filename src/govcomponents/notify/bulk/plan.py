"""A bulk send before it starts: its arguments checked, its columns compared with the template's placeholders."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from govcomponents.errors import InvalidInput
from govcomponents.notify.bulk.checkpoint import Checkpoint
from govcomponents.notify.bulk.results import BulkProgress, RowResult
from govcomponents.notify.bulk.send import BulkSend
from govcomponents.notify.bulk.spreadsheets import Row, missing_columns, read_rows
from govcomponents.notify.models import Channel
from govcomponents.notify.pacing import Pacer
from govcomponents.notify.port import NotifyCapability

if TYPE_CHECKING:
    from govcomponents.notify.bulk.send import Prepare
    from govcomponents.notify.port import NotifyPort

_OPERATION: Final = "notify.send_many"
_PART_OF_PACE: Final = 0.995
"""What of the permitted pace is used: requests arrive a little unevenly, and the provider counts how they arrive."""


@dataclass(frozen=True, slots=True)
class BulkPlan:
    """Everything that a bulk send needs to know."""

    port: NotifyPort
    rows: Iterable[Mapping[str, object]] | str | os.PathLike[str]
    prepare: Prepare
    channel: Channel
    batch: str
    template_id: str
    placeholders: tuple[str, ...] | None
    checkpoint: str | os.PathLike[str] | None
    per_minute: float
    concurrency: int
    on_progress: Callable[[BulkProgress], None] | None
    on_result: Callable[[RowResult], None] | None

    def open_checkpoint(self) -> Checkpoint:
        """The checkpoint; in memory only without a path."""
        path = None if self.checkpoint is None else Path(self.checkpoint)
        return Checkpoint(path, batch=self.batch, template=self.template_id)

    async def start(self, checkpoint: Checkpoint) -> BulkSend:
        """Make a run, and check the columns of the first row. Raises InvalidInput, and then nothing was sent."""
        read = read_rows(self.rows, self.channel)
        first = next(read, None)
        placeholders = self.placeholders
        if first is not None and placeholders is None and NotifyCapability.TEMPLATES in self.port.capabilities:
            placeholders = (await self.port.get_template(self.template_id, None)).placeholders
        if first is not None and (missing := missing_columns(first, placeholders or ())):
            raise InvalidInput(
                field="rows",
                problem=f"there is no column for {', '.join(missing)}",
                fix="give a column for each placeholder of the template",
                operation=_OPERATION,
            )
        return BulkSend(
            self.port,
            _again(first, read),
            self.channel,
            self.batch,
            checkpoint,
            self.prepare,
            Pacer(self.per_minute * _PART_OF_PACE, burst=max(1.0, self.per_minute / 120)),
            self.on_progress,
            self.on_result,
        )


def _again(first: Row | None, rest: Iterator[Row]) -> Iterator[Row]:
    if first is not None:
        yield first
        yield from rest


def checked(channel: Channel, batch: object, per_minute: object, concurrency: object) -> None:
    """Check the arguments that every caller gives. Raises InvalidInput."""
    fixes = {
        "channel": (channel in (Channel.EMAIL, Channel.SMS), 'give "email" or "sms"'),
        "batch": (
            isinstance(batch, str) and 0 < len(batch) <= 100,
            "give a name of at most 100 characters that no other bulk send has",
        ),
        "per_minute": (isinstance(per_minute, (int, float)) and per_minute > 0, "give a number above 0"),
        "concurrency": (type(concurrency) is int and 1 <= concurrency <= 1000, "give a whole number from 1 to 1000"),
    }
    for name, (is_right, fix) in fixes.items():
        if not is_right:
            raise InvalidInput(field=name, problem="it is not valid", fix=fix, operation=_OPERATION)
