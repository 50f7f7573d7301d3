"""Reads world files: JSON with a section for each provider, any of which may be absent."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from govcomponents.core.inputs import reason_of
from govcomponents.core.validation import base_url_parts, plain_url_parts
from govcomponents.errors import ConfigurationError
from govcomponents.sandbox.key_guard import place_of_live_key
from govcomponents.sandbox.plugins.world_section import on_each
from govcomponents.sandbox.providers import BUILT_IN, built_in_specs, find_spec

if TYPE_CHECKING:
    from govcomponents.sandbox.plugins.provider import BuildStub, ProviderSpec, Section

World = Mapping[str, object]


def default_world(*more: str) -> World:
    """The world of a sandbox that was given none, with the default sections of `more` providers, such as "stripe"."""
    specs = [spec for spec in built_in_specs() if spec.is_default]
    return {spec.section: spec.default_section() for spec in (*specs, *(find_spec(section) for section in more))}


def load_world(world: Path | str | World | None) -> World:
    """Return a world's sections. None gives the default world.

    Raises ConfigurationError if it cannot be read, or names a section that no provider has; keys that begin with
    "$comment" are for people.
    """
    if world is None:
        return _checked_default_world()
    if isinstance(world, Mapping):
        sections: object = world
    else:
        try:
            sections = json.loads(Path(world).read_text(encoding="utf-8"))
        except OSError as error:
            raise ConfigurationError(
                f"the world file {world} cannot be read: {reason_of(error)}", fix="check the path of the world file"
            ) from None
        except json.JSONDecodeError as error:
            raise ConfigurationError(
                f"the world file {world} is not JSON: {reason_of(error)}",
                fix="mend the file at that place",
            ) from None
        except TypeError:
            raise ConfigurationError(
                f"the world is neither a file's path nor sections, but of the type {type(world).__name__}",
                fix="give the path of a world file, a dict of sections, or None",
            ) from None
        except (ValueError, RecursionError) as error:
            raise ConfigurationError(
                f"the world file {world} is not JSON in UTF-8: {reason_of(error)}", fix="save it as JSON in UTF-8"
            ) from None
    return _checked(sections)


@cache
def _checked_default_world() -> World:
    """Read it once for all sandboxes of this process, none of which changes it."""
    return _checked(default_world())


def _checked(sections: object) -> World:
    if not isinstance(sections, Mapping):
        known = ", ".join(BUILT_IN)
        raise ConfigurationError("the world is not a JSON object", fix=f"give it a section for each provider: {known}")
    for name, section in cast("Mapping[object, object]", sections).items():
        if isinstance(name, str) and name.startswith("$comment"):
            continue
        find_spec(str(name))
        if section is not None and not isinstance(section, Mapping):
            raise ConfigurationError(f"the world's section {name!r} is not a JSON object", fix="see the default world")
    if (place := place_of_live_key(sections)) is not None:
        raise ConfigurationError(
            f"the world holds what looks like a real live key, at {place}",
            fix="take it out, and revoke it if others may have seen the file; invent a shorter one",
        )
    return cast("World", sections)


def _sections(world: World) -> list[tuple[ProviderSpec, Section]]:
    """The providers that a world has, with their sections: the built-in ones in their own order, then the others."""
    present = [
        name for name, section in world.items() if isinstance(section, Mapping) and not name.startswith("$comment")
    ]
    ordered = [name for name in BUILT_IN if name in present] + [name for name in present if name not in BUILT_IN]
    return [(find_spec(name), cast("Section", world[name])) for name in ordered]


def read_world(world: World, base_url: str) -> list[tuple[ProviderSpec, BuildStub]]:
    """Check every section of a world for a sandbox at `base_url`, and return what builds the stub of each.

    Raises ConfigurationError that names the place that is wrong.
    """
    return [(spec, spec.read(section, base_url)) for spec, section in _sections(world)]


def with_callbacks_to(world: World, url: str) -> World:
    """Return a world whose callbacks go to `url`/pay, `url`/notify and `url`/identity, as web shells have them.

    The secrets and tokens that it has stay; where it has none, there are invented ones. Raises ConfigurationError
    unless `url` is the http or https address of a service.
    """
    root = checked_destination(url)
    changed = {
        spec.section: spec.send_callbacks_to(section, root)
        for spec, section in _sections(world)
        if spec.send_callbacks_to is not None
    }
    return {**world, **changed}


_SECTION_OF: Final = {"govuk_pay": "pay", "govuk_notify": "notify", "oidc": "openid"}
"""The sections of providers that the setting ADAPTER calls otherwise."""


_BRING_ONE: Final = (
    "its package has to bring one: a ProviderSpec, which an entry point of the group govcomponents.sandbox names; see "
    "docs/writing-an-adapter.md, The sandbox"
)


def section_of(adapter: str) -> str:
    """Return the name of the section of a world for an adapter's provider."""
    return _SECTION_OF.get(adapter, adapter)


