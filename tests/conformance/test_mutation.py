"""Each line of what decides is changed, and tests notice it, or why they do not is said: as `make mutate` does."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from mutation.areas import AT_LEAST, ROOT, areas


@pytest.mark.alone
@pytest.mark.parametrize("area", areas())
def test_changes_are_noticed_and_those_that_are_not_are_explained(area, capsys):
    done = subprocess.run(
        [sys.executable, "-m", "mutation.run", area],
        cwd=ROOT / "tests", capture_output=True, text=True, timeout=1800, check=False,
    )  # fmt: skip
    with capsys.disabled():  # the score is told also where all is well
        sys.stdout.write(f"\n{done.stdout}")
    assert done.returncode == 0, done.stdout + done.stderr
    noticed, tried = map(int, re.search(rf"{area}: (\d+) of (\d+) changes noticed", done.stdout).groups())
    assert tried == areas()[area].changes
    assert noticed >= tried * AT_LEAST / 100
