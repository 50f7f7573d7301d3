"""Webhooks of GOV.UK Pay: verify the raw bytes, then read them (GOV.UK Pay docs: webhooks; pay-webhooks, source).

The key is the whole secret with its prefix. There is no timestamp in the signature, so a replay is known by its key
only.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from pydantic import ValidationError

from govcomponents.core.http.responses import LazyJson, Wire
from govcomponents.core.times import date_or_none, time_or_none
from govcomponents.money import Money
from govcomponents.pay.adapters.govuk_pay.wire import SettlementPart, StatePart, read_state
from govcomponents.pay.adapters.values import Units
from govcomponents.pay.events import PaymentChange, PaymentChanged, RefundChanged, UnknownEvent
from govcomponents.pay.ids import PaymentId
from govcomponents.pay.states import FailureReason, PaymentState, PaymentStatus, RefundStatus

if TYPE_CHECKING:
    from collections.abc import Mapping

    from govcomponents.pay.adapters.signed_callbacks import SignedCallbacks
    from govcomponents.pay.events import EventFacts, PayEvent

_CHANGES: Final = {
    "card_payment_started": PaymentChange.STARTED,
    "card_payment_succeeded": PaymentChange.SUCCEEDED,
    "card_payment_captured": PaymentChange.CAPTURED,
    "card_payment_settled": PaymentChange.SETTLED,
    "card_payment_failed": PaymentChange.FAILED,
    "card_payment_expired": PaymentChange.EXPIRED,
}
# A webhook's names of what the API calls "failed". A cancelled one does not say by whom: the service's own cancel
# comes as the person's (pay-webhooks, ExternalChargeState).
_FAILED: Final = {
    "declined": FailureReason.DECLINED,
    "timedout": FailureReason.EXPIRED,
    "cancelled": FailureReason.CANCELLED,
}


class _ResourcePart(Wire):
    payment_id: str | None = None
    amount: Units | None = None
    reference: str | None = None
    state: StatePart | None = None
    settlement_summary: SettlementPart | None = None


class _Message(Wire):
    webhook_message_id: str
    event_type: str
    resource_id: PaymentId
    created_date: str | None = None
    resource: _ResourcePart | None = None


def sign(body: bytes, secret: str) -> str:
    """Return the signature of a body, as Pay sends it in the header Pay-Signature."""
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def parse_callback(body: bytes, headers: Mapping[str, str], callbacks: SignedCallbacks) -> PayEvent:
    """Verify a message with any of the secrets, then read it. Raises CallbackRefused."""
    given = callbacks.signature(body, headers)
    callbacks.prove(lambda secret: sign(body, secret), [given])
    try:
        message = _Message.model_validate_json(body)
    except ValidationError:
        raise callbacks.unreadable() from None
    # The resource is always the payment, also of a refund: which one it was, and its amount, are not told.
    shown = message.resource or _ResourcePart()
    facts: EventFacts = {
        "key": message.webhook_message_id,
        "raw_type": message.event_type,
        "occurred_at": time_or_none(message.created_date),
        "payment_id": message.resource_id,
        "reference": shown.reference,
        "is_live": None,
        "raw": LazyJson(body),
    }
    amount = None if shown.amount is None else Money(shown.amount)
    if message.event_type == "card_payment_refunded":
        return RefundChanged(**facts, status=RefundStatus.SUCCEEDED, payment_amount=amount)
    if change := _CHANGES.get(message.event_type):
        return PaymentChanged(**facts, change=change, state=_state(shown), amount=amount)
    return UnknownEvent(**facts)


def _state(shown: _ResourcePart) -> PaymentState | None:
    if not shown.state:
        return None
    is_captured = date_or_none((shown.settlement_summary or {}).get("captured_date")) is not None
    state = read_state(shown.state, is_captured=is_captured)
    if failure := _FAILED.get(state.raw_status):
        return replace(state, status=PaymentStatus.FAILED, is_finished=True, is_captured=False, failure=failure)
    return state
