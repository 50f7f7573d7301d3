"""The stub of a plain OpenID provider: there if a world has a section `openid`."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from govcomponents.sandbox.identity_provider.faults import OPENID_FAULTS, OPENID_METHODS
from govcomponents.sandbox.plugins.provider import ProviderSpec

if TYPE_CHECKING:
    from govcomponents.core.http.messages import Request, Response
    from govcomponents.errors import GovComponentsError
    from govcomponents.sandbox.plugins.provider import BuildStub, Section


def _read(section: Section, base_url: str) -> BuildStub:
    from govcomponents.sandbox.identity_provider.stub import OpenIdStub
    from govcomponents.sandbox.identity_provider.world import read_world
    from govcomponents.sandbox.providers.openid.profile import PlainOpenId

    profile = PlainOpenId(base_url)
    return partial(OpenIdStub, read_world(section, profile.section, profile.people, base_url), profile)


def _redirect_to(section: Section, url: str) -> Section:
    from govcomponents.sandbox.identity_provider.world import with_redirect_url

    return with_redirect_url(section, url)


def _explain(request: Request, response: Response, _now: float) -> GovComponentsError:
    from govcomponents.identity.protocol.error_mapping import STANDARD
    from govcomponents.sandbox.identity_provider.refusals import explained

    return explained(request, response, STANDARD)


SPEC = ProviderSpec(
    section="openid",
    name="OpenID Connect",
    component="identity",
    start_path="/openid/.well-known/openid-configuration",
    read=_read,
    faults=OPENID_FAULTS,
    methods=OPENID_METHODS,
    redirect_to=_redirect_to,
    explain=_explain,
    callback_kinds=(),
)
