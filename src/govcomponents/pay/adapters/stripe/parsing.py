"""What comes from Stripe: its objects' wire models, and what they mean in the port's words.

A part may be an id or the whole object, as the request expanded it; both are read.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Final

from pydantic import Field

from govcomponents.core.http.responses import Wire
from govcomponents.core.times import time_of
from govcomponents.money import Money
from govcomponents.pay.adapters.stripe.amounts import from_units
from govcomponents.pay.adapters.stripe.parts import (
    AddressPart,
    BalancePart,
    CardPart,
    ChargePart,
    Currency,
    PersonPart,
    Seconds,
)
from govcomponents.pay.adapters.stripe.states import state_of_intent, state_of_session
from govcomponents.pay.adapters.stripe.wire import CAPTURE, DESCRIPTION, OF_PAYMENT, OWN, REFERENCE, UNDER_KEY
from govcomponents.pay.ids import DisputeId, PaymentId, RefundId
from govcomponents.pay.models import Address, Card, Dispute, Payment, Refund, Refundable, Settlement
from govcomponents.pay.states import DisputeStatus, PaymentState, PaymentStatus, RefundableStatus, RefundStatus
from govcomponents.privacy import Personal, Secret

PROVIDER_NAME: Final = "stripe"

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


class AttemptPart(Wire):
    """Why the last attempt to pay failed."""

    code: str | None = None
    decline_code: str | None = None
    message: str | None = None


class IntentAnswer(Wire):
    """A PaymentIntent."""

    id: str
    amount: int
    currency: Currency
    status: str
    capture_method: str | None = None
    cancellation_reason: str | None = None
    created: Seconds | None = None
    description: str | None = None
    livemode: bool | None = None
    metadata: dict[str, str] = Field(default_factory=dict)
    receipt_email: str | None = None
    last_payment_error: AttemptPart | None = None
    latest_charge: ChargePart | str | None = None

    @property
    def charge(self) -> ChargePart | None:
        """The latest charge, where it came along."""
        return self.latest_charge if isinstance(self.latest_charge, ChargePart) else None

    def to_state(self) -> PaymentState:
        """What it says of the payment by itself."""
        return state_of_intent(self)

    def to_payment(self, raw: Mapping[str, object]) -> Payment:
        """Say it in the port's words, as a payment that is named by its PaymentIntent. Raises ValueError."""
        return _payment(
            PaymentId(self.id),
            self.to_state(),
            from_units(self.amount, self.currency),
            self,
            self.metadata,
            raw,
            reference=self.metadata.get(REFERENCE, ""),
            created=self.created,
            email=self.receipt_email,
        )


class SessionAnswer(Wire):
    """A Checkout Session."""

    id: str
    status: str | None = None
    payment_status: str | None = None
    mode: str | None = None
    url: str | None = None
    amount_total: int | None = None
    currency: Currency | None = None
    client_reference_id: str | None = None
    customer_email: str | None = None
    customer_details: PersonPart | None = None
    created: Seconds | None = None
    livemode: bool | None = None
    locale: str | None = None
    metadata: dict[str, str] | None = None
    payment_intent: IntentAnswer | str | None = None
    success_url: str | None = None

    @property
    def intent(self) -> IntentAnswer | None:
        """The PaymentIntent, where it came along."""
        return self.payment_intent if isinstance(self.payment_intent, IntentAnswer) else None

    @property
    def intent_id(self) -> str | None:
        """The PaymentIntent's id; None until the person has tried to pay."""
        return self.payment_intent.id if isinstance(self.payment_intent, IntentAnswer) else self.payment_intent

    def to_state(self) -> PaymentState:
        """What it says of the payment, with its PaymentIntent if that came along."""
        return state_of_session(self)

    def to_amount(self) -> Money:
        """How much is to be paid. Raises ValueError where the Session is not of a payment."""
        if self.amount_total is None or self.currency is None:
            raise ValueError("the Session has no amount, so it is not of a payment")
        return from_units(self.amount_total, self.currency)

    def to_payment(self, raw: Mapping[str, object]) -> Payment:
        """Say it in the port's words. Raises ValueError."""
        details = self.customer_details
        return _payment(
            PaymentId(self.id),
            self.to_state(),
            self.to_amount(),
            self.intent,
            self.metadata or {},
            raw,
            reference=self.client_reference_id or (self.metadata or {}).get(REFERENCE, ""),
            created=self.created,
            email=(details.email if details else None) or self.customer_email,
            intent_id=self.intent_id,
            language=self.locale,
            mode="web",
            return_url=self.success_url,
            next_url=self.url if self.status == "open" else None,
        )


