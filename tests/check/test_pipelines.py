"""The files for pipelines keep to the forms of GitHub, GitLab and pre-commit, and their jobs run, step by step."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from govcomponents.check.rules import rules

from .service import written

ROOT = Path(__file__).parents[2]
PIPELINES = ROOT / "docs" / "check" / "pipelines"
BIN = Path(sys.executable).parent
FORMS = {
    "github-actions.yml": ["--builtin-schema", "vendor.github-workflows"],
    "gitlab-ci.yml": ["--builtin-schema", "vendor.gitlab-ci", "--data-transform", "gitlab-ci"],
}
WORKFLOWS = [*(ROOT / ".github" / "workflows").glob("*.yml")]


def ran(*command, **more):
    return subprocess.run([*map(str, command)], capture_output=True, text=True, timeout=60, check=False, **more)


def kept(file, form):
    return ran(sys.executable, "-m", "check_jsonschema", *form, file)


@pytest.mark.parametrize(("name", "form"), FORMS.items())
def test_a_pipeline_keeps_to_its_form(name, form):
    done = kept(PIPELINES / name, form)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("name", "right", "wrong"),
    [("github-actions.yml", "runs-on:", "run-on:"), ("gitlab-ci.yml", "  script:", "  scripts:")],
)
def test_one_that_does_not_is_seen(name, right, wrong, tmp_path):
    (tmp_path / name).write_text((PIPELINES / name).read_text().replace(right, wrong))
    assert kept(tmp_path / name, FORMS[name]).returncode == 1


@pytest.mark.skipif(not WORKFLOWS, reason="the archive of the source has no workflows")
def test_our_own_workflows_keep_to_their_form():
    for file in WORKFLOWS:
        done = kept(file, FORMS["github-actions.yml"])
        assert done.returncode == 0, done.stdout


def test_pre_commit_takes_the_hook_and_the_file_that_names_it():
    for way, file in (
        ("validate-manifest", ROOT / ".pre-commit-hooks.yaml"),
        ("validate-config", PIPELINES / "pre-commit-config.yaml"),
    ):
        done = ran(sys.executable, "-m", "pre_commit", way, file)
        assert done.returncode == 0, done.stdout
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    (repository,) = yaml.safe_load((PIPELINES / "pre-commit-config.yaml").read_text())["repos"]
    assert [one["id"] for one in repository["hooks"]] == [hook["id"]]
    assert not hook["pass_filenames"]


def github(folder):
    """Run the job's own commands as GitHub does: after a failure only what runs always. Returns what it uploads."""
    (job,) = yaml.safe_load((PIPELINES / "github-actions.yml").read_text())["jobs"].values()
    has_failed, said = False, ""
    for step in job["steps"]:
        if "run" in step and (not has_failed or step.get("if") == "always()"):
            done = shell(step["run"], folder)
            has_failed |= done.returncode != 0
            said += done.stdout + done.stderr
    return has_failed, said, job["steps"][-1]["with"]["sarif_file"]


def gitlab(folder):
    """Run the job's own commands as GitLab does. Returns what it keeps."""
    job = yaml.safe_load((PIPELINES / "gitlab-ci.yml").read_text())["govcomponents"]
    done = shell("\n".join([*job["before_script"], *job["script"]]), folder)
    return done.returncode != 0, done.stdout + done.stderr, job["artifacts"]["reports"]["junit"]


def shell(commands, folder):
    # pip finds the package that is installed, as it would find the published one; without an index it asks nobody.
    if not (BIN / "pip").exists():
        pytest.skip("pip is not installed here")
    environment = {
        "PATH": f"{BIN}:{os.defpath}",
        "PIP_NO_INDEX": "1",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "CI": "true",
    }
    return ran("bash", "-e", "-c", commands, cwd=folder, env=environment)


@pytest.mark.parametrize("job", [github, gitlab])
def test_a_job_fails_on_a_mistake_and_keeps_its_report(job, tmp_path):
    written(tmp_path, {"service.py": rules()["GC306"].wrong["service.py"]})
    has_failed, said, report = job(tmp_path)
    assert has_failed, said
    assert "GC306" in (tmp_path / report).read_text()
    if job is github:
        assert "::error file=service.py,line=7" in said


@pytest.mark.parametrize("job", [github, gitlab])
def test_a_job_passes_on_what_is_right(job, tmp_path):
    written(tmp_path, {"service.py": rules()["GC306"].right["service.py"]})
    has_failed, said, report = job(tmp_path)
    assert not has_failed, said
    assert (tmp_path / report).read_text()
