"""The GC Notify stub: its v2 API below /gc-notify, there if a world has a section `gc_notify`."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from govcomponents.sandbox.plugins.provider import ProviderSpec
from govcomponents.sandbox.plugins.world_section import on_each
from govcomponents.sandbox.providers.gc_notify.faults import FAULTS, METHODS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from govcomponents.core.http.messages import Request, Response
    from govcomponents.errors import GovComponentsError
    from govcomponents.sandbox.plugins.provider import BuildStub, Section


def _read(section: Section, base_url: str) -> BuildStub:
    from govcomponents.sandbox.providers.gc_notify.stub import GcNotifyStub
    from govcomponents.sandbox.providers.gc_notify.world import read_world

    return partial(GcNotifyStub, read_world(section, base_url))


def _send_callbacks_to(section: Section, url: str) -> Section:
    def change(service: Mapping[str, Any]) -> dict[str, Any]:
        return {**service, "callback_url": f"{url}/notify"}

    return on_each({"services": [{}], **section}, "services", change)


def _explain(request: Request, response: Response, now: float) -> GovComponentsError:
    from govcomponents.notify.adapters.gc_notify.error_mapping import ERRORS

    return ERRORS.error(response, request, now)


SPEC = ProviderSpec(
    section="gc_notify",
    name="GC Notify",
    component="notify",
    start_path="/gc-notify/v2/notifications",
    read=_read,
    faults=FAULTS,
    methods=METHODS,
    send_callbacks_to=_send_callbacks_to,
    explain=_explain,
    callback_kinds=("delivery_status",),
)
