"""Takes payments with PalPay, an invented provider: a person approves an order, and the service then captures it."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Self, TypeVar

from govcomponents import Conflict, Money, Secret, errors, pay
from govcomponents import adapters as sdk
from govcomponents.adapters import Meaning, Replay, Request, Wire
from govcomponents.adapters import PayCapability as Can
from govcomponents.pay import PaymentStatus, RefundStatus

ORDERS, GRANT = "/v2/checkout/orders", b"grant_type=client_credentials"
ERRORS = sdk.ErrorTable(
    "PalPay",
    codes={
        "INVALID_RESOURCE_ID": Meaning(errors.NotFound, "there is no such order or refund", "check the id"),
        "ORDER_ALREADY_CAPTURED": Meaning(Conflict, "the order is captured already", "get the payment"),
        "REFUND_AMOUNT_EXCEEDED": Meaning(Conflict, "less than that is left to refund", "get the payment again"),
    },
    body=sdk.json_error(code="details.0.issue", field="details.0.field"),
)
TOKEN_ERRORS = sdk.ErrorTable("PalPay", body=sdk.json_error(code="error"))
STATUSES = {
    "CREATED": PaymentStatus.CREATED,
    "PAYER_ACTION_REQUIRED": PaymentStatus.STARTED,
    "APPROVED": PaymentStatus.SUBMITTED,
    "COMPLETED": PaymentStatus.SUCCEEDED,
}
REFUNDS = {"PENDING": RefundStatus.SUBMITTED, "COMPLETED": RefundStatus.SUCCEEDED, "FAILED": RefundStatus.ERROR}
W = TypeVar("W", bound=Wire)


class Token(Wire):
    access_token: str
    expires_in: float


class Amount(Wire):
    currency_code: str
    value: str

    def money(self) -> Money:
        return Money.of(self.value, self.currency_code)


class Movement(Wire):
    id: str
    status: str
    amount: Amount


class Unit(Wire):
    reference_id: str
    description: str
    amount: Amount
    payments: Mapping[str, tuple[Movement, ...]] = {}  # captures and refunds


class Order(Wire):
    id: str
    status: str
    purchase_units: tuple[Unit]
    links: tuple[dict[str, str], ...] = ()


class PalPay(sdk.PayPort):
    """One PalPay account. Its settings are CLIENT_ID, and API_KEY for the client's secret."""

    provider = "PalPay"
    capabilities = frozenset({Can.CREATE, Can.GET, Can.CONFIRM, Can.REFUND, Can.IDEMPOTENCY_KEYS})

    def __init__(self, runtime: sdk.Runtime, base_url: str, client: Secret) -> None:
        token = sdk.CachedToken(self._fetch_token, runtime.clock, provider=self.provider)
        self._http = sdk.HttpClient(runtime, provider=self.provider, base_url=base_url, credential=token)
        self._plain = sdk.HttpClient(runtime, provider=self.provider, base_url=base_url)
        self._client = client

    @classmethod
    def from_settings(cls, settings: sdk.PaySettings, runtime: sdk.Runtime) -> Self:
        client_id = settings.own_settings(["client_id"]).get("client_id")
        if not isinstance(client_id, str) or settings.api_key is None:
            raise errors.ConfigurationError("CLIENT_ID or API_KEY is not set", fix="copy both from PalPay's dashboard")
        url = sdk.checked_base_url(settings.base_url or "https://api.palpay.example", setting="BASE_URL")
        return cls(runtime, url, Secret(f"{client_id}:{settings.api_key.reveal()}"))

    async def create(self, new: sdk.NewPayment) -> pay.Payment:
        if field := next((one for one in ("metadata", "email", "extra") if getattr(new, one)), None):
            raise errors.InvalidInput(field=field, problem="PalPay takes none", fix="omit it", operation="pay.create")
        unit = {"reference_id": new.reference, "description": new.description, "amount": _in_json(new.amount)}
        order = {"purchase_units": [unit], "return_url": new.return_url}
        return _payment(*await self._ask(Order, "pay.create", ORDERS, order, new.idempotency_key))

    async def get(self, wanted: sdk.OnPayment) -> pay.Payment:
        return _payment(*await self._ask(Order, "pay.get", f"{ORDERS}/{wanted.payment_id}"))

    async def complete(self, wanted: sdk.OnPayment, callback: Mapping[str, str]) -> pay.Payment:
        order, raw = await self._ask(Order, "pay.complete", path := f"{ORDERS}/{wanted.payment_id}")
        if order.status == "APPROVED":
            order, raw = await self._ask(Order, "pay.complete", f"{path}/capture", {}, f"capture-{order.id}")
        return _payment(order, raw)

    async def refund(self, new: sdk.NewRefund) -> pay.Refund:
        if new.extra:
            raise errors.InvalidInput(field="extra", problem="PalPay takes none", fix="omit it", operation="pay.refund")
        order, _ = await self._ask(Order, "pay.refund", f"{ORDERS}/{new.payment_id}")
        if not (captures := order.purchase_units[0].payments.get("captures")):
            raise Conflict("the payment is not paid", fix="refund it when it is", operation="pay.refund")
        path, amount = f"/v2/payments/captures/{captures[0].id}/refund", {"amount": _in_json(new.amount)}
        return _refund(new.payment_id, *await self._ask(Movement, "pay.refund", path, amount, new.idempotency_key))

    async def get_refund(self, wanted: sdk.OnRefund) -> pay.Refund:
        order, raw = await self._ask(Order, "pay.get_refund", f"{ORDERS}/{wanted.payment_id}")
        for one in order.purchase_units[0].payments.get("refunds", ()):
            if one.id == wanted.refund_id:
                return _refund(wanted.payment_id, one, raw)
        raise errors.NotFound("that payment has no such refund", fix="check both", operation="pay.get_refund")

    async def _ask(
        self, model: type[W], operation: str, path: str, body: object = None, key: str | None = None
    ) -> tuple[W, sdk.LazyJson]:
        request = Request(operation, "GET", path, Replay.ALWAYS)
        if body is not None:
            headers = {"Content-Type": "application/json"} | ({"PalPay-Request-Id": key} if key else {})
            content, replay = json.dumps(body).encode(), Replay.IDEMPOTENT if key else Replay.UNSENT
            lookup = "get the payment: it shows what became of it"
            request = Request(operation, "POST", path, replay, headers, content, lookup=lookup, idempotency_key=key)
        response = await self._http.send(request)
        if response.status >= 300:
            raise ERRORS.error(request, response)
        return sdk.read(model, response, request=request, provider=self.provider), sdk.LazyJson(response.body)

    async def _fetch_token(self) -> tuple[Secret, float]:
        pair = base64.b64encode(self._client.reveal().encode()).decode()
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Authorization": f"Basic {pair}"}
        request = Request("pay.token", "POST", "/v1/oauth2/token", Replay.ALWAYS, headers, GRANT)
        response = await self._plain.send(request)
        if response.status != 200:
            raise TOKEN_ERRORS.error(request, response)
        token = sdk.read(Token, response, request=request, provider=self.provider)
        return Secret(token.access_token), token.expires_in


