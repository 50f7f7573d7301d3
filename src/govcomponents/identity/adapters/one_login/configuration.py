"""Reads and checks the settings of GOV.UK One Login, before anything is sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from govcomponents.core.client import checked_base_url
from govcomponents.identity import client_settings
from govcomponents.identity.adapters.one_login.endpoints import ENVIRONMENTS, Endpoints, of_issuer
from govcomponents.identity.adapters.one_login.wire import CLIENT_ALGORITHMS
from govcomponents.identity.client_settings import PREFIX

if TYPE_CHECKING:
    from govcomponents.identity.signing import Signer
    from govcomponents.settings import IdentitySettings


class OwnSettings(client_settings.OwnSettings):
    """The settings that only this adapter knows."""

    id_token_algorithm: Literal["ES256", "RS256"] = Field("ES256", description="as registered for the client")
    high_confidence: bool = Field(default=False, description="whether the client may ask for high confidence")


@dataclass(frozen=True, slots=True)
class Configuration:
    """Everything that the adapter needs to know, checked."""

    endpoints: Endpoints
    client_id: str
    redirect_url: str
    signer: Signer
    id_token_algorithm: str
    leeway: int
    pending_life: int
    high_confidence: bool


def configure(settings: IdentitySettings, *, is_production: bool | None) -> Configuration:
    """Check the settings. Raises ConfigurationError for the first that is missing or wrong."""
    own = client_settings.own_settings(OwnSettings, settings)
    client_settings.check_environment(settings, is_production=is_production)
    return Configuration(
        endpoints=_endpoints(settings),
        client_id=client_settings.client_id_of(settings),
        redirect_url=client_settings.redirect_url_of(settings),
        signer=client_settings.signer_of(settings, own, CLIENT_ALGORITHMS),
        id_token_algorithm=own.id_token_algorithm,
        leeway=own.leeway,
        pending_life=own.pending_life,
        high_confidence=own.high_confidence,
    )


def _endpoints(settings: IdentitySettings) -> Endpoints:
    if settings.issuer is not None:
        return of_issuer(checked_base_url(settings.issuer, setting=f"{PREFIX}ISSUER"))
    return ENVIRONMENTS[settings.environment or "integration"]
