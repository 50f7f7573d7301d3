"""Payments: take, follow, capture, cancel, refund and reconcile them. `gov.pay` is a `Pay` or an `AsyncPay`."""

from __future__ import annotations

from govcomponents.pay.events import PayEvent, PayEventType
from govcomponents.pay.ids import AgreementId, DisputeId, PaymentId, RefundId
from govcomponents.pay.models import (
    Address,
    Agreement,
    Card,
    Dispute,
    Exemption,
    Payment,
    PaymentEvent,
    Refund,
    Refundable,
    Settlement,
)
from govcomponents.pay.states import (
    AgreementStatus,
    DisputeStatus,
    FailureReason,
    PaymentState,
    PaymentStatus,
    RefundableStatus,
    RefundStatus,
    merge_states,
)

__all__ = [
    "Address",
    "Agreement",
    "AgreementId",
    "AgreementStatus",
    "Card",
    "Dispute",
    "DisputeId",
    "DisputeStatus",
    "Exemption",
    "FailureReason",
    "PayEvent",
    "PayEventType",
    "Payment",
    "PaymentEvent",
    "PaymentId",
    "PaymentState",
    "PaymentStatus",
    "Refund",
    "RefundId",
    "RefundStatus",
    "Refundable",
    "RefundableStatus",
    "Settlement",
    "merge_states",
]
