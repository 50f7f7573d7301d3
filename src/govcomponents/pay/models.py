"""Results of the pay operations: payments, refunds, agreements and disputes."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

from govcomponents.core.results import GuardedMetadata, Metadata, PlainValues, Result
from govcomponents.errors import Conflict
from govcomponents.frames import leaving_frames_behind
from govcomponents.money import Money
from govcomponents.pay.ids import AgreementId, DisputeId, PaymentId, RefundId
from govcomponents.pay.states import (
    AgreementStatus,
    DisputeStatus,
    FailureReason,
    PaymentState,
    PaymentStatus,
    RefundableStatus,
    RefundStatus,
)
from govcomponents.privacy import Personal, Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class CardAddress(PlainValues):
    """A billing address, as far as it was given. `country` is an ISO 3166-1 code of two letters."""

    line1: Personal[str] | None = None
    line2: Personal[str] | None = None
    city: Personal[str] | None = None
    postcode: Personal[str] | None = None
    country: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Card(PlainValues):
    """The card of a payment or an agreement, never its whole number.

    `kind` is "credit", "debit" or None; `expiry` is as MM/YY. `wallet` names the wallet that held the card.
    """

    brand: str | None = None
    kind: str | None = None
    first_digits: Personal[str] | None = None
    last_digits: Personal[str] | None = None
    expiry: Personal[str] | None = None
    holder: Personal[str] | None = None
    billing_address: CardAddress | None = None
    wallet: str | None = None


@dataclass(frozen=True, slots=True)
class Refundable(PlainValues):
    """The amount that is left to refund. Look at `status` first: `available` is also there while none can be made.

    `submitted` is the amount of the refunds made so far.
    """

    status: RefundableStatus
    available: Money
    submitted: Money


@dataclass(frozen=True, slots=True)
class Settlement(PlainValues):
    """The dates of the money's way to the service: `captured_on` proves that the provider took it.

    `settled_on` is when it was paid out, `capture_submitted_at` when the provider was asked to take it.
    """

    capture_submitted_at: datetime | None = None
    captured_on: date | None = None
    settled_on: date | None = None


@dataclass(frozen=True, slots=True)
class Exemption(PlainValues):
    """An exemption from strong customer authentication: its `kind`, and its `outcome` in the provider's words."""

    requested: bool = False
    kind: str | None = None
    outcome: str | None = None


