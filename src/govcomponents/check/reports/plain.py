"""Reports as text, for people, and as JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from govcomponents.check.findings import fingerprints
from govcomponents.check.rules.pages import explained_by, url_of

if TYPE_CHECKING:
    from govcomponents.check.report import CheckReport


def _counted(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def text(report: CheckReport) -> str:
    """Return the findings as lines that editors can jump from, each with its mending below."""
    lines = [*report.live]
    for one in report.findings:
        lines += [f"{one.place}: {one.rule_id} {one.rule.name}: {one.message}", f"    {one.rule.fix}"]
    if report.accepted:
        lines.append(f"{report.accepted} accepted by the baseline.")
    if report.gone:
        lines.append(f"{report.gone} of the baseline are no longer there: write it again with --write-baseline.")
    if report.findings:
        lines.append(f"More about a rule: {explained_by(report.findings[0].rule_id)}")
    count = len(report.findings)
    lines.append(f"{_counted(count, 'finding')} in {_counted(report.files, 'file')}.")
    return "\n".join(lines)


def as_json(report: CheckReport) -> str:
    """Return the findings as one JSON object."""
    names = fingerprints(report.findings)
    found = [
        {
            "rule": one.rule_id,
            "name": one.rule.name,
            "level": one.rule.level.value,
            "path": one.path,
            "line": one.line or None,
            "column": one.column or None,
            "message": one.message,
            "fix": one.rule.fix,
            "page": one.rule.page,
            "url": url_of(one.rule),
            "fingerprint": names[one],
        }
        for one in report.findings
    ]
    whole = {
        "findings": found,
        "files": report.files,
        "accepted": report.accepted,
        "gone": report.gone,
        "unread": [f"{one.place}: {one.message}" for one in report.unread],
        "live": report.live,
    }
    return json.dumps(whole, indent=2, ensure_ascii=True)
