"""Settings, from the environment (GOVCOMPONENTS_...), from arguments or from a TOML file.

pydantic-settings reads the environment, in `settings_environment.py`, and is imported only for that.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from govcomponents.errors import ConfigurationError
from govcomponents.privacy import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Self


def _split(value: object) -> object:
    """Read "a,b" as a list, as environment variables hold it."""
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


SecretList = Annotated[tuple[Secret, ...], BeforeValidator(_split)]

_SECRET_NAME: Final = re.compile(r"(?:^|_)(?:key|passphrase|password|secret|token)$", re.IGNORECASE)


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="allow", defer_build=True, hide_input_in_errors=True)

    @model_validator(mode="before")
    @classmethod
    def _hide_own_secrets(cls, values: object) -> object:
        """Make a `Secret` of each setting that only an adapter knows and whose name says that it is one."""
        if not isinstance(values, dict):
            return values
        return {
            name: Secret(value)
            if isinstance(value, str) and name not in cls.model_fields and _SECRET_NAME.search(name)
            else value
            for name, value in values.items()
        }

    def own_settings(self, component: str, known: frozenset[str] = frozenset()) -> dict[str, object]:
        """Return the settings that only the chosen adapter knows. Raises ConfigurationError for any not in `known`.

        One whose name ends with key, passphrase, password, secret or token is a `Secret`.
        """
        extra = dict(self.model_extra or {})
        if unknown := sorted(extra.keys() - known):
            names = ", ".join(f"GOVCOMPONENTS_{component.upper()}__{name.upper()}" for name in unknown)
            raise ConfigurationError(
                f"there is no such setting: {names}",
                fix=f"this adapter knows {', '.join(sorted({*type(self).model_fields, *known}))}",
            )
        return extra


class PaySettings(_Section):
    """Settings of `gov.pay`: environment names GOVCOMPONENTS_PAY__..."""

    adapter: str = Field("govuk_pay", description="the adapter's name")
    api_key: Secret | None = Field(None, description="the provider's API key")
    base_url: str | None = Field(None, description="where the API is, if not at its public address")
    webhook_secrets: SecretList = Field((), description="secrets that webhooks may be signed with, comma-separated")


class NotifySettings(_Section):
    """Settings of `gov.notify`: environment names GOVCOMPONENTS_NOTIFY__..."""

    adapter: str = Field("govuk_notify", description="the adapter's name")
    api_key: Secret | None = Field(None, description="the provider's API key")
    base_url: str | None = Field(None, description="where the API is, if not at its public address")
    callback_tokens: SecretList = Field((), description="bearer tokens that callbacks may carry, comma-separated")
    requests_per_minute: int | None = Field(None, ge=1, description="the most that this process sends in a minute")
    allowed_recipients: SecretList = Field(
        (), description="outside production, who may be sent to: addresses, @domains and numbers, comma-separated"
    )
    redirect_emails_to: Secret | None = Field(None, description="outside production, who gets every email instead")
    redirect_texts_to: Secret | None = Field(None, description="outside production, who gets every text instead")
    templates_file: Path | None = Field(None, description="the file templates.toml that names the templates")


class IdentitySettings(_Section):
    """Settings of `gov.identity`: environment names GOVCOMPONENTS_IDENTITY__..."""

    adapter: str = Field("one_login", description="the adapter's name")
    client_id: str | None = Field(None, description="the client id that the provider gave")
    private_key: Secret | None = Field(None, description="the private key as PEM, or as a JWK")
    private_key_file: Path | None = Field(None, description="a file that holds the private key as PEM, or as a JWK")
    redirect_url: str | None = Field(None, description="the registered URL to which the person comes back")
    environment: Literal["integration", "production"] | None = Field(None, description="the provider's environment")
    issuer: str | None = Field(None, description="the issuer, for a sandbox or a simulator instead of an environment")


_NOTHING = "nothing else"  # no variable can be called so: it keeps `given` from reading the environment
Environment = Literal["production", "staging", "test", "development"]


class Settings(BaseModel):
    """Everything that one `GovComponents` needs to know. A component without settings is not built.

    `Settings()` reads the environment. With arguments it holds those alone and looks at no variable, so that a test
    or a sandbox never picks up a live key; `load` lays arguments over the environment. Each raises ConfigurationError,
    which names every wrong setting and never shows a value.

    `environment` says what this process is: with "production" the guards against live keys are off; with any other
    value a key that is plainly live is refused. Not set, nothing is assumed.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True, hide_input_in_errors=True)

    environment: Environment | None = None
    pay: PaySettings | None = None
    notify: NotifySettings | None = None
    identity: IdentitySettings | None = None

    def __init__(
        self,
        *,
        environment: Environment | None = None,
        pay: PaySettings | Mapping[str, object] | None = None,
        notify: NotifySettings | Mapping[str, object] | None = None,
        identity: IdentitySettings | Mapping[str, object] | None = None,
        **unknown: object,
    ) -> None:
        values: dict[str, object] = {"environment": environment, "pay": pay, "notify": notify, "identity": identity}
        given = {name: value for name, value in values.items() if value is not None} | unknown
        if not given:
            given = _from_environment()
        given.pop(_NOTHING, None)
        try:
            super().__init__(**given)
        except ValidationError as error:
            raise ConfigurationError(
                _complaint(error), fix="set what is named, as an argument, in the file or in the environment"
            ) from None

    @classmethod
    def load(cls, **values: object) -> Self:
        """Read the environment, with `values` over it, setting by setting."""
        found = _from_environment()
        for name, value in values.items():
            section = found.get(name)
            over = value.model_dump(exclude_unset=True) if isinstance(value, BaseModel) else value
            found[name] = {**section, **over} if isinstance(section, dict) and isinstance(over, dict) else over
        return cls.given(**found)

    @classmethod
    def given(cls, **values: object) -> Self:
        """Take `values` alone, and nothing of the environment even if there are none."""
        return cls(**values, **{_NOTHING: None})  # type: ignore[arg-type]  # pydantic checks what they are

    @classmethod
    def from_toml(cls, path: Path | str) -> Self:
        """Read a TOML file with the sections [pay], [notify] and [identity]; the environment fills what it leaves out.

        Raises ConfigurationError if there is no such file, if it is not TOML, or for a wrong setting.
        """
        import tomllib

        try:
            values = tomllib.loads(Path(path).read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise ConfigurationError(
                f"the settings file cannot be read ({type(error).__name__})", fix="check its path and its form"
            ) from None
        return cls.load(**values)


def _from_environment() -> dict[str, object]:
    from govcomponents.settings_environment import environment_values

    return environment_values()


def _complaint(error: ValidationError) -> str:
    found = error.errors(include_url=False, include_context=False, include_input=False)
    return "; ".join(
        "GOVCOMPONENTS_" + "__".join(str(part).upper() for part in item["loc"]) + ": " + item["msg"] for item in found
    )
