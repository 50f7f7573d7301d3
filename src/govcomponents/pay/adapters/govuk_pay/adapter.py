"""The GOV.UK Pay adapter: the port's operations, and what the API's answers mean in the port's words."""

from __future__ import annotations

import re
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Final, TypeVar

from pydantic import TypeAdapter

from govcomponents.core.http.messages import Replay
from govcomponents.core.http.responses import Wire, read
from govcomponents.core.results import Metadata, Raw
from govcomponents.core.times import date_or_none, time_or_none
from govcomponents.errors import Conflict, NotFound
from govcomponents.money import Money
from govcomponents.pay import models
from govcomponents.pay.adapters.api_key_adapter import ApiKeyAdapter, KeyForm, Reader, carrying, webhook_secrets
from govcomponents.pay.adapters.doubts import DOUBTS
from govcomponents.pay.adapters.govuk_pay import wire
from govcomponents.pay.adapters.local_filters import is_of_brand
from govcomponents.pay.adapters.request_parts import reading
from govcomponents.pay.adapters.stable_pages import Numbered, stable_pages
from govcomponents.pay.adapters.values import address, held_until, personal, pounds, secret
from govcomponents.pay.capabilities import PayCapability
from govcomponents.pay.ids import AgreementId, PaymentId
from govcomponents.pay.states import AgreementStatus, DisputeStatus, PaymentStatus, RefundableStatus, RefundStatus

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Mapping
    from datetime import datetime

    from govcomponents.core.http.client import HttpClient
    from govcomponents.core.http.messages import Request, Response
    from govcomponents.errors import GovComponentsError
    from govcomponents.pay import inputs
    from govcomponents.pay.events import PayEvent

A = TypeVar("A")
T = TypeVar("T")
_PAST_THE_END: Final = frozenset({"P0402", "P1100", "P2402"})
_REFUND_STATUS: Final = {
    "submitted": RefundStatus.SUBMITTED, "success": RefundStatus.SUCCEEDED, "error": RefundStatus.ERROR
}  # fmt: skip
_REFUNDABLE: Final = {status.value: status for status in RefundableStatus}
_AGREEMENT_STATUS: Final = {status.value: status for status in AgreementStatus}
_DISPUTE_STATUS: Final = {status.value: status for status in DisputeStatus}


def to_payment(answer: wire.PaymentAnswer, raw: Raw) -> models.Payment:
    """Say a payment in the port's words."""
    links = answer.get("_links")
    linked: wire.LinksPart = links or {}
    page, card_link = linked.get("next_url"), linked.get("auth_url_post")
    amount, captured_on = Money(answer["amount"]), date_or_none(answer.get("captured_date"))
    return models.Payment(
        id=answer["payment_id"],
        state=wire.read_state(answer["state"], is_captured=captured_on is not None),
        amount=amount,
        reference=answer["reference"],
        description=answer["description"],
        created_at=time_or_none(answer.get("created_date")),
        payment_provider=answer.get("payment_provider"),
        payment_provider_id=answer.get("provider_id"),
        total=amount if (total := answer.get("total_amount")) is None else Money(total),
        surcharge=pounds(answer.get("corporate_card_surcharge")),
        fee=pounds(answer.get("fee")),
        net=pounds(answer.get("net_amount")),
        refundable=_refundable(answer.get("refund_summary")),
        settlement=models.Settlement(
            time_or_none(answer.get("capture_submit_time")), captured_on, date_or_none(answer.get("settled_date"))
        ),
        email=personal(answer.get("email")),
        language=answer.get("language"),
        metadata=Metadata(answer.get("metadata") or ()),
        card=_card(answer.get("card_details"), answer.get("card_brand")),
        delayed_capture=answer.get("delayed_capture") is True,
        moto=answer.get("moto") is True,
        authorisation_mode=answer.get("authorisation_mode"),
        agreement_id=answer.get("agreement_id") or None,
        agreement_payment_type=answer.get("agreement_payment_type"),
        three_d_secure=answer.get("three_d_secure"),
        exemption=_exemption(answer.get("exemption")),
        can_cancel=bool(links.get("cancel")) if links is not None else None,
        can_capture=bool(links.get("capture")) if links is not None else None,
        capture_before=held_until(answer["state"].get("status"), time_or_none(answer.get("created_date")), days=5),
        return_url=answer.get("return_url"),
        next_url=secret(page.get("href")) if page else None,
        one_time_token=secret((card_link.get("params") or {}).get("one_time_token")) if card_link else None,
        raw=raw,
    )


