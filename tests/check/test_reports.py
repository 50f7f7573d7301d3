"""Reports, read by what pipelines read them with: models of SARIF's official schema, junitparser, and JSON."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from junitparser import JUnitXml
from pydantic_sarif.model import StaticAnalysisResultsFormatSarifVersion210JsonSchema as Sarif

from govcomponents.check.findings import ENVIRONMENT, Finding
from govcomponents.check.report import CheckReport
from govcomponents.check.reports import FORMATS
from govcomponents.check.rules import rules
from govcomponents.cli.main import main

from .service import checked, written

SEEDED = {
    "a folder/wörds.py": rules()["GC306"].wrong["service.py"],
    ".env": rules()["GC112"].wrong[".env"],
    "templates.toml": rules()["GC212"].wrong["templates.toml"],
}
HOSTILE = CheckReport([Finding("a,b:c%\n.py", 3, 7, "GC301", 'said "<&>"\n::error::\x1b[31m', "x")], files=1)


@pytest.fixture
def report(tmp_path):
    written(tmp_path, SEEDED)
    return checked(tmp_path, {"GOVCOMPONENTS_PAY__API_KEY": "api_live_kq7vprm2szt3hw9dnc8e", "CI": "true"})


@pytest.mark.parametrize("kind", ["found", "nothing", "hostile"])
def test_sarif_keeps_to_the_official_schema(kind, report):
    whole = {"found": report, "nothing": CheckReport([]), "hostile": HOSTILE}[kind]
    document = json.loads(FORMATS["sarif"](whole))
    Sarif.model_validate(document)  # it forbids what the schema does not have
    (run,) = document["runs"]
    assert [one["ruleId"] for one in run["results"]] == [one.rule_id for one in whole.findings]
    for one in run["results"]:
        assert run["tool"]["driver"]["rules"][one["ruleIndex"]]["id"] == one["ruleId"]
    assert len({one["partialFingerprints"]["govcomponents/v1"] for one in run["results"]}) == len(whole.findings)


def test_sarif_has_what_github_asks_of_each_result(report, tmp_path):
    elsewhere = Finding("/srv/app/gone.py", 0, 0, "GC001", "it was not looked at")
    (run,) = json.loads(FORMATS["sarif"](replace(report, findings=[*report.findings, elsewhere])))["runs"]
    places = [place for one in run["results"] for place in one["locations"]]
    assert len(places) == len(report.findings) + 1
    for place in places:
        assert place["physicalLocation"]["region"]["startLine"] >= 1
    uris = {place["physicalLocation"]["artifactLocation"]["uri"] for place in places}
    assert uris == {"a%20folder/w%C3%B6rds.py", ".env", "templates.toml", ENVIRONMENT, "file:///srv/app/gone.py"}
    named = [place["logicalLocations"][0]["name"] for place in places if "logicalLocations" in place]
    assert named == [one.path for one in report.findings if one.path == ENVIRONMENT]
    assert named


@pytest.mark.parametrize("kind", ["found", "nothing", "hostile"])
def test_junit_is_read_by_what_pipelines_read_it_with(kind, report):
    whole = {"found": report, "nothing": CheckReport([]), "hostile": HOSTILE}[kind]
    document = JUnitXml.fromstring(FORMATS["junit"](whole).encode())
    (suite,) = document
    cases = list(suite)
    assert len(cases) == suite.tests == len(rules())
    failed = {case.name.split()[0] for case in cases if not case.is_passed}
    assert failed == {one.rule_id for one in whole.findings}
    assert suite.failures == len(failed)


def test_json_tells_all(report):
    whole = json.loads(FORMATS["json"](report))
    assert [(one["rule"], one["path"], one["line"]) for one in whole["findings"]] == [
        (one.rule_id, one.path, one.line or None) for one in report.findings
    ]
    assert {"GC101", "GC112", "GC212", "GC306"} <= {one["rule"] for one in whole["findings"]}
    assert all((Path(__file__).parents[2] / "docs" / one["page"]).exists() for one in whole["findings"])


def test_github_is_told_each_finding_in_one_line_that_cannot_be_broken_out_of():
    (line,) = FORMATS["github"](HOSTILE).splitlines()
    assert line.startswith("::error file=a%2Cb%3Ac%25%0A.py,line=3,col=7,title=GC301 send-without-reference::said ")
    assert "%0A::error::" in line


def test_no_report_holds_a_value(report):
    for form in FORMATS.values():
        assert "kq7vprm2szt3hw9dnc8e" not in form(report)


def test_text_is_what_editors_jump_from(report):
    text = FORMATS["text"](report)
    assert "a folder/wörds.py:7:21: GC306 payment-not-kept: " in text
    assert (
        f"{ENVIRONMENT}: GC101 live-key-outside-production: GOVCOMPONENTS_PAY__API_KEY is a live key, in a pip" in text
    )
    assert text.endswith(f"{len(report.findings)} findings in 3 files.")


@pytest.mark.parametrize("form", [*FORMATS])
def test_each_form_on_the_command_line(form, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    written(tmp_path, {"service.py": rules()["GC306"].wrong["service.py"]})
    assert main(["check", "--format", form]) == 1
    assert "GC306" in capsys.readouterr().out
