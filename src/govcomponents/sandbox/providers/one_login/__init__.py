"""The GOV.UK One Login stub: sign-in, proof of identity, tokens, keys and sign-out, as the real service does them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from govcomponents.sandbox.plugins.provider import ProviderSpec
from govcomponents.sandbox.plugins.world_section import load_default, on_each
from govcomponents.sandbox.providers.one_login.faults import FAULTS, METHODS

if TYPE_CHECKING:
    from govcomponents.core.http.messages import Request, Response
    from govcomponents.errors import GovComponentsError
    from govcomponents.sandbox.plugins.provider import BuildStub, Section


def _read(section: Section, base_url: str) -> BuildStub:
    from govcomponents.sandbox.providers.one_login.stub import OneLoginStub
    from govcomponents.sandbox.providers.one_login.world import read_world

    return partial(OneLoginStub, read_world(section, base_url))


def _send_callbacks_to(section: Section, url: str) -> Section:
    return on_each(section, "clients", lambda client: {**client, "back_channel_logout_url": f"{url}/identity"})


def _explain(request: Request, response: Response, _now: float) -> GovComponentsError:
    from govcomponents.identity.adapters.one_login.error_mapping import ERROR_MAPPING
    from govcomponents.sandbox.identity_provider.refusals import explained

    return explained(request, response, ERROR_MAPPING)


SPEC = ProviderSpec(
    section="one_login",
    name="GOV.UK One Login",
    component="identity",
    start_path="/.well-known/openid-configuration",
    read=_read,
    faults=FAULTS,
    methods=METHODS,
    default_section=partial(load_default, __name__),
    is_default=True,
    send_callbacks_to=_send_callbacks_to,
    explain=_explain,
    callback_kinds=("logout notice",),
)
