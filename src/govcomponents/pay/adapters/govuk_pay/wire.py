"""Requests to GOV.UK Pay's public API, and the form of its answers (GOV.UK Pay docs: API reference)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Final, Required
from urllib.parse import urlencode

from pydantic import Field
from typing_extensions import TypedDict

from govcomponents.core.http.messages import Replay, Request
from govcomponents.core.http.responses import Wire
from govcomponents.pay import inputs
from govcomponents.pay.adapters.payment_states import payment_state
from govcomponents.pay.adapters.request_parts import given, json_body, path_of
from govcomponents.pay.adapters.values import Scalar, SignedUnits, Units, at, revealed
from govcomponents.pay.ids import AgreementId, DisputeId, PaymentId, RefundId
from govcomponents.pay.limits import AmountLimits, PayLimits
from govcomponents.pay.states import FailureReason, PaymentState, PaymentStatus
from govcomponents.privacy import Personal

Search = inputs.PaymentSearch | inputs.RefundSearch | inputs.AgreementSearch | inputs.DisputeSearch
PROVIDER: Final = "GOV.UK Pay"
PAYMENTS: Final = "/v1/payments"
REFUNDS: Final = "/v1/refunds"
PAYMENT: Final = "/v1/payments/{payment_id}"
PAYMENT_REFUNDS: Final = f"{PAYMENT}/refunds"
AGREEMENTS: Final = "/v1/agreements"
AGREEMENT: Final = "/v1/agreements/{agreement_id}"
DISPUTES: Final = "/v1/disputes"
AUTH: Final = "/v1/auth"
LARGEST_PAGE: Final = 500
RATE_LIMIT_WAIT: Final = 1.0  # it sends no Retry-After, and counts by the second of the clock (docs: rate limits)
# Behind what acts on a card the API waits up to 10 s for the card's provider (pay-connector, config.yaml), so hearing
# nothing for less than that says nothing.
_PATIENT: Final = 25.0

LIMITS: Final = PayLimits(
    amounts={"GBP": AmountLimits(least=1, most=10_000_000)},
    only_these_currencies=True,
    reference=255,
    description=255,
    user_identifier=255,
    return_url=2000,
    email=254,
    cardholder_name=255,
    card_brand=20,
    address_line=255,
    postcode=25,
    # By the API itself (pay-publicapi, source). The firewall in front may refuse quotation marks and backslashes too,
    # in any text (docs: error codes, P0920): whether it does is not known, so they are sent, and its refusal is told.
    excluded="<>|",
    metadata_entries=15,
    metadata_name=30,
    metadata_text=100,
    metadata_names_differ_by_more_than_case=True,
)
"""GOV.UK Pay docs: API reference; pay-publicapi, source."""

# Its words for a payment's status are the port's, but for one.
STATUSES: Final = {status.value: status for status in PaymentStatus if status is not PaymentStatus.UNKNOWN}
STATUSES["success"] = STATUSES.pop("succeeded")
FAILURES: Final = {
    "P0010": FailureReason.DECLINED,
    "P0020": FailureReason.EXPIRED,
    "P0030": FailureReason.CANCELLED_BY_PERSON,
    "P0040": FailureReason.CANCELLED_BY_SERVICE,
    "P0050": FailureReason.PROVIDER_ERROR,
}


# Requests.

LOOK_AT_PAYMENT: Final = "get the payment and decide from its state"
_LOOK_FOR_PAYMENT: Final = (
    "search payments for the reference; a payment that nobody pays takes no money and expires by itself, "
    "so making another is safe"
)


def act(
    operation: str, template: str, *, replay: Replay = Replay.UNSENT, lookup: str = LOOK_AT_PAYMENT, **ids: str
) -> Request:
    """Do what the last part of a path says, such as to cancel a payment. Such a request has no body."""
    path = path_of(template, **ids)
    return Request(operation, "POST", path, replay, timeout=_PATIENT, lookup=lookup, template=template)


def _post(
    operation: str,
    template: str,
    body: Mapping[str, object],
    extra: Mapping[str, object] | None,
    *,
    lookup: str,
    timeout: float | None = None,
    key: str | None = None,
    payment_id: str = "",
) -> Request:
    # Not escaped: the firewall in front of the API may refuse a backslash (GOV.UK Pay docs: error codes, P0920).
    content = json_body(body, extra, operation=operation, provider=PROVIDER)
    headers, replay, path = (
        {"Content-Type": "application/json"},
        Replay.UNSENT,
        path_of(template, payment_id=payment_id),
    )
    if key is not None:
        headers["Idempotency-Key"], replay = key, Replay.IDEMPOTENT
    return Request(operation, "POST", path, replay, headers, content, timeout, lookup, PROVIDER, key, template)


def _prefilled(details: inputs.CardholderDetails) -> dict[str, object]:
    address = details.billing_address or inputs.BillingAddress()
    return given(
        cardholder_name=revealed(details.name),
        billing_address=given(
            line1=revealed(address.line1),
            line2=revealed(address.line2),
            postcode=revealed(address.postcode),
            city=revealed(address.city),
            country=address.country,
        ),
    )


def _attended(new: inputs.NewPayment | inputs.NewTelephonePayment, **more: object) -> dict[str, object]:
    return given(
        amount=new.amount.minor,
        reference=new.reference,
        description=new.description,
        language=new.language,
        email=revealed(new.email),
        delayed_capture=new.delayed_capture,
        metadata=new.metadata,
        prefilled_cardholder_details=new.prefilled and _prefilled(new.prefilled),
        **more,
    )


def create(new: inputs.NewPayment) -> Request:
    """Create a payment in the mode `web`. Pay ignores an idempotency key here, so it is not sent."""
    body = _attended(
        new,
        return_url=new.return_url,
        moto=new.moto,
        set_up_agreement=new.set_up_agreement,
        agreement_payment_type=new.agreement_payment_type,
    )
    return _post("pay.create", PAYMENTS, body, new.extra, lookup=_LOOK_FOR_PAYMENT)


def create_by_telephone(new: inputs.NewTelephonePayment) -> Request:
    """Create a payment in the mode `moto_api`."""
    body = _attended(new, authorisation_mode="moto_api")
    return _post("pay.create_by_telephone", PAYMENTS, body, new.extra, lookup=_LOOK_FOR_PAYMENT)


def charge_agreement(charge: inputs.AgreementCharge) -> Request:
    """Create a payment in the mode `agreement`: the one call whose idempotency key Pay honours, for 24 hours."""
    body = given(
        amount=charge.amount.minor,
        reference=charge.reference,
        description=charge.description,
        authorisation_mode="agreement",
        agreement_id=charge.agreement_id,
        agreement_payment_type=charge.agreement_payment_type,
        metadata=charge.metadata,
    )
    lookup = "call again with the same arguments and the idempotency key of this error; it charges once"
    return _post("pay.charge_agreement", PAYMENTS, body, charge.extra, lookup=lookup, key=charge.idempotency_key)


def authorise(card: inputs.CardDetails) -> Request:
    """Send a card. Goes without the API key, and burns its token."""
    body = {
        "one_time_token": card.one_time_token.reveal(),
        "card_number": card.card_number.reveal(),
        "cvc": card.cvc.reveal(),
        "expiry_date": card.expiry.reveal(),
        "cardholder_name": card.cardholder_name.reveal(),
    }
    lookup = LOOK_AT_PAYMENT + "; never send the card again for the same payment"
    return _post("pay.authorise", AUTH, body, None, lookup=lookup, timeout=_PATIENT)


def refund(new: inputs.NewRefund) -> Request:
    """Refund. `refund_amount_available` is Pay's only guard against refunding twice, so it always goes along."""
    body = {"amount": new.amount.minor, "refund_amount_available": new.available.minor}
    lookup = (
        "get the payment and compare what is left to refund, or list its refunds (they can lag); repeating the "
        "call with the same `available` cannot refund twice, with a newer one it can"
    )
    return _post(
        "pay.refund", PAYMENT_REFUNDS, body, new.extra, lookup=lookup, timeout=_PATIENT, payment_id=new.payment_id
    )


