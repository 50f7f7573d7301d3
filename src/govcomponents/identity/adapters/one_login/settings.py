"""Reads and checks the settings of GOV.UK One Login, before anything is sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from pydantic import Field

from govcomponents.core.validation import checked_base_url
from govcomponents.errors import ConfigurationError
from govcomponents.identity.adapters import settings as client_settings
from govcomponents.identity.adapters.one_login import wire
from govcomponents.identity.protocol.registration import POST, PRIVATE_KEY_JWT, ClientRegistration
from govcomponents.identity.protocol.relying_party import TokenPolicy
from govcomponents.privacy import Secret

if TYPE_CHECKING:
    from govcomponents.identity.jose.signing import Signer
    from govcomponents.identity.replay_stores import ReplayStore
    from govcomponents.settings import IdentitySettings

# In seconds; the provider's ID tokens live for 120.
_ID_TOKEN_LIFE: Final = 3600


class OneLoginSettings(client_settings.AdapterSettings):
    """Settings of GOV.UK One Login alone."""

    id_token_algorithm: Literal["ES256", "RS256"] = Field("ES256", description="as registered for the client")
    high_confidence: bool = Field(default=False, description="whether the client may ask for high confidence")
    client_secret: Secret | None = Field(None, description="instead of a key, where the provider agreed to that")
    signed_requests: bool = Field(default=False, description="whether to sign every authorization request")
    service_url: str | None = Field(None, description="the service's address, told in the User-Agent as asked for")
    channel: Literal["web", "generic_app"] | None = Field(None, description="for which kind of screen pages are shown")
    claims_as_text: bool = Field(default=False, description="for the official simulator: signed claims as text")


@dataclass(frozen=True, slots=True)
class Configuration:
    """The checked settings of the adapter."""

    settings: OneLoginSettings
    endpoints: wire.Endpoints
    registration: ClientRegistration
    token_policy: TokenPolicy
    replay_store: ReplayStore


def configure(settings: IdentitySettings, *, is_production: bool | None) -> Configuration:
    """Check the settings. Raises ConfigurationError for the first that is missing or wrong."""
    adapter_settings = client_settings.adapter_settings(OneLoginSettings, settings)
    client_settings.check_environment(settings, is_production=is_production)
    if adapter_settings.service_url is not None:
        checked_base_url(adapter_settings.service_url, setting=settings.variable("service_url"))
    endpoints = _endpoints(settings)
    registration = ClientRegistration(
        client_id=client_settings.client_id_of(settings),
        redirect_url=client_settings.redirect_url_of(settings),
        authentication=PRIVATE_KEY_JWT if adapter_settings.client_secret is None else POST,
        signer=_signer(settings, adapter_settings),
        secret=adapter_settings.client_secret,
        pending_life=adapter_settings.pending_life,
        documents=client_settings.document_store_of(settings, adapter_settings),
    )
    return Configuration(
        settings=adapter_settings,
        endpoints=endpoints,
        registration=registration,
        token_policy=TokenPolicy(
            algorithms=frozenset({adapter_settings.id_token_algorithm}),
            leeway=adapter_settings.leeway,
            hashes=frozenset({"at_hash"}),
            max_life=_ID_TOKEN_LIFE,
            logout_algorithms=wire.LOGOUT_ALGORITHMS,
            logout_names_person=True,
            algorithm_fix=f"set {settings.variable('id_token_algorithm')} as it is registered for the client",
        ),
        replay_store=client_settings.replay_store_of(settings, adapter_settings),
    )


def _signer(settings: IdentitySettings, adapter_settings: OneLoginSettings) -> Signer | None:
    """Return the signer of this client; None if it has a secret instead, which is for signing in only."""
    if adapter_settings.client_secret is None:
        return client_settings.signer_of(settings, adapter_settings, wire.CLIENT_ALGORITHMS)
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


def _endpoints(settings: IdentitySettings) -> wire.Endpoints:
    if settings.issuer is not None:
        return wire.endpoints_of(checked_base_url(settings.issuer, setting=settings.variable("issuer")))
    return wire.ENVIRONMENTS[settings.environment or "integration"]
