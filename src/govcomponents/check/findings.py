"""Findings: what is wrong, at which place of which file, under which rule."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from govcomponents.check.rules import Rule, rules

if TYPE_CHECKING:
    from collections.abc import Iterable

ENVIRONMENT: Final = "environment"
"""Where findings about the process's own environment variables are said to be."""
UNREAD: Final = "GC001"
"""The rule of what could not be read."""
_NUMBER: Final = re.compile(r"\d+")


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One thing that is wrong. `message` holds no secret and nobody's data; lines and columns begin at 1."""

    path: str
    line: int
    column: int
    rule_id: str
    message: str
    source: str = ""
    """The line of code, without the space round it: by it an accepted finding is known again where lines moved."""

    @property
    def rule(self) -> Rule:
        """The rule that it breaks."""
        return rules()[self.rule_id]

    @property
    def place(self) -> str:
        """The file, line and column, as editors read them."""
        return f"{self.path}:{self.line}:{self.column}" if self.line else self.path


def fingerprints(found: Iterable[Finding]) -> dict[Finding, str]:
    """Return a name for each finding that stays the same when lines above it come and go."""
    names: dict[Finding, str] = {}
    seen: dict[str, int] = {}
    for one in sorted(found):
        what = one.source or _NUMBER.sub("0", one.message)
        base = hashlib.sha256(f"{one.rule_id}\0{one.path}\0{what}".encode()).hexdigest()[:24]
        seen[base] = seen.get(base, -1) + 1
        names[one] = f"{base}-{seen[base]}" if seen[base] else base
    return names
