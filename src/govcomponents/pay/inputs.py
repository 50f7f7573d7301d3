"""Input of the pay operations, validated: what no provider accepts is refused. Limits of each are in limits.py."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    InstanceOf,
    SkipValidation,
    StringConstraints,
    ValidationInfo,
)

from govcomponents.core.inputs import Input
from govcomponents.core.validation import ID_PATTERN, is_text, plain_url_parts
from govcomponents.money import Money
from govcomponents.pay.capabilities import PayCapability as Can
from govcomponents.pay.states import AgreementStatus, DisputeStatus, PaymentStatus
from govcomponents.privacy import Personal, Secret


def _payable(amount: Money) -> Money:
    if amount.minor < 1:
        raise ValueError("must be at least 1 in the smallest unit of the currency (pence)")
    return amount


def _real_text(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be blank")
    if not is_text(text):
        raise ValueError("holds half of a surrogate pair, which is no character")
    return text


def _web_address(url: str) -> str:
    if plain_url_parts(url) is None:
        raise ValueError("must be a whole http or https URL that every reader takes for the same one")
    return url


def _aware(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("must have a time zone")
    return moment


def _plain_date(value: object) -> object:
    if isinstance(value, datetime):
        raise ValueError("must be a date without a time")  # noqa: TRY004  # pydantic takes no TypeError
    return value


def _personal_text(value: Personal[str]) -> Personal[str]:
    if not value.reveal():
        raise ValueError("must not be empty")
    if not is_text(value.reveal()):
        raise ValueError("holds half of a surrogate pair, which is no character")
    return value


def _left_out(value: object) -> object:
    """None for text without content: forms send "" for what a person left out."""
    text = value.reveal() if isinstance(value, Personal) else value
    return None if isinstance(text, str) and not text.strip() else value


class _Digits:
    """Checks that a personal value is so many digits."""

    def __init__(self, fewest: int, most: int) -> None:
        self._form = re.compile(f"[0-9]{{{fewest},{most}}}")
        self._told = f"must be {fewest} to {most} digits"

    def __call__(self, value: Personal[str]) -> Personal[str]:
        if not self._form.fullmatch(value.reveal()):
            raise ValueError(self._told)
        return value


def passes_luhn(number: str) -> bool:
    """Whether the last digit of a card number fits the others."""
    doubled = (sum(divmod(2 * int(digit), 10)) for digit in number[-2::-2])
    return (sum(doubled) + sum(map(int, number[-1::-2]))) % 10 == 0


def _card_number(value: Personal[str]) -> Personal[str]:
    if not passes_luhn(value.reveal()):
        raise ValueError("is not a card number: its last digit does not fit the others")
    return value


def _month(value: Personal[str]) -> Personal[str]:
    if not re.fullmatch("(0[1-9]|1[0-2])/[0-9]{2}", value.reveal()):
        raise ValueError("must be a month and year as MM/YY")
    return value


def _with_agreement(value: str | None, info: ValidationInfo) -> str | None:
    if value is not None and info.data.get("set_up_agreement") is None:
        raise ValueError("needs set_up_agreement")
    return value


def _no_more_than_is_left(amount: Money, info: ValidationInfo) -> Money:
    available = info.data.get("available")
    if available is not None and amount.currency != available.currency:
        raise ValueError("must be of the same currency as `available`")
    if available is not None and amount > available:
        raise ValueError("must not be more than what is left to refund")
    return amount


def _copied(values: object) -> object:
    """Copy a mapping, so that what the caller does to it later changes nothing that is sent."""
    return dict(values) if isinstance(values, Mapping) else values


def _good_metadata(values: object) -> object:
    if not isinstance(values, dict):
        raise ValueError("must be a mapping")  # noqa: TRY004  # pydantic takes no TypeError
    for name, value in values.items():
        if not isinstance(name, str) or not name or not is_text(name):
            raise ValueError("each name must be text, not empty, of real characters")
        if not isinstance(value, (str, int, float)):
            raise ValueError("each value must be text, a number or a boolean")  # noqa: TRY004  # pydantic takes no TypeError
        if isinstance(value, str) and not is_text(value):
            raise ValueError("each text must be of real characters")
        if isinstance(value, float) and not math.isfinite(value):
            raise ValueError("each number must be finite")
    return values


def _named_by_text(values: object) -> object:
    if not isinstance(values, dict) or not all(isinstance(name, str) for name in values):
        raise ValueError("must be a mapping whose names are text")
    return values


Amount = Annotated[Money, AfterValidator(_payable)]
IdempotencyKey = Annotated[str, StringConstraints(pattern="^[A-Za-z0-9-]{1,255}$")]
Text = Annotated[str, AfterValidator(_real_text)]
PersonalText = Annotated[Personal[str], AfterValidator(_personal_text)]
Optional = BeforeValidator(_left_out)
OptionalPersonalText = Annotated[PersonalText | None, Optional]
Identifier = Annotated[str, StringConstraints(min_length=1, max_length=255, pattern=ID_PATTERN)]
WebAddress = Annotated[str, AfterValidator(_web_address)]
# The values are looked at here, not by pydantic, whose complaint would tell what the caller named them.
Metadata = Annotated[
    Mapping[str, str | bool | int | float], SkipValidation, BeforeValidator(_copied), AfterValidator(_good_metadata)
]
Extra = Annotated[Mapping[str, object], SkipValidation, BeforeValidator(_copied), AfterValidator(_named_by_text)]
Moment = Annotated[datetime, AfterValidator(_aware)]
PlainDate = Annotated[date, BeforeValidator(_plain_date)]

_AMOUNT_FIX = 'pass Money, such as Money.gbp("145.00"), of at least 1p'
_REFERENCE_FIX = "pass the service's own reference, as text"
_DESCRIPTION_FIX = "say what the person pays for; the person sees it"
_METADATA_FIX = "pass a mapping from names to text, numbers or booleans; leave None out"
_KEY_FIX = (
    "to repeat a call, pass the `idempotency_key` of its error; otherwise 1 to 255 letters, digits and hyphens, or None"
)
_EXTRA_FIX = "pass a mapping of the provider's own field names to JSON values"


class OnPayment(Input):
    """An operation on a payment by its id."""

    payment_id: Identifier = Field(description="pass the id of the payment, as `payment.id` gave it")


class OnRefund(OnPayment):
    """An operation on a refund by its id."""

    refund_id: Identifier = Field(description="pass the id of the refund, as `refund.id` gave it")


class OnAgreement(Input):
    """An operation on an agreement by its id."""

    agreement_id: Identifier = Field(description="pass the id of the agreement, as `agreement.id` gave it")


_PREFILLED_FIX = "pass text, or leave it out"


class BillingAddress(Input):
    """A billing address, filled in beforehand; the person can change all of it. Empty text is as None.

    Raises InvalidInput.
    """

    line1: OptionalPersonalText = Field(None, description=_PREFILLED_FIX)
    line2: OptionalPersonalText = Field(None, description=_PREFILLED_FIX)
    city: OptionalPersonalText = Field(None, description=_PREFILLED_FIX)
    postcode: OptionalPersonalText = Field(None, description=_PREFILLED_FIX)
    country: Annotated[Annotated[str, StringConstraints(pattern="^[A-Z]{2}$")] | None, Optional] = Field(
        None, description='pass its two capital letters, such as "GB" (ISO 3166)'
    )


class CardholderDetails(Input):
    """The cardholder's details, filled in beforehand on the card page; the person can change all of them.

    Empty text is as None. Raises InvalidInput.
    """

    name: OptionalPersonalText = Field(None, description=_PREFILLED_FIX)
    billing_address: InstanceOf[BillingAddress] | None = Field(
        None, description="pass a BillingAddress(...), or leave it out"
    )


AgreementPaymentType = Literal["instalment", "recurring", "unscheduled"]
"""The kind of charges that an agreement is for: parts of one price, a series, or at no fixed times."""


class _New(Input):
    amount: Amount = Field(description=_AMOUNT_FIX)
    reference: Text = Field(description=_REFERENCE_FIX)
    description: Text = Field(description=_DESCRIPTION_FIX)
    metadata: Metadata | None = Field(None, description=_METADATA_FIX)
    extra: Extra | None = Field(None, description=_EXTRA_FIX)


class _NewAttended(_New):
    @property
    def needed(self) -> tuple[Can, ...]:
        """The capabilities that the optional arguments need."""
        asked = (
            (self.delayed_capture, Can.DELAYED_CAPTURE),
            (self.language == "cy", Can.WELSH),
            (self.prefilled is not None, Can.PREFILLED_DETAILS),
        )
        return tuple(capability for wanted, capability in asked if wanted)

    email: OptionalPersonalText = Field(None, description="pass the person's email address, or None")
    language: Literal["en", "cy"] = Field("en", description='pass "en" for English or "cy" for Welsh')
    delayed_capture: bool = Field(default=False, description="pass True to hold the money until `capture`")
    prefilled: InstanceOf[CardholderDetails] | None = Field(
        None,
        description="pass CardholderDetails(name=..., billing_address=BillingAddress(...)), or None",
    )


class NewPayment(_NewAttended):
    """A payment that the person makes on the provider's pages."""

    @property
    def needed(self) -> tuple[Can, ...]:
        """The capabilities that the optional arguments need."""
        asked = (
            (self.moto, Can.MOTO),
            (self.set_up_agreement is not None, Can.AGREEMENTS),
            (self.idempotency_key is not None, Can.IDEMPOTENCY_KEYS),
        )
        return super().needed + tuple(capability for wanted, capability in asked if wanted)

    return_url: WebAddress = Field(description="pass the whole https URL that the person comes back to")
    moto: bool = Field(
        default=False, description="pass True if an agent types the card in for a person on the telephone"
    )
    set_up_agreement: Identifier | None = Field(
        None, description="pass the id of the agreement to which the card is to be saved, or None"
    )
    agreement_payment_type: Annotated[AgreementPaymentType | None, AfterValidator(_with_agreement)] = Field(
        None, description='pass "instalment", "recurring" or "unscheduled", and only together with set_up_agreement'
    )
    idempotency_key: IdempotencyKey | None = Field(None, description=_KEY_FIX)