def _card(part: wire.CardPart | None, brand: str | None = None) -> models.Card | None:
    if not part:
        return None
    place = part.get("billing_address") or {}
    lines = place.get("line1"), place.get("line2"), place.get("city"), place.get("postcode"), place.get("country")
    return models.Card(
        brand=part.get("card_brand") or brand or None,
        kind=part.get("card_type"),
        first_digits=personal(part.get("first_digits_card_number")),
        last_digits=personal(part.get("last_digits_card_number")),
        expiry=personal(part.get("expiry_date")),
        holder=personal(part.get("cardholder_name")),
        billing_address=address(*lines) if place else None,
        wallet=part.get("wallet_type"),
    )


def _exemption(part: wire.ExemptionPart | None) -> models.Exemption | None:
    if not part:
        return None
    return models.Exemption(bool(part.get("requested")), part.get("type"), part.get("result"))


def _refundable(part: wire.RefundSummaryPart | None) -> models.Refundable | None:
    if not part:
        return None
    status = _REFUNDABLE.get(part.get("status") or "", RefundableStatus.UNKNOWN)
    return models.Refundable(status, Money(part.get("amount_available") or 0), Money(part.get("amount_submitted") or 0))


class _EventAnswer(Wire):
    payment_id: PaymentId
    state: wire.StatePart
    updated: str | None = None


def _to_event(answer: _EventAnswer, raw: Raw) -> models.PaymentEvent:
    """Say an event in the port's words. It never says that the money was taken."""
    state = wire.read_state(answer.state, is_captured=False)
    return models.PaymentEvent(payment_id=answer.payment_id, state=state, at=time_or_none(answer.updated), raw=raw)


def _to_refund(answer: wire.RefundAnswer, raw: Raw, payment_id: PaymentId | None = None) -> models.Refund:
    return models.Refund(
        id=answer.refund_id,
        payment_id=wire.payment_of(answer) or payment_id,
        amount=Money(answer.amount),
        status=_REFUND_STATUS.get(answer.status, RefundStatus.UNKNOWN),
        raw_status=answer.status,
        created_at=time_or_none(answer.created_date),
        settled_on=date_or_none((answer.settlement_summary or {}).get("settled_date")),
        raw=raw,
    )


class _InstrumentPart(Wire):
    created_date: str | None = None
    card_details: wire.CardPart | None = None


class _AgreementAnswer(Wire):
    agreement_id: AgreementId
    reference: str
    description: str = ""
    status: str
    created_date: str | None = None
    cancelled_date: str | None = None
    user_identifier: str | None = None
    payment_instrument: _InstrumentPart | None = None


def _to_agreement(answer: _AgreementAnswer, raw: Raw) -> models.Agreement:
    """Say an agreement in the port's words. One documented example has the status in capitals."""
    instrument = answer.payment_instrument or _InstrumentPart()
    return models.Agreement(
        id=answer.agreement_id,
        reference=answer.reference,
        description=answer.description,
        status=_AGREEMENT_STATUS.get(answer.status.lower(), AgreementStatus.UNKNOWN),
        raw_status=answer.status,
        created_at=time_or_none(answer.created_date),
        cancelled_at=time_or_none(answer.cancelled_date),
        user_identifier=personal(answer.user_identifier),
        card=_card(instrument.card_details),
        card_saved_at=time_or_none(instrument.created_date),
        raw=raw,
    )


def _to_dispute(answer: wire.DisputeAnswer, raw: Raw) -> models.Dispute:
    return models.Dispute(
        id=answer.dispute_id,
        payment_id=answer.payment_id,
        amount=Money(answer.amount),
        status=_DISPUTE_STATUS.get(answer.status, DisputeStatus.UNKNOWN),
        raw_status=answer.status,
        reason=answer.reason,
        created_at=time_or_none(answer.created_date),
        evidence_due_at=time_or_none(answer.evidence_due_date),
        fee=pounds(answer.fee),
        net=pounds(answer.net_amount),
        settled_on=date_or_none((answer.settlement_summary or {}).get("settled_date")),
        raw=raw,
    )


class _PageAnswer(Wire):
    total: int
    results: list[dict[str, object]]


PAYMENT: Final = Reader(TypeAdapter(wire.PaymentAnswer), to_payment)
_EVENT: Final = Reader(TypeAdapter(_EventAnswer), _to_event)
_REFUND: Final = Reader(TypeAdapter(wire.RefundAnswer), _to_refund)
_AGREEMENT: Final = Reader(TypeAdapter(_AgreementAnswer), _to_agreement)
_DISPUTE: Final = Reader(TypeAdapter(wire.DisputeAnswer), _to_dispute)


