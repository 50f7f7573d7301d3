"""Finds a preset: the settings of a provider that is known by name."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

from govcomponents.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from govcomponents.settings import IdentitySettings

_FILE: Final = "presets.toml"


def preset(name: object, settings: IdentitySettings) -> tuple[str, dict[str, object]]:
    """Return the issuer and the settings of a preset in one of its environments, or at another issuer.

    Raises ConfigurationError if there is no such preset or environment.
    """
    known = _presets()
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
def _presets() -> Mapping[str, dict[str, Any]]:
    return tomllib.loads(files(__package__).joinpath(_FILE).read_text(encoding="utf-8"))
