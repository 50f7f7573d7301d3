"""The baseline: findings that a service has accepted, in a file that it commits; only new ones fail."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from govcomponents.check.findings import Finding, fingerprints
from govcomponents.core.inputs import reason_of
from govcomponents.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


def read_baseline(path: Path) -> frozenset[str]:
    """Return the fingerprints that a baseline accepts. Raises ConfigurationError if it cannot be read."""
    try:
        accepted = json.loads(path.read_text(encoding="utf-8"))["accepted"]
        return frozenset(str(one["fingerprint"]) for one in accepted)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigurationError(
            f"the baseline {path} cannot be read: {reason_of(error)}", fix="write it: --write-baseline FILE"
        ) from None


def write_baseline(path: Path, found: Iterable[Finding]) -> int:
    """Accept these findings, and return how many. Raises OSError."""
    names = fingerprints(found)
    entries = [
        {"rule": one.rule_id, "path": one.path, "message": one.message, "fingerprint": names[one]}
        for one in sorted(names)
    ]
    path.write_text(json.dumps({"accepted": entries}, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return len(entries)


def without_accepted(found: Iterable[Finding], accepted: frozenset[str]) -> tuple[list[Finding], int]:
    """Return the findings that are not accepted, in order, and how many of the accepted are no longer there."""
    names = fingerprints(found)
    new = [one for one in sorted(names) if names[one] not in accepted]
    return new, len(accepted - set(names.values()))
