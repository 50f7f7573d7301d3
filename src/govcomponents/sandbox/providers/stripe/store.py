"""What a Stripe stub account holds."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from govcomponents.sandbox.providers.stripe.cards import TestCard
    from govcomponents.sandbox.providers.stripe.world import StripeWorld


@dataclass
class Session:
    """A Checkout Session. Times are seconds since the epoch."""

    id: str
    created: int
    expires_at: int
    amount: int
    currency: str
    given: dict[str, Any]
    metadata: dict[str, str]
    status: str = "open"
    intent_id: str | None = None
    person: dict[str, Any] | None = None
    is_paid: bool = False


@dataclass
class Intent:
    """A PaymentIntent."""

    id: str
    created: int
    amount: int
    currency: str
    session_id: str
    capture_method: str
    metadata: dict[str, str]
    description: str | None
    status: str = "requires_payment_method"
    last_error: dict[str, Any] | None = None
    charge_id: str | None = None
    canceled_at: int | None = None
    reason: str | None = None
    waiting: Charge | None = None


@dataclass
class Charge:
    """One attempt with one card. `captured_at` is None until the money is taken."""

    id: str
    created: int
    amount: int
    currency: str
    intent_id: str
    card: TestCard
    last4: str
    person: dict[str, Any]
    metadata: dict[str, str]
    is_authorised: bool = True
    captured_at: int | None = None
    refunded: int = 0
    is_disputed: bool = False
    authenticated: bool = False

    @property
    def taken(self) -> int:
        """How much was taken."""
        return 0 if self.captured_at is None else self.amount


@dataclass
class RefundRecord:
    """A refund. `changes_at` is when its status changes by time alone, to `becomes`."""

    id: str
    created: int
    amount: int
    currency: str
    charge_id: str
    intent_id: str
    metadata: dict[str, str]
    reason: str | None
    status: str = "succeeded"
    changes_at: float | None = None
    becomes: str = ""


@dataclass
class DisputeRecord:
    """A dispute."""

    id: str
    created: int
    amount: int
    currency: str
    charge_id: str
    intent_id: str
    status: str = "needs_response"


@dataclass
class Store:
    """Everything, oldest first. Whoever reads or changes it holds `lock`."""

    world: StripeWorld
    lock: threading.RLock = field(default_factory=threading.RLock)
    sessions: dict[str, Session] = field(default_factory=dict)
    intents: dict[str, Intent] = field(default_factory=dict)
    charges: dict[str, Charge] = field(default_factory=dict)
    refunds: dict[str, RefundRecord] = field(default_factory=dict)
    disputes: dict[str, DisputeRecord] = field(default_factory=dict)
    events: list[tuple[str, bytes]] = field(default_factory=list)
