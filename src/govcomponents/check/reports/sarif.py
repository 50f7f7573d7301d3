"""A report in SARIF 2.1.0 (OASIS), which code scanning reads."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from govcomponents.check.findings import ENVIRONMENT, Finding, fingerprints
from govcomponents.check.rules import rules
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
                "help": {"text": rule.fix, "markdown": f"{rule.why}\n\n**To mend it:** {rule.fix}"},
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
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2)


def _location(one: Finding) -> dict[str, object]:
    if one.path == ENVIRONMENT:
        return {"logicalLocations": [{"name": ENVIRONMENT, "kind": "resource"}]}
    physical: dict[str, object] = {"artifactLocation": {"uri": quote(one.path)}}
    if one.line:
        physical["region"] = {"startLine": one.line, "startColumn": max(1, one.column)}
    return {"physicalLocation": physical}
