"""The outcome of a check: the findings, and what was looked at."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from govcomponents.check.findings import Finding


@dataclass(frozen=True, slots=True)
class CheckReport:
    """The outcome of a check. `accepted` counts findings of the baseline, `gone` what of it is no more."""

    findings: list[Finding]
    files: int = 0
    accepted: int = 0
    gone: int = 0
    unread: list[Finding] = field(default_factory=list)
    """What could not be looked at, whether that is accepted or not: nothing is known of it."""
    live: list[str] = field(default_factory=list)
    """What each account's provider said, where it was asked."""
