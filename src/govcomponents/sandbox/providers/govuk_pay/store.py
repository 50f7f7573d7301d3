"""State of the GOV.UK Pay stub: accounts with their payments, refunds, agreements, disputes and one-time tokens."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from govcomponents.sandbox.providers.govuk_pay.cards import TestCard
    from govcomponents.sandbox.providers.govuk_pay.world import PayWorld, Service


_UNPAID: Final = frozenset({"failed", "cancelled", "error"})
_FINISHED: Final = _UNPAID | {"success"}


@dataclass(slots=True)
class SavedCard:
    """A card as it is kept: what the API shows, and how the test card behaves. Never its number or code."""

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
    capture_held: bool = False
    refunds_held: bool = False
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
        """The amount with its surcharge, in pence."""
        return self.amount + self.surcharge

    @property
    def refunded(self) -> int:
        """Sum of the refunds that are under way or done; failed ones do not count."""
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
    """The request that an idempotency key was used for, and its payment."""

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
class CardVisit:
    """One person on the card pages, after the one-time link was opened."""

    charge_id: str
    account: Account
    language: str = "en"


_MOST_TOKENS: Final = 100_000


class AccountStore:
    """All accounts, tokens and visits of the card pages in one sandbox."""

    def __init__(self, world: PayWorld) -> None:
        self.lock = threading.RLock()
        self.accounts = [Account(service) for service in world.services]
        self.tokens: dict[str, Token] = {}
        self.visits: dict[str, CardVisit] = {}
        self._by_key = {
            f"Bearer {key.key}": account
            for account in self.accounts
            for key in account.service.api_keys
            if not key.revoked
        }

    def mint(self, token: str, account: Account, charge: Charge) -> str:
        """Keep a new one-time token of a payment. The oldest are forgotten, as unused ones are at Pay after a week."""
        self.tokens[token] = Token(charge.id, account)
        if len(self.tokens) > _MOST_TOKENS:
            del self.tokens[next(iter(self.tokens))]
        return token

    def account_of(self, authorization: str | None) -> Account | None:
        """The account that a call's Authorization header is good for."""
        return self._by_key.get(authorization or "")