def create_agreement(new: inputs.NewAgreement) -> Request:
    """Create an agreement."""
    body = given(reference=new.reference, description=new.description, user_identifier=new.user_identifier)
    lookup = "search agreements for the reference; one without a card charges nothing, so making another is safe"
    return _post("pay.create_agreement", AGREEMENTS, body, new.extra, lookup=lookup)


# What the filters of a search are called, where that differs from the port.
_FILTERS: Final = {
    "created_from": "from_date",
    "created_before": "to_date",
    "settled_from": "from_settled_date",
    "settled_to": "to_settled_date",
    "first_digits": "first_digits_card_number",
    "last_digits": "last_digits_card_number",
}


def search(operation: str, path: str, wanted: Search, page: int, size: int, before: datetime | None) -> Request:
    """One page of a search, of what was made before a time, if one is given."""
    names = {**_FILTERS, "status": "state"} if path == PAYMENTS else _FILTERS
    filters = {name: value for name, value in wanted if value is not None and name != "page_size"}
    if before is not None:
        filters["created_before"] = before
    query = {names.get(name, name): _written(value) for name, value in filters.items()}
    # The size is always said, because the defaults differ by endpoint.
    whole = urlencode({**query, "page": page, "display_size": size})
    return Request(operation, "GET", f"{path}?{whole}", Replay.ALWAYS, template=path)


