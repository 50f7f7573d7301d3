"""Webhooks of Stripe: verify the raw bytes and their age, then read them (stripe-python, _webhook.py; docs: webhooks).

The secret is used whole, with its prefix. While it is rolled a message carries several signatures, and several secrets
are accepted. A message that is signed too long ago, or for the future, is refused: every delivery is signed anew.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final

from govcomponents.core.responses import LazyJson, Wire
from govcomponents.core.times import time_of
from govcomponents.errors import CallbackRefused
from govcomponents.pay.adapters.stripe.amounts import from_units
from govcomponents.pay.adapters.stripe.parts import ChargePart, Seconds
from govcomponents.pay.adapters.stripe.reading import (
    DisputeAnswer,
    IntentAnswer,
    RefundAnswer,
    SessionAnswer,
)
from govcomponents.pay.adapters.stripe.wire import PROVIDER, REFERENCE, SIGNATURE
from govcomponents.pay.events import PayEvent, PayEventType
from govcomponents.pay.ids import PaymentId, RefundId
from govcomponents.pay.states import FailureReason, PaymentState, PaymentStatus

if TYPE_CHECKING:
    from govcomponents.money import Money
    from govcomponents.privacy import Secret

MAX_BODY: Final = 1024 * 1024
TOLERANCE: Final = 300.0
_LONGEST_HEADER: Final = 4096
_SECONDS: Final = re.compile("[0-9]{1,12}")
_OPERATION: Final = "pay.parse_webhook"
_TYPES: Final = {
    "checkout.session.async_payment_succeeded": PayEventType.SUCCEEDED,
    "checkout.session.async_payment_failed": PayEventType.FAILED,
    "payment_intent.created": PayEventType.STARTED,
    "payment_intent.requires_action": PayEventType.STARTED,
    "payment_intent.payment_failed": PayEventType.STARTED,  # one attempt; the person may try again
    "payment_intent.processing": PayEventType.SUBMITTED,
    "payment_intent.amount_capturable_updated": PayEventType.CAPTURABLE,
    "payment_intent.succeeded": PayEventType.CAPTURED,
    "charge.captured": PayEventType.CAPTURED,
    "charge.refunded": PayEventType.REFUNDED,
    "refund.failed": PayEventType.REFUND_FAILED,
}
_BY_STATUS: Final = {
    PaymentStatus.SUCCEEDED: PayEventType.SUCCEEDED,
    PaymentStatus.CAPTURABLE: PayEventType.CAPTURABLE,
    PaymentStatus.CANCELLED: PayEventType.CANCELLED,
    PaymentStatus.FAILED: PayEventType.FAILED,
}
_FROM_STATE: Final = frozenset({"checkout.session.completed", "checkout.session.expired", "payment_intent.canceled"})


class _DataPart(Wire):
    object: dict[str, object]


class _EventAnswer(Wire):
    id: str
    type: str
    created: Seconds
    livemode: bool | None = None
    data: _DataPart


class _ChargeSnapshot(ChargePart):
    payment_intent: str | None = None
    metadata: dict[str, str] | None = None


class _Told:
    """What a message's object says, in the port's words."""

    __slots__ = ("amount", "payment_id", "reference", "refund_id", "state")

    def __init__(
        self,
        payment_id: str | None = None,
        state: PaymentState | None = None,
        reference: str | None = None,
        amount: Money | None = None,
        refund_id: str | None = None,
    ) -> None:
        self.payment_id = payment_id
        self.state = state
        self.reference = reference
        self.amount = amount
        self.refund_id = refund_id


def sign(body: bytes, secret: str, timestamp: int | str) -> str:
    """The signature, of scheme v1, of a body at a time in seconds."""
    return hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()


def parse_webhook(
    body: bytes, headers: Mapping[str, str], secrets: Iterable[Secret], *, now: float, is_live: bool | None = None
) -> PayEvent:
    """Verify a message with any of the secrets, then read it. `is_live` is the key's mode. Raises CallbackRefused."""
    accepted = tuple(secrets)
    if not accepted:
        raise _refused("no webhook secret is configured", "set GOVCOMPONENTS_PAY__WEBHOOK_SECRETS")
    if len(body) > MAX_BODY:
        raise _refused(f"the body is larger than {MAX_BODY} bytes", "answer the sender with an error status")
    timestamp, given = _signatures(headers)
    made = [sign(body, secret.reveal(), timestamp).encode() for secret in accepted]
    matches = [hmac.compare_digest(ours, theirs) for ours in made for theirs in given]
    if not any(matches):
        raise _refused(
            "no signature fits the body",
            "pass the raw bytes of the request; check the secrets, each whole with its whsec_; answer the sender with "
            "an error status",
        )
    if abs(now - int(timestamp)) > TOLERANCE:
        raise _refused(
            f"the message was signed more than {TOLERANCE:.0f} seconds from now",
            "it may be replayed: answer the sender with an error status; if all are refused, set this machine's clock",
        )
    try:
        message = _EventAnswer.model_validate_json(body)
        event = _read(message, body)
    except ValueError:
        raise _refused(
            "the message is signed, but not of the documented form",
            "answer the sender with an error status, and report it",
        ) from None
    if is_live is not None and event.is_live is not None and event.is_live is not is_live:
        raise _refused(
            "the message is of the other mode, test or live, than the API key",
            "set the secret of the endpoint that is of the key's mode; answer the sender with an error status",
        )
    return event


