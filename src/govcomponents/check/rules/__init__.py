"""The rules of `govcomponents check`, from the TOML files beside this module, each with its reason."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

GROUPS: Final = {
    "settings": "Settings",
    "templates": "Templates",
    "code": "Code",
    "deployment": "Deployment",
    "account": "Accounts, with --live",
}


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
