"""Events of the Stripe stub: made as things happen, signed anew for each delivery, repeated for three days.

Any 2xx is taken; everything else is repeated with growing waits (Stripe docs: webhooks; the exact waits are not
published, these are in their spirit).
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from govcomponents.pay.adapters.stripe.callbacks import sign
from govcomponents.pay.adapters.stripe.wire import API_VERSION
from govcomponents.sandbox.callbacks.posting import Callback, DeliveryRule
from govcomponents.sandbox.http.messages import json_body

if TYPE_CHECKING:
    from govcomponents.sandbox.plugins.context import SandboxContext
    from govcomponents.sandbox.providers.stripe.store import Store
    from govcomponents.sandbox.providers.stripe.world import Endpoint

EventKind: TypeAlias = Literal[
    "payment_intent.created",
    "payment_intent.requires_action",
    "payment_intent.amount_capturable_updated",
    "payment_intent.succeeded",
    "payment_intent.payment_failed",
    "payment_intent.canceled",
    "checkout.session.completed",
    "checkout.session.expired",
    "refund.created",
    "refund.updated",
    "refund.failed",
    "charge.dispute.created",
    "charge.dispute.closed",
]
"""The kinds of the events."""
RULE: Final = DeliveryRule(
    timeout=10.0,
    waits=(300.0, 1800.0, 7200.0, 18_000.0, 36_000.0, 86_400.0, 86_400.0),
)


class Events:
    """Makes an event for each endpoint that wants it."""

    def __init__(self, store: Store, context: SandboxContext) -> None:
        self._store = store
        self._context = context

    def add(self, kind: EventKind, shown: dict[str, Any], at: float, reference: str | None) -> None:
        """Queue an event that happened at `at`, which may be past, about an object as it is now."""
        event = {
            "id": f"evt_{self._context.ids.token(24)}",
            "object": "event",
            "api_version": API_VERSION,
            "created": int(at),
            "data": {"object": shown},
            "livemode": self._store.world.is_live,
            "pending_webhooks": len(self._store.world.webhooks),
            "request": {"id": None, "idempotency_key": None},
            "type": kind,
        }
        body = json_body(event)
        self._store.events.append((kind, body))
        for endpoint in self._store.world.webhooks:
            if "*" in endpoint.events or kind in endpoint.events:
                make = partial(self._callback, endpoint, kind, body, reference)
                self._context.callbacks.send(make, after=at - self._context.clock.time())

    def headers(self, body: bytes, secret: str) -> dict[str, str]:
        """The headers with which a body is delivered now."""
        now = int(self._context.callers_time())
        return {
            "Content-Type": "application/json; charset=utf-8",
            "Stripe-Signature": f"t={now},v1={sign(body, secret, now)}",
        }

    def _callback(self, endpoint: Endpoint, kind: str, body: bytes, reference: str | None, _attempt: int) -> Callback:
        return Callback("stripe", kind, endpoint.url, self.headers(body, endpoint.secret), body, RULE, reference)
