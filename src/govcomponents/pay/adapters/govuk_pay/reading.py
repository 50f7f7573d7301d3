"""What comes from GOV.UK Pay: its answers' wire models, and what they mean in the port's words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final, Required

from pydantic import Field, StrictBool, StrictStr, TypeAdapter
from typing_extensions import TypedDict

from govcomponents.core.http.responses import Wire
from govcomponents.core.times import date_or_none, time_or_none
from govcomponents.money import Money
from govcomponents.pay.adapters.govuk_pay.parts import (
    AddressPart,
    AuthorisationPart,
    CardPart,
    ExemptionPart,
    LinksPart,
    RefundSummaryPart,
    SettlementPart,
    StatePart,
)
from govcomponents.pay.adapters.govuk_pay.wire import STATUS_NAMES
from govcomponents.pay.ids import AgreementId, DisputeId, PaymentId, RefundId
from govcomponents.pay.models import (
    Address,
    Agreement,
    Card,
    Dispute,
    Exemption,
    Payment,
    PaymentEvent,
    Refund,
    Refundable,
    Settlement,
)
from govcomponents.pay.states import (
    AgreementStatus,
    DisputeStatus,
    FailureReason,
    PaymentState,
    PaymentStatus,
    RefundableStatus,
    RefundStatus,
)
from govcomponents.privacy import Personal, Secret

FAILURES: Final = {
    "P0010": FailureReason.DECLINED,
    "P0020": FailureReason.EXPIRED,
    "P0030": FailureReason.CANCELLED_BY_PERSON,
    "P0040": FailureReason.CANCELLED_BY_SERVICE,
    "P0050": FailureReason.PROVIDER_ERROR,
}
_UNFINISHED: Final = (PaymentStatus.CREATED, PaymentStatus.STARTED, PaymentStatus.SUBMITTED, PaymentStatus.CAPTURABLE)
_ENDED_BADLY: Final = (PaymentStatus.FAILED, PaymentStatus.CANCELLED, PaymentStatus.ERROR)
# Of each status, whether the person has nothing more to do, and whether it is a failure.
_STATES: Final = {
    name: (status, status not in _UNFINISHED, status in _ENDED_BADLY) for name, status in STATUS_NAMES.items()
}
_REFUND_STATUS: Final = {
    "submitted": RefundStatus.SUBMITTED,
    "success": RefundStatus.SUCCEEDED,
    "error": RefundStatus.ERROR,
}
_REFUNDABLE: Final = {status.value: status for status in RefundableStatus}
_AGREEMENT: Final = {status.value: status for status in AgreementStatus}
_DISPUTE: Final = {status.value: status for status in DisputeStatus}


Scalar = Annotated[StrictStr | StrictBool | int | float, Field(union_mode="left_to_right")]


class PaymentAnswer(TypedDict, total=False):
    """A payment, from the API or in a webhook."""

    payment_id: Required[PaymentId]
    amount: Required[int]
    state: Required[StatePart]
    reference: Required[str]
    description: Required[str]
    created_date: str | None
    payment_provider: str | None
    provider_id: str | None
    total_amount: int | None
    corporate_card_surcharge: int | None
    fee: int | None
    net_amount: int | None
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
    settlement_summary: SettlementPart | None
    authorisation_summary: AuthorisationPart | None
    exemption: ExemptionPart | None
    _links: LinksPart | None


def to_payment(answer: PaymentAnswer, raw: Mapping[str, object]) -> Payment:
    """Say a payment in the port's words."""
    links = answer.get("_links")
    linked = links or _EMPTY
    settlement = _settlement(answer.get("settlement_summary"))
    authorisation = answer.get("authorisation_summary")
    exemption = answer.get("exemption")
    amount, total = Money(answer["amount"]), answer.get("total_amount")
    surcharge, fee, net = answer.get("corporate_card_surcharge"), answer.get("fee"), answer.get("net_amount")
    page, card_link = linked.get("next_url"), linked.get("auth_url_post")
    return Payment(
        id=answer["payment_id"],
        state=read_state(answer["state"], is_captured=settlement.captured_on is not None),
        amount=amount,
        reference=answer["reference"],
        description=answer["description"],
        created_at=time_or_none(answer.get("created_date")),
        payment_provider=answer.get("payment_provider"),
        payment_provider_id=answer.get("provider_id"),
        total=amount if total is None else Money(total),
        surcharge=None if surcharge is None else Money(surcharge),
        fee=None if fee is None else Money(fee),
        net=None if net is None else Money(net),
        refundable=_refundable(answer.get("refund_summary")),
        settlement=settlement,
        email=Personal(text) if (text := answer.get("email")) else None,
        language=answer.get("language"),
        metadata=answer.get("metadata") or {},
        card=read_card(answer.get("card_details"), answer.get("card_brand")),
        delayed_capture=answer.get("delayed_capture") is True,
        moto=answer.get("moto") is True,
        authorisation_mode=answer.get("authorisation_mode"),
        agreement_id=answer.get("agreement_id") or None,
        agreement_payment_type=answer.get("agreement_payment_type"),
        three_d_secure=(authorisation.get("three_d_secure") or {}).get("required") if authorisation else None,
        exemption=_exemption(exemption) if exemption else None,
        can_cancel=bool(links.get("cancel")) if links is not None else None,
        can_capture=bool(links.get("capture")) if links is not None else None,
        return_url=answer.get("return_url"),
        next_url=_secret(page.get("href")) if page else None,
        one_time_token=_secret((card_link.get("params") or {}).get("one_time_token")) if card_link else None,
        raw=raw,
    )


