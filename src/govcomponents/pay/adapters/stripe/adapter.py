"""The Stripe adapter: the port's operations on Checkout Sessions, PaymentIntents, refunds and disputes.

A payment's id is its Session's. Where Stripe names only the PaymentIntent, as some webhooks do, that names it too.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from contextlib import aclosing, contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Final, TypeVar

from govcomponents.core.http.bearer import BearerKey
from govcomponents.core.http.client import HttpClient, request_id
from govcomponents.core.http.messages import Replay
from govcomponents.core.http.responses import LazyJson, Wire, read, read_part
from govcomponents.core.validation import checked_base_url
from govcomponents.errors import (
    Conflict,
    GovComponentsError,
    InvalidInput,
    NotFound,
    RequestRefused,
    UnexpectedReply,
)
from govcomponents.pay.adapters.signed_callbacks import SignedCallbacks
from govcomponents.pay.adapters.stripe import wire
from govcomponents.pay.adapters.stripe.parsing import (
    DisputeAnswer,
    IntentAnswer,
    PageAnswer,
    RefundAnswer,
    SessionAnswer,
)
from govcomponents.pay.capabilities import PayCapability
from govcomponents.pay.port import PayPort
from govcomponents.pay.states import PaymentStatus, RefundableStatus

if TYPE_CHECKING:
    from typing import Self

    from govcomponents.core.http.messages import Request, Response
    from govcomponents.core.runtime import Runtime
    from govcomponents.pay.events import PayEvent
    from govcomponents.pay.inputs import (
        DisputeSearch,
        NewPayment,
        NewRefund,
        OnPayment,
        OnRefund,
        PaymentSearch,
        RefundSearch,
    )
    from govcomponents.pay.models import Dispute, Payment, Refund
    from govcomponents.privacy import Secret
    from govcomponents.settings import PaySettings

T = TypeVar("T")
W = TypeVar("W", bound=Wire)
_TEST: Final = ("sk_test_", "rk_test_")
_LIVE: Final = ("sk_live_", "rk_live_")
_SHAPE: Final = re.compile(r"(?:sk|rk)_[!-~]+")

_NOT_REFUNDABLE: Final[Mapping[RefundableStatus, tuple[str, str]]] = {
    RefundableStatus.PENDING: ("the money has not been taken yet", "refund when `refundable.status` is available"),
    RefundableStatus.FULL: ("all of it has been refunded", "list the payment's refunds"),
    RefundableStatus.UNAVAILABLE: ("it ended without money, or is disputed", "get the payment and look at its state"),
}


class Stripe(PayPort):
    """Takes payments through Stripe's API. `is_live` tells by the key whether the money is real."""

    provider = wire.PROVIDER
    limits = wire.LIMITS
    capabilities = frozenset(
        {
            PayCapability.CREATE,
            PayCapability.GET,
            PayCapability.CANCEL,
            PayCapability.DELAYED_CAPTURE,
            PayCapability.SEARCH,
            PayCapability.REFUND,
            PayCapability.REFUND_GUARD,
            PayCapability.LIST_REFUNDS,
            PayCapability.SEARCH_REFUNDS,
            PayCapability.DISPUTES,
            PayCapability.CALLBACKS,
            PayCapability.IDEMPOTENCY_KEYS,
        }
    )

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
        self._repeats = not runtime.retry.is_none
        self._http = HttpClient(
            runtime,
            provider=self.provider,
            base_url=base_url,
            credential=BearerKey(api_key),
            is_rate_limit=lambda response: response.header("stripe-should-retry") != "false",
            rate_limit_wait=wire.WAIT,
        )

    @classmethod
    def from_settings(cls, settings: PaySettings, runtime: Runtime) -> Self:
        """Build the adapter. Does no I/O. Raises ConfigurationError."""
        settings.own_settings()
        api_key = settings.checked_key(
            cls.provider,
            _SHAPE,
            form="a secret one starts with sk_, a restricted one with rk_; a publishable one (pk_) takes no payments",
            where="make a secret or restricted key in Stripe's dashboard and set it",
        )
        if api_key.reveal().startswith(_LIVE):
            settings.check_live_key(runtime.is_production, test="starts with sk_test_ or rk_test_")
        base_url = checked_base_url(settings.base_url or wire.BASE_URL, setting=settings.variable("base_url"))
        return cls(api_key, runtime, base_url=base_url, webhook_secrets=settings.webhook_secrets)

    async def _ask(self, request: Request) -> Response:
        response = await self._http.send(request)
        if response.status == wire.IN_PROGRESS and request.replay is Replay.IDEMPOTENT and self._repeats:
            # An earlier attempt under the same key is still at work; after a pause its answer is given again.
            await self._http.transport.sleep(wire.WAIT)
            response = await self._http.send(request)
        if 200 <= response.status < 300:
            return response
        from govcomponents.pay.adapters.stripe.error_mapping import refusal

        raise refusal(request, response)

    def _convert(self, convert: Callable[[], T], request: Request, response: Response) -> T:
        """Say an answer in the port's words. What cannot be said, such as an unknown currency, is not guessed."""
        try:
            return convert()
        except ValueError as error:
            raise UnexpectedReply(
                f"the answer cannot be read with certainty: {error}",
                lookup=request.lookup,
                operation=request.operation,
                provider=self.provider,
                status=response.status,
                request_id=request_id(response),
            ) from None

    async def _payment(self, request: Request, model: type[SessionAnswer | IntentAnswer]) -> Payment:
        response = await self._ask(request)
        answer = read(model, response, request=request, provider=self.provider)
        return self._convert(lambda: answer.to_payment(LazyJson(response.body)), request, response)

    async def _look(self, operation: str, payment_id: str) -> Payment:
        if wire.is_intent(payment_id):
            return await self._payment(wire.get_intent(operation, payment_id), IntentAnswer)
        return await self._payment(wire.get_session(operation, payment_id), SessionAnswer)

    async def _intent_of(self, operation: str, payment_id: str) -> str | None:
        """The id of the PaymentIntent behind a payment; None until the person has tried to pay."""
        if wire.is_intent(payment_id):
            return payment_id
        return (await self._look(operation, payment_id)).payment_provider_id

    def _conflict(self, operation: str, happened: str, fix: str) -> Conflict:
        return Conflict(happened, fix=fix, operation=operation, provider=self.provider)

    def _invalid(self, operation: str, field: str, problem: str, fix: str) -> InvalidInput:
        return InvalidInput(field=field, problem=problem, fix=fix, operation=operation, provider=self.provider)

    async def create(self, new: NewPayment) -> Payment:
        """POST /v1/checkout/sessions, mode `payment`. Every error carries the idempotency key."""
        if not new.return_url.startswith("https:") and not self.is_test:
            raise self._invalid(
                "pay.create",
                "return_url",
                "must be https, because the key is not a test key",
                "pass an https URL; http is for keys that start with sk_test_ or rk_test_",
            )
        key = new.idempotency_key or wire.new_key(self._clock())
        request = wire.create(new, key)
        with _carrying(key):
            response = await self._ask(request)
            answer = read(SessionAnswer, response, request=request, provider=self.provider)
            if response.header(wire.REPLAYED) == "true":  # as it was then; it may have been paid since
                return await self._look("pay.create", answer.id)
            return self._convert(lambda: answer.to_payment(LazyJson(response.body)), request, response)

    async def get(self, wanted: OnPayment) -> Payment:
        """GET /v1/checkout/sessions/{id}, or /v1/payment_intents/{id}."""
        return await self._look("pay.get", wanted.payment_id)

    async def check(self) -> None:
        """Ask for a Session that cannot be: whoever is told that there is none was let in."""
        with suppress(NotFound):
            await self._ask(wire.check(live=self.is_live))

    async def cancel(self, wanted: OnPayment) -> None:
        """Expire an open Session, after a mark that says who ended it; cancel a PaymentIntent whose money is held."""
        payment = await self._look("pay.cancel", wanted.payment_id)
        by_intent = wire.is_intent(wanted.payment_id)
        if payment.status is PaymentStatus.CAPTURABLE or (by_intent and payment.can_cancel):
            await self._cancel_intent(payment.payment_provider_id or "")
        elif payment.can_cancel:
            await self._expire(wanted.payment_id)
        else:
            raise self._cannot_cancel()

    def _cannot_cancel(self) -> Conflict:
        return self._conflict(
            "pay.cancel",
            "the payment can no longer be cancelled, or not now",
            "get the payment and decide from its state: it may be paid, ended, or in process",
        )

    async def _cancel_intent(self, intent_id: str) -> None:
        request = wire.cancel_intent(intent_id)
        response = await self._ask(request)
        after = read(IntentAnswer, response, request=request, provider=self.provider)
        if after.status != "canceled":
            raise self._cannot_cancel()

    async def _expire(self, session_id: str) -> None:
        request = wire.mark_cancelled(session_id)
        read(SessionAnswer, await self._ask(request), request=request, provider=self.provider)
        request = wire.expire(session_id)
        try:
            read(SessionAnswer, await self._ask(request), request=request, provider=self.provider)
        except (RequestRefused, Conflict):
            # The person may have paid in between, or the time may have run out.
            if (await self._look("pay.cancel", session_id)).status is not PaymentStatus.CANCELLED:
                raise self._cannot_cancel() from None

    async def capture(self, wanted: OnPayment) -> None:
        """POST /v1/payment_intents/{id}/capture."""
        intent_id = await self._intent_of("pay.capture", wanted.payment_id)
        if intent_id is None:
            raise self._conflict(
                "pay.capture",
                "the payment is not waiting to be captured",
                "get the payment: it must have been made with delayed_capture, and be capturable",
            )
        request = wire.capture(intent_id)
        response = await self._ask(request)
        read(IntentAnswer, response, request=request, provider=self.provider)

    def search(self, wanted: PaymentSearch) -> AsyncGenerator[Payment, None]:
        """GET /v1/checkout/sessions. Only the times are Stripe's to look for; the rest is looked at here."""
        for field in ("settled_from", "settled_to", "first_digits", "agreement_id"):
            if getattr(wanted, field) is not None:
                raise self._no_such_filter("pay.search", field)
        from govcomponents.pay.adapters.stripe.filters import fits

        return self._payments(wanted, fits)

    async def _payments(
        self, wanted: PaymentSearch, fits: Callable[[Payment, PaymentSearch], bool]
    ) -> AsyncGenerator[Payment, None]:
        def read_one(answer: SessionAnswer, part: Mapping[str, object]) -> Payment | None:
            return answer.to_payment(part) if answer.mode == "payment" else None

        pages = self._pages(lambda after: wire.search(wanted, after), SessionAnswer, read_one)
        async with aclosing(pages):
            async for payment in pages:
                if payment is not None and fits(payment, wanted):
                    yield payment

    async def refund(self, new: NewRefund) -> Refund:
        """POST /v1/refunds, after a look at what is left. Every error carries the idempotency key."""
        with _carrying(new.idempotency_key):
            payment = await self._look("pay.refund", new.payment_id)
            intent_id = payment.payment_provider_id
            made = [] if intent_id is None else await self._refunds("pay.refund", intent_id)
            for answer, part in made:
                if new.idempotency_key is not None and answer.is_under(new.idempotency_key):
                    return answer.to_refund(part, new.payment_id)
        self._check_refundable(payment, new)
        undone = [answer.id for answer, _ in made if answer.came_to_nothing]
        key = new.idempotency_key or wire.refund_key(intent_id or "", new.available, undone)
        request = wire.refund(new, intent_id or "", payment.reference, key)
        with _carrying(key):
            response = await self._ask(request)
            answer = read(RefundAnswer, response, request=request, provider=self.provider)
            if response.header(wire.REPLAYED) == "true":
                return await self._refund(wire.get_refund(answer.id), new.payment_id)
            return self._convert(lambda: answer.to_refund(LazyJson(response.body), new.payment_id), request, response)

    def _check_refundable(self, payment: Payment, new: NewRefund) -> None:
        left = payment.refundable
        status = left.status if left is not None else RefundableStatus.UNAVAILABLE
        if left is None or status is not RefundableStatus.AVAILABLE:
            why, fix = _NOT_REFUNDABLE[status]
            raise self._conflict("pay.refund", f"the payment cannot be refunded: {why}", fix)
        if new.available.currency != left.available.currency:
            raise self._invalid(
                "pay.refund", "available", "is not of the payment's currency", "pass `payment.refundable.available`"
            )
        if new.available != left.available:
            raise self._conflict(
                "pay.refund",
                "what is left to refund is not what `available` says: the payment may have been refunded already",
                "list the payment's refunds; if this one is not among them, get the payment and refund with its "
                "`available`",
            )

    async def get_refund(self, wanted: OnRefund) -> Refund:
        """GET /v1/refunds/{id}, and a look whether it is of that payment."""
        request = wire.get_refund(wanted.refund_id)
        response = await self._ask(request)
        answer = read(RefundAnswer, response, request=request, provider=self.provider)
        if wanted.payment_id not in (answer.payment_id, answer.intent_id):
            intent_id = await self._intent_of("pay.get_refund", wanted.payment_id)
            if intent_id is None or intent_id != answer.intent_id:
                raise NotFound(
                    "there is no such refund of that payment",
                    fix="check both ids, and that they belong together",
                    operation="pay.get_refund",
                    provider=self.provider,
                )
        return self._convert(lambda: answer.to_refund(LazyJson(response.body), wanted.payment_id), request, response)

    async def _refund(self, request: Request, payment_id: str) -> Refund:
        response = await self._ask(request)
        answer = read(RefundAnswer, response, request=request, provider=self.provider)
        return self._convert(lambda: answer.to_refund(LazyJson(response.body), payment_id), request, response)

    async def list_refunds(self, wanted: OnPayment) -> tuple[Refund, ...]:
        """GET /v1/refunds of the PaymentIntent."""
        intent_id = await self._intent_of("pay.list_refunds", wanted.payment_id)
        if intent_id is None:
            return ()
        made = await self._refunds("pay.list_refunds", intent_id)
        return tuple(answer.to_refund(part, wanted.payment_id) for answer, part in reversed(made))

    async def _refunds(self, operation: str, intent_id: str) -> list[tuple[RefundAnswer, Mapping[str, object]]]:
        def both(answer: RefundAnswer, part: Mapping[str, object]) -> tuple[RefundAnswer, Mapping[str, object]]:
            answer.to_refund(part)
            return answer, part

        pages = self._pages(lambda after: wire.list_refunds(operation, intent_id, after), RefundAnswer, both)
        return [found async for found in pages]

    def search_refunds(self, wanted: RefundSearch) -> AsyncGenerator[Refund, None]:
        """GET /v1/refunds."""
        self._no_settled("pay.search_refunds", wanted)
        return self._pages(
            lambda after: wire.search_refunds(wanted, after), RefundAnswer, lambda answer, part: answer.to_refund(part)
        )

    def search_disputes(self, wanted: DisputeSearch) -> AsyncGenerator[Dispute, None]:
        """GET /v1/disputes. Only the times are Stripe's to look for; the status is looked at here."""
        self._no_settled("pay.search_disputes", wanted)
        return self._disputes(wanted)

    async def _disputes(self, wanted: DisputeSearch) -> AsyncGenerator[Dispute, None]:
        def read_one(answer: DisputeAnswer, part: Mapping[str, object]) -> Dispute:
            return answer.to_dispute(part)

        pages = self._pages(lambda after: wire.search_disputes(wanted, after), DisputeAnswer, read_one)
        async with aclosing(pages):
            async for dispute in pages:
                if wanted.status is None or dispute.status is wanted.status:
                    yield dispute

    def _no_settled(self, operation: str, wanted: RefundSearch | DisputeSearch) -> None:
        for field in ("settled_from", "settled_to"):
            if getattr(wanted, field) is not None:
                raise self._no_such_filter(operation, field)

    def _no_such_filter(self, operation: str, field: str) -> InvalidInput:
        return self._invalid(operation, field, "Stripe does not tell that", "leave it out, and search by created_from")

    async def _pages(
        self,
        request_for: Callable[[str | None], Request],
        model: type[W],
        convert: Callable[[W, Mapping[str, object]], T],
    ) -> AsyncGenerator[T, None]:
        """Yield item by item, holding one page at a time. The next page begins after the last item of this one."""
        after: str | None = None
        while True:
            request = request_for(after)
            response = await self._ask(request)
            page = read(PageAnswer, response, request=request, provider=self.provider)
            last = after
            for part in page.data:
                answer = read_part(model, part, response, request=request, provider=self.provider)
                last = str(part.get("id"))
                yield self._convert(partial(convert, answer, part), request, response)
            if not page.has_more or last == after:
                return
            after = last

    async def parse_callback(self, body: bytes, headers: Mapping[str, str]) -> PayEvent:
        """Verify the header Stripe-Signature over the raw bytes, and its age, then read the event."""
        from govcomponents.pay.adapters.stripe.callbacks import parse_callback

        mode = True if self.is_live else False if self.is_test else None
        return parse_callback(body, headers, self._callbacks, now=self._clock(), is_live=mode)


@contextmanager
def _carrying(key: str | None) -> Iterator[None]:
    """Put the idempotency key on every error, so that the caller can repeat the call under it."""
    try:
        yield
    except GovComponentsError as error:
        error.idempotency_key = key
        raise