def _payment(
    payment_id: PaymentId,
    state: PaymentState,
    amount: Money,
    intent: IntentAnswer | None,
    metadata: Mapping[str, str],
    raw: Mapping[str, object],
    *,
    reference: str,
    created: int | None,
    email: str | None,
    intent_id: str | None = None,
    language: str | None = None,
    mode: str | None = None,
    return_url: str | None = None,
    next_url: str | None = None,
) -> Payment:
    charge = intent.charge if intent is not None else None
    # A declined attempt leaves a charge too; only a payment that is held or paid has the card that paid.
    of_payment = charge if state.is_paid or state.status is PaymentStatus.CAPTURABLE else None
    balance = of_payment.balance_transaction if of_payment is not None else None
    method = of_payment.payment_method_details if of_payment is not None else None
    known = balance if isinstance(balance, BalancePart) and state.is_captured else None
    card = method.card if method is not None else None
    description = (intent.description if intent is not None else None) or metadata.get(DESCRIPTION, "")
    is_manual = metadata.get(CAPTURE) == "manual" or (intent is not None and intent.capture_method == "manual")
    return Payment(
        id=payment_id,
        state=state,
        amount=amount,
        reference=reference,
        description=description,
        created_at=time_of(created),
        payment_provider=PROVIDER_NAME,
        payment_provider_id=intent.id if intent is not None else intent_id,
        total=amount,
        fee=from_units(known.fee, known.currency) if known else None,
        net=from_units(known.net, known.currency) if known else None,
        refundable=_refundable(state, amount.currency, intent, of_payment),
        settlement=Settlement(captured_on=_day(known.created)) if known else _NOT_SETTLED,
        email=_personal(email),
        language="en" if language and language.startswith("en") else language,
        metadata={
            name: value
            for name, value in metadata.items()
            if not name.startswith(OWN) and not (name == REFERENCE and value == reference)
        },
        card=_card(card, of_payment.billing_details) if card is not None and of_payment is not None else None,
        delayed_capture=is_manual,
        authorisation_mode=mode,
        three_d_secure=card.three_d_secure is not None if card is not None else None,
        can_cancel=state.status in _CANCELLABLE if state.status is not PaymentStatus.UNKNOWN else None,
        can_capture=state.status is PaymentStatus.CAPTURABLE,
        return_url=return_url,
        next_url=Secret(next_url) if next_url else None,
        raw=raw,
    )


_NOT_SETTLED: Final = Settlement()
_CANCELLABLE: Final = frozenset({PaymentStatus.CREATED, PaymentStatus.STARTED, PaymentStatus.CAPTURABLE})


def _refundable(
    state: PaymentState, currency: str, intent: IntentAnswer | None, charge: ChargePart | None
) -> Refundable | None:
    nothing = Money(0, currency)
    if not state.is_paid:
        ended = state.is_finished
        return Refundable(RefundableStatus.UNAVAILABLE if ended else RefundableStatus.PENDING, nothing, nothing)
    if charge is None:
        took_nothing = intent is not None and intent.latest_charge is None
        return Refundable(RefundableStatus.UNAVAILABLE, nothing, nothing) if took_nothing else None
    left = from_units(charge.taken - charge.amount_refunded, charge.currency)
    if charge.disputed:
        status = RefundableStatus.UNAVAILABLE
    elif charge.refunded or not left:
        status = RefundableStatus.FULL
    else:
        status = RefundableStatus.AVAILABLE
    return Refundable(status, left, from_units(charge.amount_refunded, charge.currency))


