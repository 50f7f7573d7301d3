"""Webhooks of Stripe: verify the raw bytes and their age, then read them (stripe-python, _webhook.py; docs: webhooks).

The secret is used whole, with its prefix. While it is rolled a message carries several signatures, and several secrets
are accepted. A message that is signed too long ago, or for the future, is refused: every delivery is signed anew.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final, TypedDict

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
from govcomponents.pay.events import (
    DisputeChanged,
    PayEvent,
    PaymentChange,
    PaymentChanged,
    RefundChanged,
    UnknownEvent,
)
from govcomponents.pay.ids import PaymentId, RefundId
from govcomponents.pay.states import FailureReason, PaymentState, PaymentStatus

if TYPE_CHECKING:
    from datetime import datetime

    from govcomponents.money import Money
    from govcomponents.privacy import Secret

MAX_BODY: Final = 1024 * 1024
TOLERANCE: Final = 300.0
_LONGEST_HEADER: Final = 4096
_SECONDS: Final = re.compile("[0-9]{1,12}")
_OPERATION: Final = "pay.parse_callback"
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
_OF_REFUND: Final = frozenset({"refund.created", "refund.updated", "refund.failed", "charge.refund.updated"})
_REFUNDED: Final = "charge.refunded"
_BY_STATUS: Final = {
    PaymentStatus.SUCCEEDED: PaymentChange.SUCCEEDED,
    PaymentStatus.CAPTURABLE: PaymentChange.CAPTURABLE,
    PaymentStatus.CANCELLED: PaymentChange.CANCELLED,
    PaymentStatus.FAILED: PaymentChange.FAILED,
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


class _About(TypedDict):
    """The fields that every event has."""

    key: str
    raw_type: str
    occurred_at: datetime | None
    is_live: bool | None
    raw: LazyJson


def sign(body: bytes, secret: str, timestamp: int | str) -> str:
    """The signature, of scheme v1, of a body at a time in seconds."""
    return hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()


def parse_callback(
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
    found = headers.get(SIGNATURE)
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
    """Read the object that a message is about, by the object's own name."""
    about: _About = {
        "key": message.id,
        "raw_type": message.type,
        "occurred_at": time_of(message.created),
        "is_live": message.livemode,
        "raw": LazyJson(body),
    }
    found = message.data.object
    kind = found.get("object")
    if kind == "checkout.session":
        return _of_session(SessionAnswer.model_validate(found), about)
    if kind == "payment_intent":
        intent = IntentAnswer.model_validate(found)
        amount = from_units(intent.amount, intent.currency)
        return _changed(about, intent.id, intent.metadata.get(REFERENCE), intent.to_state(), amount)
    if kind == "refund" and message.type in _OF_REFUND:
        refund = RefundAnswer.model_validate(found)
        return RefundChanged(
            payment_id=_payment_id(refund.payment_id),
            reference=(refund.metadata or {}).get(REFERENCE),
            has_failed=message.type == "refund.failed" or found.get("status") in ("failed", "canceled"),
            refund_id=RefundId(refund.id),
            amount=from_units(refund.amount, refund.currency),
            **about,
        )
    if kind == "charge":
        charge = _ChargeSnapshot.model_validate(found)
        reference = (charge.metadata or {}).get(REFERENCE)
        amount = from_units(charge.amount, charge.currency)
        if message.type == _REFUNDED:
            payment_id = _payment_id(charge.payment_intent)
            return RefundChanged(payment_id=payment_id, reference=reference, payment_amount=amount, **about)
        return _changed(about, charge.payment_intent, reference, None, amount)
    if kind == "dispute" and message.type.startswith("charge.dispute."):
        dispute = DisputeAnswer.model_validate(found)
        amount = from_units(dispute.amount, dispute.currency)
        return DisputeChanged(payment_id=_payment_id(dispute.payment_id), amount=amount, **about)
    return UnknownEvent(payment_id=None, **about)


def _payment_id(text: str | None) -> PaymentId | None:
    return PaymentId(text) if text else None


def _of_session(session: SessionAnswer, about: _About) -> PayEvent:
    amount = session.to_amount() if session.amount_total is not None and session.currency is not None else None
    return _changed(about, session.id, session.client_reference_id, session.to_state(), amount)


def _changed(
    about: _About, payment_id: str | None, reference: str | None, state: PaymentState | None, amount: Money | None
) -> PayEvent:
    change = _change(about["raw_type"], state)
    if change is None:
        return UnknownEvent(payment_id=_payment_id(payment_id), reference=reference, **about)
    return PaymentChanged(
        payment_id=_payment_id(payment_id), reference=reference, change=change, state=state, amount=amount, **about
    )


def _change(name: str, state: PaymentState | None) -> PaymentChange | None:
    if name in _FROM_STATE and state is not None:
        if state.failure is FailureReason.EXPIRED:
            return PaymentChange.EXPIRED
        return _BY_STATUS.get(state.status, PaymentChange.SUBMITTED)
    return _CHANGES.get(name)
