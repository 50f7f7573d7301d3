"""A report as JUnit's XML: a test for each rule, which fails with its findings."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from govcomponents.check.rules import rules
from govcomponents.core.http.runtime import VERSION

if TYPE_CHECKING:
    from govcomponents.check.findings import Finding
    from govcomponents.check.report import CheckReport


def junit(report: CheckReport) -> str:
    """Return the report as JUnit's XML."""
    by_rule: dict[str, list[Finding]] = {}
    for one in report.findings:
        by_rule.setdefault(one.rule_id, []).append(one)
    counts = {"tests": str(len(rules())), "failures": str(len(by_rule)), "errors": "0", "skipped": "0", "time": "0"}
    whole = ET.Element("testsuites", counts)
    suite = ET.SubElement(whole, "testsuite", {"name": "govcomponents check", **counts})
    properties = ET.SubElement(suite, "properties")
    ET.SubElement(properties, "property", name="version.govcomponents", value=VERSION)
    for rule in rules().values():
        name = f"{rule.id} {rule.name}"
        case = ET.SubElement(suite, "testcase", classname=f"govcomponents.check.{rule.group}", name=name, time="0")
        found = by_rule.get(rule.id, [])
        if found:
            message = f"{len(found)} found: {_plain(found[0].place)}: {_plain(found[0].message)}"
            failure = ET.SubElement(case, "failure", type=rule.level.value, message=message)
            failure.text = "\n".join(f"{_plain(one.place)}: {_plain(one.message)}" for one in found)
            failure.text += f"\n{rule.fix}"
    return ET.tostring(whole, encoding="unicode", xml_declaration=True)


def _plain(text: str) -> str:
    """Leave out what XML 1.0 cannot hold, even escaped."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)
