"""Webhooks of Stripe: verify the raw bytes and their age, then read them (stripe-python, _webhook.py; docs: webhooks).

The secret is used whole, with its prefix. While it is rolled a message carries several signatures. A message that is
signed too long ago, or for the future, is refused: every delivery is signed anew.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import TYPE_CHECKING, Final

from govcomponents.core.http.responses import LazyJson, Wire
from govcomponents.core.times import time_of
from govcomponents.pay.adapters.stripe.amounts import from_units
from govcomponents.pay.adapters.stripe.parsing import DisputeAnswer, IntentAnswer, RefundAnswer, SessionAnswer
from govcomponents.pay.adapters.stripe.parts import ChargePart, Seconds
from govcomponents.pay.adapters.stripe.wire import REFERENCE
from govcomponents.pay.events import DisputeChanged, PaymentChange, PaymentChanged, RefundChanged, UnknownEvent
from govcomponents.pay.ids import PaymentId
from govcomponents.pay.states import FailureReason, PaymentState, PaymentStatus

if TYPE_CHECKING:
    from collections.abc import Mapping

    from govcomponents.money import Money
    from govcomponents.pay.adapters.signed_callbacks import SignedCallbacks
    from govcomponents.pay.events import EventFacts, PayEvent

TOLERANCE: Final = 300.0
_LONGEST_HEADER: Final = 4096
_SECONDS: Final = re.compile("[0-9]{1,12}")
_CHANGES: Final = {
    "checkout.session.async_payment_succeeded": PaymentChange.SUCCEEDED,
    "checkout.session.async_payment_failed": PaymentChange.FAILED,
    "payment_intent.created": PaymentChange.STARTED,
    "payment_intent.requires_action": PaymentChange.STARTED,
    "payment_intent.payment_failed": PaymentChange.STARTED,  # one attempt; the person may try again
    "payment_intent.processing": PaymentChange.SUBMITTED,
    "payment_intent.amount_capturable_updated": PaymentChange.CAPTURABLE,
    "payment_intent.succeeded": PaymentChange.CAPTURED,
    "charge.captured": PaymentChange.CAPTURED,
}
_BY_STATUS: Final = {
    PaymentStatus.SUCCEEDED: PaymentChange.SUCCEEDED,
    PaymentStatus.CAPTURABLE: PaymentChange.CAPTURABLE,
    PaymentStatus.CANCELLED: PaymentChange.CANCELLED,
    PaymentStatus.FAILED: PaymentChange.FAILED,
}
_FROM_STATE: Final = frozenset({"checkout.session.completed", "checkout.session.expired", "payment_intent.canceled"})


class _DataPart(Wire):
    object: dict[str, object]


class _Message(Wire):
    id: str
    type: str
    created: Seconds
    livemode: bool | None = None
    data: _DataPart


class _ChargeSnapshot(ChargePart):
    payment_intent: str | None = None
    metadata: dict[str, str] | None = None


def sign(body: bytes, secret: str, timestamp: int | str) -> str:
    """Return the signature, of scheme v1, of a body at a time in seconds."""
    return hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()


def parse_callback(
    body: bytes, headers: Mapping[str, str], callbacks: SignedCallbacks, *, now: float, is_live: bool | None = None
) -> PayEvent:
    """Verify a message with any of the secrets, then read it. `is_live` is the key's mode. Raises CallbackRefused."""
    timestamp, given = _signatures(callbacks.signature(body, headers), callbacks)
    callbacks.prove(lambda secret: sign(body, secret, timestamp), given)
    if abs(now - int(timestamp)) > TOLERANCE:
        raise callbacks.refused(
            f"the message was signed more than {TOLERANCE:.0f} seconds from now",
            "it may be replayed: answer the sender with an error status; if all are refused, set this machine's clock",
        )
    try:
        message = _Message.model_validate_json(body)
        event = _event(message, body)
    except ValueError:
        raise callbacks.unreadable() from None
    if is_live is not None and event.is_live is not None and event.is_live is not is_live:
        raise callbacks.refused(
            "the message is of the other mode, test or live, than the API key",
            "set the secret of the endpoint that is of the key's mode; answer the sender with an error status",
        )
    return event


def _signatures(header: str, callbacks: SignedCallbacks) -> tuple[str, list[str]]:
    """The time and the signatures of scheme v1. Others are ignored, and never fallen back to."""
    parts = [part.strip().partition("=") for part in header[:_LONGEST_HEADER].split(",")]
    times = [value for name, _, value in parts if name == "t"]
    given = [value for name, _, value in parts if name == "v1" and value]
    if len(times) != 1 or not _SECONDS.fullmatch(times[0]) or not given:
        raise callbacks.refused("the Stripe-Signature header is malformed")
    return times[0], given


def _event(message: _Message, body: bytes) -> PayEvent:
    """Read the object that a message is about, by the object's own name. Raises ValueError."""
    found = message.data.object
    match found.get("object"):
        case "refund":
            answer = RefundAnswer.model_validate(found)
            refund = answer.to_refund(found)
            facts = _facts(message, body, refund.payment_id, answer.metadata)
            return RefundChanged(**facts, refund_id=refund.id, status=refund.status, amount=refund.amount)
        case "dispute":
            dispute = DisputeAnswer.model_validate(found).to_dispute(found)
            facts = _facts(message, body, dispute.payment_id)
            return DisputeChanged(**facts, dispute_id=dispute.id, status=dispute.status, amount=dispute.amount)
        case "charge":
            charge = _ChargeSnapshot.model_validate(found)
            facts = _facts(message, body, charge.payment_intent, charge.metadata)
            amount = from_units(charge.amount, charge.currency)
            if message.type == "charge.refunded":  # it does not show which refund
                return RefundChanged(**facts, payment_amount=amount)
            return _changed(facts, None, amount)
        case "checkout.session":
            session = SessionAnswer.model_validate(found)
            facts = _facts(message, body, session.id, {REFERENCE: session.client_reference_id})
            is_of_payment = session.amount_total is not None and session.currency is not None
            return _changed(facts, session.to_state(), session.to_amount() if is_of_payment else None)
        case "payment_intent":
            intent = IntentAnswer.model_validate(found)
            facts = _facts(message, body, intent.id, intent.metadata)
            return _changed(facts, intent.to_state(), from_units(intent.amount, intent.currency))
        case _:
            return UnknownEvent(**_facts(message, body, None))


def _facts(
    message: _Message, body: bytes, payment_id: str | None, metadata: Mapping[str, str | None] | None = None
) -> EventFacts:
    return {
        "key": message.id,
        "raw_type": message.type,
        "occurred_at": time_of(message.created),
        "payment_id": PaymentId(payment_id) if payment_id else None,
        "reference": (metadata or {}).get(REFERENCE),
        "is_live": message.livemode,
        "raw": LazyJson(body),
    }


def _changed(facts: EventFacts, state: PaymentState | None, amount: Money | None) -> PayEvent:
    change = _change(facts["raw_type"], state)
    return (
        UnknownEvent(**facts) if change is None else PaymentChanged(**facts, change=change, state=state, amount=amount)
    )


def _change(name: str, state: PaymentState | None) -> PaymentChange | None:
    if name in _FROM_STATE and state is not None:
        if state.failure is FailureReason.EXPIRED:
            return PaymentChange.EXPIRED
        return _BY_STATUS.get(state.status, PaymentChange.SUBMITTED)
    return _CHANGES.get(name)
