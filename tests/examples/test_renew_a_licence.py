"""The renewal example and its asyncio twin, run as a reader would run them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

EXAMPLES = Path(__file__).parents[2] / "examples"


def run(name: str) -> str:
    """Run an example with warnings as errors and none of this project's settings; return what it prints."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("GOVCOMPONENTS_")}
    done = subprocess.run(
        [sys.executable, "-W", "error", str(EXAMPLES / name)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


def test_the_renewal_tells_the_whole_story_under_one_reference() -> None:
    printed = run("renew_a_licence.py")
    known, _, seen = printed.partition("What the providers saw")
    steps = [line.split(maxsplit=2)[2] for line in known.splitlines() if line.startswith("  ")]
    assert steps == [
        "signed in, and proved at medium confidence",
        "£145.00 not paid: the card was declined",
        "£145.00 paid by card",
        "receipt by email accepted",
        "receipt by sms accepted",
        "£45.00 refunded: succeeded",
        "receipt by email: delivered",
        "receipt by sms: delivered",
    ]
    references = [line.split()[2] for line in seen.splitlines() if line.startswith("  ")]
    assert set(references) == {"-", "RENEW-7", "RENEW-7-email", "RENEW-7-text"}
    assert "sam@example.com" not in printed
    assert "Sam" not in printed


def test_the_asyncio_twin_does_the_same_in_fewer_than_forty_lines() -> None:
    assert run("renew_a_licence_async.py") == "RENEW-8: medium confidence, £145.00 paid, £45.00 refunded\n"
    assert len((EXAMPLES / "renew_a_licence_async.py").read_text(encoding="utf-8").splitlines()) < 40
