"""Webhooks of Stripe: verify the raw bytes and their age, then read them (stripe-python, _webhook.py; docs: webhooks).

The secret is used whole, with its prefix. While it is rolled a message carries several signatures. A message that is
signed too long ago, or for the future, is refused: every delivery is signed anew.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import TYPE_CHECKING, Final

from pydantic import TypeAdapter

from govcomponents.core.http.responses import LazyJson, Wire
from govcomponents.core.times import time_of
from govcomponents.pay.adapters.stripe.parsing import (
    amount_of_session,
    state_of_intent,
    state_of_session,
    to_dispute,
    to_refund,
)
from govcomponents.pay.adapters.stripe.schema import DISPUTE, INTENT, REFUND, SESSION, ChargePart, Seconds
from govcomponents.pay.adapters.stripe.wire import REFERENCE, from_units
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


class _ChargePart(ChargePart, total=False):
    payment_intent: str | None
    metadata: dict[str, str] | None


_CHARGE: Final = TypeAdapter(_ChargePart)


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

    def facts(payment_id: str | None, reference: str | None) -> EventFacts:
        return {
            "key": message.id,
            "raw_type": message.type,
            "occurred_at": time_of(message.created),
            "payment_id": PaymentId(payment_id) if payment_id else None,
            "reference": reference,
            "is_live": message.livemode,
            "raw": LazyJson(body),
        }

    match found.get("object"):
        case "refund":
            part = REFUND.validate_python(found)
            refund = to_refund(part, found)
            of = facts(refund.payment_id, _reference(part.get("metadata")))
            return RefundChanged(**of, refund_id=refund.id, status=refund.status, amount=refund.amount)
        case "dispute":
            dispute = to_dispute(DISPUTE.validate_python(found), found)
            of = facts(dispute.payment_id, None)
            return DisputeChanged(**of, dispute_id=dispute.id, status=dispute.status, amount=dispute.amount)
        case "charge":
            charge = _CHARGE.validate_python(found)
            of = facts(charge.get("payment_intent"), _reference(charge.get("metadata")))
            amount = from_units(charge["amount"], charge["currency"])
            if message.type == "charge.refunded":  # it does not show which refund
                return RefundChanged(**of, payment_amount=amount)
            return _changed(of, None, amount)
        case "checkout.session":
            session = SESSION.validate_python(found)
            of = facts(session["id"], session.get("client_reference_id"))
            has_amount = session.get("amount_total") is not None and session.get("currency") is not None
            return _changed(of, state_of_session(session), amount_of_session(session) if has_amount else None)
        case "payment_intent":
            intent = INTENT.validate_python(found)
            of = facts(intent["id"], _reference(intent.get("metadata")))
            return _changed(of, state_of_intent(intent), from_units(intent["amount"], intent["currency"]))
        case _:
            return UnknownEvent(**facts(None, None))


def _reference(metadata: Mapping[str, str] | None) -> str | None:
    return (metadata or {}).get(REFERENCE)


def _changed(facts: EventFacts, state: PaymentState | None, amount: Money | None) -> PayEvent:
    name = facts["raw_type"]
    change = _CHANGES.get(name)
    if name in _FROM_STATE and state is not None:
        is_expired = state.failure is FailureReason.EXPIRED
        change = PaymentChange.EXPIRED if is_expired else _BY_STATUS.get(state.status, PaymentChange.SUBMITTED)
    if change is None:
        return UnknownEvent(**facts)
    return PaymentChanged(**facts, change=change, state=state, amount=amount)
