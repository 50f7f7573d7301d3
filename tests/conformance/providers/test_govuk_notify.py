"""GOV.UK Notify beside its recording: the recorder's own script against the sandbox over HTTP."""

import subprocess
import sys

import pytest

from govcomponents.sandbox.server import serving
from shared_folder import SHARED

GOLDEN = SHARED / "golden" / "govuk-notify"


@pytest.mark.skipif(not GOLDEN.is_dir(), reason="the recorded exchanges are not on this machine")
def test_the_sandbox_answers_as_was_recorded():
    with serving(GOLDEN / "world.json") as server:
        files = [str(GOLDEN / name) for name in ("replay.py", "world.json", "exchanges.json")]
        replay = subprocess.run(
            [sys.executable, files[0], "--base-url", server.base_url, "--world", files[1], files[2]],
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
    assert replay.returncode == 0, replay.stdout
    assert " 0 failed" in replay.stdout
