"""Events of payments, which a provider reports by webhooks: one class for each kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal, TypeAlias, TypedDict

from govcomponents.core.results import Result
from govcomponents.money import Money
from govcomponents.pay.ids import DisputeId, PaymentId, RefundId
from govcomponents.pay.models import Payment
from govcomponents.pay.states import DisputeStatus, PaymentState, RefundStatus


class PayEventKind(StrEnum):
    """The kinds of events. Each has its own class."""

    PAYMENT_CHANGED = "payment_changed"
    REFUND_CHANGED = "refund_changed"
    DISPUTE_CHANGED = "dispute_changed"
    UNKNOWN = "unknown"


class PaymentChange(StrEnum):
    """The changes that a payment goes through."""

    STARTED = "started"
    SUBMITTED = "submitted"
    """The person has done their part; whether it is paid is not known yet."""
    CAPTURABLE = "capturable"
    SUCCEEDED = "succeeded"
    """The person has paid; the money is not yet taken."""
    CAPTURED = "captured"
    """The provider has taken the money."""
    SETTLED = "settled"
    FAILED = "failed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Event(Result):
    """The base of events: proved to be the provider's, and a hint to `get` the payment and act on what that says.

    `key` is the same each time that this message is delivered: act on each key once, but make acting twice harmless,
    since one change may also come under two keys. `occurred_at` is when it happened; the order of arrival means
    nothing. `raw_type` is the provider's own name of the event. `payment_id` is None where the message does not name
    the payment; `is_live` where it does not say whether the money is real. `payment` is the payment as it stands now:
    only the durable layer, which asks for it, gives it to its handlers.
    """

    key: str
    raw_type: str
    occurred_at: datetime | None
    payment_id: PaymentId | None
    reference: str | None = None
    is_live: bool | None = None
    payment: Payment | None = field(default=None, repr=False)

    @property
    def order(self) -> tuple[float, str]:
        """A key to sort events of one payment by: when it happened, then the message."""
        return (self.occurred_at.timestamp() if self.occurred_at is not None else 0.0, self.key)


class EventFacts(TypedDict):
    """The fields that every event has, as keywords for an adapter."""

    key: str
    raw_type: str
    occurred_at: datetime | None
    payment_id: PaymentId | None
    reference: str | None
    is_live: bool | None
    raw: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentChanged(_Event):
    """A payment changed.

    `state` is what the message says of the payment, which may be older or newer than what is known: keep
    `known.merge(event.state)`, never the message that came last. It is None where the message does not tell it.
    `amount` is the money that the change is about: what was paid or taken, with a surcharge, and less than the payment
    where only a part of it was taken. `payment_amount` is the whole payment's, as `payment.amount`.
    """

    kind: Literal[PayEventKind.PAYMENT_CHANGED] = field(default=PayEventKind.PAYMENT_CHANGED, init=False)
    change: PaymentChange
    state: PaymentState | None
    amount: Money | None = None
    payment_amount: Money | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundChanged(_Event):
    """A refund was made, or changed.

    `refund_id`, `status` and `amount` are the refund's own, None where the message does not show them: list the
    payment's refunds then. `payment_amount` is the whole payment's.
    """

    kind: Literal[PayEventKind.REFUND_CHANGED] = field(default=PayEventKind.REFUND_CHANGED, init=False)
    refund_id: RefundId | None = None
    status: RefundStatus | None = None
    amount: Money | None = None
    payment_amount: Money | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeChanged(_Event):
    """A dispute was opened or changed. `amount` is the amount in dispute."""

    kind: Literal[PayEventKind.DISPUTE_CHANGED] = field(default=PayEventKind.DISPUTE_CHANGED, init=False)
    dispute_id: DisputeId | None = None
    status: DisputeStatus | None = None
    amount: Money | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownEvent(_Event):
    """An event that is the provider's, and that this version does not know. Acknowledge it."""

    kind: Literal[PayEventKind.UNKNOWN] = field(default=PayEventKind.UNKNOWN, init=False)


PayEvent: TypeAlias = PaymentChanged | RefundChanged | DisputeChanged | UnknownEvent
"""The events that `gov.pay.parse_callback` returns."""
