"""Webhooks of the GOV.UK Pay stub: made and signed as events happen, queued with the documented retries.

Any 2xx is taken; everything else is repeated 1 minute, 5 minutes, 1 hour, 1 day and 2 days after the failure before
(GOV.UK Pay docs: webhooks; pay-webhooks, SendAttempter).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from govcomponents.pay.adapters.govuk_pay.callbacks import sign
from govcomponents.sandbox.callbacks.posting import Callback, DeliveryRule
from govcomponents.sandbox.http.messages import json_body
from govcomponents.sandbox.providers.govuk_pay import responses

if TYPE_CHECKING:
    from govcomponents.sandbox.plugins.context import SandboxContext
    from govcomponents.sandbox.providers.govuk_pay.store import Account, Charge
    from govcomponents.sandbox.providers.govuk_pay.world import EventKind

RULE: Final = DeliveryRule(
    timeout=3.0,
    waits=(60.0, 300.0, 3600.0, 86_400.0, 172_800.0),
)
_STATUS_NAMES: Final = {"P0010": "declined", "P0020": "timedout", "P0030": "cancelled"}


class Webhooks:
    """Makes a message of each event for each receiver that wants it."""

    def __init__(self, context: SandboxContext) -> None:
        self._context = context

    def add(self, account: Account, charge: Charge, event_type: EventKind, at: float) -> None:
        """Queue the messages of an event that happened at `at`, which may be past. An inactive receiver gets none."""
        for webhook in account.service.webhooks:
            if not webhook.active or event_type not in webhook.events:
                continue
            body = json_body(
                {
                    "webhook_message_id": self._context.ids.base32(),
                    "created_date": responses.moment(at),
                    "resource_id": charge.id,
                    "api_version": 1,
                    "resource_type": "PAYMENT",
                    "event_type": event_type,
                    "resource": _resource(charge, account.service.payment_provider),
                },
            )
            headers = {"Content-Type": "application/json", "Pay-Signature": sign(body, webhook.secret)}
            callback = Callback("pay", event_type, webhook.url, headers, body, RULE, charge.reference)
            self._context.callbacks.send(callback, after=at - self._context.clock.time())


def _resource(charge: Charge, provider: str) -> dict[str, Any]:
    """A payment as webhooks show it: other names of the statuses, no links, no mode."""
    shown = responses.payment_core(charge, provider)
    state = shown["state"]
    if charge.status in ("failed", "cancelled"):
        # The first match wins there, so a service's own cancel is labelled as the person's.
        code = "P0030" if charge.code == "P0040" else charge.code
        named = _STATUS_NAMES.get(code or "", charge.status)
        shown["state"] = {"status": named, "finished": True, "code": code, "message": state["message"]}
    if charge.card is not None:
        shown["card_details"] = responses.card_details(charge.card, wallet=False)
    shown["authorisation_summary"] = {"three_d_secure": {"required": charge.three_d_secure}}
    return shown
