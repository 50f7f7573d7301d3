"""GOV.UK Pay behind the pay port."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing, suppress
from typing import TYPE_CHECKING, Final, TypeVar

from pydantic import Field

from govcomponents.core.http.bearer import BearerKey
from govcomponents.core.http.client import HttpClient, request_id
from govcomponents.core.http.responses import LazyJson, Wire, read, read_as, read_part, read_part_as
from govcomponents.core.validation import checked_base_url
from govcomponents.errors import (
    Conflict,
    GovComponentsError,
    InvalidInput,
    NotFound,
    UnexpectedReply,
)
from govcomponents.pay.adapters.govuk_pay import wire
from govcomponents.pay.adapters.govuk_pay.reading import (
    AGREEMENT,
    DISPUTE,
    PAYMENT,
    REFUND,
    AgreementAnswer,
    DisputeAnswer,
    EventPart,
    RefundAnswer,
    to_payment,
)
from govcomponents.pay.adapters.signed_callbacks import SignedCallbacks
from govcomponents.pay.capabilities import PayCapability
from govcomponents.pay.port import PayPort
from govcomponents.pay.states import AgreementStatus, DisputeStatus, PaymentStatus

if TYPE_CHECKING:
    from typing import Self

    from pydantic import TypeAdapter

    from govcomponents.core.http.messages import Request, Response
    from govcomponents.core.runtime import Runtime
    from govcomponents.pay.events import PayEvent
    from govcomponents.pay.inputs import (
        AgreementCharge,
        AgreementSearch,
        CardDetails,
        DisputeSearch,
        NewAgreement,
        NewPayment,
        NewRefund,
        NewTelephonePayment,
        OnAgreement,
        OnPayment,
        OnRefund,
        PaymentSearch,
        RefundSearch,
    )
    from govcomponents.pay.models import Agreement, Dispute, Payment, PaymentEvent, Refund
    from govcomponents.privacy import Secret
    from govcomponents.settings import PaySettings

T = TypeVar("T")
A = TypeVar("A")
_PAST_THE_END: Final = frozenset({"P0402", "P1100", "P2402"})
_LIVE: Final = "api_live_"
_TEST: Final = "api_test_"
# Nothing is documented of what follows the prefix, and its length is not fixed.
_SHAPE: Final = re.compile(rf"(?:{_TEST}|{_LIVE})[!-~]+")


class _EventsAnswer(Wire):
    events: list[dict[str, object]]


class _EmbeddedRefunds(Wire):
    refunds: list[dict[str, object]]


class _RefundsAnswer(Wire):
    embedded: _EmbeddedRefunds = Field(alias="_embedded")


class _PageAnswer(Wire):
    total: int
    results: list[dict[str, object]]


class GovUkPay(PayPort):
    """Takes payments through GOV.UK Pay's public API. `is_live` tells by the key whether the money is real."""

    provider = wire.PROVIDER
    capabilities = frozenset(PayCapability) - {PayCapability.IDEMPOTENCY_KEYS, PayCapability.CONFIRM}
    limits = wire.LIMITS

    def __init__(
        self,
        api_key: Secret,
        runtime: Runtime,
        *,
        base_url: str = wire.BASE_URL,
        webhook_secrets: tuple[Secret, ...] = (),
    ) -> None:
        text = api_key.reveal()
        self.is_test = text.startswith(_TEST)
        self.is_live = text.startswith(_LIVE)
        self._clock = runtime.clock
        self._callbacks = SignedCallbacks(self.provider, wire.SIGNATURE, webhook_secrets)
        self._http = HttpClient(
            runtime,
            provider=self.provider,
            base_url=base_url,
            credential=BearerKey(api_key),
            rate_limit_wait=wire.RATE_LIMIT_WAIT,
        )
        # An attempt to authorise goes without the key (GOV.UK Pay docs: send card details by the API).
        self._keyless = HttpClient(
            runtime, provider=self.provider, base_url=base_url, rate_limit_wait=wire.RATE_LIMIT_WAIT
        )

    @classmethod
    def from_settings(cls, settings: PaySettings, runtime: Runtime) -> Self:
        """Build the adapter. Does no I/O. Raises ConfigurationError."""
        settings.own_settings()
        api_key = settings.checked_key(
            cls.provider,
            _SHAPE,
            form=f"it starts with {_TEST} or {_LIVE}, without spaces",
            where="make a key in GOV.UK Pay's admin tool (Settings, API keys) and set it",
        )
        if api_key.reveal().startswith(_LIVE):
            settings.check_live_key(runtime.is_production, test="starts with api_test_")
        base_url = checked_base_url(settings.base_url or wire.BASE_URL, setting=settings.variable("base_url"))
        return cls(api_key, runtime, base_url=base_url, webhook_secrets=settings.webhook_secrets)

    async def _ask(self, request: Request, http: HttpClient | None = None) -> Response:
        return self._checked(request, await (http or self._http).send(request))

    def _checked(self, request: Request, response: Response) -> Response:
        """Return an answer that says success. Raises the error that any other stands for."""
        if 200 <= response.status < 300:
            return response
        from govcomponents.pay.adapters.govuk_pay.error_mapping import refusal

        raise refusal(request, response)

    async def _done(self, request: Request, http: HttpClient | None = None) -> None:
        response = await self._ask(request, http)
        if response.status != 204:
            raise UnexpectedReply(
                "the answer is not the documented 204",
                lookup=request.lookup,
                operation=request.operation,
                provider=self.provider,
                status=response.status,
                request_id=request_id(response),
            )

    async def _payment(self, request: Request) -> Payment:
        response = self._checked(request, await self._http.send(request))
        answer = read_as(PAYMENT, response, request=request, provider=self.provider)
        return to_payment(answer, LazyJson(response.body))

    async def create(self, new: NewPayment) -> Payment:
        """POST /v1/payments, mode `web`."""
        if not new.return_url.startswith("https:") and not self.is_test:
            raise InvalidInput(
                field="return_url",
                problem="must be https, because the key is not a test key",
                fix="pass an https URL; http is for keys that start with api_test_",
                operation="pay.create",
                provider=self.provider,
            )
        return await self._payment(wire.create(new))

    async def create_by_telephone(self, new: NewTelephonePayment) -> Payment:
        """POST /v1/payments, mode `moto_api`."""
        return await self._payment(wire.create_by_telephone(new))

    async def authorise(self, card: CardDetails) -> None:
        """POST /v1/auth."""
        await self._done(wire.authorise(card), self._keyless)

    async def charge_agreement(self, charge: AgreementCharge) -> Payment:
        """POST /v1/payments, mode `agreement`. Every error carries the idempotency key.

        A key whose call is still running is refused as one that was used for something else is, so after a pause it
        is asked once more: then it is answered with the charge (pay-connector, ChargeService).
        """
        request = wire.charge_agreement(charge)
        try:
            try:
                return await self._payment(request)
            except Conflict as error:
                if error.code != "P0191":
                    raise
            await self._http.transport.sleep(wire.RATE_LIMIT_WAIT)
            return await self._payment(request)
        except GovComponentsError as error:
            error.idempotency_key = charge.idempotency_key
            raise

    async def get(self, wanted: OnPayment) -> Payment:
        """GET /v1/payments/{id}."""
        return await self._payment(wire.get(wanted.payment_id))

    async def check(self) -> None:
        """Ask for a payment that cannot be: whoever is told that there is none was let in."""
        with suppress(NotFound):
            await self._ask(wire.check())

    async def list_events(self, wanted: OnPayment) -> tuple[PaymentEvent, ...]:
        """GET /v1/payments/{id}/events."""
        request = wire.list_events(wanted.payment_id)
        response = await self._ask(request)
        found = read(_EventsAnswer, response, request=request, provider=self.provider).events
        return tuple(
            read_part(EventPart, part, response, request=request, provider=self.provider).to_event(part)
            for part in found
        )

    async def cancel(self, wanted: OnPayment) -> None:
        """POST /v1/payments/{id}/cancel."""
        await self._done(wire.cancel(wanted.payment_id))

    async def capture(self, wanted: OnPayment) -> None:
        """POST /v1/payments/{id}/capture."""
        await self._done(wire.capture(wanted.payment_id))

    def search(self, wanted: PaymentSearch) -> AsyncGenerator[Payment, None]:
        """GET /v1/payments."""
        if wanted.status is PaymentStatus.CAPTURABLE or wanted.status is PaymentStatus.UNKNOWN:
            raise self._no_such_filter("pay.search", "search without status and keep those whose status it is")
        found = self._pages(
            lambda page: wire.search(wanted, page),
            wanted.page_size,
            PAYMENT,
            to_payment,
            "payment_id",
        )
        return found if wanted.card_brand is None else _of_brand(found, wanted.card_brand)

    async def refund(self, new: NewRefund) -> Refund:
        """POST /v1/payments/{id}/refunds."""
        return await self._refund(wire.refund(new), new.payment_id)

    async def get_refund(self, wanted: OnRefund) -> Refund:
        """GET /v1/payments/{id}/refunds/{refund_id}."""
        return await self._refund(wire.get_refund(wanted.payment_id, wanted.refund_id), wanted.payment_id)

    async def _refund(self, request: Request, payment_id: str) -> Refund:
        response = await self._ask(request)
        answer = read(RefundAnswer, response, request=request, provider=self.provider)
        return answer.to_refund(LazyJson(response.body), payment_id)

    async def list_refunds(self, wanted: OnPayment) -> tuple[Refund, ...]:
        """GET /v1/payments/{id}/refunds."""
        request = wire.list_refunds(wanted.payment_id)
        response = await self._ask(request)
        found = read(_RefundsAnswer, response, request=request, provider=self.provider).embedded.refunds
        return tuple(
            read_part(RefundAnswer, part, response, request=request, provider=self.provider).to_refund(
                part, wanted.payment_id
            )
            for part in found
        )

    def search_refunds(self, wanted: RefundSearch) -> AsyncGenerator[Refund, None]:
        """GET /v1/refunds."""
        return self._pages(
            lambda page: wire.search_refunds(wanted, page),
            wanted.page_size,
            REFUND,
            RefundAnswer.to_refund,
            "refund_id",
        )

    async def create_agreement(self, new: NewAgreement) -> Agreement:
        """POST /v1/agreements."""
        return await self._agreement(wire.create_agreement(new))

    async def get_agreement(self, wanted: OnAgreement) -> Agreement:
        """GET /v1/agreements/{id}."""
        return await self._agreement(wire.get_agreement(wanted.agreement_id))

    async def _agreement(self, request: Request) -> Agreement:
        response = await self._ask(request)
        answer = read(AgreementAnswer, response, request=request, provider=self.provider)
        return answer.to_agreement(LazyJson(response.body))

    async def cancel_agreement(self, wanted: OnAgreement) -> None:
        """POST /v1/agreements/{id}/cancel."""
        await self._done(wire.cancel_agreement(wanted.agreement_id))

    def search_agreements(self, wanted: AgreementSearch) -> AsyncGenerator[Agreement, None]:
        """GET /v1/agreements."""
        if wanted.status is AgreementStatus.UNKNOWN:
            raise self._no_such_filter("pay.search_agreements", "search without status")
        return self._pages(
            lambda page: wire.search_agreements(wanted, page),
            wanted.page_size,
            AGREEMENT,
            AgreementAnswer.to_agreement,
            "agreement_id",
        )

    def search_disputes(self, wanted: DisputeSearch) -> AsyncGenerator[Dispute, None]:
        """GET /v1/disputes."""
        if wanted.status is DisputeStatus.UNKNOWN:
            raise self._no_such_filter("pay.search_disputes", "search without status")
        return self._pages(
            lambda page: wire.search_disputes(wanted, page),
            wanted.page_size,
            DISPUTE,
            DisputeAnswer.to_dispute,
            "dispute_id",
        )

    def _no_such_filter(self, operation: str, fix: str) -> InvalidInput:
        return InvalidInput(
            field="status",
            problem="GOV.UK Pay cannot search for that status",
            fix=fix,
            operation=operation,
            provider=self.provider,
        )

    async def _pages(
        self,
        request_for: Callable[[int], Request],
        size: int,
        kind: TypeAdapter[A],
        convert: Callable[[A, Mapping[str, object]], T],
        identifier: str,
    ) -> AsyncGenerator[T, None]:
        """Yield item by item, holding one page at a time.

        The pages are cut anew for each request, newest first: what is created meanwhile pushes items on to the next
        page, so what was on the last page is not yielded again. The links between pages are not followed, because
        they differ between endpoints and one loses its filter (pay-publicapi, SearchDisputesService).
        """
        page = 1
        before: frozenset[object] = frozenset()
        while True:
            request = request_for(page)
            try:
                response = await self._ask(request)
            except NotFound as error:
                if page > 1 and error.code in _PAST_THE_END:
                    return
                raise
            found = read(_PageAnswer, response, request=request, provider=self.provider)
            for part in found.results:
                if part.get(identifier) not in before:
                    answer = read_part_as(kind, part, response, request=request, provider=self.provider)
                    yield convert(answer, part)
            if not found.results or page * size >= found.total:
                return
            before = frozenset(part.get(identifier) for part in found.results)
            page += 1

    async def parse_callback(self, body: bytes, headers: Mapping[str, str]) -> PayEvent:
        """Verify the header Pay-Signature over the raw bytes, then read the message."""
        from govcomponents.pay.adapters.govuk_pay.callbacks import parse_callback

        return parse_callback(body, headers, self._callbacks)


async def _of_brand(found: AsyncGenerator[Payment, None], brand: str) -> AsyncGenerator[Payment, None]:
    """Leave out other brands: Pay takes the filter, but ledger, which searches, seems not to know it by that name."""
    wanted = _letters(brand)
    async with aclosing(found) as payments:
        async for payment in payments:
            if payment.card is not None and payment.card.brand and _letters(payment.card.brand) == wanted:
                yield payment


def _letters(brand: str) -> str:
    """A brand without what its label ("American Express") and its name in filters ("american-express") differ in."""
    return "".join(letter for letter in brand.lower() if letter.isalnum())
