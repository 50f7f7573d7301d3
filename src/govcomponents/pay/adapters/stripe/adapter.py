"""The Stripe adapter: the port's operations on Checkout Sessions, PaymentIntents, refunds and disputes.

A payment's id is its Session's. Where Stripe names only the PaymentIntent, as some webhooks do, that names it too.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import replace
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Required, TypeVar

from pydantic import StrictBool, TypeAdapter
from typing_extensions import TypedDict

from govcomponents.core.http.responses import read_as
from govcomponents.core.ports.answers import check_is
from govcomponents.errors import Conflict, GovComponentsError, NotFound, OutcomeUnknown, RequestRefused
from govcomponents.pay.adapters.api_key_adapter import ApiKeyAdapter, KeyForm, webhook_secrets
from govcomponents.pay.adapters.doubts import DOUBTS
from govcomponents.pay.adapters.http_adapter import Page, Reader, carrying
from govcomponents.pay.adapters.local_filters import fits
from govcomponents.pay.adapters.refund_guard import check_refundable
from govcomponents.pay.adapters.stripe import parsing, wire
from govcomponents.pay.adapters.stripe.parsing import DISPUTE, INTENT, REFUND, SESSION, to_refund
from govcomponents.pay.adapters.values import whole_answer
from govcomponents.pay.capabilities import PayCapability as Can
from govcomponents.pay.states import PaymentStatus, RefundStatus

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Mapping

    from govcomponents.core.http.messages import Request, Response
    from govcomponents.pay import inputs
    from govcomponents.pay.events import PayEvent
    from govcomponents.pay.models import Dispute, Payment, Refund

A = TypeVar("A")
T = TypeVar("T")


@whole_answer
class _Made(TypedDict):
    id: str


@whole_answer
class _PagePart(TypedDict, total=False):
    data: Required[list[dict[str, object]]]
    has_more: StrictBool


_MADE: Final = Reader(TypeAdapter(_Made), lambda made, _raw: made["id"])
_PAGE: Final = TypeAdapter(_PagePart)
_ACTED: Final = Reader(INTENT.form, lambda intent, _raw: (intent["id"], intent["status"]))


class Stripe(ApiKeyAdapter):
    """Takes payments through Stripe's API. `is_live` tells by the key whether the money is real."""

    provider = wire.PROVIDER
    limits = wire.LIMITS
    # It honours a key for 24 hours: an hour is left for clocks and slow requests.
    doubts = MappingProxyType({**DOUBTS, "pay.refund": replace(DOUBTS["pay.refund"], key_lifetime=23 * 3600.0)})
    secret_forms = webhook_secrets(
        r"whsec_(?P<random>[A-Za-z0-9+/=_-]+)",
        "copy the signing secret from the endpoint's page in Stripe's dashboard: it starts with whsec_",
    )
    capabilities = frozenset(Can) - {
        *(Can.CONFIRM, Can.LIST_EVENTS, Can.AGREEMENTS, Can.SEARCH_AGREEMENTS),
        *(Can.TELEPHONE, Can.MOTO, Can.WELSH, Can.PREFILLED_DETAILS),
    }
    key_form = KeyForm(
        test=("sk_test_", "rk_test_"),
        live=("sk_live_", "rk_live_"),
        shape=re.compile(r"(?:sk|rk)_[!-~]+"),
        told="a secret one starts with sk_, a restricted one with rk_; a publishable one (pk_) takes no payments",
        source="make a secret or restricted key in Stripe's dashboard and set it",
    )
    default_base_url = "https://api.stripe.com"
    signature_header = "Stripe-Signature"
    rate_limit_wait = wire.WAIT

    @staticmethod
    def is_rate_limit(response: Response) -> bool:
        """Whether waiting helps, which Stripe itself may deny."""
        return response.header("stripe-should-retry") != "false"

    def refusal(self, request: Request, response: Response) -> GovComponentsError:
        """Return the error that an answer other than success stands for."""
        from govcomponents.pay.adapters.stripe.error_mapping import refusal

        return refusal(request, response)

    def is_at_work(self, error: GovComponentsError) -> bool:
        """Whether another request under the same key is at work."""
        return self._repeats and error.status == 409

    async def _make(self, request: Request, reader: Reader[A, T], read_again: Callable[[str], Request]) -> T:
        """Make something under an idempotency key. What is answered a second time is read anew: it may have changed."""
        with carrying(request.idempotency_key):
            response = await self.ask(request)
            if response.header("idempotent-replayed") != "true":
                return self.read_one(request, response, reader)
            made = self.read_one(request, response, _MADE)
            try:
                return await self.one(read_again(made), reader)
            except OutcomeUnknown:
                raise
            except GovComponentsError as error:  # of the reading; what was made is there all the same
                raise OutcomeUnknown(
                    f"it was made under this key, and how it is now could not be read ({type(error).__name__})",
                    lookup=request.lookup,
                    operation=request.operation,
                    provider=self.provider,
                    status=error.status,
                    code=error.code,
                    request_id=error.request_id,
                ) from None

    async def _look(self, operation: str, payment_id: str) -> Payment:
        if wire.is_intent(payment_id):
            payment = await self.one(wire.get_intent(operation, payment_id), INTENT)
        else:
            payment = await self.one(wire.get_session(operation, payment_id), SESSION)
        self._check_id(payment.id, payment_id, operation)
        return payment

    def _check_id(self, told: str, wanted: str, operation: str) -> None:
        """Refuse an answer about something else: what is done next would be done to that. Raises WrongAnswer."""
        check_is("id", told, wanted, operation=operation, provider=self.provider)

    async def _act(self, operation: str, action: str, intent_id: str) -> str:
        """Act on a PaymentIntent, and return the status that it has then."""
        request = wire.post(operation, f"{wire.INTENT}/{action}", intent_id)
        found, status = await self.one(request, _ACTED)
        self._check_id(found, intent_id, operation)
        return status

    async def _intent_of(self, operation: str, payment_id: str) -> str | None:
        """The id of the PaymentIntent behind a payment; None until the person has tried to pay."""
        if wire.is_intent(payment_id):
            return payment_id
        return (await self._look(operation, payment_id)).payment_provider_id

    def _conflict(self, operation: str, happened: str, fix: str) -> Conflict:
        return Conflict(happened, fix=fix, operation=operation, provider=self.provider)

    async def create(self, new: inputs.NewPayment) -> Payment:
        """POST /v1/checkout/sessions, mode `payment`. Every error carries the idempotency key."""
        self.check_return_url(new)
        request = wire.create(new, new.idempotency_key or wire.new_key(self._clock()))
        return await self._make(request, SESSION, lambda session_id: wire.get_session("pay.create", session_id))

    async def get(self, wanted: inputs.OnPayment) -> Payment:
        """GET /v1/checkout/sessions/{id}, or /v1/payment_intents/{id}."""
        return await self._look("pay.get", wanted.payment_id)

    async def check(self) -> None:
        """Ask for a Session that cannot be: whoever is told that there is none was let in."""
        with suppress(NotFound):
            await self.ask(wire.get("pay.check", wire.SESSION, f"cs_{'live' if self.is_live else 'test'}_0"))

    async def cancel(self, wanted: inputs.OnPayment) -> None:
        """Expire an open Session, after a mark that says who ended it; cancel a PaymentIntent whose money is held."""
        payment = await self._look("pay.cancel", wanted.payment_id)
        if not payment.can_cancel:
            raise self._cannot_cancel()
        if payment.status is PaymentStatus.CAPTURABLE or wire.is_intent(wanted.payment_id):
            # No reason goes along: none of Stripe's says that the service did it.
            if await self._act("pay.cancel", "cancel", payment.payment_provider_id or "") != "canceled":
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
        self._check_id(await self.one(wire.mark_cancelled(session_id), _MADE), session_id, "pay.cancel")
        try:
            ended = await self.one(wire.post("pay.cancel", wire.SESSION + "/expire", session_id), _MADE)
            self._check_id(ended, session_id, "pay.cancel")
        except (RequestRefused, Conflict):
            # The person may have paid in between, or the time may have run out.
            if (await self._look("pay.cancel", session_id)).status is not PaymentStatus.CANCELLED:
                raise self._cannot_cancel() from None

    async def capture(self, wanted: inputs.OnPayment) -> None:
        """POST /v1/payment_intents/{id}/capture. Stripe refuses a repeated one, so it is asked whether that was all."""
        intent_id = await self._intent_of("pay.capture", wanted.payment_id)
        if intent_id is None:
            raise self._conflict(
                "pay.capture",
                "the payment is not waiting to be captured",
                "get the payment: it must have been made with delayed_capture, and be capturable",
            )
        try:
            await self._act("pay.capture", "capture", intent_id)
        except Conflict:
            if not (await self._look("pay.capture", intent_id)).is_captured:
                raise

    async def refund(self, new: inputs.NewRefund) -> Refund:
        """POST /v1/refunds, after a look at what is left. Every error carries the idempotency key."""
        with carrying(new.idempotency_key):
            payment = await self._look("pay.refund", new.payment_id)
            intent_id = payment.payment_provider_id
            made = await self._refunds("pay.refund", intent_id, new.payment_id)
        for part, refund in made:  # Stripe forgets keys after a day, but keeps metadata
            key = (part.get("metadata") or {}).get(wire.UNDER_KEY)
            if key is not None and key == new.idempotency_key:
                if refund.amount != new.amount:
                    happened = "the idempotency key was used for a refund of another amount"
                    raise self._conflict("pay.refund", happened, "use another key for another refund")
                return refund
        check_refundable(payment, new, provider=self.provider)
        undone = [refund.id for _, refund in made if refund.status is RefundStatus.ERROR]
        key = new.idempotency_key or wire.refund_key(intent_id or "", new.available, undone)
        return await self._make(
            wire.refund(new, intent_id or "", payment.reference, key),
            Reader(REFUND.form, partial(to_refund, payment_id=new.payment_id, intent_id=intent_id)),
            lambda refund_id: wire.get("pay.get_refund", wire.REFUND, refund_id),
        )

    async def get_refund(self, wanted: inputs.OnRefund) -> Refund:
        """GET /v1/refunds/{id}, and a look whether it is of that payment."""
        request = wire.get("pay.get_refund", wire.REFUND, wanted.refund_id)
        part, refund = await self.one(request, _refund_of(wanted.payment_id))
        intent_id = parsing.id_of(part.get("payment_intent"))
        if wanted.payment_id not in (parsing.payment_of_refund(part), intent_id) and (
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

    async def _refunds(
        self, operation: str, intent_id: str | None, payment_id: str
    ) -> list[tuple[wire.RefundPart, Refund]]:
        if intent_id is None:
            return []
        pages = self._pages(operation, wire.REFUNDS, None, payment_intent=intent_id)
        return [refund async for refund in self.found(pages, _refund_of(payment_id, intent_id))]

    def search(self, wanted: inputs.PaymentSearch) -> AsyncGenerator[Payment, None]:
        """GET /v1/checkout/sessions. Only the times are Stripe's to look for; the rest is looked at here."""
        self.refuse_filters("pay.search", wanted, "settled_from", "settled_to", "first_digits", "agreement_id")
        # A list may expand four levels, of which `data` is one (Stripe docs: expanding responses).
        pages = self._pages("pay.search", wire.SESSIONS, wanted, expand=["data.payment_intent.latest_charge"])
        return self.found(pages, SESSION, fits=partial(fits, wanted=wanted))

    def search_refunds(self, wanted: inputs.RefundSearch) -> AsyncGenerator[Refund, None]:
        """GET /v1/refunds."""
        self.refuse_filters("pay.search_refunds", wanted, "settled_from", "settled_to")
        return self.found(self._pages("pay.search_refunds", wire.REFUNDS, wanted), REFUND)

    def search_disputes(self, wanted: inputs.DisputeSearch) -> AsyncGenerator[Dispute, None]:
        """GET /v1/disputes. Only the times are Stripe's to look for; the status is looked at here."""
        self.refuse_filters("pay.search_disputes", wanted, "settled_from", "settled_to")
        pages = self._pages("pay.search_disputes", wire.DISPUTES, wanted)
        return self.found(pages, DISPUTE, fits=lambda dispute: wanted.status in (None, dispute.status))

    async def _pages(
        self, operation: str, path: str, wanted: inputs.DatedSearch | None, **filters: object
    ) -> AsyncGenerator[Page, None]:
        """Yield the pages of a list. The next one begins after the last item of this one."""
        after, is_last = "", False
        while not is_last:
            request = wire.page(operation, path, after, wanted, **filters)
            response = await self.ask(request)
            page = read_as(_PAGE, response, request=request, provider=self.provider)
            data = page["data"]
            last = str(data[-1].get("id")) if data else after
            is_last, after = not page.get("has_more") or last == after, last
            # A Session may also be of a subscription, or save a card.
            items = [item for item in data if item.get("mode", "payment") == "payment"]
            yield Page(items, request, response)

    async def parse_callback(self, body: bytes, headers: Mapping[str, str]) -> PayEvent:
        """Verify the header Stripe-Signature over the raw bytes, and its age, then read the event."""
        from govcomponents.pay.adapters.stripe.callbacks import parse_callback

        mode = True if self.is_live else False if self.is_test else None
        return parse_callback(body, headers, self._callbacks, now=self._clock(), is_live=mode)


def _refund_of(
    payment_id: str, intent_id: str | None = None
) -> Reader[wire.RefundPart, tuple[wire.RefundPart, Refund]]:
    """Return the reader of a payment's refunds that keeps their metadata."""
    return Reader(REFUND.form, lambda part, raw: (part, to_refund(part, raw, payment_id, intent_id)))
