"""The GOV.UK Pay stub: its public API, its card pages and its webhooks."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from govcomponents.sandbox.plugins.provider import ProviderSpec
from govcomponents.sandbox.plugins.world_section import load_default, on_each
from govcomponents.sandbox.providers.govuk_pay.faults import FAULTS, METHODS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from govcomponents.core.http.messages import Request, Response
    from govcomponents.errors import GovComponentsError
    from govcomponents.sandbox.plugins.provider import BuildStub, Section

_SECRET = "webhook_test_callbacks0sandbox0only"  # noqa: S105  # invented, and printed for everybody to see


def _read(section: Section, base_url: str) -> BuildStub:
    from govcomponents.sandbox.providers.govuk_pay.stub import GovUkPayStub
    from govcomponents.sandbox.providers.govuk_pay.world import read_world

    return partial(GovUkPayStub, read_world(section, base_url))


def _send_callbacks_to(section: Section, url: str) -> Section:
    def change(service: Mapping[str, Any]) -> dict[str, Any]:
        webhooks = service.get("webhooks") or [{"secret": _SECRET}]
        return {**service, "webhooks": [{**webhook, "url": f"{url}/pay", "active": True} for webhook in webhooks]}

    return on_each(section, "services", change)


def _explain(request: Request, response: Response, _now: float) -> GovComponentsError:
    from govcomponents.pay.adapters.govuk_pay.error_mapping import refusal

    return refusal(request, response)


SPEC = ProviderSpec(
    section="pay",
    name="GOV.UK Pay",
    component="pay",
    start_path="/v1/payments",
    read=_read,
    faults=FAULTS,
    methods=METHODS,
    default_section=partial(load_default, __name__),
    is_default=True,
    send_callbacks_to=_send_callbacks_to,
    explain=_explain,
    callback_kinds=(
        "card_payment_succeeded",
        "card_payment_captured",
        "card_payment_refunded",
        "card_payment_failed",
        "card_payment_expired",
    ),
)
