"""Results of a bulk send: of each row, of its progress, and of the whole."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from pydantic import InstanceOf, PlainSerializer, WithJsonSchema

from govcomponents.core.results import Result
from govcomponents.errors import GovComponentsError


class RowState(StrEnum):
    """The state of a row.

    One that is UNKNOWN may have been accepted. It is sent again only after its reference was looked up, or, where the
    provider cannot be asked, if the caller says so.
    """

    NEW = "new"
    UNKNOWN = "unknown"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    NOT_SENT = "not_sent"
    DUPLICATE = "duplicate"

    @property
    def is_done(self) -> bool:
        """Whether the row is never sent again."""
        return self in (RowState.ACCEPTED, RowState.REFUSED, RowState.DUPLICATE)


@dataclass(frozen=True, slots=True, kw_only=True)
class RowResult(Result):
    """The outcome of one row, by its number in the file. `problem` is safe to show: it holds nothing of the row.

    A row that was done before this run is told of again, and `is_earlier`.
    """

    row: int
    state: RowState
    reference: str
    notification_id: str | None = None
    problem: str = ""
    is_earlier: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkProgress(Result):
    """The progress of a bulk send: how many rows came to which end.

    `earlier` were done with before it was started this time.

    Of those, `earlier_refused` had been refused.
    """

    accepted: int = 0
    refused: int = 0
    unknown: int = 0
    not_sent: int = 0
    duplicates: int = 0
    earlier: int = 0
    earlier_refused: int = 0

    @property
    def seen(self) -> int:
        """The number of rows that were looked at."""
        return self.accepted + self.refused + self.unknown + self.not_sent + self.duplicates + self.earlier


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkResult(Result):
    """The result of a bulk send. If it `is_complete`, no row is left that could still be sent.

    `stopped_by` is the error that ended it early: start it again with the same checkpoint once that is mended.
    """

    progress: BulkProgress
    stopped_by: (
        Annotated[InstanceOf[GovComponentsError], PlainSerializer(str), WithJsonSchema({"type": "string"})] | None
    ) = None

    @property
    def is_complete(self) -> bool:
        """Whether every row was accepted or refused, now or earlier."""
        return self.stopped_by is None and self.progress.unknown == self.progress.not_sent == 0
