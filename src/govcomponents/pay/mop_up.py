"""The job that settles what a service still waits for: payments whose person never came back."""

from __future__ import annotations

import inspect
from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable, Iterable
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, TypeAlias

from pydantic import Field

from govcomponents.core.inputs import Input, checked_input, member_or_text
from govcomponents.core.results import PlainValues, Result
from govcomponents.errors import (
    CredentialsRefused,
    GovComponentsError,
    InvalidInput,
    PermissionRefused,
    RateLimited,
)
from govcomponents.pay.ids import PaymentId
from govcomponents.pay.inputs import Identifier, Moment, OnPayment
from govcomponents.pay.models import Payment
from govcomponents.pay.states import PaymentStatus

if TYPE_CHECKING:
    from govcomponents.core.times import Clock


@dataclass(frozen=True, slots=True)
class Unfinished(PlainValues):
    """A payment that the service still waits for: its id, when it was created, and its status as last known."""

    payment_id: PaymentId
    created_at: datetime
    status: PaymentStatus | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change(Result):
    """A change of one payment that `mop_up` found: the payment as it is now, and what the service knew of it."""

    payment: Payment
    before: Unfinished


OnChange: TypeAlias = Callable[[Change], "bool | Awaitable[bool | None] | None"]
"""The function that `mop_up` gives each change to. It must be harmless when called twice for one change.

False says that the change was known already.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class MopUpReport(Result):
    """The result of one run, by payment id.

    `failed` names the kind of error; the payment is tried again by the next run.
    `stopped` names the error that ended the run early: the key was refused or there were too many requests.
    """

    dry_run: bool
    too_recent: tuple[PaymentId, ...] = ()
    unchanged: tuple[PaymentId, ...] = ()
    changed: tuple[PaymentId, ...] = ()
    known_already: tuple[PaymentId, ...] = ()
    failed: tuple[tuple[PaymentId, str], ...] = ()
    stopped: str | None = None

    def __str__(self) -> str:
        parts = (
            f"{len(self.changed)} {'would have ' if self.dry_run else ''}changed",
            f"{len(self.known_already)} known already",
            f"{len(self.unchanged)} unchanged",
            f"{len(self.too_recent)} too recent",
            f"{len(self.failed)} failed",
        )
        return ", ".join(parts) + (f"; stopped by {self.stopped}" if self.stopped else "")


@dataclass
class _Tally:
    too_recent: list[PaymentId] = field(default_factory=list)
    unchanged: list[PaymentId] = field(default_factory=list)
    changed: list[PaymentId] = field(default_factory=list)
    known_already: list[PaymentId] = field(default_factory=list)
    failed: list[tuple[PaymentId, str]] = field(default_factory=list)

    def report(self, *, dry_run: bool, stopped: str | None = None) -> MopUpReport:
        return MopUpReport(
            dry_run=dry_run,
            too_recent=tuple(self.too_recent),
            unchanged=tuple(self.unchanged),
            changed=tuple(self.changed),
            known_already=tuple(self.known_already),
            failed=tuple(self.failed),
            stopped=stopped,
        )


class _Waiting(Input):
    payment_id: Identifier = Field(description="give the id of the payment, as `payment.id` gave it")
    created_at: Moment = Field(description="give an aware datetime, such as `payment.created_at`")
    status: Annotated[PaymentStatus, member_or_text(PaymentStatus)] | None = Field(
        default=None, description="give the status that the service knows, or leave it out"
    )


class _Options(Input):
    on_change: Callable[..., object] = Field(description="pass a function that takes a Change")
    older_than: timedelta = Field(description="pass a timedelta, such as timedelta(hours=3)")
    dry_run: bool = Field(description="pass True to find out alone, else False")


async def _each(items: Iterable[Unfinished] | AsyncIterable[Unfinished]) -> AsyncGenerator[Unfinished, None]:
    if isinstance(items, AsyncIterable):
        async for item in items:
            yield item
    elif isinstance(items, Iterable):
        for item in items:
            yield item
    else:
        raise InvalidInput(
            field="unfinished",
            problem=f"it is not a list, but of the type {type(items).__name__}",
            fix="pass the payments that the service waits for, as a list or an iterator of Unfinished",
            operation="pay.mop_up",
        )


def _checked(item: object, operation: str) -> _Waiting:
    if not isinstance(item, Unfinished):
        raise InvalidInput(
            field="unfinished",
            problem=f"an item is not an Unfinished, but of the type {type(item).__name__}",
            fix="pass Unfinished(payment_id, created_at, status) for each payment that the service waits for",
            operation=operation,
        )
    with checked_input(operation, _Waiting):
        return _Waiting(payment_id=item.payment_id, created_at=item.created_at, status=item.status)
    raise AssertionError("unreachable: the line above returns or raises")


async def mop_up(
    get: Callable[[OnPayment], Awaitable[Payment]],
    clock: Clock,
    unfinished: Iterable[Unfinished] | AsyncIterable[Unfinished],
    on_change: OnChange,
    *,
    older_than: timedelta,
    dry_run: bool,
) -> MopUpReport:
    """Get the true state of each payment and hand over what changed. See `PayService.mop_up`.

    `get` reads a payment as the service does: compared with what was asked, and with the account's name.
    """
    operation = "pay.mop_up"
    with checked_input(operation, _Options):
        options = _Options(on_change=on_change, older_than=older_than, dry_run=dry_run)
    latest = datetime.fromtimestamp(clock(), UTC) - options.older_than
    tally = _Tally()
    async with aclosing(_each(unfinished)) as items:
        async for item in items:
            known = _checked(item, operation)
            if known.created_at > latest:
                tally.too_recent.append(item.payment_id)
                continue
            try:
                payment = await get(OnPayment(payment_id=known.payment_id))
            except (CredentialsRefused, PermissionRefused, RateLimited) as error:
                return tally.report(dry_run=dry_run, stopped=type(error).__name__)
            except GovComponentsError as error:
                tally.failed.append((item.payment_id, type(error).__name__))
                continue
            await _settle(
                Change(account=payment.account, payment=payment, before=item), on_change, tally, dry_run=dry_run
            )
    return tally.report(dry_run=dry_run)


async def _settle(change: Change, on_change: OnChange, tally: _Tally, *, dry_run: bool) -> None:
    payment, before = change.payment, change.before
    if payment.status is before.status or (before.status is None and not payment.is_finished):
        tally.unchanged.append(before.payment_id)
        return
    if not dry_run:
        answer = on_change(change)
        if inspect.isawaitable(answer):
            answer = await answer
        if answer is False:
            tally.known_already.append(before.payment_id)
            return
    tally.changed.append(before.payment_id)
