"""Settings with which a service reaches a sandbox, and the environment variables that give them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from govcomponents.privacy import Guarded
from govcomponents.sandbox.plugins.provider import SetsEnvironment

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from govcomponents.sandbox.plugins.provider import RunningProvider
    from govcomponents.settings import Settings

_OF_ACCOUNTS: Final = ("GOVCOMPONENTS_PAY__", "GOVCOMPONENTS_NOTIFY__", "GOVCOMPONENTS_IDENTITY__")
_OF_THE_SERVICE: Final = frozenset(
    f"GOVCOMPONENTS_{name}"
    for name in (
        "PAY__PORTABLE",
        "NOTIFY__TEMPLATES_FILE",
        "NOTIFY__REQUESTS_PER_MINUTE",
        "NOTIFY__LIMITER_URL",
        "NOTIFY__ALLOWED_RECIPIENTS",
        "NOTIFY__REDIRECT_EMAILS_TO",
        "NOTIFY__REDIRECT_TEXTS_TO",
    )
)
"""How the service does things, whichever account it has."""


def settings_for(providers: Iterable[RunningProvider]) -> Settings:
    """Settings with which a client reaches providers: for each component, the first that a client can use.

    The component's other providers are accounts, by the names of their sections.
    """
    from govcomponents.settings import IdentitySettings, NotifySettings, PaySettings, Settings

    kinds = (PaySettings, NotifySettings, IdentitySettings)
    sections: dict[str, dict[str, Any]] = {}
    for one in providers:
        found, component = one.stub.client_settings(), one.spec.component
        if found is None:
            continue
        if component not in sections:
            sections[component] = {"accounts": {}, **found}
            continue
        usual = next(kind.model_fields["adapter"].default for kind in kinds if kind.component == component)
        account = {"adapter": usual, **found, "accounts": {}}
        sections[component]["accounts"] = {**sections[component]["accounts"], one.spec.section: account}
    return Settings(
        environment="test", pay=sections.get("pay"), notify=sections.get("notify"), identity=sections.get("identity")
    )


def environment_for(providers: Sequence[RunningProvider]) -> list[tuple[str, str]]:
    """The environment variables with which a service reaches providers, by name."""
    further = [
        item for one in providers if isinstance(one.stub, SetsEnvironment) for item in one.stub.environment().items()
    ]
    return sorted([*environment(settings_for(providers)), *further])


def environment(settings: Settings) -> list[tuple[str, str]]:
    """The environment variables that give those settings, by name."""
    found: list[tuple[str, str]] = [("GOVCOMPONENTS_ENVIRONMENT", settings.environment or "test")]
    for component in ("pay", "notify", "identity"):
        section = getattr(settings, component)
        if section is None:
            continue
        for account in section.by_account().values():
            for name in account.model_fields_set - {"accounts"}:
                value = getattr(account, name)
                if isinstance(value, Guarded):
                    value = value.reveal()
                if isinstance(value, (tuple, list)):
                    value = ",".join(_plain(item) for item in value)
                if value not in (None, ""):
                    found.append((account.variable(name), _plain(value)))
    return sorted(found)


def accounts_of(names: Iterable[str]) -> list[str]:
    """Return the variables that name a provider, a place or a credential, as a developer's shell often does.

    Beside those of a sandbox they would contradict it, or lead a named account to the real provider.
    """
    return [name for name in names if name.upper().startswith(_OF_ACCOUNTS) and name.upper() not in _OF_THE_SERVICE]


def _plain(value: object) -> str:
    shown = value.reveal() if isinstance(value, Guarded) else value
    return json.dumps(shown) if isinstance(shown, Mapping) else str(shown)
