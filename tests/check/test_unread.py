"""A file that could not be looked at is a finding in every report, so that who reads only that is told too."""

import json
import os
import tempfile
import warnings
from contextlib import contextmanager
from pathlib import Path

import pytest
from junitparser import JUnitXml
from pydantic_sarif.model import StaticAnalysisResultsFormatSarifVersion210JsonSchema as Sarif

from govcomponents.check.reports import FORMATS
from govcomponents.check.rules import rules
from govcomponents.cli.main import main

from .service import checked, written

BROKEN = "from govcomponents import GovComponents\ngov = GovComponents.sandbox(\n"
WRONG = rules()["GC306"].wrong["service.py"].lstrip()


def unread(folder):
    return {one.path: one.message for one in checked(folder).findings if one.rule_id == "GC001"}


@pytest.fixture
def report(tmp_path):
    written(tmp_path, {"service.py": BROKEN})
    (tmp_path / "bytes.py").write_bytes(b"\xff\xfe govcomponents")
    return checked(tmp_path)


def test_sarif_has_a_result_and_a_notification_and_calls_the_run_no_success(report):
    document = json.loads(FORMATS["sarif"](report))
    Sarif.model_validate(document)
    (run,) = document["runs"]
    assert [one["ruleId"] for one in run["results"]] == ["GC001", "GC001"]
    (invocation,) = run["invocations"]
    assert invocation["executionSuccessful"] is False
    told = invocation["toolExecutionNotifications"]
    assert [one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for one in told] == [
        "bytes.py",
        "service.py",
    ]
    assert all(one["level"] == "error" and one["message"]["text"] for one in told)
    assert {run["tool"]["driver"]["rules"][one["associatedRule"]["index"]]["id"] for one in told} == {"GC001"}


def test_sarif_of_a_run_that_read_everything_says_so(tmp_path):
    written(tmp_path, {"service.py": WRONG})
    (run,) = json.loads(FORMATS["sarif"](checked(tmp_path)))["runs"]
    assert run["invocations"] == [{"executionSuccessful": True, "toolExecutionNotifications": []}]


def test_junit_has_an_error_and_no_failure(report):
    (suite,) = JUnitXml.fromstring(FORMATS["junit"](report).encode())
    assert (suite.errors, suite.failures) == (1, 0)
    (case,) = [one for one in suite if not one.is_passed]
    assert case.name == "GC001 file-unread"
    (result,) = case.result
    assert type(result).__name__ == "Error"
    assert "bytes.py: it is not in UTF-8" in result.text
    assert "service.py:2:1: " in result.text


def test_github_is_told_beside_the_line(report):
    lines = FORMATS["github"](report).splitlines()
    assert lines[0].startswith("::error file=bytes.py,title=GC001 file-unread::it is not in UTF-8; it was not looked")
    assert lines[1].startswith("::error file=service.py,line=2,col=1,title=GC001 file-unread::Python 3.")


def test_it_can_be_accepted_and_is_told_all_the_same(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    written(tmp_path, {"service.py": BROKEN})
    assert main(["check", "--no-environment", "--write-baseline", "accepted.json"]) == 0
    assert main(["check", "--no-environment", "--baseline", "accepted.json", "--format", "sarif"]) == 0
    told = capsys.readouterr()
    (run,) = json.loads(told.out)["runs"]
    assert run["results"] == []
    assert len(run["invocations"][0]["toolExecutionNotifications"]) == 1
    assert "service.py:2:1: " in told.err


@contextmanager
def somebody_else():
    """Be a user who may not read what is closed: root may."""
    before = os.geteuid()
    if before == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(before)


def test_a_file_and_a_folder_that_may_not_be_read_are_named():
    with tempfile.TemporaryDirectory(dir="/tmp") as name:  # pytest's own folders are closed to others as a whole
        folder = Path(name)
        folder.chmod(0o755)
        written(folder, {"service.py (000)": WRONG, "app/views.py": WRONG, "open.py (644)": "import this\n"})
        (folder / "app").chmod(0)
        try:
            with somebody_else():
                told = unread(folder)
        finally:
            (folder / "app").chmod(0o700)
    assert told == dict.fromkeys(["app", "service.py"], "Permission denied; it was not looked at")


def test_a_link_that_leads_nowhere_or_to_itself_is_named(tmp_path):
    (tmp_path / "gone.py").symlink_to("nowhere.py")
    (tmp_path / "round.py").symlink_to("round.py")
    told = unread(tmp_path)
    assert told.keys() == {"gone.py", "round.py"}


def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / ".env")
    written(tmp_path, {"service.py": "import govcomponents\n"})
    assert unread(tmp_path) == {".env": "it is no file, but a pipe or a device; it was not looked at"}


@pytest.mark.parametrize("encoding", ["utf-8-sig", "latin-1"])
def test_what_python_reads_is_read(encoding, tmp_path):
    first = "" if encoding == "utf-8-sig" else f"# -*- coding: {encoding} -*-\n"
    (tmp_path / "service.py").write_bytes(f"{first}# caf\xe9\n{WRONG}".encode(encoding))
    assert [one.rule_id for one in checked(tmp_path).findings] == ["GC306"]


def test_variables_after_a_mark_of_byte_order_are_read(tmp_path):
    (tmp_path / ".env").write_bytes("GOVCOMPONENTS_ENVIROMENT=test\r\n".encode("utf-8-sig"))
    assert "GC112" in {one.rule_id for one in checked(tmp_path).findings}


def test_settings_that_are_no_toml_are_named_and_those_of_others_are_not(tmp_path):
    written(tmp_path, {"settings.toml": '[pay]\napi_key = "x\n', "other.toml": "[notify]\nslack = {{ channel }}\n"})
    (told,) = unread(tmp_path).items()
    assert told[0] == "settings.toml"
    assert "line 2" in told[1]


def test_python_without_a_word_of_ours_is_not_parsed(tmp_path):
    written(tmp_path, {"old.py": "print 'hello'\n", "{{app}}/page.py": "from {{ app }} import x\n"})
    assert checked(tmp_path).findings == []


def test_warnings_about_a_services_code_are_its_own(tmp_path):
    written(tmp_path, {"service.py": f"PATTERN = '\\d'\n{WRONG}"})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert [one.rule_id for one in checked(tmp_path).findings] == ["GC306"]
