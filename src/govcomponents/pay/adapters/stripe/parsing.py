"""Parsing of Stripe's objects: what each means in the port's words.

Each function raises ValueError for what cannot be said with certainty, such as an amount of an unknown currency.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, TypeVar

from pydantic import TypeAdapter

from govcomponents.core.times import time_of
from govcomponents.money import Money
from govcomponents.pay.adapters.http_adapter import Reader
from govcomponents.pay.adapters.payment_states import payment_state
from govcomponents.pay.adapters.stripe import wire
from govcomponents.pay.adapters.stripe.wire import from_units
from govcomponents.pay.adapters.values import personal, secret
from govcomponents.pay.ids import DisputeId, PaymentId, RefundId
from govcomponents.pay.models import NOT_SETTLED, Card, CardAddress, Dispute, Payment, Refund, Refundable, Settlement
from govcomponents.pay.states import (
    DisputeStatus,
    FailureReason,
    PaymentState,
    PaymentStatus,
    RefundableStatus,
    RefundStatus,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from govcomponents.core.results import Raw

P = TypeVar("P", bound="Mapping[str, object]")

_REFUND_STATUS: Final = {
    "pending": RefundStatus.SUBMITTED,
    "requires_action": RefundStatus.SUBMITTED,
    "succeeded": RefundStatus.SUCCEEDED,
    "failed": RefundStatus.ERROR,
    "canceled": RefundStatus.ERROR,
}
_DISPUTE_STATUS: Final = {
    "warning_needs_response": DisputeStatus.NEEDS_RESPONSE,
    "needs_response": DisputeStatus.NEEDS_RESPONSE,
    "warning_under_review": DisputeStatus.UNDER_REVIEW,
    "under_review": DisputeStatus.UNDER_REVIEW,
    "won": DisputeStatus.WON,
    "prevented": DisputeStatus.WON,
    "warning_closed": DisputeStatus.WON,
    "lost": DisputeStatus.LOST,
}
_INTENT_STATUS: Final = {
    "requires_payment_method": PaymentStatus.STARTED,
    "requires_confirmation": PaymentStatus.STARTED,
    "requires_action": PaymentStatus.STARTED,
    "processing": PaymentStatus.SUBMITTED,
    "requires_capture": PaymentStatus.CAPTURABLE,
    "succeeded": PaymentStatus.SUCCEEDED,
    "canceled": PaymentStatus.CANCELLED,
}
_DECIDED: Final = frozenset({PaymentStatus.SUBMITTED, PaymentStatus.CAPTURABLE, PaymentStatus.SUCCEEDED})
_CANCELLABLE: Final = frozenset({PaymentStatus.CREATED, PaymentStatus.STARTED, PaymentStatus.CAPTURABLE})
_RAN_OUT: Final = frozenset({"automatic", "expired"})  # Stripe's own reasons to cancel
_ASKED_FOR: Final = frozenset({None, "abandoned", "duplicate", "fraudulent", "requested_by_customer"})


# States.


def state_of_intent(intent: wire.IntentPart) -> PaymentState:
    """Read a PaymentIntent without its Session: a declined card is not the end, because another may be tried."""
    raw, reason = intent["status"], intent.get("cancellation_reason")
    status = _INTENT_STATUS.get(raw, PaymentStatus.UNKNOWN)
    if status is PaymentStatus.CANCELLED and reason in _RAN_OUT:
        return payment_state(PaymentStatus.FAILED, raw, failure=FailureReason.EXPIRED, code=reason)
    if status is PaymentStatus.CANCELLED:
        by = FailureReason.CANCELLED_BY_SERVICE if reason in _ASKED_FOR else FailureReason.CANCELLED
        return payment_state(status, raw, failure=by, code=reason)
    state = payment_state(status, raw, is_captured=True)
    return _after_attempt(state, intent) if status is PaymentStatus.STARTED else state


def _failed(raw: str, failure: FailureReason) -> PaymentState:
    return payment_state(PaymentStatus.FAILED, raw, failure=failure)


def _after_attempt(state: PaymentState, intent: wire.IntentPart | None) -> PaymentState:
    """Add why the last attempt to pay failed."""
    failed = (intent.get("last_payment_error") if intent else None) or {}
    return replace(state, code=failed.get("decline_code") or failed.get("code"), message=failed.get("message"))


def state_of_session(session: wire.SessionPart) -> PaymentState:
    """Read a Session, and its PaymentIntent if that came along.

    The PaymentIntent decides where there is one: a Session is `complete` also while the money is only held.
    """
    status, intent = session.get("status"), _whole(session.get("payment_intent"))
    known = _INTENT_STATUS.get(intent["status"]) if intent is not None else None
    is_cancelled = known is PaymentStatus.CANCELLED
    if is_cancelled or (status == "expired" and known not in _DECIDED):
        return _ended(session, intent, is_cancelled=is_cancelled)
    if intent is not None and (known in _DECIDED or status == "open"):
        return state_of_intent(intent)
    if status == "complete":
        return _complete(session, intent)
    if status == "open":
        is_tried = session.get("payment_intent") is not None
        return payment_state(PaymentStatus.STARTED if is_tried else PaymentStatus.CREATED, "open")
    return payment_state(PaymentStatus.UNKNOWN, status or "")


def _ended(session: wire.SessionPart, intent: wire.IntentPart | None, *, is_cancelled: bool) -> PaymentState:
    """Say who ended a payment: expiring a Session and running out look the same, but for the mark in its metadata."""
    raw = "canceled" if is_cancelled else "expired"
    by = (session.get("metadata") or {}).get(wire.CANCELLED)
    if by == "service":
        return payment_state(PaymentStatus.CANCELLED, raw, failure=FailureReason.CANCELLED_BY_SERVICE)
    if by == "payer":
        return _failed(raw, FailureReason.CANCELLED_BY_PERSON)
    if intent is not None and is_cancelled:
        return state_of_intent(intent)
    return _after_attempt(_failed(raw, FailureReason.EXPIRED), intent)


def _complete(session: wire.SessionPart, intent: wire.IntentPart | None) -> PaymentState:
    raw = session.get("payment_status") or "complete"
    # Whether Stripe calls money paid that is only held, its documentation does not say.
    may_be_held = (session.get("metadata") or {}).get(wire.CAPTURE) == "manual"
    if raw == "no_payment_required" or (raw == "paid" and not may_be_held):
        return payment_state(PaymentStatus.SUCCEEDED, raw)
    if raw == "unpaid" and intent is not None and intent["status"] == "requires_payment_method":
        return _after_attempt(_failed(intent["status"], FailureReason.DECLINED), intent)
    # Held, or in process for days: only the PaymentIntent tells which.
    return payment_state(PaymentStatus.UNKNOWN, raw)


# Payments.


def _whole(part: P | str | None) -> P | None:
    """Return an object that came along as a whole, not only as its id."""
    return None if isinstance(part, str) else part


def id_of(part: wire.IntentPart | str | None) -> str | None:
    """Return the id of a PaymentIntent, however it came along."""
    return part["id"] if isinstance(part, dict) else part


def payment_of_intent(intent: wire.IntentPart, raw: Raw) -> Payment:
    """Read a payment that is named by its PaymentIntent, as if that were its Session."""
    session: wire.SessionPart = {
        "id": intent["id"],
        "amount_total": intent["amount"],
        "currency": intent["currency"],
        "customer_email": intent.get("receipt_email"),
        "created": intent.get("created"),
        "metadata": intent.get("metadata"),
        "payment_intent": intent,
    }
    return _payment(session, state_of_intent(intent), raw)


def _payment_of_session(session: wire.SessionPart, raw: Raw) -> Payment:
    return _payment(session, state_of_session(session), raw)


def _payment(session: wire.SessionPart, state: PaymentState, raw: Raw) -> Payment:
    units, currency = session.get("amount_total"), session.get("currency")
    if units is None or currency is None:
        raise ValueError("the Session has no amount, so it is not of a payment")
    amount = from_units(units, currency)
    intent, metadata = _whole(session.get("payment_intent")), session.get("metadata") or {}
    reference = session.get("client_reference_id") or metadata.get(wire.REFERENCE, "")
    email = (session.get("customer_details") or {}).get("email") or session.get("customer_email")
    # A declined attempt leaves a charge too; only a payment that is held or paid has the card that paid.
    is_held = state.status is PaymentStatus.CAPTURABLE
    charge = _whole(intent.get("latest_charge")) if intent and (is_held or state.is_paid) else None
    card = charge.get("card") if charge else None
    balance = _whole(charge.get("balance_transaction")) if charge and state.is_captured else None
    is_manual = intent is not None and intent.get("capture_method") == "manual"
    language = session.get("locale")
    return Payment(
        id=PaymentId(session["id"]),
        state=state,
        amount=amount,
        reference=reference,
        description=(intent and intent.get("description")) or metadata.get(wire.DESCRIPTION, ""),
        created_at=time_of(session.get("created")),
        payment_provider="stripe",
        payment_provider_id=id_of(session.get("payment_intent")),
        total=_taken(state, charge) or amount,
        fee=from_units(balance.get("fee", 0), balance["currency"]) if balance else None,
        net=from_units(balance["net"], balance["currency"]) if balance else None,
        refundable=_refundable(state, amount.currency, intent, charge),
        settlement=Settlement(captured_on=datetime.fromtimestamp(balance["created"], UTC).date())
        if balance
        else NOT_SETTLED,
        email=email,
        language="en" if language and language.startswith("en") else language,
        metadata={
            name: value
            for name, value in metadata.items()
            if not name.startswith(wire.OWN) and not (name == wire.REFERENCE and value == reference)
        },
        card=_card(card, charge.get("billing_details") or {}) if charge and card else None,
        delayed_capture=is_manual or metadata.get(wire.CAPTURE) == "manual",
        authorisation_mode=None if wire.is_intent(session["id"]) else "web",
        three_d_secure=card.get("three_d_secure") is not None if card else None,
        can_cancel=state.status in _CANCELLABLE if state.status is not PaymentStatus.UNKNOWN else None,
        can_capture=is_held,
        capture_before=time_of(card.get("capture_before")) if card and is_held else None,
        return_url=session.get("success_url"),
        next_url=secret(session.get("url")) if session.get("status") == "open" else None,
        raw=raw,
    )


def _taken(state: PaymentState, charge: wire.ChargePart | None) -> Money | None:
    """Return what was captured of a payment, which may be a part of it; None where that is not told."""
    units = charge.get("amount_captured") if charge is not None and state.is_captured else None
    return from_units(units, charge["currency"]) if units and charge is not None else None


def _refundable(
    state: PaymentState, currency: str, intent: wire.IntentPart | None, charge: wire.ChargePart | None
) -> Refundable | None:
    nothing = Money(0, currency)
    if not state.is_paid:
        status = RefundableStatus.UNAVAILABLE if state.is_finished else RefundableStatus.PENDING
        return Refundable(status, nothing, nothing)
    if charge is None:
        took_nothing = intent is not None and intent.get("latest_charge") is None
        return Refundable(RefundableStatus.UNAVAILABLE, nothing, nothing) if took_nothing else None
    taken, refunded = charge.get("amount_captured"), charge.get("amount_refunded", 0)
    if taken is None:  # older answers tell only whether
        taken = charge["amount"] if charge.get("captured") else 0
    if refunded > taken:
        raise ValueError("more is refunded than was taken")
    left = from_units(taken - refunded, charge["currency"])
    is_full = charge.get("refunded") or not left
    status = RefundableStatus.FULL if is_full else RefundableStatus.AVAILABLE
    if charge.get("disputed"):
        status = RefundableStatus.UNAVAILABLE
    return Refundable(status, left, from_units(refunded, charge["currency"]))


def _card(part: wire.CardPart, person: wire.PersonPart) -> Card:
    funding, month, year = part.get("funding"), part.get("exp_month"), part.get("exp_year")
    place = person.get("address")
    return Card(
        brand=part.get("brand"),
        kind=funding if funding in ("credit", "debit") else None,
        last_digits=part.get("last4"),
        expiry=personal(f"{month:02d}/{year % 100:02d}" if month in range(1, 13) and year and year > 0 else None),
        holder=person.get("name"),
        billing_address=CardAddress(**place) if place else None,
        wallet=part.get("wallet"),
    )


# Refunds and disputes.


def payment_of_refund(part: wire.RefundPart) -> str | None:
    """Return the payment's id as it was refunded by; of a refund made elsewhere, the PaymentIntent's."""
    return (part.get("metadata") or {}).get(wire.OF_PAYMENT) or id_of(part.get("payment_intent"))


def to_refund(part: wire.RefundPart, raw: Raw, payment_id: str | None = None, intent_id: str | None = None) -> Refund:
    """Read a refund, of a payment if that is known. One that names another PaymentIntent is not of that payment."""
    is_another = intent_id is not None and id_of(part.get("payment_intent")) not in (None, intent_id)
    of = payment_of_refund(part) if is_another or not payment_id else payment_id
    status = part.get("status") or ""
    return Refund(
        id=RefundId(part["id"]),
        payment_id=PaymentId(of) if of else None,
        amount=from_units(part["amount"], part["currency"]),
        status=_REFUND_STATUS.get(status, RefundStatus.UNKNOWN),
        raw_status=status,
        created_at=time_of(part.get("created")),
        raw=raw,
    )


def to_dispute(part: wire.DisputePart, raw: Raw) -> Dispute:
    """Read a dispute. The money that was moved is gone only when it is lost."""
    status = _DISPUTE_STATUS.get(part["status"], DisputeStatus.UNKNOWN)
    moved, charge = part.get("balance_transactions", []), part.get("charge")
    currencies = {balance["currency"] for balance in moved}
    currency = currencies.pop() if len(currencies) == 1 else None
    net = from_units(sum(balance["net"] for balance in moved), currency) if currency else None
    # Of a charge without a PaymentIntent, the charge names the payment.
    payment_id = id_of(part.get("payment_intent")) or (charge if isinstance(charge, str) else "")
    return Dispute(
        id=DisputeId(part["id"]),
        payment_id=PaymentId(payment_id),
        amount=from_units(part["amount"], part["currency"]),
        status=status,
        raw_status=part["status"],
        reason=part.get("reason"),
        created_at=time_of(part.get("created")),
        evidence_due_at=time_of(part.get("evidence_due_at")),
        fee=from_units(sum(balance.get("fee", 0) for balance in moved), currency) if currency else None,
        net=net if status is DisputeStatus.LOST else None,
        raw=raw,
    )


SESSION: Final = Reader(TypeAdapter(wire.SessionPart), _payment_of_session)
INTENT: Final = Reader(TypeAdapter(wire.IntentPart), payment_of_intent)
REFUND: Final = Reader(TypeAdapter(wire.RefundPart), to_refund)
DISPUTE: Final = Reader(TypeAdapter(wire.DisputePart), to_dispute)
