"""The parts of Stripe's objects: who paid with what card, the charge, and what it did to the account's balance."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from govcomponents.core.http.responses import Wire

Seconds = Annotated[int, Field(ge=0, le=253_402_300_799)]
Currency = Annotated[str, Field(pattern="^[a-z]{3}$")]


class AddressPart(Wire):
    """A billing address."""

    line1: str | None = None
    line2: str | None = None
    city: str | None = None
    postal_code: str | None = None
    country: str | None = None


class PersonPart(Wire):
    """Who pays: of a Session `customer_details`, of a charge `billing_details`."""

    name: str | None = None
    email: str | None = None
    address: AddressPart | None = None


class WalletPart(Wire):
    """The wallet that held the card."""

    type: str | None = None


class CardPart(Wire):
    """What is told of a card."""

    brand: str | None = None
    funding: str | None = None
    last4: str | None = None
    exp_month: int | None = None
    exp_year: int | None = None
    three_d_secure: dict[str, object] | None = None
    wallet: WalletPart | None = None


class MethodPart(Wire):
    """How a charge was paid."""

    card: CardPart | None = None


class BalancePart(Wire):
    """What a charge or a dispute did to the account's balance."""

    id: str
    amount: int
    currency: Currency
    fee: int = 0
    net: int
    created: Seconds


class ChargePart(Wire):
    """A charge to a card."""

    id: str
    amount: int
    currency: Currency
    amount_captured: int | None = None
    amount_refunded: int = 0
    captured: bool = False
    refunded: bool = False
    disputed: bool = False
    status: str | None = None
    billing_details: PersonPart | None = None
    payment_method_details: MethodPart | None = None
    balance_transaction: BalancePart | str | None = None

    @property
    def taken(self) -> int:
        """How much was taken; older answers tell only whether."""
        if self.amount_captured is not None:
            return self.amount_captured
        return self.amount if self.captured else 0