_EMPTY: Final[LinksPart] = {}


def read_state(part: StatePart, *, is_captured: bool) -> PaymentState:
    """Read a state of the API. What is not known counts as not finished unless Pay says that it is."""
    text, code = part.get("status", ""), part.get("code")
    status, is_finished, has_failed = _STATES.get(text) or (PaymentStatus.UNKNOWN, bool(part.get("finished")), False)
    failure = FAILURES.get(code or "", FailureReason.UNKNOWN) if has_failed else None
    is_captured = is_captured and status is PaymentStatus.SUCCEEDED
    return PaymentState(
        status, text, is_finished, is_captured, failure, part.get("can_retry"), code, part.get("message")
    )


def read_card(part: CardPart | None, brand: str | None = None) -> Card | None:
    """Read what is told of a card."""
    if not part:
        return None
    address = part.get("billing_address")
    return Card(
        brand=part.get("card_brand") or brand or None,
        kind=part.get("card_type"),
        first_digits=Personal(text) if (text := part.get("first_digits_card_number")) else None,
        last_digits=Personal(text) if (text := part.get("last_digits_card_number")) else None,
        expiry=Personal(text) if (text := part.get("expiry_date")) else None,
        holder=Personal(text) if (text := part.get("cardholder_name")) else None,
        billing_address=_address(address) if address else None,
        wallet=part.get("wallet_type"),
    )


def _address(part: AddressPart) -> Address:
    return Address(
        line1=Personal(text) if (text := part.get("line1")) else None,
        line2=Personal(text) if (text := part.get("line2")) else None,
        city=Personal(text) if (text := part.get("city")) else None,
        postcode=Personal(text) if (text := part.get("postcode")) else None,
        country=part.get("country"),
    )


def _exemption(part: ExemptionPart) -> Exemption:
    return Exemption(bool(part.get("requested")), part.get("type"), (part.get("outcome") or {}).get("result"))


def _refundable(part: RefundSummaryPart | None) -> Refundable | None:
    if not part:
        return None
    status = _REFUNDABLE.get(part.get("status") or "", RefundableStatus.UNKNOWN)
    return Refundable(status, Money(part.get("amount_available") or 0), Money(part.get("amount_submitted") or 0))


def _settlement(part: SettlementPart | None) -> Settlement:
    if not part:
        return _NOT_SETTLED
    return Settlement(
        time_or_none(part.get("capture_submit_time")),
        date_or_none(part.get("captured_date")),
        date_or_none(part.get("settled_date")),
    )


