"""Reads the environment variables GOVCOMPONENTS_..., with pydantic-settings, and finds those that are misspelt."""

from __future__ import annotations

import os
import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, Final

from pydantic_settings import BaseSettings, SettingsConfigDict

from govcomponents.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_OURS: Final = "GOVCOMPONENTS"
_RIGHT: Final = re.compile(
    rf"{_OURS}_(?:ENVIRONMENT|TIME_LIMIT|(?:PAY|NOTIFY|IDENTITY)"
    r"(?:__ACCOUNTS__[A-Z0-9]+(?:[_-][A-Z0-9]+)*)?__[A-Z0-9]+(?:_[A-Z0-9]+)*)"
)
_CLOSE: Final = 0.8  # of 1, as difflib counts: PAYY is close to PAY, and SHARED to nothing of ours


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
    time_limit: str | None = None
    pay: dict[str, object] | None = None
    notify: dict[str, object] | None = None
    identity: dict[str, object] | None = None


def environment_values(settings: Mapping[str, Sequence[str]]) -> dict[str, object]:
    """Return what the environment sets, by section; `settings` are the names that each section declares.

    Raises ConfigurationError, which names each variable that looks like one of ours and is none.
    """
    wrong = [told for name in sorted(os.environ) if os.environ[name] and (told := told_if_wrong(name, settings))]
    if wrong:
        raise ConfigurationError(
            f"the environment has variables that look like settings and are none: {', '.join(wrong)}",
            fix="give each the name of a setting, such as GOVCOMPONENTS_PAY__API_KEY with two underscores, or unset it",
        )
    return _Environment().model_dump(exclude_none=True)


def told_if_wrong(name: str, settings: Mapping[str, Sequence[str]]) -> str:
    """Name a variable that looks like one of ours and is none, and the one that is probably meant; else say nothing."""
    if _RIGHT.fullmatch(name.upper()):
        return ""
    words = [word for word in name.upper().split("_") if word]
    for count in (1, 2):  # GOVCOMPONENT, and GOV_COMPONENTS
        if len(words) > count and _closest("".join(words[:count]), [_OURS]):
            sections = [*(section.upper() for section in settings), "ENVIRONMENT", "TIME_LIMIT"]
            section = next((one for one in sections if words[count].startswith(one)), _closest(words[count], sections))
            if section is None:
                meant_whole = _meant_without_section("_".join(words[count:]), settings)
                if meant_whole:
                    return f"{name} (is {meant_whole} meant?)"
                return name if words[0] == _OURS and "__" in name else ""
            meant = _meant(words[count + 1 :], settings.get(section.lower()))
            return f"{name} (is {_OURS}_{section}{meant} meant?)" if meant is not None else name
    return ""


def _meant_without_section(rest: str, settings: Mapping[str, Sequence[str]]) -> str:
    """Guess what is meant by a setting's name without its section, such as API_KEY, or by a short word."""
    if rest == "ENV":
        return f"{_OURS}_ENVIRONMENT"
    sections = [section.upper() for section, names in settings.items() if rest.lower() in names]
    return " or ".join(f"{_OURS}_{section}__{rest}" for section in sections)


def _meant(rest: Sequence[str], names: Sequence[str] | None) -> str | None:
    """What probably should follow a section's name, where `rest` is what does; None if that cannot be guessed."""
    if names is None:
        return None if rest else ""
    known = [name.upper() for name in names]
    if rest and _closest(rest[0], ["ACCOUNTS"]):
        for first in range(2, len(rest)):
            if setting := _closest("_".join(rest[first:]), known):
                return f"__ACCOUNTS__{'_'.join(rest[1:first])}__{setting}"
        return None
    return f"__{_closest('_'.join(rest), known) or '_'.join(rest)}" if rest else None


def _closest(word: str, known: Sequence[str]) -> str | None:
    return next(iter(get_close_matches(word, known, n=1, cutoff=_CLOSE)), None)
