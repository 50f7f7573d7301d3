"""The Stripe stub: Checkout Sessions with their page, PaymentIntents, refunds, disputes and webhooks."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from govcomponents.sandbox.plugins.provider import ProviderSpec
from govcomponents.sandbox.plugins.world_section import on_each
from govcomponents.sandbox.providers.stripe.faults import FAULTS, METHODS

if TYPE_CHECKING:
    from govcomponents.core.http.messages import Request, Response
    from govcomponents.errors import GovComponentsError
    from govcomponents.sandbox.plugins.provider import BuildStub, Section

_SECRET = "whsec_callbacks0sandbox0only"  # noqa: S105  # invented, and printed for everybody to see


def _read(section: Section, base_url: str) -> BuildStub:
    from govcomponents.sandbox.providers.stripe.stub import StripeStub
    from govcomponents.sandbox.providers.stripe.world import read_world

    return partial(StripeStub, read_world(section, base_url))


def _send_callbacks_to(section: Section, url: str) -> Section:
    webhooks = section.get("webhooks") or [{"secret": _SECRET}]
    return on_each({**section, "webhooks": webhooks}, "webhooks", lambda endpoint: {**endpoint, "url": f"{url}/pay"})


def _explain(request: Request, response: Response, _now: float) -> GovComponentsError:
    from govcomponents.pay.adapters.stripe.error_mapping import refusal

    return refusal(request, response)


SPEC = ProviderSpec(
    section="stripe",
    name="Stripe",
    component="pay",
    start_path="/stripe/v1/checkout/sessions",
    read=_read,
    faults=FAULTS,
    methods=METHODS,
    send_callbacks_to=_send_callbacks_to,
    explain=_explain,
    callback_kinds=(
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
    ),
)
