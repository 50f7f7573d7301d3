"""The recorded exchanges with the official simulator, replayed over HTTP against the sandbox by their own script."""

import subprocess
import sys

from govcomponents.sandbox.server import serving
from identity.kit import GOLDEN, needs_golden


@needs_golden
def test_every_recorded_exchange_is_the_same():
    with serving(GOLDEN / "world.json") as server:
        files = [str(GOLDEN / name) for name in ("replay.py", "world.json", "exchanges.json")]
        replay = subprocess.run(
            [sys.executable, files[0], "--base-url", server.base_url, "--world", files[1], files[2]],
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
    assert replay.returncode == 0, replay.stdout
    assert "204 passed, 0 failed" in replay.stdout
