"""The hook as services get it: pre-commit clones this repository, installs it, and runs the hook on their files."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from govcomponents.check.rules import rules

ROOT = Path(__file__).parents[2]
WRITER = ("-c", "user.name=Sam", "-c", "user.email=sam@example.gov.uk")


def _git(folder, *arguments):
    done = subprocess.run(["git", *WRITER, *arguments], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.strip()


@pytest.fixture(scope="module")
def hook(tmp_path_factory):
    """Try the hook of this very state on a repository with one file. Returns the exit status and what was said."""
    library, service = tmp_path_factory.mktemp("library"), tmp_path_factory.mktemp("service")
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("this is no clone of the repository: git does not know its files")
    for name in ("pyproject.toml", "README.md", "LICENSE", ".pre-commit-hooks.yaml", *listed.stdout.splitlines()):
        if name.startswith("src/") or "/" not in name:
            (library / name).parent.mkdir(parents=True, exist_ok=True)
            (library / name).write_bytes((ROOT / name).read_bytes())
    for folder in (library, service):
        _git(folder, "init", "--quiet")
    _git(library, "add", "--all")
    _git(library, "commit", "--quiet", "--message", "as it is")
    environment = {**os.environ, "PRE_COMMIT_HOME": str(tmp_path_factory.mktemp("installed"))}

    def on(source):
        (service / "service.py").write_text(source, encoding="utf-8")
        _git(service, "add", "--all")
        done = subprocess.run(
            [sys.executable, "-m", "pre_commit", "try-repo", library, "govcomponents-check", "--all-files"],
            cwd=service, env=environment, capture_output=True, text=True, timeout=600, check=False,
        )  # fmt: skip
        if done.returncode == 3:
            pytest.skip(f"its dependencies could not be had: {done.stdout.strip()[-200:]}")
        return done.returncode, done.stdout

    return on


def test_a_mistake_is_found_before_it_is_committed(hook):
    status, told = hook(rules()["GC306"].wrong["service.py"])
    assert status == 1
    assert "govcomponents check" in told
    assert "service.py:7:21: GC306" in told


def test_what_is_right_is_let_through(hook):
    status, told = hook(rules()["GC306"].right["service.py"])
    assert status == 0, told
    assert "Passed" in told
