"""Bulk sending: one template to many people, streamed, paced, many at a time, and able to go on after a stop.

Each row is written down before it is sent, and again when its outcome is known. A row whose outcome is unknown is
looked up at the provider by its reference before it is sent again; that is why every row has a reference of its own.
Where the provider cannot be asked, it stays unknown, unless the caller says that it is to be sent again.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Final, TypeVar

from govcomponents.core.observe import Happening, tell
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
from govcomponents.notify.bulk.pace import Pace, Turn
from govcomponents.notify.bulk.results import BulkProgress, BulkResult, RowResult, RowState
from govcomponents.notify.bulk.spreadsheets import Row, Seen
from govcomponents.notify.capabilities import NotifyCapability as Can

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from govcomponents.notify.inputs import EmailInput, Message, SmsInput
    from govcomponents.notify.limiters import Limiter
    from govcomponents.notify.models import Channel, Sent
    from govcomponents.notify.sending import Sender

_GIVE_UP_AFTER: Final = 20
"""Rows in a row that could not be sent because nothing could be reached: then the send stops, to be started again."""
_PASSES_SOON: Final = 120.0
"""Seconds. A limit that lasts longer, as one of a day or a year does, ends the send."""
_GIVE_UP_AFTER_PAUSES: Final = 15
"""Pauses in a row, of up to a minute and a half each, after which nothing was let through."""
_LOOK_UP_EVERY: Final = 2.0
"""Seconds after which a worker that waits looks whether the send was stopped."""
_TELL_EVERY: Final = 1.0
"""Seconds between two tellings of how long rows waited for the shared budget: there may be a million of them."""

_MOST_LOOKED_UP: Final = 1_000
"""Rows whose answers were lost that are looked up at the end; the others are when the send is started again."""
_NOT_LOOKED_UP: Final = "it may have been sent earlier, and this provider cannot be asked"

T = TypeVar("T")


class _Stopped(Exception):  # it is no error, and never leaves this module
    """The send was stopped while a row waited for its turn."""


@dataclass(slots=True)
class BulkSend:
    """One run of a bulk send, shared by all its workers."""

    sender: Sender
    rows: Iterator[Row]
    message: Callable[[Row, str], EmailInput | SmsInput]
    channel: Channel
    batch: str
    checkpoint: Checkpoint
    pace: Pace
    limiter: Limiter | None = None
    resend_unknown: bool = False
    on_progress: Callable[[BulkProgress], None] | None = None
    on_result: Callable[[RowResult], None] | None = None
    counts: Counter[str] = field(default_factory=Counter)
    stopped_by: GovComponentsError | None = None
    _seen: Seen = field(default_factory=Seen)
    _taking: threading.Lock = field(default_factory=threading.Lock)
    _emitting: threading.Lock = field(default_factory=threading.Lock)
    _failures: int = 0
    _is_stopped: bool = False
    _lost: list[tuple[int, int, Message]] = field(default_factory=list)
    _waited: float = 0.0
    _told_at: float = 0.0

    @property
    def _account(self) -> str:
        return self.sender.runtime.account

    @property
    def _is_over(self) -> bool:
        return self._is_stopped or self.stopped_by is not None

    @property
    def _can_look_up(self) -> bool:
        return Can.SEARCH in self.sender.port.capabilities

    def reference(self, number: int) -> str:
        """Return the reference of a row: the batch and the row's number."""
        return f"{self.batch}-{number}"

    def take(self) -> tuple[Row, RowState] | None:
        """Return the next row to send, with its state; None at the end, or when the send was stopped."""
        with self._taking:
            while not self._is_over:
                row = next(self.rows, None)
                if row is None:
                    return None
                state = self.checkpoint.state(row.number, row.check)
                is_new = self._seen.add(row.fingerprint)
                if state.is_done:
                    self._tell_of_earlier(row.number, state)
                elif not is_new:
                    self._end(row, RowState.DUPLICATE, problem="it repeats an earlier row")
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
        is_unknown = state is RowState.UNKNOWN
        if is_unknown and not self._can_look_up and not self.resend_unknown:
            self._end(row, RowState.UNKNOWN, problem=_NOT_LOOKED_UP)
            return
        try:
            if is_unknown and self._can_look_up:
                if found := await self._in_turn(lambda: self._found(message)):
                    self._end(row, RowState.ACCEPTED, found)
                    return
                is_unknown = False
            before = RowState.UNKNOWN if is_unknown else RowState.NOT_SENT
            sent = await self._in_turn(lambda: self._deliver(row, message, before))
        except _Stopped:
            self._end_unsent(row, is_unknown=is_unknown, problem="the send was stopped before its turn")
        except RateLimited as error:
            self._end_unsent(row, is_unknown=is_unknown, problem=error.happened)
            raise
        except GovComponentsError as error:
            self._failed(row, message, error, is_unknown=is_unknown)
        else:
            self._failures = 0
            self._end(row, RowState.ACCEPTED, sent.id)

    async def _deliver(self, row: Row, message: Message, before: RowState) -> Sent:
        """Send the message of a row, once it is on the disk that it may have been sent."""
        self.checkpoint.record(row.number, RowState.UNKNOWN, row.check)
        if self.checkpoint.is_on_disk:
            await self.sender.runtime.transport.run_blocking(self.checkpoint.make_durable)
        try:
            return await self.sender.deliver(message)
        except RateLimited:
            self.checkpoint.record(row.number, before, row.check)
            raise

    async def _in_turn(self, request: Callable[[], Awaitable[T]]) -> T:
        """Make one request in its turn, and again in another turn for as long as it is refused for its pace.

        Raises RateLimited for a limit that does not pass soon, and _Stopped.
        """
        while True:
            turn = await self._turn()
            try:
                given = await request()
            except RateLimited as error:
                asked = error.retry_after
                if isinstance(error, DailyLimitReached) or (asked is not None and asked > _PASSES_SOON):
                    raise
                paused = self.pace.refused(turn, self.sender.runtime.clock(), asked)
                if paused is not None:
                    self._tell_of_pause(paused)
                if self.pace.fruitless_pauses >= _GIVE_UP_AFTER_PAUSES:
                    raise
            except GovComponentsError as error:
                if error.status is not None:
                    self.pace.passed()
                raise
            else:
                self.pace.passed()
                return given

    def _tell_of_pause(self, seconds: float) -> None:
        runtime = self.sender.runtime
        if runtime.observers:
            provider, labels = self.sender.port.provider, {"operation": "notify.send_many"}
            tell(runtime.observers, Happening("bulk.paused", provider, runtime.account, labels, seconds))

    def _tell_of_wait(self, seconds: float, *, at_once: bool = False) -> None:
        """Tell for how long rows waited for the shared budget in all, every second and at the end."""
        now = self.sender.runtime.clock()
        with self._taking:
            self._waited += max(0.0, seconds)
            if not at_once and now - self._told_at < _TELL_EVERY:
                return
            waited, self._waited, self._told_at = self._waited, 0.0, now
        self.sender.tell_of_wait(waited)

    async def _turn(self) -> Turn:
        """Wait for the next turn to make a request. Raises _Stopped if the send ends meanwhile."""
        clock, transport = self.sender.runtime.clock, self.sender.runtime.transport
        asked_at: float | None = None
        while True:
            turn = self.pace.take(clock())
            left = turn.wait
            while left > 0 and not self._is_over:
                await self.sender.rest(min(left, _LOOK_UP_EVERY))
                left -= _LOOK_UP_EVERY
            if self._is_over:
                raise _Stopped
            if not self.pace.holds(turn):
                continue
            if self.limiter is None:
                return turn
            asked_at = clock() if asked_at is None else asked_at
            wait = await transport.run_blocking(partial(self.limiter.acquire, 1))
            if wait <= 0:
                self._tell_of_wait(clock() - asked_at)
                return turn
            self.pace.hold(turn, clock(), wait)

    def _failed(self, row: Row, message: Message, error: GovComponentsError, *, is_unknown: bool) -> None:
        """End a row that was not accepted. What an earlier attempt of unknown outcome did, no refusal says."""
        if isinstance(error, OutcomeUnknown):
            if len(self._lost) < _MOST_LOOKED_UP:
                self._lost.append((row.number, row.check, message))
            self._end(row, RowState.UNKNOWN, problem=error.happened)
        elif isinstance(error, (NotSent, Unavailable, CredentialsRefused, ConfigurationError)):
            self._failures += 1
            self._end_unsent(row, is_unknown=is_unknown, problem=error.happened)
            if self._failures >= _GIVE_UP_AFTER or not isinstance(error, (NotSent, Unavailable)):
                raise error
        else:
            self._end(row, RowState.UNKNOWN if is_unknown else RowState.REFUSED, problem=error.happened)

    async def settle(self) -> None:
        """Look up the rows whose answers were lost just now, then end the file. Those not found stay unknown."""
        self._tell_of_wait(0.0, at_once=True)
        lost, self._lost = self._lost, []
        try:
            for number, check, message in lost if self._can_look_up else ():
                await self.sender.rest(self.pace.take(self.sender.runtime.clock()).wait)
                try:
                    found = await self._found(message)
                except GovComponentsError:
                    break
                if found is not None:
                    self.counts["unknown"] -= 1
                    self._end_numbered(number, check, RowState.ACCEPTED, found)
            if self.checkpoint.is_on_disk:
                await self.sender.runtime.transport.run_blocking(self.checkpoint.make_durable)
        except GovComponentsError as error:
            self.stopped_by = self.stopped_by or error

    async def _found(self, message: Message) -> str | None:
        """Return the id that the provider's message of a row has; None if it holds none."""
        found = await self.sender.find(message)
        return None if found is None else found.id

    def _end_unsent(self, row: Row, *, is_unknown: bool, problem: str) -> None:
        self._end(row, RowState.UNKNOWN if is_unknown else RowState.NOT_SENT, problem=problem)

    def _end(self, row: Row, state: RowState, notification_id: str | None = None, problem: str = "") -> None:
        self._end_numbered(row.number, row.check, state, notification_id, problem)

    def _end_numbered(
        self, number: int, check: int, state: RowState, notification_id: str | None = None, problem: str = ""
    ) -> None:
        """Record the end of a row, and tell of it; a row that cannot be recorded is told of all the same."""
        try:
            self.checkpoint.record(number, state, check, notification_id, problem)
        finally:
            self._emit(number, state, notification_id, problem)

    def _emit(self, row: int, state: RowState, notification_id: str | None = None, problem: str = "") -> None:
        with self._emitting:
            self._count("duplicates" if state is RowState.DUPLICATE else state.value)
            self._tell(row, state, notification_id, problem)
            if self.on_progress is not None:
                self.on_progress(self.progress())

    def _tell_of_earlier(self, row: int, state: RowState) -> None:
        with self._emitting:
            self._count("earlier")
            if state is RowState.REFUSED:
                self._count("earlier_refused")
            if self.on_result is not None:
                self._tell(row, state, *self.checkpoint.earlier(row), is_earlier=True)

    def _tell(
        self, row: int, state: RowState, notification_id: str | None, problem: str, *, is_earlier: bool = False
    ) -> None:
        if self.on_result is not None:
            self.on_result(
                RowResult(
                    account=self._account,
                    row=row,
                    state=state,
                    reference=self.reference(row),
                    notification_id=notification_id,
                    problem=problem,
                    is_earlier=is_earlier,
                )
            )

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
            earlier_refused=counts["earlier_refused"],
        )

    def result(self) -> BulkResult:
        """Return the result of the send."""
        return BulkResult(progress=self.progress(), stopped_by=self.stopped_by)