class NewTelephonePayment(_NewAttended):
    """A payment whose card details the service sends by `authorise`."""


class AgreementCharge(_New):
    """A payment taken from a saved card without the person."""

    agreement_id: Identifier = Field(description="pass the id of an active agreement, as `agreement.id` gave it")
    agreement_payment_type: AgreementPaymentType | None = Field(
        None, description='pass "instalment", "recurring" or "unscheduled", or None'
    )
    idempotency_key: IdempotencyKey = Field(
        description="pass 1 to 255 letters, digits and hyphens that name this one charge, or None to have a key made"
    )


class NewRefund(OnPayment):
    """A refund of a part or all of a payment."""

    @property
    def needed(self) -> tuple[Can, ...]:
        """The capabilities that the optional arguments need."""
        return () if self.idempotency_key is None else (Can.IDEMPOTENCY_KEYS,)

    available: Amount = Field(
        description="pass what was left to refund when the payment was last read: `payment.refundable.available`"
    )
    amount: Annotated[Amount, AfterValidator(_no_more_than_is_left)] = Field(
        description="pass Money of the payment's currency, of at least 1p and at most what is left to refund"
    )
    idempotency_key: IdempotencyKey | None = Field(None, description=_KEY_FIX)
    extra: Extra | None = Field(None, description=_EXTRA_FIX)


