"""Reads the environment variables GOVCOMPONENTS_..., with pydantic-settings."""

from __future__ import annotations

from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from govcomponents.errors import ConfigurationError


class _Environment(BaseSettings):
    """The variables as text, by section. What they mean, and whether they are right, is for `Settings`."""

    model_config = SettingsConfigDict(
        env_prefix="GOVCOMPONENTS_",
        env_nested_delimiter="__",
        env_ignore_empty=True,
        enable_decoding=False,
        hide_input_in_errors=True,
    )

    environment: str | None = None
    pay: dict[str, str] | None = None
    notify: dict[str, str] | None = None
    identity: dict[str, str] | None = None


def environment_values() -> dict[str, object]:
    """Return what the environment sets, by section. Raises ConfigurationError if it cannot be read."""
    try:
        return _Environment().model_dump(exclude_none=True)
    except (SettingsError, ValueError):
        raise ConfigurationError(
            "a setting in the environment cannot be read",
            fix="give each its own variable, such as GOVCOMPONENTS_PAY__API_KEY",
        ) from None
