"""What both pay callers share: the port, and the arguments checked against what it can do."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from govcomponents.core.inputs import build
from govcomponents.pay.inputs import (
    AgreementCharge,
    AgreementSearch,
    CardDetails,
    DisputeSearch,
    NewAgreement,
    NewPayment,
    NewRefund,
    NewTelephonePayment,
    OnAgreement,
    OnPayment,
    OnRefund,
    PaymentSearch,
    RefundSearch,
)
from govcomponents.pay.port import PayCapability as Can

if TYPE_CHECKING:
    from govcomponents.pay.events import PayEvent
    from govcomponents.pay.port import PayPort


def new_idempotency_key() -> str:
    """A key for one charge, not to be guessed."""
    return secrets.token_hex(16)


def _needed_for(fields: Mapping[str, Any]) -> list[Can]:
    """The capabilities that the optional arguments of a new payment need."""
    asked = (
        (fields.get("delayed_capture") is True, Can.DELAYED_CAPTURE),
        (fields.get("language") == "cy", Can.WELSH),
        (fields.get("prefilled") is not None, Can.PREFILLED_DETAILS),
        (fields.get("moto") is True, Can.MOTO),
        (fields.get("set_up_agreement") is not None, Can.AGREEMENTS),
        (fields.get("idempotency_key") is not None, Can.IDEMPOTENCY_KEYS),
    )
    return [capability for wanted, capability in asked if wanted]


def _as_dicts(fields: dict[str, Any]) -> dict[str, Any]:
    """Copy mappings, so that what the caller does to them later changes nothing that is sent."""
    for name in ("metadata", "extra"):
        if isinstance(fields.get(name), Mapping):
            fields[name] = dict(fields[name])
    return fields


class Arguments:
    """Checks arguments: first whether the adapter can do what they ask for, then each value."""

    def __init__(self, port: PayPort) -> None:
        self._port = port

    def _new_payment(self, **fields: Any) -> NewPayment:
        self._port.require(Can.CREATE, *_needed_for(fields), operation="pay.create")
        return build(NewPayment, "pay.create", **_as_dicts(fields))

    def _new_telephone_payment(self, **fields: Any) -> NewTelephonePayment:
        operation = "pay.create_by_telephone"
        self._port.require(Can.TELEPHONE, *_needed_for(fields), operation=operation)
        return build(NewTelephonePayment, operation, **_as_dicts(fields))

    def _card(self, **fields: Any) -> CardDetails:
        self._port.require(Can.TELEPHONE, operation="pay.authorise")
        return build(CardDetails, "pay.authorise", **fields)

    def _charge(self, **fields: Any) -> AgreementCharge:
        self._port.require(Can.AGREEMENTS, operation="pay.charge_agreement")
        return build(AgreementCharge, "pay.charge_agreement", **_as_dicts(fields))

    def _on_payment(self, operation: str, capability: Can, payment_id: str) -> OnPayment:
        self._port.require(capability, operation=operation)
        return build(OnPayment, operation, payment_id=payment_id)

    def _on_refund(self, payment_id: str, refund_id: str) -> OnRefund:
        self._port.require(Can.REFUND, operation="pay.get_refund")
        return build(OnRefund, "pay.get_refund", payment_id=payment_id, refund_id=refund_id)

    def _new_refund(self, **fields: Any) -> NewRefund:
        self._port.require(Can.REFUND, *_needed_for(fields), operation="pay.refund")
        return build(NewRefund, "pay.refund", **_as_dicts(fields))

    def _new_agreement(self, **fields: Any) -> NewAgreement:
        self._port.require(Can.AGREEMENTS, operation="pay.create_agreement")
        return build(NewAgreement, "pay.create_agreement", **_as_dicts(fields))

    def _on_agreement(self, operation: str, agreement_id: str) -> OnAgreement:
        self._port.require(Can.AGREEMENTS, operation=operation)
        return build(OnAgreement, operation, agreement_id=agreement_id)

    def _webhook(self, body: bytes, headers: Mapping[str, str]) -> PayEvent:
        self._port.require(Can.WEBHOOKS, operation="pay.parse_webhook")
        return self._port.parse_webhook(body, headers)

    def _payment_search(self, **fields: Any) -> PaymentSearch:
        self._port.require(Can.SEARCH, operation="pay.search")
        return build(PaymentSearch, "pay.search", **fields)

    def _refund_search(self, **fields: Any) -> RefundSearch:
        self._port.require(Can.SEARCH_REFUNDS, operation="pay.search_refunds")
        return build(RefundSearch, "pay.search_refunds", **fields)

    def _agreement_search(self, **fields: Any) -> AgreementSearch:
        self._port.require(Can.SEARCH_AGREEMENTS, operation="pay.search_agreements")
        return build(AgreementSearch, "pay.search_agreements", **fields)

    def _dispute_search(self, **fields: Any) -> DisputeSearch:
        self._port.require(Can.DISPUTES, operation="pay.search_disputes")
        return build(DisputeSearch, "pay.search_disputes", **fields)
