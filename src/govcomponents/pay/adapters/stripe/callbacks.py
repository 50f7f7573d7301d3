"""Webhooks of Stripe: verify the raw bytes and their age, then read them (stripe-python, _webhook.py; docs: webhooks).

The secret is used whole, with its prefix. While it is rolled a message carries several signatures. A message that is
signed too long ago, or for the future, is refused: every delivery is signed anew.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import TYPE_CHECKING, Annotated, Final

from pydantic import StrictBool, TypeAdapter
from typing_extensions import TypedDict

from govcomponents.core.http.responses import LazyJson
from govcomponents.core.times import time_of
from govcomponents.pay.adapters.payment_states import agreeing
from govcomponents.pay.adapters.stripe import parsing, wire
from govcomponents.pay.adapters.values import Readable, Units, at, whole_answer
from govcomponents.pay.events import DisputeChanged, PaymentChange, PaymentChanged, RefundChanged, UnknownEvent
from govcomponents.pay.ids import PaymentId
from govcomponents.pay.states import FailureReason, PaymentState, PaymentStatus, RefundStatus

if TYPE_CHECKING:
    from collections.abc import Mapping

    from govcomponents.core.results import Raw
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
_ENDED: Final = frozenset({PaymentChange.EXPIRED, PaymentChange.CANCELLED, PaymentChange.FAILED})
# Of these the object's state tells what happened, as far as the event's name allows it; else it is the first.
_BY_STATE: Final = {
    "checkout.session.completed": (PaymentChange.SUBMITTED, frozenset(PaymentChange)),
    "checkout.session.expired": (PaymentChange.EXPIRED, _ENDED),
    "payment_intent.canceled": (PaymentChange.CANCELLED, _ENDED),
}


@whole_answer
class _Message(TypedDict, total=False):
    type: Readable[str]
    created: Readable[wire.Seconds]
    livemode: Readable[StrictBool]
    found: Annotated[Readable[dict[str, object]], at("data", "object")]


_MESSAGE: Final = TypeAdapter(_Message)
_CHARGE: Final = TypeAdapter(wire.ChargePart)
_UNITS: Final = TypeAdapter(Units)
_CURRENCY: Final = TypeAdapter(wire.Currency)


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
    key, content = callbacks.read(body, "id")
    event = _event(key, _MESSAGE.validate_python(content), LazyJson(body))
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


def _event(key: str, message: _Message, raw: Raw) -> PayEvent:
    """Read the object that a message is about, by the object's own name. What cannot be read is unknown."""
    facts: EventFacts = {
        "key": key,
        "raw_type": message.get("type") or "",
        "occurred_at": time_of(message.get("created")),
        "payment_id": None,
        "reference": None,
        "is_live": message.get("livemode"),
        "raw": raw,
    }
    try:
        return _of(facts, message.get("found") or {})
    except ValueError:
        return UnknownEvent(**facts)


def _of(facts: EventFacts, found: dict[str, object]) -> PayEvent:
    """Read an event by what its object is. Raises ValueError."""
    kind = found.get("object")
    name = "amount_total" if kind == "checkout.session" else "amount"
    amount = _amount(found.get(name), found.get("currency"))
    if amount is None:  # it is not told; the event is
        found = {**found, name: 0, "currency": "gbp"}

    def of(payment_id: str | None, reference: str | None) -> EventFacts:
        return {**facts, "payment_id": PaymentId(payment_id) if payment_id else None, "reference": reference}

    match kind:
        case "refund":
            part = parsing.REFUND.form.validate_python(found)
            refund = parsing.to_refund(part, found)
            status = refund.status if facts["raw_type"] != "refund.failed" else RefundStatus.ERROR
            named = of(refund.payment_id, _reference(part.get("metadata")))
            return RefundChanged(**named, refund_id=refund.id, status=status, amount=amount)
        case "dispute":
            dispute = parsing.to_dispute(parsing.DISPUTE.form.validate_python(found), found)
            is_contrary = facts["raw_type"] == "charge.dispute.closed" and not dispute.is_finished
            status_of = None if is_contrary else dispute.status
            named = of(dispute.payment_id, None)
            return DisputeChanged(**named, dispute_id=dispute.id, status=status_of, amount=amount)
        case "charge":
            charge = _CHARGE.validate_python(found)
            named = of(parsing.id_of(charge.get("payment_intent")), _reference(charge.get("metadata")))
            if facts["raw_type"] == "charge.refunded":  # it does not show which refund
                return RefundChanged(**named, payment_amount=amount)
            return _changed(named, None, amount, found.get("amount_captured"))
        case "checkout.session":
            session = parsing.SESSION.form.validate_python(found)
            named = of(session["id"], session.get("client_reference_id"))
            return _changed(named, parsing.state_of_session(session), amount)
        case "payment_intent":
            intent = parsing.INTENT.form.validate_python(found)
            named = of(intent["id"], _reference(intent.get("metadata")))
            return _changed(named, parsing.state_of_intent(intent), amount, found.get("amount_received"))
        case _:
            return UnknownEvent(**facts)


def _amount(units: object, currency: object) -> Money | None:
    """Read an amount; None if it is none, or of a currency that cannot be read with certainty."""
    try:
        return wire.from_units(_UNITS.validate_python(units), _CURRENCY.validate_python(currency))
    except ValueError:
        return None


def _reference(metadata: Mapping[str, str] | None) -> str | None:
    return (metadata or {}).get(wire.REFERENCE)


def _changed(facts: EventFacts, state: PaymentState | None, amount: Money | None, taken: object = None) -> PayEvent:
    """Make the event of a payment. `taken` is the part of its amount that was captured, where the object tells it."""
    name = facts["raw_type"]
    change = _CHANGES.get(name)
    if (by_state := _BY_STATE.get(name)) is not None and state is not None:
        change, told = by_state
        is_expired = state.failure is FailureReason.EXPIRED
        found = PaymentChange.EXPIRED if is_expired else _BY_STATUS.get(state.status)
        change = found if found in told else change
    if change is None:
        return UnknownEvent(**facts)
    part = _amount(taken, amount.currency.lower()) if change is PaymentChange.CAPTURED and amount is not None else None
    return PaymentChanged(
        **facts, change=change, state=agreeing(change, state), amount=part or amount, payment_amount=amount
    )
