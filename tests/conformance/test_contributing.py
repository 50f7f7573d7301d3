"""The commands of CONTRIBUTING.md, each run in a copy of this repository, or, where they take long, told by make."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
COMMANDS = [
    line.split("#")[0].strip()
    for block in re.findall(r"^```sh\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
    for line in block.splitlines()
]
# Minutes to hours, the network, or this very run: of these it is told what they would do.
TOLD_ONLY = {
    "make test": "continuous integration runs it before this",
    "make conformance": "this is it",
    "make test-all": "an hour, on every interpreter",
    "make coverage": "minutes",
    "make mutate": "minutes",
    "make hostile": "other interpreters, which continuous integration has not",
    "make fuzz": "a minute for each parser",
    "make lock": "needs the registry",
    "make kills": "minutes",
    "make torture": "an hour",
    "make bench-durable": "an hour",
    "make bench": "half an hour",
    "make docs": "tests/conformance/pages/test_site.py builds it",
    ".venv/bin/pytest tests/core": "continuous integration runs them before this",
    ".venv/bin/pytest tests/distribution": "continuous integration runs them before this",
}


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """A copy of what git knows, with this repository's environment."""
    if not (ROOT / ".venv" / ".dev").is_file():
        pytest.skip(".venv was not set up by make, which would make it anew")
    folder = tmp_path_factory.mktemp("copy")
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("this is no clone of the repository: git does not know its files")
    for name in listed.stdout.splitlines():
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    (folder / ".venv").symlink_to(ROOT / ".venv")
    return folder


def test_there_are_commands():
    assert len(COMMANDS) > 10
    assert set(TOLD_ONLY) <= set(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_contributing_runs(command, copy):
    words = shlex.split(command)
    if command in TOLD_ONLY:
        words = [*words, "--dry-run"] if words[0] == "make" else [*words, "--collect-only", "-q"]
    done = subprocess.run(words, cwd=copy, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    if command == "make format":
        for name in ("src", "tests", "docs", "examples"):
            same = subprocess.run(
                ["diff", "-rq", "-x", "__pycache__", ROOT / name, copy / name], capture_output=True, check=False
            )
            assert b"differ" not in same.stdout, same.stdout
