"""The Stripe stub: Checkout Sessions with their page, PaymentIntents, refunds, disputes and webhooks."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from govcomponents.sandbox.plugins.provider import ProviderSpec
from govcomponents.sandbox.providers.stripe.faults import FAULTS

if TYPE_CHECKING:
    from govcomponents.core.http.messages import Request, Response
    from govcomponents.errors import GovComponentsError
    from govcomponents.sandbox.plugins.provider import BuildStub, Section


def _read(section: Section, base_url: str) -> BuildStub:
    from govcomponents.sandbox.providers.stripe.stub import StripeStub
    from govcomponents.sandbox.providers.stripe.world import read_world

    return partial(StripeStub, read_world(section, base_url))


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
    explain=_explain,
)
