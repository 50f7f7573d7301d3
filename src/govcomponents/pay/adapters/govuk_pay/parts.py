"""The parts of GOV.UK Pay's answers: typed dictionaries, which pydantic makes in half the time of models.

A search reads thousands. Absent, null and {} all mean "nothing" (GOV.UK Pay docs: API reference), so every key is
optional and may be None.
"""

from __future__ import annotations

from typing_extensions import TypedDict


class LinkPart(TypedDict, total=False):
    """A link. `params` goes with links to be posted to."""

    href: str | None
    params: dict[str, object] | None


class LinksPart(TypedDict, total=False):
    """The links that say what can be done with a payment."""

    next_url: LinkPart | None
    auth_url_post: LinkPart | None
    cancel: LinkPart | None
    capture: LinkPart | None
    payment: LinkPart | None


class StatePart(TypedDict, total=False):
    """A payment's state."""

    status: str
    finished: bool | None
    message: str | None
    code: str | None
    can_retry: bool | None


class AddressPart(TypedDict, total=False):
    """A billing address."""

    line1: str | None
    line2: str | None
    postcode: str | None
    city: str | None
    country: str | None


class CardPart(TypedDict, total=False):
    """What is told of a card."""

    card_brand: str | None
    card_type: str | None
    first_digits_card_number: str | None
    last_digits_card_number: str | None
    expiry_date: str | None
    cardholder_name: str | None
    billing_address: AddressPart | None
    wallet_type: str | None


class RefundSummaryPart(TypedDict, total=False):
    """What is left to refund."""

    status: str | None
    amount_available: int | None
    amount_submitted: int | None


class SettlementPart(TypedDict, total=False):
    """Where the money is. The times are text: published answers have malformed ones."""

    capture_submit_time: str | None
    captured_date: str | None
    settled_date: str | None


class ThreeDSecurePart(TypedDict, total=False):
    """Whether the card's bank asked the person."""

    required: bool | None


class AuthorisationPart(TypedDict, total=False):
    """How the payment was authorised."""

    three_d_secure: ThreeDSecurePart | None


class OutcomePart(TypedDict, total=False):
    """What became of an exemption."""

    result: str | None


class ExemptionPart(TypedDict, total=False):
    """An exemption from strong customer authentication."""

    requested: bool | None
    type: str | None
    outcome: OutcomePart | None
