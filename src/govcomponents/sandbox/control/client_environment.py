"""How a service reaches a sandbox: the environment variables that govcomponents reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from govcomponents.privacy import Guarded

if TYPE_CHECKING:
    from govcomponents.sandbox.app import Sandbox


def environment(sandbox: Sandbox) -> list[tuple[str, str]]:
    """The environment variables with which govcomponents reaches this sandbox, by name."""
    settings = sandbox.settings()
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
