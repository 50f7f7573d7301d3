"""Parsing of Stripe's objects: what each means in the port's words.

Each function raises ValueError for what cannot be said with certainty, such as an amount of an unknown currency.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, TypedDict

from govcomponents.core.times import time_of
from govcomponents.money import Money
from govcomponents.pay.adapters.stripe import wire
from govcomponents.pay.adapters.stripe.wire import from_units
from govcomponents.pay.adapters.values import personal, secret
from govcomponents.pay.ids import DisputeId, PaymentId, RefundId
from govcomponents.pay.models import NOT_SETTLED, Address, Card, Dispute, Payment, Refund, Refundable, Settlement
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

    from govcomponents.pay.adapters.stripe.schema import (
        BalancePart,
        CardPart,
        ChargePart,
        DisputePart,
        IntentPart,
        PersonPart,
        RefundPart,
        SessionPart,
    )

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
_DECIDED: Final = {
    "succeeded": PaymentState(PaymentStatus.SUCCEEDED, "succeeded", is_finished=True, is_captured=True),
    "requires_capture": PaymentState(PaymentStatus.CAPTURABLE, "requires_capture", is_finished=False),
    "processing": PaymentState(PaymentStatus.SUBMITTED, "processing", is_finished=False),
}
_TRYING: Final = frozenset({"requires_payment_method", "requires_confirmation", "requires_action"})
_RAN_OUT: Final = frozenset({"automatic", "expired"})  # Stripe's own reasons to cancel
_ASKED_FOR: Final = frozenset({None, "abandoned", "duplicate", "fraudulent", "requested_by_customer"})
_CANCELLABLE: Final = frozenset({PaymentStatus.CREATED, PaymentStatus.STARTED, PaymentStatus.CAPTURABLE})


class _Reason(TypedDict):
    code: str | None
    message: str | None


def whole(part: IntentPart | str | None) -> IntentPart | None:
    """Return a PaymentIntent that came along as a whole, not only as its id."""
    return part if isinstance(part, dict) else None


def id_of(part: IntentPart | str | None) -> str | None:
    """Return the id of a PaymentIntent, however it came along."""
    return part["id"] if isinstance(part, dict) else part


def state_of_intent(intent: IntentPart) -> PaymentState:
    """Read a PaymentIntent without its Session: a declined card is not the end, because another may be tried."""
    raw = intent["status"]
    if raw in _DECIDED:
        return _DECIDED[raw]
    if raw == "canceled":
        return _cancelled(intent)
    if raw in _TRYING:
        return PaymentState(PaymentStatus.STARTED, raw, is_finished=False, **_last_attempt(intent))
    return PaymentState(PaymentStatus.UNKNOWN, raw, is_finished=False)


def _cancelled(intent: IntentPart) -> PaymentState:
    raw, reason = intent["status"], intent.get("cancellation_reason")
    if reason in _RAN_OUT:
        return _failed(raw, FailureReason.EXPIRED, {"code": reason, "message": None})
    by = FailureReason.CANCELLED_BY_SERVICE if reason in _ASKED_FOR else FailureReason.CANCELLED
    return PaymentState(PaymentStatus.CANCELLED, raw, is_finished=True, failure=by, code=reason)


def _failed(raw: str, failure: FailureReason, reason: _Reason) -> PaymentState:
    return PaymentState(PaymentStatus.FAILED, raw, is_finished=True, failure=failure, **reason)


def _last_attempt(intent: IntentPart | None) -> _Reason:
    failed = (intent.get("last_payment_error") if intent else None) or {}
    return {"code": failed.get("decline_code") or failed.get("code"), "message": failed.get("message")}


def state_of_session(session: SessionPart) -> PaymentState:
    """Read a Session, and its PaymentIntent if that came along.

    The PaymentIntent decides where there is one: a Session is `complete` also while the money is only held.
    """
    status, intent = session.get("status"), whole(session.get("payment_intent"))
    if intent is not None and intent["status"] in _DECIDED:
        return _DECIDED[intent["status"]]
    if status == "expired" or (intent is not None and intent["status"] == "canceled"):
        return _ended(session, intent)
    if status == "complete":
        return _complete(session, intent)
    if status == "open":
        if intent is not None:
            return state_of_intent(intent)
        is_tried = session.get("payment_intent") is not None
        return PaymentState(PaymentStatus.STARTED if is_tried else PaymentStatus.CREATED, "open", is_finished=False)
    return PaymentState(PaymentStatus.UNKNOWN, status or "", is_finished=False)


def _ended(session: SessionPart, intent: IntentPart | None) -> PaymentState:
    """Say who ended a payment: expiring a Session and running out look the same, but for the mark in its metadata."""
    is_cancelled = intent is not None and intent["status"] == "canceled"
    raw = "canceled" if is_cancelled else "expired"
    by = (session.get("metadata") or {}).get(wire.CANCELLED)
    if by == "service":
        failure = FailureReason.CANCELLED_BY_SERVICE
        return PaymentState(PaymentStatus.CANCELLED, raw, is_finished=True, failure=failure)
    if by == "payer":
        return _failed(raw, FailureReason.CANCELLED_BY_PERSON, _last_attempt(None))
    if intent is not None and is_cancelled:
        return _cancelled(intent)
    return _failed(raw, FailureReason.EXPIRED, _last_attempt(intent))


def _complete(session: SessionPart, intent: IntentPart | None) -> PaymentState:
    raw = session.get("payment_status") or "complete"
    # Whether Stripe calls money paid that is only held, its documentation does not say.
    may_be_held = (session.get("metadata") or {}).get(wire.CAPTURE) == "manual"
    if raw == "no_payment_required" or (raw == "paid" and not may_be_held):
        return PaymentState(PaymentStatus.SUCCEEDED, raw, is_finished=True)
    if raw == "unpaid" and intent is not None and intent["status"] == "requires_payment_method":
        return _failed(intent["status"], FailureReason.DECLINED, _last_attempt(intent))
    # Held, or in process for days: only the PaymentIntent tells which.
    return PaymentState(PaymentStatus.UNKNOWN, raw, is_finished=False)


def payment_of_intent(intent: IntentPart, raw: Mapping[str, object]) -> Payment:
    """Read a payment that is named by its PaymentIntent."""
    metadata = intent.get("metadata", {})
    return _payment(
        intent["id"],
        state_of_intent(intent),
        from_units(intent["amount"], intent["currency"]),
        None,
        intent,
        metadata,
        raw,
        reference=metadata.get(wire.REFERENCE, ""),
        created=intent.get("created"),
        email=intent.get("receipt_email"),
    )


def amount_of_session(session: SessionPart) -> Money:
    """Read the amount to be paid."""
    units, currency = session.get("amount_total"), session.get("currency")
    if units is None or currency is None:
        raise ValueError("the Session has no amount, so it is not of a payment")
    return from_units(units, currency)


def payment_of_session(session: SessionPart, raw: Mapping[str, object]) -> Payment:
    """Read a payment that is named by its Session."""
    metadata = session.get("metadata") or {}
    return _payment(
        session["id"],
        state_of_session(session),
        amount_of_session(session),
        session,
        whole(session.get("payment_intent")),
        metadata,
        raw,
        reference=session.get("client_reference_id") or metadata.get(wire.REFERENCE, ""),
        created=session.get("created"),
        email=(session.get("customer_details") or {}).get("email") or session.get("customer_email"),
    )


def _payment(
    payment_id: str,
    state: PaymentState,
    amount: Money,
    session: SessionPart | None,
    intent: IntentPart | None,
    metadata: Mapping[str, str],
    raw: Mapping[str, object],
    *,
    reference: str,
    created: int | None,
    email: str | None,
) -> Payment:
    # A declined attempt leaves a charge too; only a payment that is held or paid has the card that paid.
    has_card = state.is_paid or state.status is PaymentStatus.CAPTURABLE
    charge = _charge_of(intent) if has_card else None
    card = _card_of(charge)
    balance = charge.get("balance_transaction") if charge is not None and state.is_captured else None
    known = balance if isinstance(balance, dict) else None
    description = intent.get("description") if intent is not None else None
    is_manual = intent is not None and intent.get("capture_method") == "manual"
    language = session.get("locale") if session is not None else None
    return Payment(
        id=PaymentId(payment_id),
        state=state,
        amount=amount,
        reference=reference,
        description=description or metadata.get(wire.DESCRIPTION, ""),
        created_at=time_of(created),
        payment_provider="stripe",
        payment_provider_id=id_of(session.get("payment_intent")) if session else payment_id,
        total=amount,
        fee=from_units(known.get("fee", 0), known["currency"]) if known else None,
        net=from_units(known["net"], known["currency"]) if known else None,
        refundable=_refundable(state, amount.currency, intent, charge),
        settlement=_settled(known) if known else NOT_SETTLED,
        email=personal(email),
        language="en" if language and language.startswith("en") else language,
        metadata={
            name: value
            for name, value in metadata.items()
            if not name.startswith(wire.OWN) and not (name == wire.REFERENCE and value == reference)
        },
        card=_card(card, charge.get("billing_details") or {}) if charge is not None and card is not None else None,
        delayed_capture=is_manual or metadata.get(wire.CAPTURE) == "manual",
        authorisation_mode="web" if session else None,
        three_d_secure=card.get("three_d_secure") is not None if card is not None else None,
        can_cancel=state.status in _CANCELLABLE if state.status is not PaymentStatus.UNKNOWN else None,
        can_capture=state.status is PaymentStatus.CAPTURABLE,
        return_url=session.get("success_url") if session else None,
        next_url=secret(session.get("url")) if session and session.get("status") == "open" else None,
        raw=raw,
    )


def _charge_of(intent: IntentPart | None) -> ChargePart | None:
    charge = intent.get("latest_charge") if intent is not None else None
    return charge if isinstance(charge, dict) else None


def _card_of(charge: ChargePart | None) -> CardPart | None:
    method = charge.get("payment_method_details") if charge is not None else None
    return method.get("card") if method else None


def _settled(balance: BalancePart) -> Settlement:
    return Settlement(captured_on=datetime.fromtimestamp(balance["created"], UTC).date())


def _refundable(
    state: PaymentState, currency: str, intent: IntentPart | None, charge: ChargePart | None
) -> Refundable | None:
    nothing = Money(0, currency)
    if not state.is_paid:
        status = RefundableStatus.UNAVAILABLE if state.is_finished else RefundableStatus.PENDING
        return Refundable(status, nothing, nothing)
    if charge is None:
        took_nothing = intent is not None and intent.get("latest_charge") is None
        return Refundable(RefundableStatus.UNAVAILABLE, nothing, nothing) if took_nothing else None
    refunded = charge.get("amount_refunded", 0)
    if refunded > _taken(charge):
        raise ValueError("more is refunded than was taken")
    left = from_units(_taken(charge) - refunded, charge["currency"])
    if charge.get("disputed"):
        status = RefundableStatus.UNAVAILABLE
    else:
        is_full = charge.get("refunded") or not left
        status = RefundableStatus.FULL if is_full else RefundableStatus.AVAILABLE
    return Refundable(status, left, from_units(refunded, charge["currency"]))


def _taken(charge: ChargePart) -> int:
    """How much was taken; older answers tell only whether."""
    captured = charge.get("amount_captured")
    if captured is not None:
        return captured
    return charge["amount"] if charge.get("captured") else 0


def _card(part: CardPart, person: PersonPart) -> Card:
    address, funding = person.get("address"), part.get("funding")
    month, year = part.get("exp_month"), part.get("exp_year")
    return Card(
        brand=part.get("brand"),
        kind=funding if funding in ("credit", "debit") else None,
        last_digits=personal(part.get("last4")),
        expiry=personal(f"{month:02d}/{year % 100:02d}" if month and year else None),
        holder=personal(person.get("name")),
        billing_address=Address(
            line1=personal(address.get("line1")),
            line2=personal(address.get("line2")),
            city=personal(address.get("city")),
            postcode=personal(address.get("postal_code")),
            country=address.get("country"),
        )
        if address is not None
        else None,
        wallet=(part.get("wallet") or {}).get("type"),
    )


def payment_of_refund(part: RefundPart) -> str | None:
    """Return the payment's id as it was refunded by; of a refund made elsewhere, the PaymentIntent's."""
    return (part.get("metadata") or {}).get(wire.OF_PAYMENT) or id_of(part.get("payment_intent"))


def to_refund(part: RefundPart, raw: Mapping[str, object], payment_id: str | None = None) -> Refund:
    """Read a refund."""
    of, status = payment_id or payment_of_refund(part), part.get("status") or ""
    return Refund(
        id=RefundId(part["id"]),
        payment_id=PaymentId(of) if of else None,
        amount=from_units(part["amount"], part["currency"]),
        status=_REFUND_STATUS.get(status, RefundStatus.UNKNOWN),
        raw_status=status,
        created_at=time_of(part.get("created")),
        raw=raw,
    )


def to_dispute(part: DisputePart, raw: Mapping[str, object]) -> Dispute:
    """Read a dispute. The money that was moved is gone only when it is lost."""
    status = _DISPUTE_STATUS.get(part["status"], DisputeStatus.UNKNOWN)
    moved, charge = part.get("balance_transactions", []), part.get("charge")
    # Of a charge without a PaymentIntent, the charge names the payment.
    payment_id = id_of(part.get("payment_intent")) or (charge if isinstance(charge, str) else "")
    fee, net = _moved(moved)
    return Dispute(
        id=DisputeId(part["id"]),
        payment_id=PaymentId(payment_id),
        amount=from_units(part["amount"], part["currency"]),
        status=status,
        raw_status=part["status"],
        reason=part.get("reason"),
        created_at=time_of(part.get("created")),
        evidence_due_at=time_of((part.get("evidence_details") or {}).get("due_by")),
        fee=fee,
        net=net if status is DisputeStatus.LOST else None,
        raw=raw,
    )


def _moved(parts: list[BalancePart]) -> tuple[Money | None, Money | None]:
    """Sum up fee and net; None unless all are of one currency."""
    currencies = {part["currency"] for part in parts}
    if len(currencies) != 1:
        return None, None
    currency = currencies.pop()
    fee, net = sum(part.get("fee", 0) for part in parts), sum(part["net"] for part in parts)
    return from_units(fee, currency), from_units(net, currency)
