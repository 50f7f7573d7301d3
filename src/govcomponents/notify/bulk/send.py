"""Bulk sending: one template to many people, streamed, paced, many at a time, and able to go on after a stop.

Each row is written down before it is sent and again when its outcome is known. A row whose outcome is unknown is looked
up at the provider by its reference before it is sent again; that is why every row has a reference of its own.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from govcomponents.errors import (
    ConfigurationError,
    CredentialsRefused,
    DailyLimitReached,
    GovComponentsError,
    InvalidInput,
    NotSent,
    OutcomeUnknown,
    RateLimited,
    Unavailable,
)
from govcomponents.notify.bulk.checkpoint import Checkpoint
from govcomponents.notify.bulk.results import BulkProgress, BulkResult, RowResult, RowState
from govcomponents.notify.bulk.spreadsheets import Row, Seen
from govcomponents.notify.capabilities import NotifyCapability as Can

if TYPE_CHECKING:
    from govcomponents.notify.inputs import EmailInput, SmsInput
    from govcomponents.notify.models import Channel
    from govcomponents.notify.pacing import Pacer
    from govcomponents.notify.sending import Sender

_GIVE_UP_AFTER: Final = 20
"""Rows in a row that could not be sent because nothing could be reached: then the send stops, to be started again."""


@dataclass(slots=True)
class BulkSend:
    """One run of a bulk send, shared by all its workers."""

    sender: Sender
    rows: Iterator[Row]
    message: Callable[[Row, str], EmailInput | SmsInput]
    channel: Channel
    batch: str
    checkpoint: Checkpoint
    pacer: Pacer
    on_progress: Callable[[BulkProgress], None] | None = None
    on_result: Callable[[RowResult], None] | None = None
    counts: Counter[str] = field(default_factory=Counter)
    stopped_by: GovComponentsError | None = None
    _seen: Seen = field(default_factory=Seen)
    _taking: threading.Lock = field(default_factory=threading.Lock)
    _emitting: threading.Lock = field(default_factory=threading.Lock)
    _failures: int = 0
    _is_stopped: bool = False
    _lost: list[tuple[int, int]] = field(default_factory=list)

    @property
    def _account(self) -> str:
        return self.sender.runtime.account

    def reference(self, number: int) -> str:
        """Return the reference of a row: the batch and the row's number."""
        return f"{self.batch}-{number}"

    def take(self) -> tuple[Row, RowState] | None:
        """Return the next row to send, with its state; None at the end, or when the send was stopped."""
        with self._taking:
            while self.stopped_by is None and not self._is_stopped:
                row = next(self.rows, None)
                if row is None:
                    return None
                state = self.checkpoint.state(row.number, row.check)
                is_new = self._seen.add(row.fingerprint)
                if state.is_done:
                    self._count("earlier")
                elif not is_new:
                    self.checkpoint.record(row.number, RowState.DUPLICATE, row.check)
                    self._emit(row, RowState.DUPLICATE, problem="it repeats an earlier row")
                else:
                    return row, state
        return None

    async def work(self) -> None:
        """Send row after row, until none is left. Threads and tasks run several of these at once."""
        try:
            while (taken := self.take()) is not None:
                await self._send(*taken)
        except GovComponentsError as error:
            self.stopped_by = self.stopped_by or error

    async def _send(self, row: Row, state: RowState) -> None:
        try:
            message = self.sender.guarded(self.message(row, self.reference(row.number)))
        except InvalidInput as error:
            self._end(row, RowState.REFUSED, problem=f"{error.field}: {error.problem}")
            return
        if state is RowState.UNKNOWN and (found := await self._found(self.reference(row.number))):
            self._end(row, RowState.ACCEPTED, found)
            return
        while True:
            await self.sender.rest(self.pacer.reserve(self.sender.runtime.clock()))
            self.checkpoint.record(row.number, RowState.UNKNOWN, row.check)
            try:
                sent = await self.sender.deliver(message)
            except DailyLimitReached:
                self._end(row, RowState.NOT_SENT, problem="the day's limit is used up")
                raise
            except RateLimited as error:
                self.checkpoint.record(row.number, RowState.NOT_SENT, row.check)
                await self.sender.rest(error.retry_after or 10.0)
                continue
            except GovComponentsError as error:
                self._failed(row, error)
            else:
                self._failures = 0
                self._end(row, RowState.ACCEPTED, sent.id)
            return

    def _failed(self, row: Row, error: GovComponentsError) -> None:
        if isinstance(error, OutcomeUnknown):
            self._lost.append((row.number, row.check))
            self._end(row, RowState.UNKNOWN, problem=error.happened)
        elif isinstance(error, (NotSent, Unavailable, CredentialsRefused, ConfigurationError)):
            self._failures += 1
            self._end(row, RowState.NOT_SENT, problem=error.happened)
            if self._failures >= _GIVE_UP_AFTER or not isinstance(error, (NotSent, Unavailable)):
                raise error
        else:
            self._end(row, RowState.REFUSED, problem=error.happened)

    async def settle(self) -> None:
        """Look up the rows whose answers were lost just now. Those that are not found stay unknown."""
        lost, self._lost = self._lost, []
        for number, check in lost:
            try:
                found = await self._found(self.reference(number))
            except GovComponentsError:
                return
            if found is not None:
                self.checkpoint.record(number, RowState.ACCEPTED, check, found)
                with self._emitting:
                    self.counts["unknown"] -= 1
                    self._emit_result(number, RowState.ACCEPTED, found)

    async def _found(self, reference: str) -> str | None:
        """Return the id of the provider's message with a reference; None if it holds none."""
        if Can.SEARCH not in self.sender.port.capabilities:
            return None
        found = await self.sender.find(reference, self.channel)
        return None if found is None else found.id

    def _end(self, row: Row, state: RowState, notification_id: str | None = None, problem: str = "") -> None:
        self.checkpoint.record(row.number, state, row.check, notification_id)
        self._emit(row, state, notification_id, problem)

    def _emit(self, row: Row, state: RowState, notification_id: str | None = None, problem: str = "") -> None:
        with self._emitting:
            self._emit_result(row.number, state, notification_id, problem)

    def _emit_result(self, row: int, state: RowState, notification_id: str | None, problem: str = "") -> None:
        self._count("duplicates" if state is RowState.DUPLICATE else state.value)
        if self.on_result is not None:
            self.on_result(
                RowResult(
                    account=self._account,
                    row=row,
                    state=state,
                    reference=self.reference(row),
                    notification_id=notification_id,
                    problem=problem,
                )
            )
        if self.on_progress is not None:
            self.on_progress(self.progress())

    def _count(self, name: str) -> None:
        self.counts[name] += 1

    def stop(self) -> None:
        """Stop the send: no more rows are taken."""
        self._is_stopped = True

    def progress(self) -> BulkProgress:
        """Return the counts of rows so far."""
        counts = self.counts
        return BulkProgress(
            account=self._account,
            accepted=counts["accepted"],
            refused=counts["refused"],
            unknown=counts["unknown"],
            not_sent=counts["not_sent"],
            duplicates=counts["duplicates"],
            earlier=counts["earlier"],
        )

    def result(self) -> BulkResult:
        """Return the result of the send."""
        return BulkResult(progress=self.progress(), stopped_by=self.stopped_by)
