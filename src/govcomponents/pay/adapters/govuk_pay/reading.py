"""What comes from GOV.UK Pay: its answers' wire models, and what they mean in the port's words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pydantic import Field

from govcomponents.core.responses import Wire
from govcomponents.core.times import date_or_none, time_or_none
from govcomponents.money import Money
from govcomponents.pay.adapters.govuk_pay.parts import (
    AddressPart,
    AuthorisationPart,
    CardPart,
    ExemptionPart,
    LinkPart,
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


class PaymentAnswer(Wire):
    """A payment, from the API or in a webhook."""

    payment_id: str
    amount: int
    state: StatePart
    reference: str
    description: str
    created_date: str | None = None
    payment_provider: str | None = None
    provider_id: str | None = None
    total_amount: int | None = None
    corporate_card_surcharge: int | None = None
    fee: int | None = None
    net_amount: int | None = None
    email: str | None = None
    language: str | None = None
    metadata: dict[str, str | int | float | bool] | None = None
    authorisation_mode: str | None = None
    agreement_id: str | None = None
    agreement_payment_type: str | None = None
    delayed_capture: bool | None = None
    moto: bool | None = None
    return_url: str | None = None
    card_details: CardPart | None = None
    card_brand: str | None = None
    refund_summary: RefundSummaryPart | None = None
    settlement_summary: SettlementPart | None = None
    authorisation_summary: AuthorisationPart | None = None
    exemption: ExemptionPart | None = None
    links: LinksPart | None = Field(None, alias="_links")

    def to_payment(self, raw: Mapping[str, object]) -> Payment:
        """Say it in the port's words."""
        links = self.links or _EMPTY
        card_link = links.get("auth_url_post") or _NO_LINK
        settlement = _settlement(self.settlement_summary)
        authorisation = self.authorisation_summary
        amount = Money(self.amount)
        return Payment(
            id=PaymentId(self.payment_id),
            state=read_state(self.state, is_captured=settlement.captured_on is not None),
            amount=amount,
            reference=self.reference,
            description=self.description,
            created_at=time_or_none(self.created_date),
            payment_provider=self.payment_provider,
            payment_provider_id=self.provider_id,
            total=amount if self.total_amount is None else Money(self.total_amount),
            surcharge=_money(self.corporate_card_surcharge),
            fee=_money(self.fee),
            net=_money(self.net_amount),
            refundable=_refundable(self.refund_summary),
            settlement=settlement,
            email=_personal(self.email),
            language=self.language,
            metadata=self.metadata or {},
            card=read_card(self.card_details, self.card_brand),
            delayed_capture=self.delayed_capture is True,
            moto=self.moto is True,
            authorisation_mode=self.authorisation_mode,
            agreement_id=AgreementId(self.agreement_id) if self.agreement_id else None,
            agreement_payment_type=self.agreement_payment_type,
            three_d_secure=(authorisation.get("three_d_secure") or {}).get("required") if authorisation else None,
            exemption=_exemption(self.exemption) if self.exemption else None,
            can_cancel=bool(links.get("cancel")) if self.links is not None else None,
            can_capture=bool(links.get("capture")) if self.links is not None else None,
            return_url=self.return_url,
            next_url=_secret((links.get("next_url") or _NO_LINK).get("href")),
            one_time_token=_secret((card_link.get("params") or {}).get("one_time_token")),
            raw=raw,
        )


_EMPTY: Final[LinksPart] = {}
_NO_LINK: Final[LinkPart] = {}


def read_state(part: StatePart, *, is_captured: bool) -> PaymentState:
    """Read a state of the API. What is not known counts as not finished unless Pay says that it is."""
    text, code = part.get("status", ""), part.get("code")
    status, is_finished, has_failed = _STATES.get(text) or (PaymentStatus.UNKNOWN, bool(part.get("finished")), False)
    return PaymentState(
        status,
        text,
        is_finished=is_finished,
        is_captured=is_captured and status is PaymentStatus.SUCCEEDED,
        failure=FAILURES.get(code or "", FailureReason.UNKNOWN) if has_failed else None,
        can_retry=part.get("can_retry"),
        code=code,
        message=part.get("message"),
    )


def read_card(part: CardPart | None, brand: str | None = None) -> Card | None:
    """Read what is told of a card."""
    if not part:
        return None
    address = part.get("billing_address")
    return Card(
        brand=part.get("card_brand") or brand or None,
        kind=part.get("card_type"),
        first_digits=_personal(part.get("first_digits_card_number")),
        last_digits=_personal(part.get("last_digits_card_number")),
        expiry=_personal(part.get("expiry_date")),
        holder=_personal(part.get("cardholder_name")),
        billing_address=_address(address) if address else None,
        wallet=part.get("wallet_type"),
    )


def _address(part: AddressPart) -> Address:
    return Address(
        line1=_personal(part.get("line1")),
        line2=_personal(part.get("line2")),
        city=_personal(part.get("city")),
        postcode=_personal(part.get("postcode")),
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


def _personal(text: str | None) -> Personal[str] | None:
    return Personal(text) if text else None


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
