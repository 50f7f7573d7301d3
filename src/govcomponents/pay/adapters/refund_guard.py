"""The guard against refunding twice for adapters whose provider has none, and what is said of it alike in all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from govcomponents.errors import Conflict, InvalidInput
from govcomponents.pay.states import RefundableStatus

if TYPE_CHECKING:
    from govcomponents.pay.inputs import NewRefund
    from govcomponents.pay.models import Payment

NOT_REFUNDABLE: Final[Mapping[RefundableStatus, tuple[str, str]]] = {
    RefundableStatus.PENDING: ("the money has not been taken yet", "refund when `refundable.status` is available"),
    RefundableStatus.FULL: ("all of it has been refunded", "list the payment's refunds"),
    RefundableStatus.UNAVAILABLE: (
        "it ended without money, is disputed, or is being captured",
        "get the payment later and look again",
    ),
}
"""Of each status, why a payment cannot be refunded, and how to go on."""
LESS_IS_LEFT: Final = (
    "what is left to refund is not what `available` says: the payment may have been refunded already",
    "list the payment's refunds; if this one is not among them, get the payment and refund with its `available`",
)


def check_refundable(payment: Payment, new: NewRefund, *, provider: str) -> None:
    """Check that what is left to refund is what the caller knows of. Raises Conflict; InvalidInput."""
    left = payment.refundable
    status = left.status if left is not None else RefundableStatus.UNAVAILABLE
    if left is None or status is not RefundableStatus.AVAILABLE:
        why, fix = NOT_REFUNDABLE[status]
        raise Conflict(f"the payment cannot be refunded: {why}", fix=fix, operation="pay.refund", provider=provider)
    if new.available.currency != left.available.currency:
        raise InvalidInput(
            field="available",
            problem="is not of the payment's currency",
            fix="pass `payment.refundable.available`",
            operation="pay.refund",
            provider=provider,
        )
    if new.available != left.available:
        happened, fix = LESS_IS_LEFT
        raise Conflict(happened, fix=fix, operation="pay.refund", provider=provider)
