"""Reads and checks the settings of GOV.UK One Login, before anything is sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from govcomponents.core.client import checked_base_url
from govcomponents.errors import ConfigurationError
from govcomponents.identity.adapters.one_login.endpoints import ENVIRONMENTS, Endpoints, of_issuer
from govcomponents.identity.adapters.one_login.wire import CLIENT_ALGORITHMS
from govcomponents.identity.callback import PENDING_LIFE
from govcomponents.identity.signing import Signer, check_algorithm, load_signer, read_key_file
from govcomponents.identity.tokens import DEFAULT_LEEWAY, MAX_LEEWAY
from govcomponents.privacy import Secret

if TYPE_CHECKING:
    from govcomponents.settings import IdentitySettings

_PREFIX: Final = "GOVCOMPONENTS_IDENTITY__"
_MAX_PENDING_LIFE: Final = 7 * 86_400
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})


class OwnSettings(BaseModel):
    """The settings that only this adapter knows."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, arbitrary_types_allowed=True)

    id_token_algorithm: Literal["ES256", "RS256"] = Field("ES256", description="as registered for the client")
    signing_algorithm: str = Field("RS256", description="with which this service signs")
    key_id: str | None = Field(None, min_length=1, max_length=256, description="the id of the published public key")
    signer: Any = Field(None, description="an object that signs, instead of a private key; not from the environment")
    leeway: int = Field(DEFAULT_LEEWAY, gt=0, le=MAX_LEEWAY, description="seconds that clocks may differ")
    pending_life: int = Field(PENDING_LIFE, ge=60, le=_MAX_PENDING_LIFE, description="seconds to come back in")
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
    own = _own(settings)
    return Configuration(
        endpoints=_endpoints(settings, is_production=is_production),
        client_id=_client_id(settings),
        redirect_url=_redirect_url(settings),
        signer=_signer(settings, own),
        id_token_algorithm=own.id_token_algorithm,
        leeway=own.leeway,
        pending_life=own.pending_life,
        high_confidence=own.high_confidence,
    )


def _own(settings: IdentitySettings) -> OwnSettings:
    values = settings.own_settings("identity", frozenset(OwnSettings.model_fields))
    try:
        return OwnSettings.model_validate(values)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)[0]
        raise ConfigurationError(
            f"{_PREFIX}{str(found['loc'][0]).upper()}: {found['msg']}", fix="correct that setting"
        ) from None


def _endpoints(settings: IdentitySettings, *, is_production: bool | None) -> Endpoints:
    if settings.issuer is not None:
        if settings.environment is not None:
            raise ConfigurationError(
                f"{_PREFIX}ENVIRONMENT and {_PREFIX}ISSUER are both set",
                fix="set the environment for the real provider, or the issuer for a sandbox or simulator",
            )
        return of_issuer(checked_base_url(settings.issuer, setting=f"{_PREFIX}ISSUER"))
    if settings.environment is None:
        raise ConfigurationError(
            f"{_PREFIX}ENVIRONMENT is not set",
            fix='set it to "integration" or "production", or set the issuer of a sandbox',
        )
    if settings.environment == "production" and is_production is False:
        raise ConfigurationError(
            f"{_PREFIX}ENVIRONMENT is production, and this process was told that it is not production",
            fix='use "integration" here, or set GOVCOMPONENTS_ENVIRONMENT=production where it is',
        )
    return ENVIRONMENTS[settings.environment]


def _client_id(settings: IdentitySettings) -> str:
    client_id = settings.client_id
    if not client_id or not client_id.isascii() or not client_id.isprintable() or " " in client_id:
        raise ConfigurationError(
            f"{_PREFIX}CLIENT_ID is not set, or is no client id", fix="set it to the client id that the provider gave"
        )
    return client_id


def _redirect_url(settings: IdentitySettings) -> str:
    url = settings.redirect_url or ""
    try:
        parts = urlsplit(url)
        fits = parts.scheme in ("https", "http") and bool(parts.hostname) and not parts.username and not parts.fragment
        fits = fits and (parts.scheme == "https" or parts.hostname in _LOOPBACK)
    except ValueError:
        fits = False
    if not fits or not url.isascii() or not url.isprintable() or " " in url:
        raise ConfigurationError(
            f"{_PREFIX}REDIRECT_URL is not set, or is no https URL (http is accepted for this machine's loopback only)",
            fix="set it to the URL that is registered for the client, exactly as registered",
        )
    return url


def _signer(settings: IdentitySettings, own: OwnSettings) -> Signer:
    key, file = settings.private_key, settings.private_key_file
    if sum(value is not None for value in (own.signer, key, file)) != 1:
        raise _one_key()
    if own.signer is not None:
        if not isinstance(own.signer, Signer):
            raise ConfigurationError(
                "the signer has not algorithm, key_id and sign(data)",
                fix="give a govcomponents.identity.signing.Signer",
            )
        check_algorithm(own.signer.algorithm, CLIENT_ALGORITHMS, "the signer")
        return own.signer
    setting = f"{_PREFIX}PRIVATE_KEY"
    if file is not None:
        setting = f"{_PREFIX}PRIVATE_KEY_FILE"
        key = Secret(read_key_file(file, setting=setting))
    if key is None:
        raise _one_key()
    return load_signer(
        key, algorithm=own.signing_algorithm, allowed=CLIENT_ALGORITHMS, key_id=own.key_id, setting=setting
    )


def _one_key() -> ConfigurationError:
    return ConfigurationError(
        f"exactly one of {_PREFIX}PRIVATE_KEY, {_PREFIX}PRIVATE_KEY_FILE and a signer is needed",
        fix="set the one that you use, and unset the others",
    )
