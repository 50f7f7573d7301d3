"""A report as GitHub's workflow commands, which show each finding beside its line."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from govcomponents.check.report import CheckReport


def github(report: CheckReport) -> str:
    """Return a workflow command for each finding."""
    lines = []
    for one in report.findings:
        where = {"file": one.path, "line": one.line, "col": one.column, "title": f"{one.rule_id} {one.rule.name}"}
        told = ",".join(f"{name}={_property(str(value))}" for name, value in where.items() if value)
        lines.append(f"::{one.rule.level.value} {told}::{_data(f'{one.message}. {one.rule.fix}')}")
    return "\n".join(lines)


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