def _is_installed(adapter: str) -> bool:
    """Whether an adapter of that name is installed, for any component."""
    from importlib.metadata import entry_points

    return any(entry_points(group=f"govcomponents.{one}", name=adapter) for one in ("pay", "notify", "identity"))


def with_provider(world: World, adapter: str) -> World:
    """Return the world with an adapter's provider in the place of the others of its component.

    Raises ConfigurationError if the sandbox has no such provider.
    """
    section = section_of(adapter)
    try:
        spec = find_spec(section)
    except ConfigurationError as error:
        fix = _BRING_ONE if _is_installed(adapter) else error.fix
        raise ConfigurationError(f"the sandbox has no provider for the adapter {adapter!r}", fix=fix) from None
    others = {name: one for name, one in world.items() if find_spec(name).component != spec.component}
    return {**others, section: world.get(section) or spec.default_section()}


def with_redirects_to(world: World, url: str) -> World:
    """Return a world in which people who sign in may come back to `url`, and do so before all others.

    It is registered for each service of an identity provider, also for the one that an empty section has. Raises
    ConfigurationError unless it is an http or https URL.
    """
    if plain_url_parts(url) is None:
        raise ConfigurationError(
            "the address to redirect to is not a URL", fix='give one such as "http://localhost:8000/signed-in"'
        )

    def register(client: Mapping[str, Any]) -> Mapping[str, Any]:
        return {**client, "redirect_urls": [url, *(one for one in client["redirect_urls"] if one != url)]}

    def redirected(spec: ProviderSpec, section: Section) -> Section:
        if spec.redirect_to is not None:
            return spec.redirect_to(section, url)
        return on_each(section, "clients", lambda client: register(client) if "redirect_urls" in client else client)

    changed = {
        spec.section: redirected(spec, section) for spec, section in _sections(world) if spec.component == "identity"
    }
    return {**world, **changed}


_IDENTITIES = ("client_id", "symbol", "id", "name", "key")


def merged_world(base: World, over: World) -> World:
    """Return a world with what another says of it: a section that is null is left out.

    Objects are merged by their keys; lists of objects by the first of client_id, symbol, id, name and key that both
    have, and what is new is added; anything else is replaced.
    """
    return cast("World", {name: part for name, part in _merged(base, over).items() if part is not None})


def _merged(base: Any, over: Any) -> Any:
    if isinstance(base, Mapping) and isinstance(over, Mapping):
        return {**base, **{name: _merged(base[name], part) if name in base else part for name, part in over.items()}}
    if _are_objects(base) and _are_objects(over):
        found = list(base)
        for part in over:
            at = next((at for at, one in enumerate(found) if _is_same(one, part)), None)
            if at is None:
                found.append(part)
            else:
                found[at] = _merged(found[at], part)
        return found
    return over


def _are_objects(value: object) -> bool:
    return isinstance(value, (list, tuple)) and bool(value) and all(isinstance(one, Mapping) for one in value)


def _is_same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    name = next((name for name in _IDENTITIES if name in one and name in other), None)
    return name is not None and one[name] == other[name]


def checked_destination(url: str) -> str:
    """Return an address below which callbacks go, without a final slash. Raises ConfigurationError."""
    if base_url_parts(url) is None:
        raise ConfigurationError(
            "the address for callbacks is not a URL", fix='give one such as "http://127.0.0.1:8000/callbacks"'
        )
    return url.rstrip("/")
