"""Reads world files: JSON with a section for each provider, any of which may be absent."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path

from govcomponents.errors import ConfigurationError

_DEFAULTS = {"pay": "govuk_pay", "notify": "govuk_notify", "one_login": "one_login"}


def default_world() -> Mapping[str, object]:
    """The world of a sandbox that was given none: each imitation brings its own section."""
    home = files("govcomponents.sandbox")
    return {
        section: json.loads(home.joinpath(folder, "default_world.json").read_text(encoding="utf-8"))
        for section, folder in _DEFAULTS.items()
    }


def load_world(world: Path | str | Mapping[str, object] | None) -> Mapping[str, object]:
    """Return a world's sections. None gives the default world. Raises ConfigurationError if it cannot be read."""
    if isinstance(world, Mapping):
        return world
    try:
        if world is None:
            return default_world()
        sections = json.loads(Path(world).read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(
            f"the world file cannot be read: {error.strerror}", fix="check the path given with --world"
        ) from None
    except ValueError as error:
        raise ConfigurationError(f"the world file is not JSON: {error}", fix="mend the file at that place") from None
    if not isinstance(sections, dict):
        raise ConfigurationError("the world file is not a JSON object", fix="give it a section for each provider")
    return sections