def _payment(order: Order, raw: sdk.LazyJson) -> pay.Payment:
    (unit,) = order.purchase_units
    amount = unit.amount.money()
    status = STATUSES.get(order.status, PaymentStatus.UNKNOWN)
    is_captured = any(capture.status == "COMPLETED" for capture in unit.payments.get("captures", ()))
    refunded = sum((one.amount.money() for one in unit.payments.get("refunds", ())), Money(0, amount.currency))
    left = pay.RefundableStatus.AVAILABLE if refunded < amount else pay.RefundableStatus.FULL
    pages = [Secret(link["href"]) for link in order.links if link.get("rel") == "approve"]
    return pay.Payment(
        id=pay.PaymentId(order.id),
        state=pay.PaymentState(status, order.status, status is PaymentStatus.SUCCEEDED, is_captured),
        amount=amount,
        total=amount,
        reference=unit.reference_id,
        description=unit.description,
        refundable=pay.Refundable(left, amount - refunded, refunded) if is_captured else None,
        next_url=pages[0] if pages and status is PaymentStatus.CREATED else None,
        raw=raw,
    )


def _refund(payment_id: pay.PaymentId, refund: Movement, raw: sdk.LazyJson) -> pay.Refund:
    return pay.Refund(
        id=pay.RefundId(refund.id),
        payment_id=payment_id,
        amount=refund.amount.money(),
        status=REFUNDS.get(refund.status, RefundStatus.UNKNOWN),
        raw_status=refund.status,
        raw=raw,
    )


def _in_json(amount: Money) -> dict[str, str]:
    return {"currency_code": amount.currency, "value": str(amount.major)}
