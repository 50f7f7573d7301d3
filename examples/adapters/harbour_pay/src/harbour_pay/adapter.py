"""The adapter of Harbour Pay: OAuth2 tokens, and payments that are captured after approval."""

from __future__ import annotations

import base64
from datetime import datetime
from typing import Self
from urllib.parse import quote

from pydantic import TypeAdapter

from govcomponents import ConfigurationError, Conflict, Money, Secret, pay
from govcomponents import adapters as sdk
from govcomponents.adapters import Meaning, Replay, Request
from govcomponents.adapters import PayCapability as Can
from govcomponents.pay import FailureReason, PaymentState, PaymentStatus, RefundableStatus, RefundStatus

BY_US = FailureReason.CANCELLED_BY_SERVICE
STATUSES = {
    "AWAITING_APPROVAL": PaymentState(PaymentStatus.CREATED, "AWAITING_APPROVAL", is_finished=False),
    "APPROVED": PaymentState(PaymentStatus.CAPTURABLE, "APPROVED", is_finished=False),
    "CAPTURED": PaymentState(PaymentStatus.SUCCEEDED, "CAPTURED", is_finished=True, is_captured=True),
    "REFUSED": PaymentState(PaymentStatus.FAILED, "REFUSED", is_finished=True, failure=FailureReason.DECLINED),
    "EXPIRED": PaymentState(PaymentStatus.FAILED, "EXPIRED", is_finished=True, failure=FailureReason.EXPIRED),
    "VOIDED": PaymentState(PaymentStatus.CANCELLED, "VOIDED", is_finished=True, failure=BY_US),
}
REFUNDS = {"PENDING": RefundStatus.SUBMITTED, "DONE": RefundStatus.SUCCEEDED, "FAILED": RefundStatus.ERROR}
ERRORS = sdk.ErrorTable(
    "Harbour Pay",
    codes={
        "NOT_OPEN": Meaning(Conflict, "the payment is finished", "get the payment: its status says how it ended"),
        "TOO_MUCH": Meaning(Conflict, "more would be refunded than was taken", "get the payment and refund the rest"),
        "KEY_REUSED": Meaning(Conflict, "the idempotency key came with other values", "use a key for one action only"),
    },
    body=sdk.json_error(code="code"),
)
LOOK_UP = "search the reference in Harbour Pay's console before creating the payment again"


class TokenAnswer(sdk.Wire):
    access_token: str
    expires_in: float


class PaymentAnswer(sdk.Wire):
    id: str
    state: str
    minor: int
    refunded: int
    currency: str
    order: str
    text: str
    created: datetime | None = None
    approve_url: str | None = None


class RefundAnswer(sdk.Wire):
    id: str
    payment: str
    state: str
    minor: int
    currency: str
    created: datetime | None = None


def to_payment(answer: PaymentAnswer, raw: sdk.Raw) -> pay.Payment:
    amount, given = Money(answer.minor, answer.currency), Money(answer.refunded, answer.currency)
    left = RefundableStatus.AVAILABLE if given < amount else RefundableStatus.FULL
    page = answer.approve_url if answer.state == "AWAITING_APPROVAL" else None
    return pay.Payment(
        id=pay.PaymentId(answer.id),
        state=STATUSES.get(answer.state) or PaymentState(PaymentStatus.UNKNOWN, answer.state, is_finished=False),
        amount=amount,
        total=amount,
        reference=answer.order,
        description=answer.text,
        created_at=answer.created,
        refundable=pay.Refundable(left, amount - given, given) if answer.state == "CAPTURED" else None,
        next_url=Secret(page) if page else None,
        raw=raw,
    )


def to_refund(answer: RefundAnswer, raw: sdk.Raw) -> pay.Refund:
    return pay.Refund(
        id=pay.RefundId(answer.id),
        payment_id=pay.PaymentId(answer.payment),
        amount=Money(answer.minor, answer.currency),
        status=REFUNDS.get(answer.state, RefundStatus.UNKNOWN),
        raw_status=answer.state,
        created_at=answer.created,
        raw=raw,
    )


PAYMENT = sdk.Reader(TypeAdapter(PaymentAnswer), to_payment)
REFUND = sdk.Reader(TypeAdapter(RefundAnswer), to_refund)