def _signatures(headers: Mapping[str, str]) -> tuple[str, list[bytes]]:
    """The time and the signatures of scheme v1. Others are ignored, and never fallen back to."""
    direct = headers.get("Stripe-Signature") or headers.get(SIGNATURE)
    found = direct or next((value for name, value in headers.items() if name.lower() == SIGNATURE), None)
    if not found:
        raise _refused(
            "there is no Stripe-Signature header", "pass the request's headers; what has none is not from Stripe"
        )
    parts = [part.strip().partition("=") for part in found[:_LONGEST_HEADER].split(",")]
    times = [value for name, _, value in parts if name == "t"]
    given = [value.encode("utf-8", "replace") for name, _, value in parts if name == "v1" and value]
    if len(times) != 1 or not _SECONDS.fullmatch(times[0]) or not given:
        raise _refused("the Stripe-Signature header is malformed", "answer the sender with an error status")
    return times[0], given


def _refused(happened: str, fix: str) -> CallbackRefused:
    return CallbackRefused(happened, fix=fix, operation=_OPERATION, provider=PROVIDER)


def _read(message: _EventAnswer, body: bytes) -> PayEvent:
    told = _look_at(message)
    return PayEvent(
        key=message.id,
        type=_type(message, told.state),
        raw_type=message.type,
        occurred_at=time_of(message.created),
        payment_id=PaymentId(told.payment_id) if told.payment_id else None,
        state=told.state,
        reference=told.reference,
        amount=told.amount,
        refund_id=RefundId(told.refund_id) if told.refund_id else None,
        is_live=message.livemode,
        raw=LazyJson(body),
    )


def _type(message: _EventAnswer, state: PaymentState | None) -> PayEventType:
    name = message.type
    if name.startswith("charge.dispute."):
        return PayEventType.DISPUTED
    if name in _FROM_STATE and state is not None:
        if state.failure is FailureReason.EXPIRED:
            return PayEventType.EXPIRED
        return _BY_STATUS.get(state.status, PayEventType.SUBMITTED)
    if name in ("refund.created", "refund.updated", "charge.refund.updated"):
        is_undone = message.data.object.get("status") in ("failed", "canceled")
        return PayEventType.REFUND_FAILED if is_undone else PayEventType.REFUNDED
    return _TYPES.get(name, PayEventType.UNKNOWN)


def _look_at(message: _EventAnswer) -> _Told:
    """Read the object that a message is about, by the object's own name."""
    found = message.data.object
    kind = found.get("object")
    if kind == "checkout.session":
        session = SessionAnswer.model_validate(found)
        amount = session.to_amount() if session.amount_total is not None and session.currency is not None else None
        return _Told(session.id, session.to_state(), session.client_reference_id, amount)
    if kind == "payment_intent":
        intent = IntentAnswer.model_validate(found)
        amount = from_units(intent.amount, intent.currency)
        return _Told(intent.id, intent.to_state(), intent.metadata.get(REFERENCE), amount)
    if kind == "refund":
        refund = RefundAnswer.model_validate(found)
        amount = from_units(refund.amount, refund.currency)
        reference = (refund.metadata or {}).get(REFERENCE)
        return _Told(refund.payment_id, None, reference, amount, refund.id)
    if kind == "charge":
        charge = _ChargeSnapshot.model_validate(found)
        reference = (charge.metadata or {}).get(REFERENCE)
        return _Told(charge.payment_intent, None, reference, from_units(charge.amount, charge.currency))
    if kind == "dispute":
        dispute = DisputeAnswer.model_validate(found)
        return _Told(dispute.payment_id, amount=from_units(dispute.amount, dispute.currency))
    return _Told()
