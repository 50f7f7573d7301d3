"""Payments: take, follow, capture, cancel, refund and reconcile them. `gov.pay` is a `Pay` or an `AsyncPay`."""

from __future__ import annotations

from govcomponents.pay.events import PayEvent, PayEventType
from govcomponents.pay.ids import AgreementId, DisputeId, PaymentId, RefundId
from govcomponents.pay.inputs import BillingAddress, CardholderDetails
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
from govcomponents.pay.mop_up import Change, MopUpReport, Unfinished
from govcomponents.pay.port import PayCapability
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
    "BillingAddress",
    "Card",
    "CardholderDetails",
    "Change",
    "Dispute",
    "DisputeId",
    "DisputeStatus",
    "Exemption",
    "FailureReason",
    "MopUpReport",
    "PayCapability",
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
    "Unfinished",
    "merge_states",
]
