"""A report as JUnit's XML: a test for each rule, which fails with its findings."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from govcomponents.check.findings import UNREAD
from govcomponents.check.rules import rules
from govcomponents.check.rules.pages import explained_by
from govcomponents.core.http.runtime import VERSION

if TYPE_CHECKING:
    from govcomponents.check.findings import Finding
    from govcomponents.check.report import CheckReport


def junit(report: CheckReport) -> str:
    """Return the report as JUnit's XML."""
    by_rule: dict[str, list[Finding]] = {}
    for one in report.findings:
        by_rule.setdefault(one.rule_id, []).append(one)
    errors = len(by_rule.keys() & {UNREAD})
    failures = len(by_rule) - errors
    counts = {"tests": str(len(rules())), "failures": str(failures), "errors": str(errors), "skipped": "0", "time": "0"}
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
            kind = "error" if rule.id == UNREAD else "failure"  # of what was not looked at, nothing passed or failed
            failure = ET.SubElement(case, kind, type=rule.level.value, message=message)
            failure.text = "\n".join(f"{_plain(one.place)}: {_plain(one.message)}" for one in found)
            failure.text += f"\n{rule.fix}\nMore: {explained_by(rule.id)}"
    return ET.tostring(whole, encoding="unicode", xml_declaration=True)


def _plain(text: str) -> str:
    """Leave out what XML 1.0 cannot hold, even escaped."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)
