"""Each mistake that is made on purpose in an adapter is caught by the contract kit, by the test that its list names."""

from __future__ import annotations

import subprocess
import sys

import pytest

from mutants.mistakes import ROOT, adapters


@pytest.mark.parametrize("name", [name for name, adapter in adapters().items() if adapter.tried])
def test_every_mistake_in_an_adapter_is_caught(name):
    done = subprocess.run(
        [sys.executable, "-m", "mutants.run", name],
        cwd=ROOT / "tests", capture_output=True, text=True, timeout=1800, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    count = len(adapters()[name].tried)
    assert f"{name}: {count} of {count} mistakes caught" in done.stdout
