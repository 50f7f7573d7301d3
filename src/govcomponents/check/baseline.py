"""The baseline: findings that a service has accepted, in a file that it commits; only new ones fail."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

from govcomponents.check.findings import Finding, fingerprints
from govcomponents.check.rules import told_of_unknown
from govcomponents.core.inputs import reason_of
from govcomponents.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Baseline:
    """The fingerprints of findings that a service has accepted, the text of the file, and the rules that it names."""

    path: Path
    text: str
    fingerprints: frozenset[str]
    rule_ids: tuple[str, ...]

    def unknown(self, shown: str) -> Iterator[Finding]:
        """Give a finding for each rule that the file names and that is none: somebody wrote it, or the file is old."""
        lines = self.text.splitlines()
        for one in self.rule_ids:
            if told := told_of_unknown(one):
                line = next((number for number, text in enumerate(lines, 1) if json.dumps(one) in text), 1)
                yield Finding(shown, line, 1, "GC002", told, one)


def read_baseline(path: Path) -> Baseline:
    """Read a baseline. Raises ConfigurationError if it cannot be read, or is none."""
    try:
        text = path.read_text(encoding="utf-8-sig")
        whole = json.loads(text)
    except FileNotFoundError:
        fix = f"accept what is found now, and commit it: govcomponents check --write-baseline {shlex.quote(str(path))}"
        raise ConfigurationError(f"there is no baseline {path}", fix=fix) from None
    except json.JSONDecodeError as error:
        raise _none(path, f"it is not JSON: {reason_of(error)}") from None
    except (OSError, ValueError, RecursionError) as error:
        raise _none(path, reason_of(error)) from None
    entries = whole.get("accepted") if isinstance(whole, dict) else None
    if not isinstance(entries, list):
        raise _none(path, "it has no list of findings under `accepted`, which each baseline has")
    if not all(isinstance(one, dict) and isinstance(one.get("fingerprint"), str) for one in entries):
        raise _none(path, "what it lists under `accepted` are no findings, each with its `fingerprint`")
    named = dict.fromkeys(one["rule"] for one in entries if isinstance(one.get("rule"), str))
    return Baseline(path, text, frozenset(one["fingerprint"] for one in entries), tuple(named))


def _none(path: Path, why: str) -> ConfigurationError:
    fix = f"give the file that --write-baseline wrote, or write it again: --write-baseline {shlex.quote(str(path))}"
    return ConfigurationError(f"the baseline {path} cannot be read: {why}", fix=fix)


def write_baseline(path: Path, found: Iterable[Finding]) -> int:
    """Accept these findings, and return how many. Raises ConfigurationError if the file cannot be written."""
    names = fingerprints(found)
    entries = [
        {"rule": one.rule_id, "path": one.path, "message": one.message, "fingerprint": names[one]}
        for one in sorted(names)
    ]
    try:
        path.write_text(json.dumps({"accepted": entries}, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    except OSError as error:
        fix = "give a file that you may write"
        if not path.parent.exists():
            fix = f"make the folder first: mkdir -p {shlex.quote(str(path.parent))}"
        raise ConfigurationError(f"the baseline {path} cannot be written: {reason_of(error)}", fix=fix) from None
    return len(entries)


def without_accepted(found: Iterable[Finding], accepted: frozenset[str]) -> tuple[list[Finding], int]:
    """Return the findings that are not accepted, in order, and how many of the accepted are no longer there."""
    names = fingerprints(found)
    new = [one for one in sorted(names) if names[one] not in accepted]
    return new, len(accepted - set(names.values()))
