"""What the tables of capabilities say is what runs of the contract prove now, of each built-in adapter."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_what_is_proved_is_what_is_written():
    done = subprocess.run(
        [sys.executable, "tools/run_contracts.py", "--check"],
        cwd=ROOT, capture_output=True, text=True, timeout=900, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr[-4000:]
