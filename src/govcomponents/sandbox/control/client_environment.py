"""How a service reaches a sandbox: settings, and the environment variables that give them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from govcomponents.privacy import Guarded

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from govcomponents.sandbox.plugins.provider import RunningProvider
    from govcomponents.settings import Settings


def settings_for(providers: Iterable[RunningProvider]) -> Settings:
    """Settings with which a client reaches providers: for each component, the first that a client can use."""
    from govcomponents.settings import Settings

    sections: dict[str, Mapping[str, object]] = {}
    for one in providers:
        found = one.stub.client_settings()
        if found is not None:
            sections.setdefault(one.spec.component, found)
    return Settings(environment="test", **sections)


def environment(settings: Settings) -> list[tuple[str, str]]:
    """The environment variables that give those settings, by name."""
    found: list[tuple[str, str]] = [("GOVCOMPONENTS_ENVIRONMENT", settings.environment or "test")]
    for component in ("pay", "notify", "identity"):
        section = getattr(settings, component)
        if section is None:
            continue
        for name in section.model_fields_set:
            value = getattr(section, name)
            if isinstance(value, tuple):
                value = ",".join(_plain(item) for item in value)
            if value not in (None, ""):
                found.append((f"GOVCOMPONENTS_{component.upper()}__{name.upper()}", _plain(value)))
    return sorted(found)


def _plain(value: object) -> str:
    return str(value.reveal()) if isinstance(value, Guarded) else str(value)
