"""The form of Stripe's objects, of each what is read: typed dictionaries, because a search reads thousands.

A part may be an id or the whole object, as the request expanded it.
"""

from __future__ import annotations

from typing import Annotated, Final, Required

from pydantic import Field, StrictBool, TypeAdapter
from typing_extensions import TypedDict

from govcomponents.pay.adapters.values import SignedUnits, Units

Seconds = Annotated[int, Field(ge=0, le=253_402_300_799)]
Currency = Annotated[str, Field(pattern="^[a-z]{3}$")]


class _Sum(TypedDict):
    id: str
    amount: Units
    currency: Currency


class AddressPart(TypedDict, total=False):
    """A billing address."""

    line1: str | None
    line2: str | None
    city: str | None
    postal_code: str | None
    country: str | None


class PersonPart(TypedDict, total=False):
    """The person who pays: of a Session `customer_details`, of a charge `billing_details`."""

    name: str | None
    email: str | None
    address: AddressPart | None


class _WalletPart(TypedDict, total=False):
    type: str | None


class CardPart(TypedDict, total=False):
    """A card, as far as a charge tells of it."""

    brand: str | None
    funding: str | None
    last4: str | None
    exp_month: int | None
    exp_year: int | None
    three_d_secure: dict[str, object] | None
    wallet: _WalletPart | None


class _MethodPart(TypedDict, total=False):
    card: CardPart | None


class BalancePart(TypedDict, total=False):
    """The change of the account's balance by a charge or a dispute."""

    id: Required[str]
    amount: Required[SignedUnits]
    currency: Required[Currency]
    fee: SignedUnits
    net: Required[SignedUnits]
    created: Required[Seconds]


class ChargePart(_Sum, total=False):
    """A charge to a card."""

    amount_captured: Units | None
    amount_refunded: Units
    captured: StrictBool
    refunded: StrictBool
    disputed: StrictBool
    billing_details: PersonPart | None
    payment_method_details: _MethodPart | None
    balance_transaction: BalancePart | str | None


class AttemptPart(TypedDict, total=False):
    """The reason why the last attempt to pay failed."""

    code: str | None
    decline_code: str | None
    message: str | None


class IntentPart(_Sum, total=False):
    """A PaymentIntent."""

    status: Required[str]
    capture_method: str | None
    cancellation_reason: str | None
    created: Seconds | None
    description: str | None
    metadata: dict[str, str]
    receipt_email: str | None
    last_payment_error: AttemptPart | None
    latest_charge: ChargePart | str | None


class SessionPart(TypedDict, total=False):
    """A Checkout Session."""

    id: Required[str]
    status: str | None
    payment_status: str | None
    mode: str | None
    url: str | None
    amount_total: Units | None
    currency: Currency | None
    client_reference_id: str | None
    customer_email: str | None
    customer_details: PersonPart | None
    created: Seconds | None
    locale: str | None
    metadata: dict[str, str] | None
    payment_intent: IntentPart | str | None
    success_url: str | None


class RefundPart(_Sum, total=False):
    """A refund."""

    status: str | None
    payment_intent: IntentPart | str | None
    created: Seconds | None
    metadata: dict[str, str] | None


class _EvidencePart(TypedDict, total=False):
    due_by: Seconds | None


class DisputePart(_Sum, total=False):
    """A dispute."""

    status: Required[str]
    reason: str | None
    created: Seconds | None
    charge: str | dict[str, object] | None
    payment_intent: IntentPart | str | None
    evidence_details: _EvidencePart | None
    balance_transactions: list[BalancePart]


class _Made(TypedDict):
    id: str


class _PagePart(TypedDict, total=False):
    data: Required[list[dict[str, object]]]
    has_more: StrictBool


SESSION: Final = TypeAdapter(SessionPart)
INTENT: Final = TypeAdapter(IntentPart)
REFUND: Final = TypeAdapter(RefundPart)
DISPUTE: Final = TypeAdapter(DisputePart)
MADE: Final = TypeAdapter(_Made)
PAGE: Final = TypeAdapter(_PagePart)