_NOT_SETTLED: Final = Settlement()


def _money(minor: int | None) -> Money | None:
    return None if minor is None else Money(minor)


def _secret(text: object) -> Secret | None:
    return Secret(text) if isinstance(text, str) and text else None


class EventPart(Wire):
    """One event of a payment."""

    payment_id: str
    state: StatePart
    updated: str | None = None

    def to_event(self, raw: Mapping[str, object]) -> PaymentEvent:
        """Say it in the port's words. An event never says that the money was taken."""
        return PaymentEvent(
            payment_id=PaymentId(self.payment_id),
            state=read_state(self.state, is_captured=False),
            at=time_or_none(self.updated),
            raw=raw,
        )


class RefundAnswer(Wire):
    """A refund."""

    refund_id: str
    amount: int
    status: str
    payment_id: str | None = None
    created_date: str | None = None
    settlement_summary: SettlementPart | None = None
    links: LinksPart | None = Field(None, alias="_links")

    def to_refund(self, raw: Mapping[str, object], payment_id: str | None = None) -> Refund:
        """Say it in the port's words."""
        of = payment_id or self.payment_id
        return Refund(
            id=RefundId(self.refund_id),
            payment_id=PaymentId(of) if of else None,
            amount=Money(self.amount),
            status=_REFUND_STATUS.get(self.status, RefundStatus.UNKNOWN),
            raw_status=self.status,
            created_at=time_or_none(self.created_date),
            settled_on=_settlement(self.settlement_summary).settled_on,
            raw=raw,
        )


class InstrumentPart(Wire):
    """The card that an agreement holds."""

    created_date: str | None = None
    card_details: CardPart | None = None


class AgreementAnswer(Wire):
    """An agreement."""

    agreement_id: str
    reference: str
    description: str = ""
    status: str
    created_date: str | None = None
    cancelled_date: str | None = None
    user_identifier: str | None = None
    payment_instrument: InstrumentPart | None = None

    def to_agreement(self, raw: Mapping[str, object]) -> Agreement:
        """Say it in the port's words. One documented example has the status in capitals."""
        instrument = self.payment_instrument
        return Agreement(
            id=AgreementId(self.agreement_id),
            reference=self.reference,
            description=self.description,
            status=_AGREEMENT.get(self.status.lower(), AgreementStatus.UNKNOWN),
            raw_status=self.status,
            created_at=time_or_none(self.created_date),
            cancelled_at=time_or_none(self.cancelled_date),
            user_identifier=self.user_identifier,
            card=read_card(instrument.card_details) if instrument else None,
            card_saved_at=time_or_none(instrument.created_date) if instrument else None,
            raw=raw,
        )


class DisputeAnswer(Wire):
    """A dispute."""

    dispute_id: str
    payment_id: str
    amount: int
    status: str
    reason: str | None = None
    fee: int | None = None
    net_amount: int | None = None
    created_date: str | None = None
    evidence_due_date: str | None = None
    settlement_summary: SettlementPart | None = None

    def to_dispute(self, raw: Mapping[str, object]) -> Dispute:
        """Say it in the port's words."""
        return Dispute(
            id=DisputeId(self.dispute_id),
            payment_id=PaymentId(self.payment_id),
            amount=Money(self.amount),
            status=_DISPUTE.get(self.status, DisputeStatus.UNKNOWN),
            raw_status=self.status,
            reason=self.reason,
            created_at=time_or_none(self.created_date),
            evidence_due_at=time_or_none(self.evidence_due_date),
            fee=_money(self.fee),
            net=_money(self.net_amount),
            settled_on=_settlement(self.settlement_summary).settled_on,
            raw=raw,
        )


PAYMENT: Final = TypeAdapter(PaymentAnswer)
REFUND: Final = TypeAdapter(RefundAnswer)
AGREEMENT: Final = TypeAdapter(AgreementAnswer)
DISPUTE: Final = TypeAdapter(DisputeAnswer)
