"""What a webhook tells: a hint to get the payment again, with a key against duplicates and a rule for the order."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from govcomponents.money import Money
    from govcomponents.pay.ids import PaymentId, RefundId
    from govcomponents.pay.states import PaymentState


class PayEventType(StrEnum):
    """What happened to a payment. `UNKNOWN` is one that this version does not know; its text is `raw_type`."""

    STARTED = "started"
    SUBMITTED = "submitted"
    """The person has done their part; whether it is paid is not known yet."""
    CAPTURABLE = "capturable"
    SUCCEEDED = "succeeded"
    """The person has paid; the money is not yet taken."""
    CAPTURED = "captured"
    """The provider has taken the money."""
    SETTLED = "settled"
    REFUNDED = "refunded"
    """A refund changed. Look at the payment's refunds for which."""
    REFUND_FAILED = "refund_failed"
    FAILED = "failed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    DISPUTED = "disputed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class PayEvent:
    """A webhook that is proved to be the provider's. It is a hint: `get` the payment and act on what that says.

    `key` is the same each time that this message is delivered: act on each key once, but make acting twice harmless,
    since one change may also come under two keys. `state` is what the message says of the payment, which may be
    older or newer than what is known: keep `known.merge(event.state)`, never the message that came last. It is None
    where the message does not tell the payment's state. `payment_id` is None where the message does not name it.
    """

    key: str
    type: PayEventType
    raw_type: str
    occurred_at: datetime | None
    payment_id: PaymentId | None
    state: PaymentState | None
    reference: str | None = None
    amount: Money | None = None
    refund_id: RefundId | None = None
    is_live: bool | None = None
    raw: Mapping[str, object] = field(default_factory=dict, repr=False, compare=False)

    @property
    def order(self) -> tuple[float, str]:
        """A key to sort messages of one payment by: when it happened, then the message. Arrival has no order."""
        return (self.occurred_at.timestamp() if self.occurred_at is not None else 0.0, self.key)