class NewAgreement(Input):
    """An agreement to be set up by the person's first payment."""

    reference: Text = Field(description=_REFERENCE_FIX)
    description: Text = Field(description="say what will be charged; the person sees it")
    user_identifier: Annotated[Text | None, Optional] = Field(
        None, description="pass the service's own name for the person, which is not personal, or None"
    )
    extra: Extra | None = Field(None, description=_EXTRA_FIX)


class CardDetails(Input):
    """A card, for `authorise`. Made to be used once: never log, store or send it again."""

    one_time_token: Secret = Field(description="pass `payment.one_time_token`")
    card_number: Annotated[Personal[str], AfterValidator(_Digits(12, 19)), AfterValidator(_card_number)] = Field(
        description="pass the 12 to 19 digits, as printed on the card"
    )
    cvc: Annotated[Personal[str], AfterValidator(_Digits(3, 4))] = Field(
        description="pass the 3 or 4 digits of the security code"
    )
    expiry: Annotated[Personal[str], AfterValidator(_month)] = Field(
        description='pass the month and year as "MM/YY", not in the past'
    )
    cardholder_name: PersonalText = Field(description="pass the name on the card")


_FROM_FIX = "pass an aware datetime, such as datetime(2026, 3, 1, tzinfo=UTC)"
_DAY_FIX = "pass a date, such as date(2026, 3, 1)"
_PAGE_FIX = "pass how many to fetch at once, from 1 to 500"
PageSize = Annotated[int, Field(ge=1, le=500)]


class Search(Input):
    """The filters that every search has."""

    page_size: PageSize = Field(500, description=_PAGE_FIX)


class DatedSearch(Search):
    """The filters of a search for what happens at a time."""

    created_from: Moment | None = Field(None, description=_FROM_FIX)
    created_before: Moment | None = Field(None, description=_FROM_FIX)
    settled_from: PlainDate | None = Field(None, description=_DAY_FIX)
    settled_to: PlainDate | None = Field(None, description=_DAY_FIX)


class PaymentSearch(DatedSearch):
    """Input of pay.search, validated; every filter that is given must fit."""

    reference: Text | None = Field(None, description="pass the whole reference; upper and lower case are the same")
    email: PersonalText | None = Field(None, description="pass the email address or a part of it")
    status: PaymentStatus | None = Field(None, description="pass a PaymentStatus")
    card_brand: Annotated[str, StringConstraints(min_length=1)] | None = Field(
        None, description='pass the brand, such as "visa" or "master-card"'
    )
    cardholder_name: PersonalText | None = Field(None, description="pass the name or a part of it")
    first_digits: Annotated[str, StringConstraints(pattern="^[0-9]{6}$")] | None = Field(
        None, description="pass the card number's first 6 digits as text"
    )
    last_digits: Annotated[str, StringConstraints(pattern="^[0-9]{4}$")] | None = Field(
        None, description="pass the card number's last 4 digits as text"
    )
    agreement_id: Identifier | None = Field(None, description="pass the id of the agreement")


class RefundSearch(DatedSearch):
    """Input of pay.search_refunds, validated."""


class AgreementSearch(Search):
    """Input of pay.search_agreements, validated."""

    reference: Text | None = Field(None, description="pass the whole reference; upper and lower case are the same")
    status: AgreementStatus | None = Field(None, description="pass an AgreementStatus")


class DisputeSearch(DatedSearch):
    """Input of pay.search_disputes, validated."""

    status: DisputeStatus | None = Field(None, description="pass a DisputeStatus")
