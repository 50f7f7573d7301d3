"""State of a Stripe account, and the test cards that it is paid with (Stripe docs: testing)."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from govcomponents.pay.inputs import passes_luhn

if TYPE_CHECKING:
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
        """The captured amount, in the units of its currency."""
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


@dataclass(frozen=True, slots=True)
class TestCard:
    """Behaviour of a test card. `code` and `decline_code` are those of its refusal, if it is refused."""

    __test__ = False  # not a test, whatever pytest makes of the name

    brand: str = "visa"
    funding: str = "credit"
    code: str | None = None
    decline_code: str | None = None
    three_d_secure: bool = False
    is_disputed: bool = False
    refund_fails: bool = False
    refund_waits: bool = False


CARDS: Final = {
    "4242424242424242": TestCard(),
    "4000056655665556": TestCard(funding="debit"),
    "5555555555554444": TestCard(brand="mastercard"),
    "378282246310005": TestCard(brand="amex"),
    "4000000000000002": TestCard(code="card_declined", decline_code="generic_decline"),
    "4000000000009995": TestCard(code="card_declined", decline_code="insufficient_funds"),
    "4000000000000069": TestCard(code="expired_card", decline_code="expired_card"),
    "4000000000000127": TestCard(code="incorrect_cvc", decline_code="incorrect_cvc"),
    "4000000000000119": TestCard(code="processing_error", decline_code="processing_error"),
    "4000002500003155": TestCard(three_d_secure=True),
    "4000002760003184": TestCard(three_d_secure=True),
    "4000000000000259": TestCard(is_disputed=True),
    "4000000000005126": TestCard(refund_fails=True),
    "4000000000007726": TestCard(refund_waits=True),
}


def may_be_real(number: str) -> bool:
    """Whether a number is no documented test card's, and could be a real card's."""
    return number not in CARDS and passes_luhn(number)


def digits_of(typed: str) -> str:
    """A typed card number without spaces and hyphens."""
    return re.sub(r"[ -]", "", typed)
