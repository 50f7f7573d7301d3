"""The hook as services get it: pre-commit clones this repository, installs it, and refuses or lets through a commit."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from govcomponents.check.rules import rules

ROOT = Path(__file__).parents[3]
CONFIG = ROOT / "docs" / "check" / "pipelines" / "pre-commit-config.yaml"
WRITER = ("-c", "user.name=Sam", "-c", "user.email=sam@example.gov.uk")


def _ran(folder, *command, **environment):
    return subprocess.run(
        [*map(str, command)], cwd=folder, env={**os.environ, **environment},
        capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip


def _git(folder, *arguments):
    done = _ran(folder, "git", *WRITER, *arguments)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def commit(tmp_path_factory):
    """What commits to a service with the docs' own file for pre-commit, whose address leads to this very state."""
    library, service = tmp_path_factory.mktemp("library"), tmp_path_factory.mktemp("service")
    listed = _ran(ROOT, "git", "ls-files")
    if listed.returncode:
        pytest.skip("this is no clone of the repository: git does not know its files")
    for name in ("pyproject.toml", "README.md", "LICENSE", ".pre-commit-hooks.yaml", *listed.stdout.splitlines()):
        if name.startswith("src/") or "/" not in name:
            (library / name).parent.mkdir(parents=True, exist_ok=True)
            (library / name).write_bytes((ROOT / name).read_bytes())
    (named,) = yaml.safe_load(CONFIG.read_text("utf-8"))["repos"]
    for folder in (library, service):
        _git(folder, "init", "--quiet")
    _git(library, "add", "--all")
    _git(library, "commit", "--quiet", "--message", "as it is")
    _git(library, "tag", named["rev"])
    (service / ".pre-commit-config.yaml").write_bytes(CONFIG.read_bytes())
    environment = {
        "PRE_COMMIT_HOME": str(tmp_path_factory.mktemp("installed")),
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{library}.insteadOf",
        "GIT_CONFIG_VALUE_0": named["repo"],
    }
    done = _ran(service, sys.executable, "-m", "pre_commit", "install", "--install-hooks", **environment)
    if done.returncode == 3:
        pytest.skip(f"its dependencies could not be had: {done.stdout.strip()[-200:]}")
    assert done.returncode == 0, done.stdout + done.stderr

    def commit(source):
        (service / "service.py").write_text(source, encoding="utf-8")
        _git(service, "add", "--all")
        done = _ran(service, "git", *WRITER, "commit", "--message", "change the service", **environment)
        return done.returncode, done.stdout + done.stderr

    return commit


def test_a_mistake_is_not_committed_and_what_is_right_is(commit):
    status, told = commit(rules()["GC306"].wrong["service.py"])
    assert status == 1
    assert "govcomponents check" in told
    assert "service.py:7:21: GC306" in told
    status, told = commit(rules()["GC306"].right["service.py"])
    assert status == 0, told
    assert "Passed" in told
