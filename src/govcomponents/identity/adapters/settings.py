"""Reads and checks the settings that a client of every identity provider has, before anything is sent."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from govcomponents.core.validation import is_secure, is_text, plain_url_parts
from govcomponents.errors import ConfigurationError
from govcomponents.identity.jose.shared_documents import DocumentStore
from govcomponents.identity.jose.signing import Signer, check_algorithm, load_signer, read_key_file
from govcomponents.identity.jose.tokens import DEFAULT_LEEWAY, MAX_LEEWAY
from govcomponents.identity.pending import PENDING_LIFE
from govcomponents.identity.replay_stores import FileReplayStore, MemoryReplayStore, ReplayStore
from govcomponents.privacy import Secret

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from govcomponents.settings import IdentitySettings

MAX_PENDING_LIFE: Final = 7 * 86_400
_SAID: Final = {
    "string_unicode": "it holds half of a surrogate pair, which is no character",
    "string_pattern_mismatch": "it has characters, or a form, that it cannot have",
}


class AdapterSettings(BaseModel):
    """The base of the settings that only one adapter knows: what each of them has."""

    model_config: ClassVar[ConfigDict] = ConfigDict(
        frozen=True, extra="forbid", hide_input_in_errors=True, arbitrary_types_allowed=True
    )

    signing_algorithm: str = Field("RS256", description="with which this service signs")
    key_id: str | None = Field(
        None, min_length=1, max_length=256, pattern=r"^[ -~]+$", description="the id of the published public key"
    )
    signer: Any = Field(None, description="an object that signs, instead of a private key; not from the environment")
    leeway: int = Field(DEFAULT_LEEWAY, gt=0, le=MAX_LEEWAY, description="seconds that clocks may differ")
    replay_store: Any = Field(None, description="a ReplayStore, or the path of a file; by default in memory")
    document_store: Any = Field(None, description="a DocumentStore of keys and documents that processes share")
    pending_life: int = Field(PENDING_LIFE, ge=60, le=MAX_PENDING_LIFE, description="seconds to come back in")

    @model_validator(mode="after")
    def _check_texts(self) -> Self:
        """Refuse at the start what could not be sent: an environment variable may hold bytes that are no text."""
        for name in type(self).model_fields:
            if not all(is_text(text) for text in _texts_in(getattr(self, name))):
                raise WrongSetting(name, _SAID["string_unicode"])
        return self


class WrongSetting(ValueError):
    """A setting that is wrong beside others. `setting` is its name; the message holds no value."""

    def __init__(self, setting: str, problem: str) -> None:
        super().__init__(problem)
        self.setting = setting


def _texts_in(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from (text for pair in value.items() for one in pair for text in _texts_in(one))
    elif isinstance(value, tuple):
        yield from (text for one in value for text in _texts_in(one))


O = TypeVar("O", bound=AdapterSettings)  # noqa: E741  # one letter, as type variables have


def adapter_settings(model: type[O], settings: IdentitySettings, preset: Mapping[str, object] | None = None) -> O:
    """Read the settings that only one adapter knows, over those of a preset.

    Raises ConfigurationError for the first that is wrong.
    """
    values = settings.own_settings(model.model_fields)
    try:
        return model.model_validate({**(preset or {}), **values})
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)[0]
        cause = found.get("ctx", {}).get("error")
        said = _SAID.get(found["type"], found["msg"].removeprefix("Value error, "))
        if found["type"] == "literal_error":
            said = f"it is not one of {found['ctx']['expected']}, and no other is supported"
        name = cause.setting if isinstance(cause, WrongSetting) else str(found["loc"][0]) if found["loc"] else "..."
        raise ConfigurationError(f"{settings.variable(name)}: {said}", fix="correct that setting") from None


def check_environment(settings: IdentitySettings, *, is_production: bool | None) -> None:
    """Check that an environment or an issuer is set, and that a live one is not used elsewhere than in production.

    Raises ConfigurationError.
    """
    if settings.issuer is not None and settings.environment is not None:
        raise ConfigurationError(
            f"{settings.variable('environment')} and {settings.variable('issuer')} are both set",
            fix="set the environment for the real provider, or the issuer for a sandbox or simulator",
        )
    if settings.issuer is None and settings.environment is None:
        raise ConfigurationError(
            f"{settings.variable('environment')} is not set",
            fix='set it to "integration" or "production", or set the issuer of a sandbox',
        )
    if settings.environment == "production" and is_production is False:
        raise ConfigurationError(
            f"{settings.variable('environment')} is production, and this process was told that it is not production",
            fix='use "integration" here, or set GOVCOMPONENTS_ENVIRONMENT=production where it is',
        )


def client_id_of(settings: IdentitySettings) -> str:
    """Return the client id. Raises ConfigurationError."""
    client_id = settings.client_id
    if not client_id or not client_id.isascii() or not client_id.isprintable() or " " in client_id:
        raise ConfigurationError(
            f"{settings.variable('client_id')} is not set, or is no client id",
            fix="set it to the client id that the provider gave",
        )
    return client_id


def redirect_url_of(settings: IdentitySettings) -> str:
    """Return the URL to which people come back. Raises ConfigurationError."""
    url = settings.redirect_url
    parts = plain_url_parts(url)
    if url is None or parts is None or not is_secure(parts):
        raise ConfigurationError(
            f"{settings.variable('redirect_url')} is not set, or is no https URL "
            "(http is accepted for this machine's loopback only)",
            fix="set it to the URL that is registered for the client, exactly as registered",
        )
    return url


def signer_of(settings: IdentitySettings, adapter_settings: AdapterSettings, allowed: frozenset[str]) -> Signer:
    """Return what signs for this service, with an algorithm of `allowed`. Raises ConfigurationError."""
    given = (adapter_settings.signer, settings.private_key, settings.private_key_file)
    if sum(value is not None for value in given) != 1:
        raise _one_key(settings)
    if adapter_settings.signer is not None:
        if not isinstance(adapter_settings.signer, Signer):
            raise ConfigurationError(
                "the signer has not algorithm, key_id and sign(data)",
                fix="give a govcomponents.identity.Signer",
            )
        check_algorithm(adapter_settings.signer.algorithm, allowed, "the signer")
        return adapter_settings.signer
    key, setting = _private_key(settings)
    return load_signer(
        key,
        algorithm=adapter_settings.signing_algorithm,
        allowed=allowed,
        key_id=adapter_settings.key_id,
        setting=setting,
    )


def signer_from_settings(settings: IdentitySettings, *, algorithm: str = "RS256", key_id: str | None = None) -> Signer:
    """Return what signs with the private key of the settings, which is itself there or in a file.

    Raises ConfigurationError if neither is set, or both, and for a key that is weak or of another algorithm.
    """
    key, setting = _private_key(settings)
    return load_signer(key, algorithm=algorithm, allowed=frozenset({algorithm}), key_id=key_id, setting=setting)


def _private_key(settings: IdentitySettings) -> tuple[Secret, str]:
    """Return the private key, and the setting that it is in. Raises ConfigurationError."""
    key, file = settings.private_key, settings.private_key_file
    if key is not None and file is None:
        return key, settings.variable("private_key")
    if file is None or key is not None:
        raise _one_key(settings)
    setting = settings.variable("private_key_file")
    return Secret(read_key_file(file, setting=setting)), setting


def replay_store_of(settings: IdentitySettings, adapter_settings: AdapterSettings) -> ReplayStore:
    """Return the store of seen callbacks: the given one, a file, or one in memory. Raises ConfigurationError."""
    given = adapter_settings.replay_store
    if given is None:
        return MemoryReplayStore()
    if isinstance(given, (str, Path)):
        return FileReplayStore(given)
    if isinstance(given, ReplayStore):
        return given
    raise ConfigurationError(
        f"{settings.variable('replay_store')} is neither a path nor a ReplayStore",
        fix="give the path of a file, or an object with has() and add()",
    )


def document_store_of(settings: IdentitySettings, adapter_settings: AdapterSettings) -> DocumentStore | None:
    """Return the store of documents that processes share, if one is given. Raises ConfigurationError."""
    given = adapter_settings.document_store
    if given is None or isinstance(given, DocumentStore):
        return given
    raise ConfigurationError(
        f"{settings.variable('document_store')} is no DocumentStore",
        fix="give an object with get(), put() and begin(), such as SqlDocumentStore(engine)",
    )


def _one_key(settings: IdentitySettings) -> ConfigurationError:
    return ConfigurationError(
        f"exactly one of {settings.variable('private_key')}, {settings.variable('private_key_file')} "
        "and a signer is needed",
        fix="set the one that you use, and unset the others",
    )
