"""The Stripe adapter: the port's operations on Checkout Sessions, PaymentIntents, refunds and disputes.

A payment's id is its Session's. Where Stripe names only the PaymentIntent, as some webhooks do, that names it too.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import suppress
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, TypeVar

from govcomponents.core.http.client import HttpClient
from govcomponents.core.http.messages import Replay
from govcomponents.core.http.responses import read_as
from govcomponents.core.ports.port import SecretForm
from govcomponents.errors import Conflict, GovComponentsError, NotFound, RequestRefused
from govcomponents.pay.adapters.api_key_adapter import ApiKeyAdapter, KeyForm, Page, carrying
from govcomponents.pay.adapters.local_filters import fits
from govcomponents.pay.adapters.stripe import wire
from govcomponents.pay.adapters.stripe.parsing import (
    id_of,
    payment_of_intent,
    payment_of_refund,
    payment_of_session,
    to_dispute,
    to_refund,
)
from govcomponents.pay.adapters.stripe.schema import DISPUTE, INTENT, MADE, PAGE, REFUND, SESSION
from govcomponents.pay.capabilities import PayCapability as Can
from govcomponents.pay.states import PaymentStatus, RefundableStatus, RefundStatus

if TYPE_CHECKING:
    from pydantic import TypeAdapter

    from govcomponents.core.http.client import Credential
    from govcomponents.core.http.messages import Request, Response
    from govcomponents.core.http.runtime import Runtime
    from govcomponents.core.inputs import Input
    from govcomponents.pay import inputs
    from govcomponents.pay.adapters.stripe.schema import IntentPart, RefundPart, SessionPart
    from govcomponents.pay.events import PayEvent
    from govcomponents.pay.models import Dispute, Payment, Refund

A = TypeVar("A")
T = TypeVar("T")

_NOT_REFUNDABLE: Final[Mapping[RefundableStatus, tuple[str, str]]] = {
    RefundableStatus.PENDING: ("the money has not been taken yet", "refund when `refundable.status` is available"),
    RefundableStatus.FULL: ("all of it has been refunded", "list the payment's refunds"),
    RefundableStatus.UNAVAILABLE: ("it ended without money, or is disputed", "get the payment and look at its state"),
}


class Stripe(ApiKeyAdapter):
    """Takes payments through Stripe's API. `is_live` tells by the key whether the money is real."""

    provider = wire.PROVIDER
    limits = wire.LIMITS
    secret_forms = MappingProxyType(
        {
            "webhook_secrets": SecretForm(
                re.compile(r"whsec_[A-Za-z0-9+/=_-]+"),
                "copy the signing secret from the endpoint's page in Stripe's dashboard: it starts with whsec_",
            )
        }
    )
    capabilities = frozenset(
        {
            Can.CREATE,
            Can.GET,
            Can.CANCEL,
            Can.DELAYED_CAPTURE,
            Can.SEARCH,
            Can.REFUND,
            Can.REFUND_GUARD,
            Can.LIST_REFUNDS,
            Can.SEARCH_REFUNDS,
            Can.DISPUTES,
            Can.CALLBACKS,
            Can.IDEMPOTENCY_KEYS,
        }
    )
    key_form = KeyForm(
        test=("sk_test_", "rk_test_"),
        live=("sk_live_", "rk_live_"),
        shape=re.compile(r"(?:sk|rk)_[!-~]+"),
        told="a secret one starts with sk_, a restricted one with rk_; a publishable one (pk_) takes no payments",
        source="make a secret or restricted key in Stripe's dashboard and set it",
    )
    default_base_url = wire.BASE_URL
    signature_header = wire.SIGNATURE
    rate_limit_wait = wire.WAIT

    def _client(self, runtime: Runtime, base_url: str, credential: Credential | None) -> HttpClient:
        self._repeats = not runtime.retry.is_none
        return HttpClient(
            runtime,
            provider=self.provider,
            base_url=base_url,
            credential=credential,
            is_rate_limit=lambda response: response.header("stripe-should-retry") != "false",
            rate_limit_wait=self.rate_limit_wait,
        )

    def _refusal(self, request: Request, response: Response) -> GovComponentsError:
        from govcomponents.pay.adapters.stripe.error_mapping import refusal

        return refusal(request, response)

    async def _ask(self, request: Request, http: HttpClient | None = None) -> Response:
        try:
            return await super()._ask(request, http)
        except GovComponentsError as error:
            if error.status != wire.IN_PROGRESS or request.replay is not Replay.IDEMPOTENT or not self._repeats:
                raise
        # An earlier attempt under the same key is still at work; after a pause its answer is given again.
        await self._http.transport.sleep(wire.WAIT)
        return await super()._ask(request, http)

    async def _make(
        self,
        request: Request,
        kind: TypeAdapter[A],
        convert: Callable[[A, Mapping[str, object]], T],
        read_again: Callable[[str], Request],
    ) -> T:
        """Make something under an idempotency key. What is answered a second time is read anew: it may have changed."""
        with carrying(request.idempotency_key):
            response = await self._ask(request)
            if response.header(wire.REPLAYED) == "true":
                made = read_as(MADE, response, request=request, provider=self.provider)
                return await self._one(read_again(made["id"]), kind, convert)
            return self._read(request, response, kind, convert)

    async def _one(self, request: Request, kind: TypeAdapter[A], convert: Callable[[A, Mapping[str, object]], T]) -> T:
        return self._read(request, await self._ask(request), kind, convert)

    async def _look(self, operation: str, payment_id: str) -> Payment:
        if wire.is_intent(payment_id):
            return await self._one(wire.get_intent(operation, payment_id), INTENT, payment_of_intent)
        return await self._one(wire.get_session(operation, payment_id), SESSION, payment_of_session)

    async def _intent_of(self, operation: str, payment_id: str) -> str | None:
        """The id of the PaymentIntent behind a payment; None until the person has tried to pay."""
        if wire.is_intent(payment_id):
            return payment_id
        return (await self._look(operation, payment_id)).payment_provider_id

    def _conflict(self, operation: str, happened: str, fix: str) -> Conflict:
        return Conflict(happened, fix=fix, operation=operation, provider=self.provider)

    async def create(self, new: inputs.NewPayment) -> Payment:
        """POST /v1/checkout/sessions, mode `payment`. Every error carries the idempotency key."""
        self._check_return_url(new)
        request = wire.create(new, new.idempotency_key or wire.new_key(self._clock()))
        return await self._make(
            request, SESSION, payment_of_session, lambda session_id: wire.get_session("pay.create", session_id)
        )

    async def get(self, wanted: inputs.OnPayment) -> Payment:
        """GET /v1/checkout/sessions/{id}, or /v1/payment_intents/{id}."""
        return await self._look("pay.get", wanted.payment_id)

    async def check(self) -> None:
        """Ask for a Session that cannot be: whoever is told that there is none was let in."""
        with suppress(NotFound):
            await self._ask(wire.get("pay.check", wire.SESSION, f"cs_{'live' if self.is_live else 'test'}_0"))

    async def cancel(self, wanted: inputs.OnPayment) -> None:
        """Expire an open Session, after a mark that says who ended it; cancel a PaymentIntent whose money is held."""
        payment = await self._look("pay.cancel", wanted.payment_id)
        if not payment.can_cancel:
            raise self._cannot_cancel()
        if payment.status is PaymentStatus.CAPTURABLE or wire.is_intent(wanted.payment_id):
            # No reason goes along: none of Stripe's says that the service did it.
            request = wire.post("pay.cancel", wire.INTENT + "/cancel", payment.payment_provider_id or "")
            after = await self._one(request, INTENT, lambda answer, _: answer["status"])
            if after != "canceled":
                raise self._cannot_cancel()
        else:
            await self._expire(wanted.payment_id)

    def _cannot_cancel(self) -> Conflict:
        return self._conflict(
            "pay.cancel",
            "the payment can no longer be cancelled, or not now",
            "get the payment and decide from its state: it may be paid, ended, or in process",
        )

    async def _expire(self, session_id: str) -> None:
        await self._one(wire.mark_cancelled(session_id), SESSION, _id_only)
        try:
            await self._one(wire.post("pay.cancel", wire.SESSION + "/expire", session_id), SESSION, _id_only)
        except (RequestRefused, Conflict):
            # The person may have paid in between, or the time may have run out.
            if (await self._look("pay.cancel", session_id)).status is not PaymentStatus.CANCELLED:
                raise self._cannot_cancel() from None

    async def capture(self, wanted: inputs.OnPayment) -> None:
        """POST /v1/payment_intents/{id}/capture."""
        intent_id = await self._intent_of("pay.capture", wanted.payment_id)
        if intent_id is None:
            raise self._conflict(
                "pay.capture",
                "the payment is not waiting to be captured",
                "get the payment: it must have been made with delayed_capture, and be capturable",
            )
        await self._one(wire.post("pay.capture", wire.INTENT + "/capture", intent_id), INTENT, _id_only)

    async def refund(self, new: inputs.NewRefund) -> Refund:
        """POST /v1/refunds, after a look at what is left. Every error carries the idempotency key."""
        with carrying(new.idempotency_key):
            payment = await self._look("pay.refund", new.payment_id)
            intent_id = payment.payment_provider_id
            made = await self._refunds("pay.refund", intent_id, new.payment_id)
        for part, refund in made:  # Stripe forgets keys after a day, but keeps metadata
            if (
                new.idempotency_key is not None
                and (part.get("metadata") or {}).get(wire.UNDER_KEY) == new.idempotency_key
            ):
                return refund
        self._check_refundable(payment, new)
        undone = [refund.id for _, refund in made if refund.status is RefundStatus.ERROR]
        key = new.idempotency_key or wire.refund_key(intent_id or "", new.available, undone)
        return await self._make(
            wire.refund(new, intent_id or "", payment.reference, key),
            REFUND,
            lambda part, raw: to_refund(part, raw, new.payment_id),
            lambda refund_id: wire.get("pay.get_refund", wire.REFUND, refund_id),
        )

    def _check_refundable(self, payment: Payment, new: inputs.NewRefund) -> None:
        left = payment.refundable
        status = left.status if left is not None else RefundableStatus.UNAVAILABLE
        if left is None or status is not RefundableStatus.AVAILABLE:
            why, fix = _NOT_REFUNDABLE[status]
            raise self._conflict("pay.refund", f"the payment cannot be refunded: {why}", fix)
        if new.available.currency != left.available.currency:
            problem = "is not of the payment's currency"
            raise wire.invalid("pay.refund", "available", problem, "pass `payment.refundable.available`")
        if new.available != left.available:
            raise self._conflict(
                "pay.refund",
                "what is left to refund is not what `available` says: the payment may have been refunded already",
                "list the payment's refunds; if this one is not among them, get the payment and refund with its "
                "`available`",
            )

    async def get_refund(self, wanted: inputs.OnRefund) -> Refund:
        """GET /v1/refunds/{id}, and a look whether it is of that payment."""
        request = wire.get("pay.get_refund", wire.REFUND, wanted.refund_id)
        part, refund = await self._one(request, REFUND, _refund_of(wanted.payment_id))
        intent_id = id_of(part.get("payment_intent"))
        if wanted.payment_id not in (payment_of_refund(part), intent_id) and (
            intent_id is None or intent_id != await self._intent_of("pay.get_refund", wanted.payment_id)
        ):
            raise NotFound(
                "there is no such refund of that payment",
                fix="check both ids, and that they belong together",
                operation="pay.get_refund",
                provider=self.provider,
            )
        return refund

    async def list_refunds(self, wanted: inputs.OnPayment) -> tuple[Refund, ...]:
        """GET /v1/refunds of the PaymentIntent."""
        intent_id = await self._intent_of("pay.list_refunds", wanted.payment_id)
        made = await self._refunds("pay.list_refunds", intent_id, wanted.payment_id)
        return tuple(refund for _, refund in reversed(made))

    async def _refunds(self, operation: str, intent_id: str | None, payment_id: str) -> list[tuple[RefundPart, Refund]]:
        if intent_id is None:
            return []
        pages = self._pages(
            lambda after: wire.page(operation, wire.REFUNDS, after, payment_intent=intent_id),
            REFUND,
            _refund_of(payment_id),
        )
        return [found async for found in pages]

    def search(self, wanted: inputs.PaymentSearch) -> AsyncGenerator[Payment, None]:
        """GET /v1/checkout/sessions. Only the times are Stripe's to look for; the rest is looked at here."""
        _refuse_filters("pay.search", wanted, "settled_from", "settled_to", "first_digits", "agreement_id")
        return self._pages(
            lambda after: wire.page("pay.search", wire.SESSIONS, after, wanted, expand=wire.EXPAND_IN_LIST),
            SESSION,
            payment_of_session,
            lambda payment: fits(payment, wanted),
        )

    def search_refunds(self, wanted: inputs.RefundSearch) -> AsyncGenerator[Refund, None]:
        """GET /v1/refunds."""
        _refuse_filters("pay.search_refunds", wanted, "settled_from", "settled_to")
        return self._pages(
            lambda after: wire.page("pay.search_refunds", wire.REFUNDS, after, wanted), REFUND, to_refund
        )

    def search_disputes(self, wanted: inputs.DisputeSearch) -> AsyncGenerator[Dispute, None]:
        """GET /v1/disputes. Only the times are Stripe's to look for; the status is looked at here."""
        _refuse_filters("pay.search_disputes", wanted, "settled_from", "settled_to")
        return self._pages(
            lambda after: wire.page("pay.search_disputes", wire.DISPUTES, after, wanted),
            DISPUTE,
            to_dispute,
            lambda dispute: wanted.status in (None, dispute.status),
        )

    def _pages(
        self,
        request_for: Callable[[str], Request],
        kind: TypeAdapter[A],
        convert: Callable[[A, Mapping[str, object]], T],
        fits: Callable[[T], bool] | None = None,
    ) -> AsyncGenerator[T, None]:
        """Yield the items of a list that fit. The next page begins after the last item of this one."""

        async def page_at(after: str) -> Page[str]:
            request = request_for(after)
            response = await self._ask(request)
            page = read_as(PAGE, response, request=request, provider=self.provider)
            last = str(page["data"][-1].get("id")) if page["data"] else after
            is_last = not page.get("has_more") or last == after
            # A Session may also be of a subscription, or save a card.
            items = [item for item in page["data"] if item.get("mode", "payment") == "payment"]
            return Page(items, None if is_last else last, request, response)

        return self._found(page_at, "", kind, convert, name="id", fits=fits)

    async def parse_callback(self, body: bytes, headers: Mapping[str, str]) -> PayEvent:
        """Verify the header Stripe-Signature over the raw bytes, and its age, then read the event."""
        from govcomponents.pay.adapters.stripe.callbacks import parse_callback

        mode = True if self.is_live else False if self.is_test else None
        return parse_callback(body, headers, self._callbacks, now=self._clock(), is_live=mode)


def _id_only(answer: SessionPart | IntentPart, _raw: Mapping[str, object]) -> str:
    return answer["id"]


def _refund_of(payment_id: str) -> Callable[[RefundPart, Mapping[str, object]], tuple[RefundPart, Refund]]:
    return lambda part, raw: (part, to_refund(part, raw, payment_id))


def _refuse_filters(operation: str, wanted: Input, *names: str) -> None:
    for name in names:
        if getattr(wanted, name) is not None:
            raise wire.invalid(operation, name, "Stripe does not tell that", "leave it out, and search by created_from")
