"""What the GOV.UK Pay stub holds: accounts with their payments, refunds, agreements and disputes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from govcomponents.sandbox.providers.govuk_pay.cards import TestCard
    from govcomponents.sandbox.providers.govuk_pay.world import Service

_UNPAID: Final = frozenset({"failed", "cancelled", "error"})
_FINISHED: Final = _UNPAID | {"success"}


@dataclass(slots=True)
class SavedCard:
    """What is kept of a card: what the API shows, and how the test card behaves. Never its number or code."""

    card: TestCard
    first_digits: str
    last_digits: str
    expiry: str
    holder: str
    address: dict[str, str | None] | None


@dataclass(slots=True)
class RefundRecord:
    """One refund. `ends_at` is when the clock makes it a success."""

    id: str
    charge_id: str
    amount: int
    created_at: float
    status: str = "submitted"
    ends_at: float | None = None
    settled_on: str | None = None


@dataclass(slots=True)
class DisputeRecord:
    """One dispute."""

    id: str
    charge_id: str
    amount: int
    fee: int
    reason: str
    created_at: float
    evidence_due_at: float
    decided_as: str
    decided_at: float
    status: str = "needs_response"
    settled_on: str | None = None


@dataclass(slots=True)
class Charge:
    """One payment, with its public status and what the clock will do to it."""

    id: str
    amount: int
    reference: str
    description: str
    created_at: float
    mode: str = "web"
    status: str = "created"
    code: str | None = None
    message: str | None = None
    can_retry: bool | None = None
    return_url: str | None = None
    email: str | None = None
    language: str = "en"
    delayed_capture: bool = False
    moto: bool = False
    metadata: dict[str, Any] | None = None
    prefilled: dict[str, Any] | None = None
    agreement_id: str | None = None
    agreement_payment_type: str | None = None
    saves_card: bool = False
    card: SavedCard | None = None
    surcharge: int = 0
    fee: int | None = None
    provider_id: str | None = None
    three_d_secure: bool = False
    touched_at: float = 0.0
    charges_at: float | None = None
    capture_submitted_at: float | None = None
    captures_at: float | None = None
    captured_at: float | None = None
    settles_on: str | None = None
    dispute: DisputeRecord | None = None
    refunds: list[RefundRecord] = field(default_factory=list)
    events: list[tuple[float, dict[str, Any]]] = field(default_factory=list)
    awaits_three_d_secure: SavedCard | None = None

    @property
    def finished(self) -> bool:
        """Whether the person has nothing more to do."""
        return self.status in _FINISHED

    @property
    def total(self) -> int:
        """What is taken."""
        return self.amount + self.surcharge

    @property
    def refunded(self) -> int:
        """What refunds hold or have given back; failed ones do not count."""
        return sum([refund.amount for refund in self.refunds if refund.status != "error"]) if self.refunds else 0

    @property
    def refund_status(self) -> str:
        """Whether it can be refunded, as `refund_summary.status` says it."""
        if self.status in _UNPAID or self.status == "capturable" or self.dispute is not None:
            return "unavailable"
        if self.captured_at is None:
            return "pending"
        return "full" if self.refunded >= self.total else "available"


@dataclass(slots=True)
class AgreementRecord:
    """One agreement."""

    id: str
    reference: str
    description: str
    user_identifier: str | None
    created_at: float
    status: str = "created"
    cancelled_at: float | None = None
    card: SavedCard | None = None
    card_saved_at: float | None = None


@dataclass(slots=True)
class IdempotentCall:
    """What a key was used for."""

    request: str
    charge_id: str
    at: float


@dataclass
class Account:
    """One gateway account: everything that one service's keys can see."""

    service: Service
    charges: dict[str, Charge] = field(default_factory=dict)
    unsettled: dict[str, Charge] = field(default_factory=dict)
    agreements: dict[str, AgreementRecord] = field(default_factory=dict)
    refunds: list[RefundRecord] = field(default_factory=list)
    disputes: list[DisputeRecord] = field(default_factory=list)
    idempotent: dict[str, IdempotentCall] = field(default_factory=dict)


@dataclass(slots=True)
class Token:
    """A one-time link or token of a payment."""

    charge_id: str
    account: Account
    used: bool = False


@dataclass(slots=True)
class Journey:
    """One person on the card pages, after the one-time link was opened."""

    charge_id: str
    account: Account
    language: str = "en"
