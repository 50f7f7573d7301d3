"""What the pay operations give: payments, refunds, agreements and disputes, frozen, with the provider's answer beside.

They are dataclasses, not pydantic models: an adapter has validated the answer when it makes one, and a search makes
thousands, of most of which no more than a few fields are looked at.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING

from govcomponents.pay.states import (
    AgreementStatus,
    DisputeStatus,
    FailureReason,
    PaymentState,
    PaymentStatus,
    RefundableStatus,
    RefundStatus,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date, datetime

    from govcomponents.money import Money
    from govcomponents.pay.ids import AgreementId, DisputeId, PaymentId, RefundId
    from govcomponents.privacy import Personal, Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A billing address, as far as it was given. `country` is an ISO 3166-1 code of two letters."""

    line1: Personal[str] | None = None
    line2: Personal[str] | None = None
    city: Personal[str] | None = None
    postcode: Personal[str] | None = None
    country: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What is known of the card: never its number. `kind` is "credit", "debit" or None; `expiry` is as MM/YY."""

    brand: str | None = None
    kind: str | None = None
    first_digits: Personal[str] | None = None
    last_digits: Personal[str] | None = None
    expiry: Personal[str] | None = None
    holder: Personal[str] | None = None
    billing_address: Address | None = None
    wallet: str | None = None


@dataclass(frozen=True, slots=True)
class Refundable:
    """What is left to refund. Look at `status` first: `available` shows an amount also while it cannot be refunded."""

    status: RefundableStatus
    available: Money
    submitted: Money


@dataclass(frozen=True, slots=True)
class Settlement:
    """Where the money is. `captured_on` proves that the provider took it, `settled_on` that it was paid out.

    `capture_submitted_at` is when the provider was asked to take it.
    """

    capture_submitted_at: datetime | None = None
    captured_on: date | None = None
    settled_on: date | None = None


@dataclass(frozen=True, slots=True)
class Exemption:
    """An exemption from strong customer authentication: its `kind`, and its `outcome` in the provider's words."""

    requested: bool
    kind: str | None = None
    outcome: str | None = None


def _nothing() -> None:
    """The default of what is not known. A plain default would hide what `Payment.making_parts_later` makes."""


@dataclass(frozen=True, kw_only=True)
class Payment:
    """A payment as the provider told it at one moment.

    `next_url` is where to send the person; it lets whoever holds it pay, so it is a Secret: redirect to
    `payment.next_url.reveal()` and do not log or store it; `get` gives a fresh one. `one_time_token` is its like for
    payments by telephone. `total` is what is taken: `amount`, with `surcharge` if there is one. `fee` and `net` are
    known only after capture and not with every provider; `net` can be negative. `raw` is the provider's whole answer,
    with personal data in it.
    """

    id: PaymentId
    state: PaymentState
    amount: Money
    reference: str
    description: str
    created_at: datetime | None
    provider: str | None = None
    provider_id: str | None = None
    total: Money
    surcharge: Money | None = field(default_factory=_nothing)
    fee: Money | None = field(default_factory=_nothing)
    net: Money | None = field(default_factory=_nothing)
    refundable: Refundable | None = field(default_factory=_nothing)
    settlement: Settlement = field(default_factory=Settlement)
    email: Personal[str] | None = field(default_factory=_nothing)
    language: str | None = None
    metadata: Mapping[str, str | int | float | bool] = field(default_factory=dict, repr=False, hash=False)
    card: Card | None = field(default_factory=_nothing)
    delayed_capture: bool = False
    moto: bool = False
    authorisation_mode: str | None = None
    agreement_id: AgreementId | None = None
    agreement_payment_type: str | None = None
    three_d_secure: bool | None = field(default_factory=_nothing)
    exemption: Exemption | None = field(default_factory=_nothing)
    can_cancel: bool | None = None
    can_capture: bool | None = None
    return_url: str | None = field(default=None, repr=False)
    next_url: Secret | None = None
    one_time_token: Secret | None = field(default_factory=_nothing)
    raw: Mapping[str, object] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def making_parts_later(cls, known: dict[str, object], make: Callable[[str], object]) -> Payment:
        """Make a payment from all its fields but some, which `make` makes by name when they are first looked at.

        For adapters: `known` becomes the payment's own, and `make` must neither fail nor give different answers.
        """
        payment = cls.__new__(cls)
        known["_make"] = make
        object.__setattr__(payment, "__dict__", known)
        return payment

    if not TYPE_CHECKING:  # for a type checker every field is simply there

        def __getattr__(self, name: str) -> object:
            make = self.__dict__.get("_make")
            if make is None or name not in type(self).__dataclass_fields__:
                raise AttributeError(f"a Payment has no {name!r}")
            value = self.__dict__[name] = make(name)
            return value

    def __getstate__(self) -> dict[str, object]:
        """Leave `raw` behind: a pickle would show what the guarded fields do not."""
        return {**{part.name: getattr(self, part.name) for part in fields(self)}, "raw": {}}

    @property
    def status(self) -> PaymentStatus:
        """How far it has come."""
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
        """Why it ended without money; None if it did not."""
        return self.state.failure

    @property
    def can_retry(self) -> bool | None:
        """Whether another charge to the saved card may be tried; None is not known."""
        return self.state.can_retry


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentEvent:
    """One change in a payment's life. Providers may mix refunds in, so the last one is not the payment's state."""

    payment_id: PaymentId
    state: PaymentState
    at: datetime | None
    raw: Mapping[str, object] = field(default_factory=dict, repr=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refund:
    """A refund. `settled_on` is when it left the service's account, where the provider tells it."""

    id: RefundId
    payment_id: PaymentId | None
    amount: Money
    status: RefundStatus
    raw_status: str
    created_at: datetime | None
    settled_on: date | None = None
    raw: Mapping[str, object] = field(default_factory=dict, repr=False, compare=False)

    @property
    def is_finished(self) -> bool:
        """Whether it will not change in the ordinary course."""
        return self.status.is_finished


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """An agreement to take payments from a saved card without the person present."""

    id: AgreementId
    reference: str
    description: str
    status: AgreementStatus
    raw_status: str
    created_at: datetime | None
    cancelled_at: datetime | None = None
    user_identifier: str | None = field(default=None, repr=False)
    card: Card | None = None
    card_saved_at: datetime | None = None
    raw: Mapping[str, object] = field(default_factory=dict, repr=False, compare=False)

    @property
    def can_be_charged(self) -> bool:
        """Whether a payment can be taken with it."""
        return self.status.can_be_charged

    @property
    def is_finished(self) -> bool:
        """Whether it stays as it is until the person sets it up again."""
        return self.status.is_finished


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispute:
    """A payment that the card's holder disputes. `net` is negative, and given only when it is lost."""

    id: DisputeId
    payment_id: PaymentId
    amount: Money
    status: DisputeStatus
    raw_status: str
    reason: str | None
    created_at: datetime | None
    evidence_due_at: datetime | None = None
    fee: Money | None = None
    net: Money | None = None
    settled_on: date | None = None
    raw: Mapping[str, object] = field(default_factory=dict, repr=False, compare=False)

    @property
    def is_finished(self) -> bool:
        """Whether it is decided."""
        return self.status.is_finished
