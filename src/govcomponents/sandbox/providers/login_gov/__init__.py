"""The Login.gov stub: there if a world has a section `login_gov`."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from govcomponents.sandbox.identity_provider.faults import OPENID_FAULTS, OPENID_METHODS
from govcomponents.sandbox.plugins.provider import ProviderSpec
from govcomponents.sandbox.plugins.world_section import on_each

if TYPE_CHECKING:
    from govcomponents.core.http.messages import Request, Response
    from govcomponents.errors import GovComponentsError
    from govcomponents.sandbox.plugins.provider import BuildStub, Section


def _read(section: Section, base_url: str) -> BuildStub:
    from govcomponents.sandbox.identity_provider.stub import OpenIdStub
    from govcomponents.sandbox.identity_provider.world import read_world
    from govcomponents.sandbox.providers.login_gov.profile import LoginGov

    profile = LoginGov(base_url)
    return partial(OpenIdStub, read_world(section, profile.section, profile.people, base_url), profile)


def _send_callbacks_to(section: Section, url: str) -> Section:
    return on_each({"clients": [{}], **section}, "clients", lambda client: {**client, "events_url": f"{url}/identity"})


def _redirect_to(section: Section, url: str) -> Section:
    from govcomponents.sandbox.identity_provider.world import with_redirect_url

    return with_redirect_url(section, url)


def _explain(request: Request, response: Response, _now: float) -> GovComponentsError:
    from govcomponents.identity.adapters.login_gov.error_mapping import ERROR_MAPPING
    from govcomponents.sandbox.identity_provider.refusals import explained

    return explained(request, response, ERROR_MAPPING)


SPEC = ProviderSpec(
    section="login_gov",
    name="Login.gov",
    component="identity",
    start_path="/login-gov/.well-known/openid-configuration",
    read=_read,
    faults=OPENID_FAULTS,
    methods=OPENID_METHODS,
    send_callbacks_to=_send_callbacks_to,
    redirect_to=_redirect_to,
    explain=_explain,
    callback_kinds=("account purged",),
)
