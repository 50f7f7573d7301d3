"""Names of variables that look like settings and are none, and values that no setting takes."""

from __future__ import annotations

from difflib import get_close_matches
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Final

from govcomponents.check.settings.sources import PREFIX, setting_of
from govcomponents.settings import IdentitySettings, NotifySettings, PaySettings
from govcomponents.settings.environment import told_if_wrong

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from govcomponents.check.findings import Finding
    from govcomponents.check.settings.sources import Source

_SECTIONS: Final = (PaySettings, NotifySettings, IdentitySettings)
_CLOSE: Final = 0.75
_OF_DJANGO: Final = frozenset({"GOVCOMPONENTS", "GOVCOMPONENTS_DURABLE", "GOVCOMPONENTS_SIGNED_OUT_URL"})
_ENVIRONMENTS: Final = ("production", "staging", "test", "development")


def misspelt(source: Source) -> Iterator[Finding]:
    """GC112 and GC113: variables that nothing reads, and values that stop the service at its start."""
    for name in source.values:
        if name in _OF_DJANGO:
            continue
        if told := told_if_wrong(name, {one.component: sorted(one.declared()) for one in _SECTIONS}):
            yield source.finding("GC112", name, f"{told} is no setting")
        elif (where := setting_of(name)) is not None and _has_built_in_adapter(source, where[0]):
            component, setting = where
            if setting not in _known(component):
                close = get_close_matches(setting, sorted(_known(component)), n=1, cutoff=_CLOSE)
                fix = f" (is {name[: -len(setting)]}{close[0].upper()} meant?)" if close else ""
                yield source.finding("GC112", name, f"{name}{fix} is no setting")
    environment = source.environment
    if environment is not None and environment not in _ENVIRONMENTS:
        name = f"{PREFIX}ENVIRONMENT"
        yield source.finding("GC113", name, f"{name} is none of {', '.join(_ENVIRONMENTS)}")
    for name, text in source.texts.items():
        if (setting_of(name) or ("", ""))[1] in ("api_key", "client_id") and text != text.strip():
            yield source.finding("GC113", name, f"{name} has white space round it")
    for name, text in source.each("notify", "requests_per_minute"):
        if not text.isdecimal() or int(text) < 1:
            yield source.finding("GC113", name, f"{name} is not a whole number")


def _has_built_in_adapter(source: Source, component: str) -> bool:
    named = [text for _, text in source.each(component, "adapter")]
    return all(name in _built_in(component) for name in named)


@cache
def _built_in(component: str) -> Mapping[str, str]:
    built_in: Mapping[str, str] = import_module(f"govcomponents.{component}.adapters").BUILT_IN
    return built_in


@cache
def _known(component: str) -> frozenset[str]:
    """The settings of a component that any built-in adapter has."""
    section = next(one for one in _SECTIONS if one.component == component)
    known = set(section.declared())
    if component == "identity":
        from govcomponents.identity.adapters.login_gov.settings import LoginGovSettings
        from govcomponents.identity.adapters.oidc.settings import OpenIdConnectSettings
        from govcomponents.identity.adapters.one_login.settings import OneLoginSettings

        for model in (LoginGovSettings, OpenIdConnectSettings, OneLoginSettings):
            known |= set(model.model_fields)
    elif component == "notify":
        from govcomponents.notify.adapters.smtp.settings import SETTINGS

        known |= set(SETTINGS)
    return frozenset(known)