def _written(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
    if value is PaymentStatus.SUCCEEDED:
        return "success"
    return str(value.reveal() if isinstance(value, Personal) else value)


_PAYMENT_LINK: Final = re.compile(r"/v1/payments/([A-Za-z0-9]+)$")

# Answers. Absent, null and {} all mean "nothing" (GOV.UK Pay docs: API reference), so nearly every key is optional and
# may be None. Payments are typed dictionaries, which pydantic makes in half the time of models: a search reads
# thousands.


class LinkPart(TypedDict, total=False):
    """A link; `params` goes with one that is posted to."""

    href: str | None
    params: dict[str, object] | None


class LinksPart(TypedDict, total=False):
    """The links that say what can be done with a payment, or which payment a refund is of."""

    payment: LinkPart | None
    next_url: LinkPart | None
    auth_url_post: LinkPart | None
    cancel: LinkPart | None
    capture: LinkPart | None


class StatePart(TypedDict, total=False):
    """A payment's state."""

    status: str
    finished: bool | None
    message: str | None
    code: str | None
    can_retry: bool | None


class _Address(TypedDict, total=False):
    line1: str | None
    line2: str | None
    postcode: str | None
    city: str | None
    country: str | None


class CardPart(TypedDict, total=False):
    """The card of a payment or an agreement."""

    card_brand: str | None
    card_type: str | None
    first_digits_card_number: str | None
    last_digits_card_number: str | None
    expiry_date: str | None
    cardholder_name: str | None
    billing_address: _Address | None
    wallet_type: str | None


class RefundSummaryPart(TypedDict, total=False):
    """The amount of a payment that is left to refund."""

    status: str | None
    amount_available: Units | None
    amount_submitted: Units | None


class SettlementPart(TypedDict, total=False):
    """The settlement of a payment's money. The times are text: published answers have malformed ones."""

    capture_submit_time: str | None
    captured_date: str | None
    settled_date: str | None


class ExemptionPart(TypedDict, total=False):
    """An exemption from strong customer authentication."""

    requested: bool | None
    type: str | None
    result: Annotated[str | None, at("outcome", "result")]


class PaymentAnswer(TypedDict, total=False):
    """A payment."""

    payment_id: Required[PaymentId]
    amount: Required[Units]
    state: Required[StatePart]
    reference: Required[str]
    description: Required[str]
    created_date: str | None
    payment_provider: str | None
    provider_id: str | None
    total_amount: Units | None
    corporate_card_surcharge: Units | None
    fee: Units | None
    net_amount: SignedUnits | None
    email: str | None
    language: str | None
    metadata: dict[str, Scalar] | None
    authorisation_mode: str | None
    agreement_id: AgreementId | None
    agreement_payment_type: str | None
    delayed_capture: bool | None
    moto: bool | None
    return_url: str | None
    card_details: CardPart | None
    card_brand: str | None
    refund_summary: RefundSummaryPart | None
    capture_submit_time: Annotated[str | None, at("settlement_summary", "capture_submit_time")]
    captured_date: Annotated[str | None, at("settlement_summary", "captured_date")]
    settled_date: Annotated[str | None, at("settlement_summary", "settled_date")]
    three_d_secure: Annotated[bool | None, at("authorisation_summary", "three_d_secure", "required")]
    exemption: ExemptionPart | None
    _links: LinksPart | None


class RefundAnswer(Wire):
    """A refund. In some answers only a link names its payment."""

    links: LinksPart | None = Field(None, alias="_links")
    refund_id: RefundId
    amount: Units
    status: str
    payment_id: PaymentId | None = None
    created_date: str | None = None
    settlement_summary: SettlementPart | None = None


class DisputeAnswer(Wire):
    """A dispute."""

    dispute_id: DisputeId
    payment_id: PaymentId
    amount: Units
    status: str
    reason: str | None = None
    fee: Units | None = None
    net_amount: SignedUnits | None = None
    created_date: str | None = None
    evidence_due_date: str | None = None
    settlement_summary: SettlementPart | None = None


def payment_of(refund: RefundAnswer) -> PaymentId | None:
    """Return the id of the payment that a refund is of; None if it does not tell."""
    linked = _PAYMENT_LINK.search(((refund.links or {}).get("payment") or {}).get("href") or "")
    return refund.payment_id or (PaymentId(linked.group(1)) if linked else None)


def read_state(part: StatePart, *, is_captured: bool) -> PaymentState:
    """Read a state of the API. What is not known counts as not finished unless Pay says that it is."""
    raw, code = part.get("status", ""), part.get("code")
    return payment_state(
        STATUSES.get(raw, PaymentStatus.UNKNOWN),
        raw,
        failure=FAILURES.get(code or "", FailureReason.UNKNOWN),
        is_finished=part.get("finished"),
        is_captured=is_captured,
        can_retry=part.get("can_retry"),
        code=code,
        message=part.get("message"),
    )
