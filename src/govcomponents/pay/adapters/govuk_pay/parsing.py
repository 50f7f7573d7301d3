"""GOV.UK Pay's answers, said in the port's words (GOV.UK Pay docs: API reference)."""

from __future__ import annotations

import re
from functools import partial
from typing import Annotated, Final, Required

from pydantic import TypeAdapter
from typing_extensions import TypedDict

from govcomponents.core.results import Metadata, Raw
from govcomponents.money import Money
from govcomponents.pay import models
from govcomponents.pay.adapters import values
from govcomponents.pay.adapters.http_adapter import Reader
from govcomponents.pay.adapters.payment_states import captured, payment_state
from govcomponents.pay.adapters.values import Datum, Day, Pence, Time, Units, at, into, whole_answer, words
from govcomponents.pay.ids import AgreementId, DisputeId, PaymentId, RefundId
from govcomponents.pay.states import (
    AgreementStatus,
    DisputeStatus,
    FailureReason,
    PaymentState,
    PaymentStatus,
    RefundableStatus,
    RefundStatus,
)
from govcomponents.privacy import Secret

# Its words for a payment's status are the port's, but for one.
STATUSES: Final = {status.value: status for status in PaymentStatus if status is not PaymentStatus.UNKNOWN}
STATUSES["success"] = STATUSES.pop("succeeded")
_REFUND_STATUS: Final = {
    "submitted": RefundStatus.SUBMITTED,
    "success": RefundStatus.SUCCEEDED,
    "error": RefundStatus.ERROR,
}
_REFUNDABLE: Final = {status.value: status for status in RefundableStatus}
_AGREEMENT_STATUS: Final = {status.value: status for status in AgreementStatus}
_DISPUTE_STATUS: Final = {status.value: status for status in DisputeStatus}
FAILURES: Final = {
    "P0010": FailureReason.DECLINED,
    "P0020": FailureReason.EXPIRED,
    "P0030": FailureReason.CANCELLED_BY_PERSON,
    "P0040": FailureReason.CANCELLED_BY_SERVICE,
    "P0050": FailureReason.PROVIDER_ERROR,
}


# Answers, by the port's names. Absent, null and {} all mean "nothing" (GOV.UK Pay docs: API reference), so nearly every
# key is optional and may be None. Pydantic makes typed dictionaries in half the time of models.


class StatePart(TypedDict, total=False):
    """A payment's state."""

    status: str
    finished: bool | None
    message: str | None
    code: str | None
    can_retry: bool | None


def read_state(part: StatePart, *, is_captured: bool = False) -> PaymentState:
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


class _Address(TypedDict, total=False):
    line1: Datum
    line2: Datum
    postcode: Datum
    city: Datum
    country: str | None


def _to_address(part: _Address | None) -> models.CardAddress | None:
    return models.CardAddress(**part) if part else None


class _Card(TypedDict, total=False):
    brand: Annotated[str | None, at("card_brand"), into(str | None, lambda told: told or None)]
    kind: Annotated[str | None, at("card_type")]
    first_digits: Annotated[Datum, at("first_digits_card_number")]
    last_digits: Annotated[Datum, at("last_digits_card_number")]
    expiry: Annotated[Datum, at("expiry_date")]
    holder: Annotated[Datum, at("cardholder_name")]
    billing_address: Annotated[models.CardAddress | None, into(_Address | None, _to_address)]
    wallet: Annotated[str | None, at("wallet_type")]


def _to_card(part: _Card | None) -> models.Card | None:
    return models.Card(**part) if part else None


Card = Annotated[models.Card | None, into(_Card | None, _to_card)]


class _Refundable(TypedDict, total=False):
    status: str | None
    amount_available: Units | None
    amount_submitted: Units | None


def _to_refundable(part: _Refundable | None) -> models.Refundable | None:
    if not part:
        return None
    status = _REFUNDABLE.get(part.get("status") or "", RefundableStatus.UNKNOWN)
    return models.Refundable(status, Money(part.get("amount_available") or 0), Money(part.get("amount_submitted") or 0))


class _Settlement(TypedDict, total=False):
    capture_submitted_at: Annotated[Time, at("capture_submit_time")]
    captured_on: Annotated[Day, at("captured_date")]
    settled_on: Annotated[Day, at("settled_date")]


def _to_settlement(part: _Settlement | None) -> models.Settlement:
    return models.Settlement(**part) if part else models.NOT_SETTLED


Settlement = Annotated[models.Settlement, into(_Settlement | None, _to_settlement)]


class _Exemption(TypedDict, total=False):
    requested: values.Flag
    kind: Annotated[str | None, at("type")]
    outcome: Annotated[str | None, at("outcome", "result")]


def _to_exemption(part: _Exemption | None) -> models.Exemption | None:
    return models.Exemption(**part) if part else None


