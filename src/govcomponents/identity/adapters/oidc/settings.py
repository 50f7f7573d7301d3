"""Reads and checks the settings of a plain OpenID provider, before anything is sent."""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from govcomponents.core.validation import checked_base_url, host_of_url
from govcomponents.errors import ConfigurationError
from govcomponents.identity.adapters import settings as client_settings
from govcomponents.identity.adapters.oidc import wire
from govcomponents.identity.adapters.oidc.wire import Level, Levels
from govcomponents.identity.jose.signing import SecretSigner
from govcomponents.identity.jose.tokens import KEY_FOR
from govcomponents.identity.levels import Authentication, Claim, Confidence
from govcomponents.identity.protocol.discovery import DiscoveryPolicy
from govcomponents.identity.protocol.registration import (
    BASIC,
    MAC_JWT,
    POST,
    PRIVATE_KEY_JWT,
    PUBLIC,
    ClientRegistration,
)
from govcomponents.identity.protocol.relying_party import TokenPolicy
from govcomponents.privacy import Secret
from govcomponents.settings import comma_list

if TYPE_CHECKING:
    from collections.abc import Mapping

    from govcomponents.identity.jose.signing import Signer
    from govcomponents.identity.replay_stores import ReplayStore
    from govcomponents.settings import IdentitySettings

_PRESETS: Final = "presets.toml"
_HOST: Final = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?(?::[0-9]{1,5})?")
_SHORTEST_MAC_KEY: Final = 32  # RFC 7518 section 3.2
_PLAIN: Final = re.compile(r"[!-~]{1,512}")


