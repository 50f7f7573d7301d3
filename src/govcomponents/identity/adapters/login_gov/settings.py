"""Reads and checks the settings of Login.gov, before anything is sent."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Final, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from govcomponents.core.validation import checked_base_url, host_of_url, is_absolute_url
from govcomponents.errors import ConfigurationError
from govcomponents.identity.adapters import settings as client_settings
from govcomponents.identity.adapters.login_gov import wire
from govcomponents.identity.protocol.discovery import DiscoveryPolicy
from govcomponents.identity.protocol.registration import PRIVATE_KEY_JWT, PUBLIC, ClientRegistration
from govcomponents.identity.protocol.relying_party import TokenPolicy
from govcomponents.settings import comma_list

if TYPE_CHECKING:
    from govcomponents.identity.replay_stores import ReplayStore
    from govcomponents.settings import IdentitySettings

_WITHIN: Final = re.compile(r"([1-9][0-9]{0,3})([dwmy])")
_DAYS: Final = {"d": 1, "w": 7, "m": 30, "y": 365}
_SCOPE: Final = re.compile(r"[a-z0-9_:]{1,64}")


def _scopes(values: tuple[str, ...]) -> tuple[str, ...]:
    if not all(_SCOPE.fullmatch(value) for value in values):
        raise ValueError("a scope is such as all_emails or x509:subject")
    return values


def _within(value: str) -> str:
    found = _WITHIN.fullmatch(value)
    if found is None or int(found[1]) * _DAYS[found[2]] < 30:
        raise ValueError("it is a whole number and one of d, w, m and y, and at least 30 days: such as 18m")
    return value


def _url(value: str) -> str:
    if not is_absolute_url(value):
        raise ValueError("it is not an absolute URL")
    return value


class LoginGovSettings(client_settings.AdapterSettings):
    """Settings of Login.gov alone."""

    client_authentication: Literal["private_key_jwt", "none"] = Field(
        PRIVATE_KEY_JWT, description="as registered for the client; none: PKCE alone"
    )
    two_factor: Literal["any", "phishing_resistant", "hspd12"] = Field(
        "any", description="which second factors count as two factors"
    )
    verified_within: Annotated[str, AfterValidator(_within)] | None = Field(
        None, description="how old the proof of identity may be, such as 18m; for allow-listed clients only"
    )
    extra_scopes: Annotated[tuple[str, ...], BeforeValidator(comma_list), AfterValidator(_scopes)] = Field(
        (), description="more scopes of every sign-in; what they give is in raw"
    )
    signed_out_url: Annotated[str, AfterValidator(_url)] | None = Field(
        None, description="the registered URL for people who signed out, where the call names none"
    )
    events_audience: Annotated[str, AfterValidator(_url)] | None = Field(
        None, description="the registered URL to which security events are pushed; without it the client id"
    )


@dataclass(frozen=True, slots=True)
class Configuration:
    """The checked settings of the adapter."""

    settings: LoginGovSettings
    issuer: str
    registration: ClientRegistration
    discovery_policy: DiscoveryPolicy
    token_policy: TokenPolicy
    replay_store: ReplayStore


def configure(settings: IdentitySettings, *, is_production: bool | None) -> Configuration:
    """Check the settings. Raises ConfigurationError for the first that is missing or wrong."""
    adapter_settings = client_settings.adapter_settings(LoginGovSettings, settings)
    client_settings.check_environment(settings, is_production=is_production)
    issuer = settings.issuer or wire.HOSTS[settings.environment or "integration"]
    base = checked_base_url(issuer, setting=settings.variable("issuer"))
    is_public = adapter_settings.client_authentication == PUBLIC
    if is_public and (settings.private_key or settings.private_key_file or adapter_settings.signer) is not None:
        raise ConfigurationError(
            "a private key is set, and the client is registered for PKCE alone, which uses none",
            fix=f"unset it, or correct {settings.variable('client_authentication')}",
        )
    return Configuration(
        settings=adapter_settings,
        issuer=base,
        registration=ClientRegistration(
            client_id=client_settings.client_id_of(settings),
            redirect_url=client_settings.redirect_url_of(settings),
            authentication=adapter_settings.client_authentication,
            signer=None if is_public else client_settings.signer_of(settings, adapter_settings, wire.ALGORITHMS),
            # This provider takes the address of its token endpoint only, and not the issuer: so it is a constant.
            assertion_audience=base + wire.TOKEN_PATH,
            pending_life=adapter_settings.pending_life,
            documents=client_settings.document_store_of(settings, adapter_settings),
        ),
        discovery_policy=DiscoveryPolicy(
            # Its documents end the issuer in a slash, its documentation's examples do not: what discovery says counts.
            issuers=frozenset({base, f"{base}/"}),
            hosts=frozenset({host_of_url(base)}),
            client_authentication=None if is_public else PRIVATE_KEY_JWT,
            signing_algorithm=None if is_public else "RS256",
            id_token_algorithms=wire.ALGORITHMS,
            userinfo=True,
        ),
        token_policy=TokenPolicy(
            algorithms=wire.ALGORITHMS, leeway=adapter_settings.leeway, hashes=frozenset({"at_hash", "c_hash"})
        ),
        replay_store=client_settings.replay_store_of(settings, adapter_settings),
    )