class _PaymentParts(TypedDict, total=False):
    id: Required[Annotated[PaymentId, at("payment_id")]]
    state: Required[Annotated[PaymentState, into(StatePart, read_state)]]
    amount: Required[Pence]
    reference: Required[str]
    description: Required[str]
    created_at: Annotated[Time, at("created_date")]
    payment_provider: str | None
    payment_provider_id: Annotated[str | None, at("provider_id")]
    surcharge: Annotated[values.PenceOrNone, at("corporate_card_surcharge")]
    fee: values.PenceOrNone
    net: Annotated[values.BalanceOrNone, at("net_amount")]
    refundable: Annotated[models.Refundable | None, at("refund_summary"), into(_Refundable | None, _to_refundable)]
    settlement: Annotated[Settlement, at("settlement_summary")]
    email: Datum
    language: str | None
    metadata: Annotated[Metadata, into(dict[str, values.Scalar] | None, lambda told: Metadata(told or ()))]
    card: Annotated[Card, at("card_details")]
    delayed_capture: values.Flag
    moto: values.Flag
    authorisation_mode: str | None
    agreement_id: Annotated[AgreementId | None, into(AgreementId | None, lambda told: told or None)]
    agreement_payment_type: str | None
    three_d_secure: Annotated[bool | None, at("authorisation_summary", "three_d_secure", "required")]
    exemption: Annotated[models.Exemption | None, into(_Exemption | None, _to_exemption)]
    return_url: str | None
    next_url: Annotated[Secret | None, at("_links", "next_url", "href"), into(str | None, values.secret)]
    one_time_token: Annotated[
        Secret | None, at("_links", "auth_url_post", "params", "one_time_token"), into(str | None, values.secret)
    ]


@whole_answer
class _Payment(_PaymentParts, total=False):
    total: Annotated[values.PenceOrNone, at("total_amount")]
    links: Annotated[dict[str, object] | None, at("_links")]


def _to_payment(answer: _Payment, raw: Raw) -> models.Payment:
    links, total = answer.pop("links", None), answer.pop("total", None)
    parts: _PaymentParts = answer
    if parts.get("settlement", models.NOT_SETTLED).captured_on is not None:
        parts["state"] = captured(parts["state"])
    return models.Payment(
        **parts,
        total=parts["amount"] if total is None else total,
        can_cancel=bool(links.get("cancel")) if links is not None else None,
        can_capture=bool(links.get("capture")) if links is not None else None,
        capture_before=values.held_until(parts["state"].status, parts.get("created_at"), days=5),
        raw=raw,
    )


@whole_answer
class _Event(TypedDict, total=False):
    payment_id: Required[PaymentId]
    state: Required[Annotated[PaymentState, into(StatePart, read_state)]]  # it never says that the money was taken
    at: Annotated[Time, at("updated")]


_PAYMENT_LINK: Final = re.compile(r"/v1/payments/([A-Za-z0-9]+)$")


class _RefundParts(TypedDict, total=False):
    id: Required[Annotated[RefundId, at("refund_id")]]
    payment_id: PaymentId | None
    amount: Required[Pence]
    status: Required[Annotated[RefundStatus, words(_REFUND_STATUS, RefundStatus.UNKNOWN)]]
    raw_status: Required[Annotated[str, at("status")]]
    created_at: Annotated[Time, at("created_date")]
    settled_on: Annotated[Day, at("settlement_summary", "settled_date")]


@whole_answer
class _Refund(_RefundParts, total=False):
    link: Annotated[str | None, at("_links", "payment", "href")]


def _to_refund(answer: _Refund, raw: Raw, payment_id: str | None = None) -> models.Refund:
    """Say a refund in the port's words. In some answers only a link names its payment, in others nothing does."""
    linked = _PAYMENT_LINK.search(answer.pop("link", None) or "")
    parts: _RefundParts = answer
    named = parts.get("payment_id") or (linked.group(1) if linked else payment_id)
    parts["payment_id"] = PaymentId(named) if named else None
    return models.Refund(**parts, raw=raw)


@whole_answer
class _Agreement(TypedDict, total=False):
    id: Required[Annotated[AgreementId, at("agreement_id")]]
    reference: Required[str]
    description: str
    status: Required[Annotated[AgreementStatus, words(_AGREEMENT_STATUS, AgreementStatus.UNKNOWN)]]
    raw_status: Required[Annotated[str, at("status")]]
    created_at: Annotated[Time, at("created_date")]
    cancelled_at: Annotated[Time, at("cancelled_date")]
    user_identifier: Datum
    card: Annotated[Card, at("payment_instrument", "card_details")]
    card_saved_at: Annotated[Time, at("payment_instrument", "created_date")]


def _to_agreement(answer: _Agreement, raw: Raw) -> models.Agreement:
    answer.setdefault("description", "")
    return models.Agreement(**answer, raw=raw)


@whole_answer
class _Dispute(TypedDict, total=False):
    id: Required[Annotated[DisputeId, at("dispute_id")]]
    payment_id: Required[PaymentId]
    amount: Required[Pence]
    status: Required[Annotated[DisputeStatus, words(_DISPUTE_STATUS, DisputeStatus.UNKNOWN)]]
    raw_status: Required[Annotated[str, at("status")]]
    reason: str | None
    created_at: Annotated[Time, at("created_date")]
    evidence_due_at: Annotated[Time, at("evidence_due_date")]
    fee: values.PenceOrNone
    net: Annotated[values.BalanceOrNone, at("net_amount")]
    settled_on: Annotated[Day, at("settlement_summary", "settled_date")]


PAYMENT_READER: Final = Reader(TypeAdapter(_Payment), _to_payment)
EVENT_READER: Final = Reader(TypeAdapter(_Event), lambda answer, raw: models.PaymentEvent(**answer, raw=raw))
REFUND_READER: Final = Reader(TypeAdapter(_Refund), _to_refund)
AGREEMENT_READER: Final = Reader(TypeAdapter(_Agreement), _to_agreement)
DISPUTE_READER: Final = Reader(TypeAdapter(_Dispute), lambda answer, raw: models.Dispute(**answer, raw=raw))


def refund_of(payment_id: str) -> Reader[_Refund, models.Refund]:
    """Return the reader of a payment's refunds: alone they do not always say whose they are."""
    return Reader(REFUND_READER.form, partial(_to_refund, payment_id=payment_id))
