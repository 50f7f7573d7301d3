"""A report in SARIF 2.1.0 (OASIS), which code scanning reads."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from govcomponents.check.findings import ENVIRONMENT, Finding, fingerprints
from govcomponents.check.rules import Rule, rules
from govcomponents.check.rules.pages import explained_by, url_of
from govcomponents.core.http.runtime import VERSION

if TYPE_CHECKING:
    from govcomponents.check.report import CheckReport

_SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def sarif(report: CheckReport) -> str:
    """Return the report in SARIF."""
    ids, names = list(rules()), fingerprints(report.findings)
    driver = {
        "name": "govcomponents check",
        "semanticVersion": VERSION,
        "rules": [
            {
                "id": rule.id,
                "name": "".join(word.capitalize() for word in rule.name.split("-")),
                "shortDescription": {"text": rule.title},
                "fullDescription": {"text": rule.why},
                **({"helpUri": url} if (url := url_of(rule)) else {}),
                "help": _help(rule),
                "defaultConfiguration": {"level": rule.level.value},
                "properties": {"tags": [rule.group]},
            }
            for rule in rules().values()
        ],
    }
    results = [
        {
            "ruleId": one.rule_id,
            "ruleIndex": ids.index(one.rule_id),
            "level": one.rule.level.value,
            "message": {"text": one.message},
            "locations": [_location(one)],
            "partialFingerprints": {"govcomponents/v1": names[one]},
        }
        for one in report.findings
    ]
    run = {
        "tool": {"driver": driver},
        "invocations": [_invocation(report, ids)],
        "columnKind": "unicodeCodePoints",
        "results": results,
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2)


def _help(rule: Rule) -> dict[str, str]:
    """Say how to mend it. The examples are left out: one holds what looks like a key, which scanners would find."""
    more = explained_by(rule.id)
    return {
        "text": f"{rule.fix} More: {more}",
        "markdown": f"{rule.why}\n\n**To mend it:** {rule.fix}\n\nMore: `{more}`",
    }


def _invocation(report: CheckReport, ids: list[str]) -> dict[str, object]:
    """Say of the run whether it could look at all, and name what it could not look at, accepted or not."""
    notifications = [
        {
            "level": "error",
            "message": {"text": one.message},
            "locations": [_location(one)],
            "associatedRule": {"id": one.rule_id, "index": ids.index(one.rule_id)},
        }
        for one in report.unread
    ]
    return {"executionSuccessful": not notifications, "toolExecutionNotifications": notifications}


def _location(one: Finding) -> dict[str, object]:
    """Return the place of a finding. GitHub refuses a whole report with one that is in no file, or on no line."""
    path = quote(one.path)
    whole: dict[str, object] = {
        "physicalLocation": {
            "artifactLocation": {"uri": f"file://{path}" if path.startswith("/") else path},
            "region": {"startLine": max(1, one.line), "startColumn": max(1, one.column)},
        }
    }
    if one.path == ENVIRONMENT:
        whole["logicalLocations"] = [{"name": ENVIRONMENT, "kind": "resource"}]
    return whole