NOT_SETTLED = Settlement()


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment(Result):
    """A payment, as the provider described it at one moment.

    `redirect_url()` is the URL of the page to pay on. `one_time_token` is its like for payments by telephone.
    `total` is the amount taken: `amount`, with `surcharge` if there is one. `fee` and `net` are known only after
    capture and not with every provider; `net` can be negative. `capture_before` is when held money that was not
    captured goes back to the person; None of what is not held, or not told. `payment_provider` is the provider behind
    the provider (with GOV.UK Pay "stripe" or "worldpay"), `payment_provider_id` its id of the payment.
    """

    id: PaymentId
    state: PaymentState
    amount: Money
    reference: str
    description: str
    created_at: datetime | None = None
    payment_provider: str | None = None
    payment_provider_id: str | None = None
    total: Money
    surcharge: Money | None = None
    fee: Money | None = None
    net: Money | None = None
    refundable: Refundable | None = None
    settlement: Settlement = NOT_SETTLED
    email: Personal[str] | None = None
    language: str | None = None
    metadata: GuardedMetadata = field(default_factory=Metadata, repr=False, hash=False)
    card: Card | None = None
    delayed_capture: bool = False
    moto: bool = False
    authorisation_mode: str | None = None
    agreement_id: AgreementId | None = None
    agreement_payment_type: str | None = None
    three_d_secure: bool | None = None
    exemption: Exemption | None = None
    can_cancel: bool | None = None
    can_capture: bool | None = None
    capture_before: datetime | None = None
    return_url: str | None = field(default=None, repr=False)
    next_url: Secret | None = None
    one_time_token: Secret | None = None

    def __post_init__(self) -> None:
        Result.__post_init__(self)
        if type(self.metadata) is not Metadata:
            object.__setattr__(self, "metadata", Metadata(self.metadata))

    @leaving_frames_behind
    def redirect_url(self) -> str:
        """Return the URL to redirect the person to, in clear: whoever holds it can pay. Do not log or store it.

        Each `get` of an unfinished payment may give a fresh one. Raises Conflict if the payment has none: it is
        finished, is not made on a page, or was found by a search.
        """
        if self.next_url is None:
            raise Conflict(
                f"the payment has no page to pay on; its status is {self.status}",
                fix="make a new payment"
                if self.is_finished
                else "get the payment by its id: only create and get give the page's URL",
                operation="payment.redirect_url",
            )
        return self.next_url.reveal()

    @leaving_frames_behind
    def refundable_amount(self) -> Money:
        """Return what is left to refund, for the argument `available` of `refund`.

        Raises Conflict if the payment cannot be refunded now, or if what is left is not known.
        """
        if self.refundable is None or self.refundable.status is not RefundableStatus.AVAILABLE:
            status = "not known" if self.refundable is None else self.refundable.status
            raise Conflict(
                f"the payment cannot be refunded now; whether it can be is {status}",
                fix="get the payment by its id again later: money can be given back once it was taken",
                operation="payment.refundable_amount",
            )
        return self.refundable.available

    @property
    def status(self) -> PaymentStatus:
        """The stage that it has reached."""
        return self.state.status

    @property
    def is_finished(self) -> bool:
        """Whether the person has nothing more to do."""
        return self.state.is_finished

    @property
    def is_paid(self) -> bool:
        """Whether the person has paid; the provider may not have taken the money yet."""
        return self.state.is_paid

    @property
    def is_captured(self) -> bool:
        """Whether the provider has taken the money."""
        return self.state.is_captured

    @property
    def failure(self) -> FailureReason | None:
        """The reason why it ended without money; None if it did not."""
        return self.state.failure

    @property
    def can_retry(self) -> bool | None:
        """Whether another charge to the saved card may be tried; None is not known."""
        return self.state.can_retry


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentEvent(Result):
    """One entry of a payment's history. Providers may mix refunds in, so the last one is not the payment's state."""

    payment_id: PaymentId
    state: PaymentState
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refund(Result):
    """A refund of a part or all of a payment.

    `settled_on` is when it left the service's account, with providers that tell.
    """

    id: RefundId
    payment_id: PaymentId | None = None
    amount: Money
    status: RefundStatus
    raw_status: str
    created_at: datetime | None = None
    settled_on: date | None = None

    @property
    def is_finished(self) -> bool:
        """Whether it will not change in the ordinary course."""
        return self.status.is_finished


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement(Result):
    """An agreement to take payments from a saved card without the person present."""

    id: AgreementId
    reference: str
    description: str
    status: AgreementStatus
    raw_status: str
    created_at: datetime | None = None
    cancelled_at: datetime | None = None
    user_identifier: Personal[str] | None = None
    card: Card | None = None
    card_saved_at: datetime | None = None

    @property
    def can_be_charged(self) -> bool:
        """Whether a payment can be taken with it."""
        return self.status.can_be_charged

    @property
    def is_finished(self) -> bool:
        """Whether it stays as it is until the person sets it up again."""
        return self.status.is_finished


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispute(Result):
    """A payment that the card's holder disputes. `net` is negative, and given only when it is lost."""

    id: DisputeId
    payment_id: PaymentId
    amount: Money
    status: DisputeStatus
    raw_status: str
    reason: str | None = None
    created_at: datetime | None = None
    evidence_due_at: datetime | None = None
    fee: Money | None = None
    net: Money | None = None
    settled_on: date | None = None

    @property
    def is_finished(self) -> bool:
        """Whether it is decided."""
        return self.status.is_finished