def _refund_of(payment_id: str) -> Reader[wire.RefundAnswer, models.Refund]:
    """Return the reader of a payment's refunds: alone they do not always say whose they are."""
    return Reader(_REFUND.form, partial(_to_refund, payment_id=PaymentId(payment_id)))


class GovUkPay(ApiKeyAdapter):
    """Takes payments through GOV.UK Pay's public API. `is_live` tells by the key whether the money is real."""

    provider = wire.PROVIDER
    capabilities = frozenset(PayCapability) - {PayCapability.IDEMPOTENCY_KEYS, PayCapability.CONFIRM}
    doubts = DOUBTS
    limits = wire.LIMITS
    secret_forms = webhook_secrets(
        r"webhook_(?:live|test)_(?P<random>[A-Za-z0-9]+)",
        "copy the signing secret from the webhook's page in GOV.UK Pay's admin tool: it starts with webhook_",
    )
    key_form = KeyForm(
        test=("api_test_",),
        live=("api_live_",),
        # Nothing is documented of what follows the prefix, and its length is not fixed.
        shape=re.compile(r"api_(?:test|live)_[!-~]+"),
        told="it starts with api_test_ or api_live_, without spaces",
        source="make a key in GOV.UK Pay's admin tool (Settings, API keys) and set it",
    )
    default_base_url = "https://publicapi.payments.service.gov.uk"
    signature_header = "Pay-Signature"
    rate_limit_wait = wire.RATE_LIMIT_WAIT

    def _refusal(self, request: Request, response: Response) -> GovComponentsError:
        from govcomponents.pay.adapters.govuk_pay.error_mapping import refusal

        return refusal(request, response)

    async def _done(self, request: Request, http: HttpClient | None = None) -> None:
        response = await self._ask(request, http)
        if response.status != 204:
            raise self._unexpected("the answer is not the documented 204", request, response)

    async def create(self, new: inputs.NewPayment) -> models.Payment:
        """POST /v1/payments, mode `web`."""
        self._check_return_url(new)
        return await self._one(wire.create(new), PAYMENT)

    async def create_by_telephone(self, new: inputs.NewTelephonePayment) -> models.Payment:
        """POST /v1/payments, mode `moto_api`."""
        return await self._one(wire.create_by_telephone(new), PAYMENT)

    async def authorise(self, card: inputs.CardDetails) -> None:
        """POST /v1/auth, without the key (GOV.UK Pay docs: send card details by the API)."""
        await self._done(wire.authorise(card), self._keyless)

    async def charge_agreement(self, charge: inputs.AgreementCharge) -> models.Payment:
        """POST /v1/payments, mode `agreement`. Every error carries the idempotency key.

        A key whose call is still running is refused as one that was used for something else is, so after a pause it
        is asked once more: then it is answered with the charge (pay-connector, ChargeService).
        """
        request = wire.charge_agreement(charge)
        with carrying(charge.idempotency_key):
            try:
                return await self._one(request, PAYMENT)
            except Conflict as error:
                if error.code != "P0191":
                    raise
            await self._pause()
            return await self._one(request, PAYMENT)

    async def get(self, wanted: inputs.OnPayment) -> models.Payment:
        """GET /v1/payments/{id}. Each read of an unfinished one makes a new single-use link."""
        return await self._one(reading("pay.get", wire.PAYMENT, {"payment_id": wanted.payment_id}), PAYMENT)

    async def check(self) -> None:
        """Ask for a payment that cannot be: whoever is told that there is none was let in, and saw nothing."""
        with suppress(NotFound):
            await self._ask(reading("pay.check", wire.PAYMENT, {"payment_id": "0" * 26}))

    async def list_events(self, wanted: inputs.OnPayment) -> tuple[models.PaymentEvent, ...]:
        """GET /v1/payments/{id}/events."""
        request = reading("pay.list_events", wire.PAYMENT + "/events", {"payment_id": wanted.payment_id})
        return await self._list(request, ("events",), _EVENT, payment_id=wanted.payment_id)

    async def cancel(self, wanted: inputs.OnPayment) -> None:
        """POST /v1/payments/{id}/cancel."""
        await self._done(wire.act("pay.cancel", wire.PAYMENT + "/cancel", payment_id=wanted.payment_id))

    async def capture(self, wanted: inputs.OnPayment) -> None:
        """POST /v1/payments/{id}/capture. Pay answers a repeated one with success, so it is sent again if it fails."""
        template = wire.PAYMENT + "/capture"
        await self._done(wire.act("pay.capture", template, replay=Replay.IDEMPOTENT, payment_id=wanted.payment_id))

    def search(self, wanted: inputs.PaymentSearch) -> AsyncGenerator[models.Payment, None]:
        """GET /v1/payments. Brands are looked at here too: ledger, which searches, seems not to know the filter."""
        if wanted.status is PaymentStatus.CAPTURABLE:
            problem, fix = (
                "GOV.UK Pay cannot search for that status",
                "search without status and keep those of that status",
            )
            raise self._invalid("pay.search", "status", problem, fix)
        brand = wanted.card_brand
        fits = None if brand is None else partial(is_of_brand, brand=brand)
        return self._pages("pay.search", wire.PAYMENTS, wanted, PAYMENT, "payment_id", fits)

    async def refund(self, new: inputs.NewRefund) -> models.Refund:
        """POST /v1/payments/{id}/refunds."""
        return await self._one(wire.refund(new), _refund_of(new.payment_id))

    async def get_refund(self, wanted: inputs.OnRefund) -> models.Refund:
        """GET /v1/payments/{id}/refunds/{refund_id}."""
        ids = {"payment_id": wanted.payment_id, "refund_id": wanted.refund_id}
        request = reading("pay.get_refund", wire.PAYMENT_REFUNDS + "/{refund_id}", ids)
        return await self._one(request, _refund_of(wanted.payment_id))

    async def list_refunds(self, wanted: inputs.OnPayment) -> tuple[models.Refund, ...]:
        """GET /v1/payments/{id}/refunds."""
        request = reading("pay.list_refunds", wire.PAYMENT_REFUNDS, {"payment_id": wanted.payment_id})
        reader = _refund_of(wanted.payment_id)
        return await self._list(request, ("_embedded", "refunds"), reader, payment_id=wanted.payment_id)

    def search_refunds(self, wanted: inputs.RefundSearch) -> AsyncGenerator[models.Refund, None]:
        """GET /v1/refunds."""
        return self._pages("pay.search_refunds", wire.REFUNDS, wanted, _REFUND, "refund_id")

    async def create_agreement(self, new: inputs.NewAgreement) -> models.Agreement:
        """POST /v1/agreements."""
        return await self._one(wire.create_agreement(new), _AGREEMENT)

    async def get_agreement(self, wanted: inputs.OnAgreement) -> models.Agreement:
        """GET /v1/agreements/{id}."""
        request = reading("pay.get_agreement", wire.AGREEMENT, {"agreement_id": wanted.agreement_id})
        return await self._one(request, _AGREEMENT)

    async def cancel_agreement(self, wanted: inputs.OnAgreement) -> None:
        """POST /v1/agreements/{id}/cancel."""
        template, lookup = wire.AGREEMENT + "/cancel", "get the agreement and decide from its status"
        request = wire.act("pay.cancel_agreement", template, lookup=lookup, agreement_id=wanted.agreement_id)
        await self._done(request)

    def search_agreements(self, wanted: inputs.AgreementSearch) -> AsyncGenerator[models.Agreement, None]:
        """GET /v1/agreements."""
        return self._pages("pay.search_agreements", wire.AGREEMENTS, wanted, _AGREEMENT, "agreement_id")

    def search_disputes(self, wanted: inputs.DisputeSearch) -> AsyncGenerator[models.Dispute, None]:
        """GET /v1/disputes."""
        return self._pages("pay.search_disputes", wire.DISPUTES, wanted, _DISPUTE, "dispute_id")

    def _pages(
        self,
        operation: str,
        path: str,
        wanted: wire.Search,
        reader: Reader[A, T],
        name: str,
        fits: Callable[[T], bool] | None = None,
    ) -> AsyncGenerator[T, None]:
        """Yield what a search finds. The links between its pages are not followed.

        They differ between endpoints, and one loses its filter (pay-publicapi, SearchDisputesService).
        """

        async def ask(before: datetime | None, number: int, size: int) -> Numbered | None:
            request = wire.search(operation, path, wanted, number, size, before)
            is_first = number == 1 and before is None
            try:
                response = await self._ask(request)
            except NotFound as error:
                if not is_first and error.code in _PAST_THE_END:
                    return None
                raise
            found = read(_PageAnswer, response, request=request, provider=self.provider)
            return Numbered(found.results, found.total, request, response)

        pages = stable_pages(
            ask,
            id_name=name,
            time_name="created_date",
            size=wanted.page_size,
            largest=wire.LARGEST_PAGE,
            has_times=path != wire.AGREEMENTS,
        )
        return self._found(pages, reader, fits=fits)

    async def parse_callback(self, body: bytes, headers: Mapping[str, str]) -> PayEvent:
        """Verify the header Pay-Signature over the raw bytes, then read the message."""
        from govcomponents.pay.adapters.govuk_pay.callbacks import parse_callback

        return parse_callback(body, headers, self._callbacks)
