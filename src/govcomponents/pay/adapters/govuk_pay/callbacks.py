"""Webhooks of GOV.UK Pay: verify the raw bytes, then read them (GOV.UK Pay docs: webhooks; pay-webhooks, source).

The key is the whole secret with its prefix. There is no timestamp in the signature, so a replay is known by its key
only.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import replace
from typing import TYPE_CHECKING, Final, TypeVar

from pydantic import TypeAdapter, ValidationError

from govcomponents.core.http.responses import LazyJson
from govcomponents.core.times import date_or_none, time_or_none
from govcomponents.pay.adapters.govuk_pay.wire import SettlementPart, StatePart, read_state
from govcomponents.pay.adapters.payment_states import agreeing
from govcomponents.pay.adapters.values import Units, pounds
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
_PAID: Final = frozenset({PaymentChange.SUCCEEDED, PaymentChange.CAPTURED, PaymentChange.SETTLED})
# A webhook's names of what the API calls "failed". A cancelled one does not say by whom: the service's own cancel
# comes as the person's (pay-webhooks, ExternalChargeState).
_FAILED: Final = {
    "declined": FailureReason.DECLINED,
    "timedout": FailureReason.EXPIRED,
    "cancelled": FailureReason.CANCELLED,
}


_AMOUNT: Final = TypeAdapter(Units)
_STATE: Final = TypeAdapter(StatePart)
_SETTLEMENT: Final = TypeAdapter(SettlementPart)
T = TypeVar("T")


def sign(body: bytes, secret: str) -> str:
    """Return the signature of a body, as Pay sends it in the header Pay-Signature."""
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def parse_callback(body: bytes, headers: Mapping[str, str], callbacks: SignedCallbacks) -> PayEvent:
    """Verify a message with any of the secrets, then read it. Raises CallbackRefused."""
    given = callbacks.signature(body, headers)
    callbacks.prove(lambda secret: sign(body, secret), [given])
    key, message = callbacks.read(body, "webhook_message_id")
    # The resource is always the payment, also of a refund: which one it was, and its amount, are not told.
    resource = message.get("resource")
    shown: Mapping[str, object] = resource if isinstance(resource, dict) else {}
    payment_id = _text(message.get("resource_id"))
    name = _text(message.get("event_type")) or ""
    facts: EventFacts = {
        "key": key,
        "raw_type": name,
        "occurred_at": time_or_none(_text(message.get("created_date"))),
        "payment_id": PaymentId(payment_id) if payment_id else None,
        "reference": _text(shown.get("reference")),
        "is_live": None,
        "raw": LazyJson(body),
    }
    if payment_id is None:
        return UnknownEvent(**facts)
    amount = pounds(_readable(_AMOUNT, shown.get("amount")))
    if name == "card_payment_refunded":
        return RefundChanged(**facts, status=RefundStatus.SUCCEEDED, payment_amount=amount)
    if change := _CHANGES.get(name):
        total = pounds(_readable(_AMOUNT, shown.get("total_amount"))) if change in _PAID else None
        state = agreeing(change, _state(shown))
        return PaymentChanged(**facts, change=change, state=state, amount=total or amount, payment_amount=amount)
    return UnknownEvent(**facts)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _readable(kind: TypeAdapter[T], part: object) -> T | None:
    """Read a part of a message; None if it is not there, or not of the documented form."""
    try:
        return kind.validate_python(part)
    except ValidationError:
        return None


def _state(shown: Mapping[str, object]) -> PaymentState | None:
    part = _readable(_STATE, shown.get("state"))
    if not part:
        return None
    settled = _readable(_SETTLEMENT, shown.get("settlement_summary"))
    is_captured = date_or_none((settled or {}).get("captured_date")) is not None
    state = read_state(part, is_captured=is_captured)
    if failure := _FAILED.get(state.raw_status):
        return replace(state, status=PaymentStatus.FAILED, is_finished=True, is_captured=False, failure=failure)
    return state
