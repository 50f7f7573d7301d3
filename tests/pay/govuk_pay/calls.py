"""One call of each operation, by the name that the published answers have for it."""

from govcomponents.core.http.messages import Response
from govcomponents.core.http.retry import RetryPolicy
from govcomponents.core.http.runtime import Runtime
from govcomponents.core.transports.scripted import ScriptedTransport
from govcomponents.money import Money
from govcomponents.pay.adapters.govuk_pay.adapter import GovUkPay
from govcomponents.pay.events import DisputeChanged, PaymentChanged, RefundChanged
from govcomponents.pay.service import PayService
from govcomponents.pay.states import RefundStatus
from govcomponents.privacy import Secret

KEY = "api_test_key"
ID = "hu20sqlact5260q2nanm0q8u93"
CALLS = {
    "create_payment": lambda pay: pay.create(Money(100), "R-1", "A thing", "https://service.example.gov.uk/return"),
    "get_payment": lambda pay: pay.get(ID),
    "get_payment_events": lambda pay: pay.list_events(ID),
    "cancel_payment": lambda pay: pay.cancel(ID),
    "capture_payment": lambda pay: pay.capture(ID),
    "search_payments": lambda pay: list(pay.search()),
    "create_refund": lambda pay: pay.refund(ID, Money(100), available=Money(200)),
    "get_refund": lambda pay: pay.get_refund(ID, "refund1"),
    "list_refunds": lambda pay: pay.list_refunds(ID),
    "search_refunds": lambda pay: list(pay.search_refunds()),
    "create_agreement": lambda pay: pay.create_agreement("A-1", "Instalments"),
    "get_agreement": lambda pay: pay.get_agreement(ID),
    "cancel_agreement": lambda pay: pay.cancel_agreement(ID),
    "search_agreements": lambda pay: list(pay.search_agreements()),
    "search_disputes": lambda pay: list(pay.search_disputes()),
    "authorise": lambda pay: pay.authorise(
        Secret("token"), card_number="4242424242424242", cvc="123", expiry="12/39", cardholder_name="Sam Example"
    ),
}


def pay_on(*steps, key=KEY, retry=None, secrets=(), **runtime):
    wire = ScriptedTransport(steps)
    shared = Runtime(wire, retry=retry or RetryPolicy.none(), **runtime)
    return PayService(GovUkPay(Secret(key), shared, webhook_secrets=tuple(secrets)), shared), wire


def answer(status, body=b"", headers=None):
    import json

    content = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
    return Response(status, {name.lower(): value for name, value in (headers or {}).items()}, content)


def told(event):
    """What an event says that happened, in one word for each kind."""
    if isinstance(event, PaymentChanged):
        return event.change.value
    if isinstance(event, RefundChanged):
        return "refund_failed" if event.status is RefundStatus.ERROR else "refunded"
    return "disputed" if isinstance(event, DisputeChanged) else event.kind.value
