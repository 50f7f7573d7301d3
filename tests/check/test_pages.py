"""The pages of the rules are made from them; the hook and the pipelines keep to their forms, and their commands run."""

import importlib.util
import json
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest
import yaml

from govcomponents.check.rules import rules

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs" / "check"
PIPELINES = {"github-actions.yml": "github-workflows", "gitlab-ci.yml": "gitlab-ci"}


def test_each_page_is_as_the_rules_are():
    specification = importlib.util.spec_from_file_location("make_check_pages", DOCS / "make_pages.py")
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    for name, make in module.PAGES.items():
        assert (DOCS / name).read_text(encoding="utf-8") == make(), "run docs/check/make_pages.py"
    assert {page.stem for page in (DOCS / "rules").iterdir()} == set(rules())


@pytest.mark.parametrize(("name", "schema"), PIPELINES.items())
def test_a_pipeline_keeps_to_its_form(name, schema):
    text = (files("check_jsonschema") / "builtin_schemas" / "vendor" / f"{schema}.json").read_text(encoding="utf-8")
    document = yaml.load((DOCS / "pipelines" / name).read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
    jsonschema.validate(document, json.loads(text))


def commands():
    workflow = yaml.load((DOCS / "pipelines" / "github-actions.yml").read_text(), Loader=yaml.BaseLoader)
    steps = [step["run"] for step in workflow["jobs"]["check"]["steps"] if "run" in step]
    job = yaml.safe_load((DOCS / "pipelines" / "gitlab-ci.yml").read_text())["govcomponents"]
    return [one for one in (*steps, *job["script"]) if not one.startswith("pip install")]


@pytest.mark.parametrize("command", commands())
def test_the_commands_of_the_pipelines_run(command, tmp_path):
    (tmp_path / "service.py").write_text(rules()["GC306"].wrong["service.py"], encoding="utf-8")
    environment = {"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin"}
    done = subprocess.run(["bash", "-ec", command], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 1, done.stderr
    written = [one.read_text() for one in tmp_path.iterdir() if one.suffix in (".sarif", ".xml")]
    assert "GC306" in (written or [done.stdout])[0]


def test_the_hook_is_one_that_pre_commit_takes():
    from pre_commit.clientlib import load_config, load_manifest

    (hook,) = load_manifest(ROOT / ".pre-commit-hooks.yaml")
    assert hook["entry"] == "govcomponents check"
    assert not hook["pass_filenames"]
    (repository,) = load_config(DOCS / "pipelines" / "pre-commit-config.yaml")["repos"]
    assert [one["id"] for one in repository["hooks"]] == [hook["id"]]
