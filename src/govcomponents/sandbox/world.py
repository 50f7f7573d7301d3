"""Reads world files: JSON with a section for each provider, any of which may be absent."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import cast

from govcomponents.errors import ConfigurationError
from govcomponents.sandbox.key_guard import place_of_live_key

_DEFAULTS = {"pay": "govuk_pay", "notify": "govuk_notify", "one_login": "one_login"}
# These are there only if a world has a section for them, which may be empty.
_KNOWN = (*_DEFAULTS, "stripe", "openid", "login_gov")


def default_world() -> Mapping[str, object]:
    """The world of a sandbox that was given none: each stub brings its own section."""
    home = files("govcomponents.sandbox.providers")
    return {
        section: json.loads(home.joinpath(folder, "default_world.json").read_text(encoding="utf-8"))
        for section, folder in _DEFAULTS.items()
    }


def load_world(world: Path | str | Mapping[str, object] | None) -> Mapping[str, object]:
    """Return a world's sections. None gives the default world.

    Raises ConfigurationError if it cannot be read, or names a section that no provider has; keys that begin with
    "$comment" are for people.
    """
    if isinstance(world, Mapping):
        sections: object = world
    else:
        try:
            sections = default_world() if world is None else json.loads(Path(world).read_text(encoding="utf-8"))
        except OSError as error:
            raise ConfigurationError(
                f"the world file cannot be read: {error.strerror}", fix="check the path given with --world"
            ) from None
        except json.JSONDecodeError as error:
            raise ConfigurationError(
                f"the world file is not JSON: line {error.lineno}, column {error.colno}: {error.msg}",
                fix="mend the file at that place",
            ) from None
        except (ValueError, RecursionError) as error:
            raise ConfigurationError(
                f"the world file is not JSON in UTF-8 ({type(error).__name__})", fix="save it as JSON in UTF-8"
            ) from None
    return _checked(sections)


def _checked(sections: object) -> Mapping[str, object]:
    known = ", ".join(_KNOWN)
    if not isinstance(sections, Mapping):
        raise ConfigurationError("the world is not a JSON object", fix=f"give it a section for each provider: {known}")
    for name, section in cast("Mapping[object, object]", sections).items():
        if isinstance(name, str) and name.startswith("$comment"):
            continue
        if name not in _KNOWN:
            raise ConfigurationError(f"the world has an unknown section {name!r}", fix=f"the sections are {known}")
        if section is not None and not isinstance(section, Mapping):
            raise ConfigurationError(f"the world's section {name!r} is not a JSON object", fix="see the default world")
    if (place := place_of_live_key(sections)) is not None:
        raise ConfigurationError(
            f"the world holds what looks like a real live key, at {place}",
            fix="take it out, and revoke it if others may have seen the file; invent a shorter one",
        )
    return cast("Mapping[str, object]", sections)
