"""Webhooks of GOV.UK Pay: verify the raw bytes, then read them (GOV.UK Pay docs: webhooks; pay-webhooks, source).

The key is the whole secret with its prefix. There is no timestamp in the signature, so a replay is known by its key
only.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Final

from pydantic import TypeAdapter
from typing_extensions import TypedDict

from govcomponents.core.http.responses import LazyJson
from govcomponents.pay.adapters.govuk_pay.parsing import Settlement, StatePart, read_state
from govcomponents.pay.adapters.payment_states import agreeing
from govcomponents.pay.adapters.values import Pence, Readable, Time, at, whole_answer
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


@whole_answer
class _Message(TypedDict, total=False):
    event_type: Readable[str]
    occurred_at: Annotated[Readable[Time], at("created_date")]
    payment_id: Annotated[Readable[PaymentId], at("resource_id")]
    # The resource is always the payment, also of a refund: which one it was, and its amount, are not told.
    reference: Annotated[Readable[str], at("resource", "reference")]
    amount: Annotated[Readable[Pence], at("resource", "amount")]
    total: Annotated[Readable[Pence], at("resource", "total_amount")]
    state: Annotated[Readable[StatePart], at("resource", "state")]
    settlement: Annotated[Readable[Settlement], at("resource", "settlement_summary")]


_MESSAGE: Final = TypeAdapter(_Message)


def sign(body: bytes, secret: str) -> str:
    """Return the signature of a body, as Pay sends it in the header Pay-Signature."""
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def parse_callback(body: bytes, headers: Mapping[str, str], callbacks: SignedCallbacks) -> PayEvent:
    """Verify a message with any of the secrets, then read it. Raises CallbackRefused."""
    given = callbacks.signature(body, headers)
    callbacks.prove(lambda secret: sign(body, secret), [given])
    key, content = callbacks.read(body, "webhook_message_id")
    message = _MESSAGE.validate_python(content)
    name, payment_id, amount = message.get("event_type") or "", message.get("payment_id"), message.get("amount")
    facts: EventFacts = {
        "key": key,
        "raw_type": name,
        "occurred_at": message.get("occurred_at"),
        "payment_id": payment_id or None,
        "reference": message.get("reference") or None,
        "is_live": None,
        "raw": LazyJson(body),
    }
    if payment_id and name == "card_payment_refunded":
        return RefundChanged(**facts, status=RefundStatus.SUCCEEDED, payment_amount=amount)
    if payment_id and (change := _CHANGES.get(name)):
        taken = message.get("total") if change in _PAID else None
        state = agreeing(change, _state(message))
        return PaymentChanged(**facts, change=change, state=state, amount=taken or amount, payment_amount=amount)
    return UnknownEvent(**facts)


def _state(message: _Message) -> PaymentState | None:
    part, settlement = message.get("state"), message.get("settlement")
    if not part:
        return None
    state = read_state(part, is_captured=settlement is not None and settlement.captured_on is not None)
    if failure := _FAILED.get(state.raw_status):
        return replace(state, status=PaymentStatus.FAILED, is_finished=True, is_captured=False, failure=failure)
    return state
