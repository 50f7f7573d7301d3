"""Payments: take, follow, capture, cancel, refund and reconcile them. `gov.pay` is a `PayService`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from govcomponents.lazy import lazy_exports

if TYPE_CHECKING:
    from govcomponents.pay.async_service import AsyncPayService as AsyncPayService
    from govcomponents.pay.capabilities import PayCapability as PayCapability
    from govcomponents.pay.events import (
        DisputeChanged as DisputeChanged,
        PayEvent as PayEvent,
        PayEventKind as PayEventKind,
        PaymentChange as PaymentChange,
        PaymentChanged as PaymentChanged,
        RefundChanged as RefundChanged,
        UnknownEvent as UnknownEvent,
    )
    from govcomponents.pay.ids import (
        AgreementId as AgreementId,
        DisputeId as DisputeId,
        PaymentId as PaymentId,
        RefundId as RefundId,
    )
    from govcomponents.pay.inputs import (
        AgreementPaymentType as AgreementPaymentType,
        BillingAddress as BillingAddress,
        CardholderDetails as CardholderDetails,
    )
    from govcomponents.pay.limits import AmountLimits as AmountLimits, PayLimits as PayLimits
    from govcomponents.pay.models import (
        Agreement as Agreement,
        Card as Card,
        CardAddress as CardAddress,
        Dispute as Dispute,
        Exemption as Exemption,
        Payment as Payment,
        PaymentEvent as PaymentEvent,
        Refund as Refund,
        Refundable as Refundable,
        Settlement as Settlement,
    )
    from govcomponents.pay.mop_up import (
        Change as Change,
        MopUpReport as MopUpReport,
        OnChange as OnChange,
        Unfinished as Unfinished,
    )
    from govcomponents.pay.service import PayService as PayService
    from govcomponents.pay.states import (
        AgreementStatus as AgreementStatus,
        DisputeStatus as DisputeStatus,
        FailureReason as FailureReason,
        PaymentState as PaymentState,
        PaymentStatus as PaymentStatus,
        RefundableStatus as RefundableStatus,
        RefundStatus as RefundStatus,
    )

_HOMES = {
    "pay.async_service": "AsyncPayService",
    "pay.capabilities": "PayCapability",
    "pay.events": "DisputeChanged PayEvent PayEventKind PaymentChange PaymentChanged RefundChanged UnknownEvent",
    "pay.ids": "AgreementId DisputeId PaymentId RefundId",
    "pay.inputs": "AgreementPaymentType BillingAddress CardholderDetails",
    "pay.limits": "AmountLimits PayLimits",
    "pay.models": "Agreement Card CardAddress Dispute Exemption Payment PaymentEvent Refund Refundable Settlement",
    "pay.mop_up": "Change MopUpReport OnChange Unfinished",
    "pay.service": "PayService",
    "pay.states": (
        "AgreementStatus DisputeStatus FailureReason PaymentState PaymentStatus RefundStatus RefundableStatus"
    ),
}

if not TYPE_CHECKING:
    __all__, __getattr__, __dir__ = lazy_exports(__name__, _HOMES)
