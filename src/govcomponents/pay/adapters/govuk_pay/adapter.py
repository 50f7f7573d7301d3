"""The GOV.UK Pay adapter: the port's operations, and the requests that they make."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Final, TypeVar

from govcomponents.core.http.responses import Wire, read
from govcomponents.errors import NotFound
from govcomponents.lazy import LazyModule
from govcomponents.pay.adapters.api_key_adapter import ApiKeyAdapter, KeyForm, webhook_secrets
from govcomponents.pay.adapters.doubts import DOUBTS
from govcomponents.pay.adapters.govuk_pay import wire
from govcomponents.pay.adapters.http_adapter import carrying
from govcomponents.pay.adapters.local_filters import is_of_brand
from govcomponents.pay.adapters.request_parts import given, read_request, revealed, write_request
from govcomponents.pay.adapters.stable_pages import Numbered, stable_pages
from govcomponents.pay.capabilities import PayCapability
from govcomponents.pay.states import PaymentStatus
from govcomponents.privacy import Personal

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Mapping

    from govcomponents.core.http.messages import Request, Response
    from govcomponents.errors import GovComponentsError
    from govcomponents.pay import inputs, models
    from govcomponents.pay.adapters.govuk_pay import parsing
    from govcomponents.pay.adapters.http_adapter import Reader
    from govcomponents.pay.events import PayEvent
else:
    parsing = LazyModule("pay.adapters.govuk_pay.parsing")  # a service starts without the forms of answers

A = TypeVar("A")
T = TypeVar("T")
_PAST_THE_END: Final = frozenset({"P0402", "P1100", "P2402"})
_LOOK_AT_PAYMENT: Final = "get the payment and decide from its state"
_LOOK_FOR_PAYMENT: Final = (
    "search payments for the reference; a payment that nobody pays takes no money and expires by itself, "
    "so making another is safe"
)
_write: Final = partial(write_request, provider=wire.PROVIDER)
# Behind what acts on a card the API waits up to 10 s for the card's provider (pay-connector, config.yaml), so hearing
# nothing for less than that says nothing.
_act: Final = partial(_write, timeout=25.0, lookup=_LOOK_AT_PAYMENT)
# What the filters of a search are called, where that differs from the port.
_FILTERS: Final = {
    "created_from": "from_date",
    "created_before": "to_date",
    "settled_from": "from_settled_date",
    "settled_to": "to_settled_date",
    "first_digits": "first_digits_card_number",
    "last_digits": "last_digits_card_number",
}


class _PageAnswer(Wire):
    total: int
    results: list[dict[str, object]]


def _prefilled(details: inputs.CardholderDetails) -> dict[str, object]:
    address = details.billing_address
    return given(
        cardholder_name=revealed(details.name),
        billing_address=address
        and given(
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


def _written(value: object) -> str:
    """A filter of a search as it is sent."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
    if value is PaymentStatus.SUCCEEDED:
        return "success"
    return str(value.reveal() if isinstance(value, Personal) else value)


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

    def refusal(self, request: Request, response: Response) -> GovComponentsError:
        """Return the error that an answer other than success stands for."""
        from govcomponents.pay.adapters.govuk_pay.error_mapping import refusal

        return refusal(request, response)

    def is_at_work(self, error: GovComponentsError) -> bool:
        """Whether the key is in use; it is said again of one used for something else (pay-connector, ChargeService)."""
        return error.code == "P0191"

    def prepare(self) -> None:
        """Import what the answers are read by."""
        parsing.PAYMENT_READER.form.rebuild()

    async def create(self, new: inputs.NewPayment) -> models.Payment:
        """POST /v1/payments, mode `web`. Pay ignores an idempotency key here, so it is not sent."""
        self.check_return_url(new)
        fields = _attended(
            new,
            return_url=new.return_url,
            moto=new.moto,
            set_up_agreement=new.set_up_agreement,
            agreement_payment_type=new.agreement_payment_type,
        )
        request = _write("pay.create", wire.PAYMENTS, fields=fields, extra=new.extra, lookup=_LOOK_FOR_PAYMENT)
        return await self.one(request, parsing.PAYMENT_READER)

    async def create_by_telephone(self, new: inputs.NewTelephonePayment) -> models.Payment:
        """POST /v1/payments, mode `moto_api`."""
        operation, fields = "pay.create_by_telephone", _attended(new, authorisation_mode="moto_api")
        request = _write(operation, wire.PAYMENTS, fields=fields, extra=new.extra, lookup=_LOOK_FOR_PAYMENT)
        return await self.one(request, parsing.PAYMENT_READER)

    async def authorise(self, card: inputs.CardDetails) -> None:
        """POST /v1/auth, without the key, which burns the token (GOV.UK Pay docs: send card details by the API)."""
        fields = {
            "one_time_token": card.one_time_token.reveal(),
            "card_number": card.card_number.reveal(),
            "cvc": card.cvc.reveal(),
            "expiry_date": card.expiry.reveal(),
            "cardholder_name": card.cardholder_name.reveal(),
        }
        lookup = f"{_LOOK_AT_PAYMENT}; never send the card again for the same payment"
        await self.done(_act("pay.authorise", wire.AUTH, fields=fields, lookup=lookup), self._keyless)

    async def charge_agreement(self, charge: inputs.AgreementCharge) -> models.Payment:
        """POST /v1/payments, mode `agreement`: the one call whose idempotency key Pay honours, for 24 hours."""
        fields = given(
            amount=charge.amount.minor,
            reference=charge.reference,
            description=charge.description,
            authorisation_mode="agreement",
            agreement_id=charge.agreement_id,
            agreement_payment_type=charge.agreement_payment_type,
            metadata=charge.metadata,
        )
        operation, key = "pay.charge_agreement", charge.idempotency_key
        lookup = "call again with the same arguments and the idempotency key of this error; it charges once"
        with carrying(key):
            request = _write(operation, wire.PAYMENTS, fields=fields, extra=charge.extra, key=key, lookup=lookup)
            return await self.one(request, parsing.PAYMENT_READER)

    async def get(self, wanted: inputs.OnPayment) -> models.Payment:
        """GET /v1/payments/{id}. Each read of an unfinished one makes a new single-use link."""
        request = read_request("pay.get", wire.PAYMENT, {"payment_id": wanted.payment_id})
        return await self.one(request, parsing.PAYMENT_READER)

    async def check(self) -> None:
        """Ask for a payment that cannot be: whoever is told that there is none was let in, and saw nothing."""
        with suppress(NotFound):
            await self.ask(read_request("pay.check", wire.PAYMENT, {"payment_id": "0" * 26}))

    async def list_events(self, wanted: inputs.OnPayment) -> tuple[models.PaymentEvent, ...]:
        """GET /v1/payments/{id}/events."""
        request = read_request("pay.list_events", wire.PAYMENT + "/events", {"payment_id": wanted.payment_id})
        return await self.list_of(request, ("events",), parsing.EVENT_READER, payment_id=wanted.payment_id)

    async def cancel(self, wanted: inputs.OnPayment) -> None:
        """POST /v1/payments/{id}/cancel."""
        await self.done(_act("pay.cancel", wire.PAYMENT + "/cancel", {"payment_id": wanted.payment_id}))

    async def capture(self, wanted: inputs.OnPayment) -> None:
        """POST /v1/payments/{id}/capture. Pay answers a repeated one with success, so it is sent again if it fails."""
        ids = {"payment_id": wanted.payment_id}
        await self.done(_act("pay.capture", wire.PAYMENT + "/capture", ids, acts_once=True))

    def search(self, wanted: inputs.PaymentSearch) -> AsyncGenerator[models.Payment, None]:
        """GET /v1/payments. Brands are looked at here too: ledger, which searches, seems not to know the filter."""
        if wanted.status is PaymentStatus.CAPTURABLE:
            fix = "search without status and keep those of that status"
            raise self.invalid("pay.search", "status", "GOV.UK Pay cannot search for that status", fix)
        brand = wanted.card_brand
        fits = None if brand is None else partial(is_of_brand, brand=brand)
        return self._pages("pay.search", wire.PAYMENTS, wanted, parsing.PAYMENT_READER, "payment_id", fits)

    async def refund(self, new: inputs.NewRefund) -> models.Refund:
        """POST /v1/payments/{id}/refunds. `refund_amount_available` is Pay's only guard against refunding twice."""
        ids = {"payment_id": new.payment_id}
        fields = {"amount": new.amount.minor, "refund_amount_available": new.available.minor}
        lookup = (
            "get the payment and compare what is left to refund, or list its refunds (they can lag); repeating the "
            "call with the same `available` cannot refund twice, with a newer one it can"
        )
        request = _act("pay.refund", wire.PAYMENT_REFUNDS, ids, fields, new.extra, lookup=lookup)
        return await self.one(request, parsing.refund_of(new.payment_id))

    async def get_refund(self, wanted: inputs.OnRefund) -> models.Refund:
        """GET /v1/payments/{id}/refunds/{refund_id}."""
        ids = {"payment_id": wanted.payment_id, "refund_id": wanted.refund_id}
        request = read_request("pay.get_refund", wire.PAYMENT_REFUNDS + "/{refund_id}", ids)
        return await self.one(request, parsing.refund_of(wanted.payment_id))

    async def list_refunds(self, wanted: inputs.OnPayment) -> tuple[models.Refund, ...]:
        """GET /v1/payments/{id}/refunds."""
        request = read_request("pay.list_refunds", wire.PAYMENT_REFUNDS, {"payment_id": wanted.payment_id})
        reader = parsing.refund_of(wanted.payment_id)
        return await self.list_of(request, ("_embedded", "refunds"), reader, payment_id=wanted.payment_id)

    def search_refunds(self, wanted: inputs.RefundSearch) -> AsyncGenerator[models.Refund, None]:
        """GET /v1/refunds."""
        return self._pages("pay.search_refunds", wire.REFUNDS, wanted, parsing.REFUND_READER, "refund_id")

    async def create_agreement(self, new: inputs.NewAgreement) -> models.Agreement:
        """POST /v1/agreements."""
        fields = given(reference=new.reference, description=new.description, user_identifier=new.user_identifier)
        lookup = "search agreements for the reference; one without a card charges nothing, so making another is safe"
        request = _write("pay.create_agreement", wire.AGREEMENTS, fields=fields, extra=new.extra, lookup=lookup)
        return await self.one(request, parsing.AGREEMENT_READER)

    async def get_agreement(self, wanted: inputs.OnAgreement) -> models.Agreement:
        """GET /v1/agreements/{id}."""
        request = read_request("pay.get_agreement", wire.AGREEMENT, {"agreement_id": wanted.agreement_id})
        return await self.one(request, parsing.AGREEMENT_READER)

    async def cancel_agreement(self, wanted: inputs.OnAgreement) -> None:
        """POST /v1/agreements/{id}/cancel."""
        ids, lookup = {"agreement_id": wanted.agreement_id}, "get the agreement and decide from its status"
        await self.done(_act("pay.cancel_agreement", wire.AGREEMENT + "/cancel", ids, lookup=lookup))

    def search_agreements(self, wanted: inputs.AgreementSearch) -> AsyncGenerator[models.Agreement, None]:
        """GET /v1/agreements."""
        return self._pages("pay.search_agreements", wire.AGREEMENTS, wanted, parsing.AGREEMENT_READER, "agreement_id")

    def search_disputes(self, wanted: inputs.DisputeSearch) -> AsyncGenerator[models.Dispute, None]:
        """GET /v1/disputes."""
        return self._pages("pay.search_disputes", wire.DISPUTES, wanted, parsing.DISPUTE_READER, "dispute_id")

    def _pages(
        self,
        operation: str,
        path: str,
        wanted: inputs.Search,
        reader: Reader[A, T],
        name: str,
        fits: Callable[[T], bool] | None = None,
    ) -> AsyncGenerator[T, None]:
        """Yield what a search finds. The links between its pages are not followed.

        They differ between endpoints, and one loses its filter (pay-publicapi, SearchDisputesService).
        """
        names = {**_FILTERS, "status": "state"} if path == wire.PAYMENTS else _FILTERS

        async def ask(before: datetime | None, number: int, size: int) -> Numbered | None:
            filters = {name: value for name, value in wanted if value is not None and name != "page_size"}
            if before is not None:
                filters["created_before"] = before
            # The size is always said, because the defaults differ by endpoint.
            query = {names.get(name, name): _written(value) for name, value in filters.items()}
            query |= {"page": str(number), "display_size": str(size)}
            request = read_request(operation, path, {}, query=query)
            is_first = number == 1 and before is None
            try:
                response = await self.ask(request)
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
        return self.found(pages, reader, fits=fits)

    async def parse_callback(self, body: bytes, headers: Mapping[str, str]) -> PayEvent:
        """Verify the header Pay-Signature over the raw bytes, then read the message."""
        from govcomponents.pay.adapters.govuk_pay.callbacks import parse_callback

        return parse_callback(body, headers, self._callbacks)