def _mapped(value: object) -> object:
    """Read JSON as a mapping, as environment variables hold it."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        raise ValueError("it is not JSON") from None


Listed = Annotated[tuple[str, ...], BeforeValidator(comma_list)]
Mapped = Annotated[dict[str, str], BeforeValidator(_mapped)]
LevelTable = Annotated[dict[str, dict[Literal["authentication", "confidence"], str]], BeforeValidator(_mapped)]


class OpenIdConnectSettings(client_settings.AdapterSettings):
    """Settings of a plain OpenID provider alone."""

    preset: str | None = Field(None, description="a provider that is known by name, such as scotaccount")
    name: str = Field("OpenID Connect", min_length=1, max_length=80, description="the provider's name, for people")
    client_authentication: Literal[
        "private_key_jwt", "client_secret_jwt", "client_secret_basic", "client_secret_post", "none"
    ] = Field(PRIVATE_KEY_JWT, description="as registered for the client; none: PKCE alone")
    client_secret: Secret | None = Field(None, description="the secret, where the client authenticates with one")
    assertion_audience: str = Field("issuer", description="for whom client assertions are: issuer, or a whole URL")
    id_token_algorithms: Listed = Field(("RS256",), min_length=1, description="those that ID tokens may be signed with")
    require_key_id: bool = Field(default=True, description="whether tokens must name their key")
    scopes: Listed = Field(("openid", "email"), min_length=1, description="the scopes of every sign-in")
    claim_scopes: Mapped = Field(default_factory=dict, description="the scope of each claim that may be asked for")
    confidence_scopes: Mapped = Field(default_factory=dict, description="the scope of each level of confidence")
    levels: LevelTable = Field(default_factory=dict, description="what each of the provider's levels is worth")
    level_claim: str = Field("acr", min_length=1, description="the claim of the ID token that holds the level")
    level_parameter: Literal["acr_values", "vtr", "none"] = Field(wire.ACR_VALUES, description="what asks for levels")
    assured_authentication: Authentication = Field(
        Authentication.SINGLE_FACTOR, description="what every sign-in at the provider is, by agreement with it"
    )
    userinfo: Literal["json", "jwt", "none", "attributes"] = Field("json", description="where claims come from")
    endpoint_hosts: Listed = Field((), description="hosts on which endpoints may be, besides the issuer's own")
    end_session_endpoint: str | None = Field(None, description="where to sign out, where discovery does not say")
    sign_out: Literal["id_token_hint", "client_id", "none"] = Field("id_token_hint", description="how to sign out")
    options: Annotated[tuple[Literal["max_age", "login_hint"], ...], BeforeValidator(comma_list)] = Field(
        ("max_age", "login_hint"), description="the options of a sign-in that the provider honours"
    )
    logout_notices: bool = Field(default=False, description="whether the provider sends notices of logouts")
    languages: Listed = Field(("en",), min_length=1, description="the languages that the provider's pages have")
    extra_parameters: Mapped = Field(default_factory=dict, description="more parameters of every sign-in")
    attributes_url: str | None = Field(None, description="where verified attributes are")
    attributes_issuer: str | None = Field(None, description="the issuer of verified attributes")
    attributes_header: str = Field("DIS-Client-Assertion", description="the header of the assertion sent there")
    attributes_token: str = Field("claimsToken", description="the member of the answer that is the signed token")

    @model_validator(mode="after")
    def _check(self) -> Self:
        """Check what no single setting shows. No message holds a value."""
        if unknown := set(self.id_token_algorithms) - set(KEY_FOR):
            raise client_settings.WrongSetting(
                "id_token_algorithms",
                f"{len(unknown)} of them are none that are verified here; those are {', '.join(sorted(KEY_FOR))}",
            )
        if "openid" not in self.scopes:
            raise client_settings.WrongSetting("scopes", "openid must be among them")
        if self.extra_parameters.keys() & wire.RESERVED:
            raise client_settings.WrongSetting(
                "extra_parameters", "extra parameters must not replace those that this library sends"
            )
        if not all(_HOST.fullmatch(host) for host in self.endpoint_hosts):
            raise client_settings.WrongSetting(
                "endpoint_hosts", "endpoint hosts are host names in lower case, with a port if it is not 443"
            )
        if not self.claim_scopes.keys() <= {Claim.PHONE.value, Claim.ADDRESS.value}:
            raise client_settings.WrongSetting("claim_scopes", "claims that have a scope are phone and address")
        if not self.confidence_scopes.keys() <= {"low", "medium", "high"}:
            raise client_settings.WrongSetting(
                "confidence_scopes", "levels of confidence that have a scope are low, medium and high"
            )
        if self.confidence_scopes and self.userinfo != "attributes":
            raise client_settings.WrongSetting(
                "confidence_scopes", "confidence that is asked for by scope comes with verified attributes only"
            )
        if self.userinfo == "attributes" and not (self.attributes_url and self.attributes_issuer):
            raise client_settings.WrongSetting(
                "attributes_url", "verified attributes need the address and the issuer of attributes"
            )
        _levels(self)
        return self


@dataclass(frozen=True, slots=True)
class Configuration:
    """The checked settings of the adapter."""

    settings: OpenIdConnectSettings
    issuer: str
    registration: ClientRegistration
    levels: Levels
    discovery_policy: DiscoveryPolicy
    token_policy: TokenPolicy
    replay_store: ReplayStore


def configure(settings: IdentitySettings, *, is_production: bool | None) -> Configuration:
    """Check the settings. Raises ConfigurationError for the first that is missing or wrong."""
    issuer = settings.issuer or ""
    given: dict[str, object] = {}
    if (name := settings.own_settings(OpenIdConnectSettings.model_fields).get("preset")) is not None:
        client_settings.check_environment(settings, is_production=is_production)
        issuer, given = _preset(name, settings)
    elif settings.environment is not None:
        raise ConfigurationError(
            f"{settings.variable('environment')} means something only with a preset",
            fix=f"set {settings.variable('issuer')}, and unset the other",
        )
    adapter_settings = client_settings.adapter_settings(OpenIdConnectSettings, settings, given)
    checked_base_url(issuer, setting=settings.variable("issuer"))
    urls = [
        ("end_session_endpoint", adapter_settings.end_session_endpoint),
        ("attributes_url", adapter_settings.attributes_url),
    ]
    if adapter_settings.assertion_audience != "issuer":
        urls.append(("assertion_audience", adapter_settings.assertion_audience))
    for setting, url in urls:
        if url is not None:
            checked_base_url(url, setting=settings.variable(setting))
    registration = _registration(settings, adapter_settings)
    return Configuration(
        settings=adapter_settings,
        issuer=issuer,
        registration=registration,
        levels=_levels(adapter_settings),
        discovery_policy=DiscoveryPolicy(
            issuers=frozenset({issuer}),
            hosts=frozenset({host_of_url(issuer), *adapter_settings.endpoint_hosts}),
            client_authentication=None
            if adapter_settings.client_authentication == PUBLIC
            else adapter_settings.client_authentication,
            signing_algorithm=None if registration.signer is None else registration.signer.algorithm,
            id_token_algorithms=frozenset(adapter_settings.id_token_algorithms),
            userinfo=adapter_settings.userinfo in ("json", "jwt"),
        ),
        token_policy=TokenPolicy(
            algorithms=frozenset(adapter_settings.id_token_algorithms),
            leeway=adapter_settings.leeway,
            key_id=adapter_settings.require_key_id,
            extra_audiences=True,
            signed_userinfo=adapter_settings.userinfo == "jwt",
            algorithm_fix=f"set {settings.variable('id_token_algorithms')} to those with which the provider signs for "
            "this client, or have it sign with one of them",
            key_id_fix=f"set {settings.variable('require_key_id')} to false if the provider has one key without an id",
            level_fix=f"set {settings.variable('levels')} and {settings.variable('level_claim')} to what the provider "
            "calls its levels, or let it give this client the level that is asked for",
            userinfo_fix=f"set {settings.variable('userinfo')} to the form that the provider answers in: jwt or json",
        ),
        replay_store=client_settings.replay_store_of(settings, adapter_settings),
    )


def _registration(settings: IdentitySettings, adapter_settings: OpenIdConnectSettings) -> ClientRegistration:
    signer: Signer | None = None
    if adapter_settings.client_authentication == PRIVATE_KEY_JWT:
        signer = client_settings.signer_of(settings, adapter_settings, frozenset(KEY_FOR))
    elif (
        settings.private_key is not None or settings.private_key_file is not None or adapter_settings.signer is not None
    ):
        raise _contradiction(settings, adapter_settings, "a private key")
    needs_secret = adapter_settings.client_authentication in (BASIC, POST, MAC_JWT)
    if needs_secret != (adapter_settings.client_secret is not None):
        raise (
            _missing_secret(settings) if needs_secret else _contradiction(settings, adapter_settings, "a client secret")
        )
    if adapter_settings.client_secret is not None and not _PLAIN.fullmatch(adapter_settings.client_secret.reveal()):
        raise ConfigurationError(
            f"{settings.variable('client_secret')} is no client secret: "
            "it is empty, too long, or holds a space or a control sign",
            fix="set it to the secret that the provider gave, whole",
        )
    if adapter_settings.client_authentication == MAC_JWT and adapter_settings.client_secret is not None:
        if len(adapter_settings.client_secret.reveal()) < _SHORTEST_MAC_KEY:
            raise ConfigurationError(
                f"{settings.variable('client_secret')} is too short to sign with",
                fix=f"let the provider give the client a secret of {_SHORTEST_MAC_KEY} characters or more",
            )
        signer = SecretSigner(adapter_settings.client_secret)
    return ClientRegistration(
        client_id=client_settings.client_id_of(settings),
        redirect_url=client_settings.redirect_url_of(settings),
        authentication=adapter_settings.client_authentication,
        signer=signer,
        secret=adapter_settings.client_secret,
        assertion_audience=None
        if adapter_settings.assertion_audience == "issuer"
        else adapter_settings.assertion_audience,
        pending_life=adapter_settings.pending_life,
        documents=client_settings.document_store_of(settings, adapter_settings),
        names_itself=True,
    )


def _contradiction(
    settings: IdentitySettings, adapter_settings: OpenIdConnectSettings, what: str
) -> ConfigurationError:
    return ConfigurationError(
        f"{what} is set, and the client authenticates by {adapter_settings.client_authentication}, which uses none",
        fix=f"unset it, or correct {settings.variable('client_authentication')}",
    )


def _missing_secret(settings: IdentitySettings) -> ConfigurationError:
    return ConfigurationError(
        f"{settings.variable('client_secret')} is not set",
        fix="set it, or let the client authenticate with its private key",
    )


def _levels(adapter_settings: OpenIdConnectSettings) -> Levels:
    """Read the table of levels. Raises ValueError."""
    floor = Level(adapter_settings.assured_authentication, Confidence.NONE)
    return Levels({name: _level(worth, floor) for name, worth in adapter_settings.levels.items()}, floor)


def _level(worth: dict[Any, str], floor: Level) -> Level:
    try:
        return Level(
            Authentication(worth.get("authentication", floor.authentication.value)),
            Confidence(worth.get("confidence", "none")),
        )
    except ValueError:
        raise client_settings.WrongSetting(
            "levels", "a level has authentication (single_factor, two_factor) and confidence (none, low, medium, high)"
        ) from None


def _preset(name: object, settings: IdentitySettings) -> tuple[str, dict[str, object]]:
    """Return the issuer and the settings of a preset in one of its environments, or at another issuer.

    Raises ConfigurationError if there is no such preset or environment.
    """
    known = known_presets()
    environment, issuer = settings.environment, settings.issuer
    if not isinstance(name, str) or name not in known:
        raise ConfigurationError(
            f"{settings.variable('preset')}: there is no such preset", fix=f"use one of {', '.join(known)}"
        )
    values = dict(known[name])
    environments = values.pop("environments")
    if environment is not None:
        if environment not in environments:
            raise ConfigurationError(
                f"{settings.variable('environment')}: the preset has no such environment",
                fix=f"use one of {', '.join(environments)}",
            )
        values |= environments[environment]
        issuer = str(values.pop("issuer"))
    base = (issuer or "").rstrip("/")
    return issuer or "", {key: _filled(value, base) for key, value in values.items()}


def _filled(value: object, base: str) -> object:
    return value.replace("{issuer}", base) if isinstance(value, str) else value


@lru_cache(maxsize=1)
def known_presets() -> Mapping[str, dict[str, Any]]:
    """Return the settings of each preset, by its name."""
    return tomllib.loads(files(__package__).joinpath(_PRESETS).read_text(encoding="utf-8"))
