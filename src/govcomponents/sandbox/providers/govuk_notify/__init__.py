"""The GOV.UK Notify stub: its v2 API, with the state of the services that a world describes."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from govcomponents.sandbox.plugins.provider import ProviderSpec
from govcomponents.sandbox.plugins.world_section import load_default, on_each
from govcomponents.sandbox.providers.govuk_notify.faults import FAULTS, METHODS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from govcomponents.core.http.messages import Request, Response
    from govcomponents.errors import GovComponentsError
    from govcomponents.sandbox.plugins.provider import BuildStub, Section

_KINDS = ("delivery_status", "inbound_sms", "complaint", "returned_letter")
_TOKEN = "sandbox-callback-token"  # noqa: S105  # invented, and printed for everybody to see


def _read(section: Section, base_url: str) -> BuildStub:
    from govcomponents.sandbox.providers.govuk_notify.stub import GovUkNotifyStub
    from govcomponents.sandbox.providers.govuk_notify.world import read_world

    return partial(GovUkNotifyStub, read_world(section, base_url))


def _send_callbacks_to(section: Section, url: str) -> Section:
    def change(service: Mapping[str, Any]) -> dict[str, Any]:
        tokens = {one["kind"]: one["bearer_token"] for one in service.get("callbacks") or () if "kind" in one}
        callbacks = [
            {"kind": kind, "url": f"{url}/notify", "bearer_token": tokens.get(kind, _TOKEN)} for kind in _KINDS
        ]
        return {**service, "callbacks": callbacks}

    return on_each(section, "services", change)


def _explain(request: Request, response: Response, now: float) -> GovComponentsError:
    from govcomponents.notify.adapters.govuk_notify.error_mapping import ERRORS

    return ERRORS.error(response, request, now)


SPEC = ProviderSpec(
    section="notify",
    name="GOV.UK Notify",
    component="notify",
    start_path="/v2/notifications",
    read=_read,
    faults=FAULTS,
    methods=METHODS,
    default_section=partial(load_default, __name__),
    is_default=True,
    send_callbacks_to=_send_callbacks_to,
    explain=_explain,
    callback_kinds=_KINDS,
)
