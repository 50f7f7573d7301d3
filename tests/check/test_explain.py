"""The page of a rule can be had wherever the package is, and every report says how; an address is never made up."""

import json
import os
import subprocess
import sys

import pytest

from govcomponents.check.rules import rules
from govcomponents.check.rules.pages import page_of
from govcomponents.cli.main import main

from .service import written

WRONG = {"service.py": rules()["GC306"].wrong["service.py"]}


@pytest.mark.parametrize("written_as", ["GC306", "gc306", "payment-not-kept"])
def test_a_rule_is_explained_by_its_id_and_its_name(written_as, capsys):
    assert main(["check", "--explain", written_as]) == 0
    assert capsys.readouterr().out == page_of(rules()["GC306"])


def test_all_rules_are_listed(capsys):
    assert main(["check", "--explain"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == [*rules()]


def test_a_rule_that_is_none_is_said_with_the_one_that_is_meant(capsys):
    assert main(["check", "--explain", "GC3O6"]) == 2
    assert "GC3O6 is no rule (is GC306 payment-not-kept meant?)" in capsys.readouterr().err


@pytest.mark.parametrize("form", ["text", "junit", "sarif"])
def test_a_report_says_how_to_learn_more(form, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    written(tmp_path, WRONG)
    main(["check", "--no-environment", "--format", form])
    assert "govcomponents check --explain GC306" in capsys.readouterr().out


def reported(folder, form, *paths):
    """Check in a process of its own, which finds first what is installed at these paths."""
    written(folder / "service", WRONG)
    done = subprocess.run(
        [sys.executable, "-m", "govcomponents.cli.main", "check", "--no-environment", "--format", form],
        cwd=folder / "service", env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, paths))},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    ("about", "url"),
    [
        (
            "Project-URL: Documentation, https://docs.example.gov.uk/kit/\n",
            "https://docs.example.gov.uk/kit/check/rules/",
        ),
        ("Project-URL: Source, https://example.gov.uk/code\n", None),
        ("", None),
    ],
)
def test_an_address_is_the_documentations_own(about, url, tmp_path):
    kept = tmp_path / "site" / "govcomponents-9.dist-info"
    kept.mkdir(parents=True)
    (kept / "METADATA").write_text(f"Metadata-Version: 2.1\nName: govcomponents\nVersion: 9\n{about}", "utf-8")
    (found,) = reported(tmp_path, "json", kept.parent)["findings"]
    assert found["page"] == "check/rules/GC306.md"
    assert found["url"] == (url and f"{url}GC306/")
    (run,) = reported(tmp_path, "sarif", kept.parent)["runs"]
    told = {one["id"]: one.get("helpUri") for one in run["tool"]["driver"]["rules"]}
    assert told == {one: url and f"{url}{one}/" for one in rules()}
