"""Reads and checks the settings of GOV.UK One Login, before anything is sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from govcomponents.core.validation import checked_base_url
from govcomponents.errors import ConfigurationError
from govcomponents.identity import settings as client_settings
from govcomponents.identity.adapters.one_login.endpoints import ENVIRONMENTS, Endpoints, of_issuer
from govcomponents.identity.adapters.one_login.wire import CLIENT_ALGORITHMS
from govcomponents.privacy import Secret

if TYPE_CHECKING:
    from govcomponents.identity.jose.signing import Signer
    from govcomponents.identity.protocol.logout_stores import LogoutStore
    from govcomponents.settings import IdentitySettings


class OneLoginSettings(client_settings.AdapterSettings):
    """The settings that only this adapter knows."""

    id_token_algorithm: Literal["ES256", "RS256"] = Field("ES256", description="as registered for the client")
    high_confidence: bool = Field(default=False, description="whether the client may ask for high confidence")
    client_secret: Secret | None = Field(None, description="instead of a key, where the provider agreed to that")
    signed_requests: bool = Field(default=False, description="whether to sign every authorization request")
    claims_as_text: bool = Field(default=False, description="for the official simulator: signed claims as text")
    logout_store: Any = Field(None, description="a LogoutStore, or the path of a file; by default in memory")


@dataclass(frozen=True, slots=True)
class Configuration:
    """Everything that the adapter needs to know, checked."""

    endpoints: Endpoints
    client_id: str
    redirect_url: str
    signer: Signer | None
    client_secret: Secret | None
    id_token_algorithm: str
    leeway: int
    pending_life: int
    high_confidence: bool
    signed_requests: bool
    claims_as_text: bool
    logout_store: LogoutStore


def configure(settings: IdentitySettings, *, is_production: bool | None) -> Configuration:
    """Check the settings. Raises ConfigurationError for the first that is missing or wrong."""
    adapter_settings = client_settings.adapter_settings(OneLoginSettings, settings)
    client_settings.check_environment(settings, is_production=is_production)
    return Configuration(
        endpoints=_endpoints(settings),
        client_id=client_settings.client_id_of(settings),
        redirect_url=client_settings.redirect_url_of(settings),
        signer=_signer(settings, adapter_settings),
        client_secret=adapter_settings.client_secret,
        id_token_algorithm=adapter_settings.id_token_algorithm,
        leeway=adapter_settings.leeway,
        pending_life=adapter_settings.pending_life,
        high_confidence=adapter_settings.high_confidence,
        signed_requests=adapter_settings.signed_requests,
        claims_as_text=adapter_settings.claims_as_text,
        logout_store=client_settings.logout_store_of(settings, adapter_settings.logout_store),
    )


def _signer(settings: IdentitySettings, adapter_settings: OneLoginSettings) -> Signer | None:
    """What signs for this client; None if it has a secret instead, which is for signing in only."""
    if adapter_settings.client_secret is None:
        return client_settings.signer_of(settings, adapter_settings, CLIENT_ALGORITHMS)
    if any(key is not None for key in (adapter_settings.signer, settings.private_key, settings.private_key_file)):
        raise ConfigurationError(
            f"{settings.variable('client_secret')} and a private key are both set",
            fix="set the one that the client is registered with",
        )
    if adapter_settings.signed_requests or adapter_settings.high_confidence:
        raise ConfigurationError(
            "a client with a secret can neither sign requests nor prove identity",
            fix=f"unset {settings.variable('signed_requests')} and {settings.variable('high_confidence')}, "
            "or register a public key",
        )
    return None


def _endpoints(settings: IdentitySettings) -> Endpoints:
    if settings.issuer is not None:
        return of_issuer(checked_base_url(settings.issuer, setting=settings.variable("issuer")))
    return ENVIRONMENTS[settings.environment or "integration"]
