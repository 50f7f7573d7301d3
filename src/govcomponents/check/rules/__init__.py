"""The rules of `govcomponents check`, from the TOML files beside this module, each with its reason."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

GROUPS: Final = {
    "check": "The check itself",
    "settings": "Settings",
    "templates": "Templates",
    "code": "Code",
    "deployment": "Deployment",
    "account": "Accounts, with --live",
}
_CLOSE: Final = 0.75
_LIKE_DIGITS: Final = str.maketrans("OIL", "011")
_LONGEST: Final = 40  # characters; no id or name is longer


class Level(StrEnum):
    """Severity of a finding. Each of them makes the command end with status 1."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule: a stable id, what it finds, why that is bad, how to mend it, and files that break it and keep it."""

    id: str
    name: str
    group: str
    level: Level
    title: str
    why: str
    fix: str
    wrong: Mapping[str, str]
    right: Mapping[str, str]

    @property
    def page(self) -> str:
        """The page of the documentation about this rule, below `docs`."""
        return f"check/rules/{self.id}.md"


@cache
def rules() -> Mapping[str, Rule]:
    """Return every rule by its id."""
    found: dict[str, Rule] = {}
    for group in GROUPS:
        text = files(__name__).joinpath(f"{group}.toml").read_text(encoding="utf-8")
        for rule_id, entry in tomllib.loads(text).items():
            level = Level(entry.pop("level", "error"))
            found[rule_id] = Rule(id=rule_id, group=group, level=level, **entry)
    return found


def rule_of(written: str) -> Rule | None:
    """Return the rule of an id, in capitals or not, or of a name; None if there is none."""
    named = {rule.name: rule for rule in rules().values()}
    return rules().get(written.upper()) or named.get(written.lower())


def told_of_unknown(written: str) -> str:
    """Say that what is written is the id of no rule, and which is meant; nothing if it is one."""
    if written.upper() in rules():
        return ""
    ids = {**{rule_id: rule_id for rule_id in rules()}, **{rule.name.upper(): rule.id for rule in rules().values()}}
    digits = f"GC{written.upper()[2:].translate(_LIKE_DIGITS)}"
    close = [digits] if digits in ids else get_close_matches(written.upper(), ids, n=1, cutoff=_CLOSE)
    told = "all are listed by: govcomponents check --explain"
    if close:
        meant = rules()[ids[close[0]]]
        told = f"is {meant.id} {meant.name} meant?"
    shown = written if len(written) <= _LONGEST else "what it names"
    return f"{shown} is no rule ({told})"