class HarbourPay(sdk.HttpPayAdapter):
    """Takes payments with Harbour Pay."""

    provider = "Harbour Pay"
    capabilities = frozenset({Can.CREATE, Can.GET, Can.CANCEL, Can.CONFIRM, Can.REFUND, Can.IDEMPOTENCY_KEYS})
    limits = sdk.PayLimits(reference=64, description=200)
    errors = ERRORS

    def __init__(self, runtime: sdk.Runtime, base_url: str, client_id: str, client_secret: Secret) -> None:
        self._plain = sdk.HttpClient(runtime, provider=self.provider, base_url=base_url)
        # As RFC 6749, 2.3.1 has it: both are encoded as in a form before they are joined.
        pair = f"{quote(client_id, safe='')}:{quote(client_secret.reveal(), safe='')}"
        self._basic = Secret("Basic " + base64.b64encode(pair.encode()).decode())
        token = sdk.CachedToken(self._token, runtime.clock, provider=self.provider)
        self.http = sdk.HttpClient(runtime, provider=self.provider, base_url=base_url, credential=token)

    @classmethod
    def from_settings(cls, settings: sdk.PaySettings, runtime: sdk.Runtime) -> Self:
        own = settings.own_settings(["client_id", "client_secret"])
        client_id, client_secret = own.get("client_id"), own.get("client_secret")
        if not isinstance(client_id, str) or not isinstance(client_secret, Secret):
            names = settings.variable("client_id") + " or " + settings.variable("client_secret")
            raise ConfigurationError(f"{names} is not set", fix="copy both from Harbour Pay's console")
        base_url = sdk.checked_base_url(
            settings.base_url or "https://api.harbour-pay.example", setting=settings.variable("base_url")
        )
        return cls(runtime, base_url, client_id, client_secret)

    async def create(self, new: sdk.NewPayment) -> pay.Payment:
        for name in ("metadata", "email", "extra"):
            if getattr(new, name):
                raise self.invalid("pay.create", name, "Harbour Pay takes none", "omit it")
        fields = {"minor": new.amount.minor, "currency": new.amount.currency, "order": new.reference}
        fields |= {"text": new.description, "return_url": new.return_url}
        key = new.idempotency_key
        return await self.one(
            sdk.write_request("pay.create", "/v1/payments", {}, fields, key=key, lookup=LOOK_UP), PAYMENT
        )

    async def get(self, wanted: sdk.OnPayment) -> pay.Payment:
        return await self._read("pay.get", wanted)

    async def complete(self, wanted: sdk.OnPayment, callback: object) -> pay.Payment:
        payment = await self._read("pay.complete", wanted)
        if payment.state.status is not PaymentStatus.CAPTURABLE:
            return payment
        lookup, key = "get the payment: its status says what became of it", f"capture-{wanted.payment_id}"
        ids = {"id": wanted.payment_id}
        request = sdk.write_request("pay.complete", "/v1/payments/{id}/capture", ids, {}, key=key, lookup=lookup)
        return await self.one(request, PAYMENT)

    async def cancel(self, wanted: sdk.OnPayment) -> None:
        lookup, ids = "get the payment: its status says whether it was cancelled", {"id": wanted.payment_id}
        await self.one(sdk.write_request("pay.cancel", "/v1/payments/{id}/void", ids, {}, lookup=lookup), PAYMENT)

    async def refund(self, new: sdk.NewRefund) -> pay.Refund:
        if new.extra:
            raise self.invalid("pay.refund", "extra", "Harbour Pay takes none", "omit it")
        fields = {"minor": new.amount.minor, "currency": new.amount.currency}
        lookup, ids = "get the payment: it says how much is left to refund", {"id": new.payment_id}
        path, key = "/v1/payments/{id}/refunds", new.idempotency_key
        return await self.one(sdk.write_request("pay.refund", path, ids, fields, key=key, lookup=lookup), REFUND)

    async def get_refund(self, wanted: sdk.OnRefund) -> pay.Refund:
        ids = {"id": wanted.payment_id, "refund": wanted.refund_id}
        return await self.one(sdk.read_request("pay.get_refund", "/v1/payments/{id}/refunds/{refund}", ids), REFUND)

    async def _read(self, operation: str, wanted: sdk.OnPayment) -> pay.Payment:
        return await self.one(sdk.read_request(operation, "/v1/payments/{id}", {"id": wanted.payment_id}), PAYMENT)

    async def _token(self) -> tuple[Secret, float]:
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Authorization": self._basic.reveal()}
        request = Request("pay.token", "POST", "/oauth/token", Replay.ALWAYS, headers, b"grant_type=client_credentials")
        response = await self.ask(request, self._plain)
        token = sdk.read(TokenAnswer, response, request=request, provider=self.provider)
        return Secret(token.access_token), token.expires_in