def _card(part: CardPart, person: PersonPart | None) -> Card:
    address = person.address if person is not None else None
    expiry = f"{part.exp_month:02d}/{part.exp_year % 100:02d}" if part.exp_month and part.exp_year else None
    return Card(
        brand=part.brand,
        kind=part.funding if part.funding in ("credit", "debit") else None,
        last_digits=_personal(part.last4),
        expiry=_personal(expiry),
        holder=_personal(person.name if person is not None else None),
        billing_address=_address(address) if address is not None else None,
        wallet=part.wallet.type if part.wallet is not None else None,
    )


def _address(part: AddressPart) -> Address:
    return Address(
        line1=_personal(part.line1),
        line2=_personal(part.line2),
        city=_personal(part.city),
        postcode=_personal(part.postal_code),
        country=part.country,
    )


def _personal(text: str | None) -> Personal[str] | None:
    return Personal(text) if text else None


def _day(seconds: int) -> date:
    return datetime.fromtimestamp(seconds, UTC).date()


class RefundAnswer(Wire):
    """A refund."""

    id: str
    amount: int
    currency: Currency
    status: str | None = None
    payment_intent: IntentAnswer | str | None = None
    created: Seconds | None = None
    metadata: dict[str, str] | None = None

    @property
    def intent_id(self) -> str | None:
        """The PaymentIntent that it is of."""
        return self.payment_intent.id if isinstance(self.payment_intent, IntentAnswer) else self.payment_intent

    @property
    def payment_id(self) -> str | None:
        """The payment's id as it was refunded by; of a refund made elsewhere, the PaymentIntent's."""
        return (self.metadata or {}).get(OF_PAYMENT) or self.intent_id

    @property
    def came_to_nothing(self) -> bool:
        """Whether the money stayed with the service."""
        return self.status in ("failed", "canceled")

    def is_under(self, key: str) -> bool:
        """Whether it was made under an idempotency key, also after Stripe has forgotten that."""
        return (self.metadata or {}).get(UNDER_KEY) == key

    def to_refund(self, raw: Mapping[str, object], payment_id: str | None = None) -> Refund:
        """Say it in the port's words. Raises ValueError."""
        of = payment_id or self.payment_id
        return Refund(
            id=RefundId(self.id),
            payment_id=PaymentId(of) if of else None,
            amount=from_units(self.amount, self.currency),
            status=_REFUND_STATUS.get(self.status or "", RefundStatus.UNKNOWN),
            raw_status=self.status or "",
            created_at=time_of(self.created),
            raw=raw,
        )


class EvidencePart(Wire):
    """Until when a dispute can be answered."""

    due_by: Seconds | None = None


class DisputeAnswer(Wire):
    """A dispute."""

    id: str
    amount: int
    currency: Currency
    status: str
    reason: str | None = None
    created: Seconds | None = None
    charge: str | dict[str, object] | None = None
    payment_intent: IntentAnswer | str | None = None
    evidence_details: EvidencePart | None = None
    balance_transactions: list[BalancePart] = Field(default_factory=list)

    @property
    def payment_id(self) -> str:
        """The PaymentIntent's id; of a charge without one, the charge's."""
        intent = self.payment_intent
        found = intent.id if isinstance(intent, IntentAnswer) else intent
        return found or (self.charge if isinstance(self.charge, str) else "")

    def to_dispute(self, raw: Mapping[str, object]) -> Dispute:
        """Say it in the port's words. What was moved is gone only when the dispute is lost. Raises ValueError."""
        status = _DISPUTE_STATUS.get(self.status, DisputeStatus.UNKNOWN)
        moved = self.balance_transactions
        currency = moved[0].currency if moved else self.currency
        one_currency = all(part.currency == currency for part in moved)
        fee = from_units(sum(part.fee for part in moved), currency) if moved and one_currency else None
        net = from_units(sum(part.net for part in moved), currency) if moved and one_currency else None
        return Dispute(
            id=DisputeId(self.id),
            payment_id=PaymentId(self.payment_id),
            amount=from_units(self.amount, self.currency),
            status=status,
            raw_status=self.status,
            reason=self.reason,
            created_at=time_of(self.created),
            evidence_due_at=time_of(self.evidence_details.due_by if self.evidence_details else None),
            fee=fee,
            net=net if status is DisputeStatus.LOST else None,
            raw=raw,
        )


class PageAnswer(Wire):
    """One page of a list."""

    data: list[dict[str, object]]
    has_more: bool = False
