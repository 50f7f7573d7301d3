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
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


def test_the_renewal_survives_each_kill_and_does_everything_once() -> None:
    printed = run("renew_a_licence.py")
    story, _, rest = printed.partition("What the service knows of RENEW-7")
    known, _, there = rest.partition("What the providers have")
    assert story.count("KILLED") == 3
    assert "the payment is the same one" in story
    steps = [" ".join(line.split()[1:]) for line in known.splitlines() if line.strip()]
    assert steps[:7] == [
        "identity.complete proved medium",
        "pay.create begun",
        "pay.create begun",
        "pay.create made",
        "notify.send_email queued",
        "notify.send_sms queued",
        "pay.refund queued",
    ]
    # What was in hand when the process was killed is in doubt, looked up, and then known to be accepted: what was made
    # at each of the two kills, and what else the process had claimed.
    made = ["notify.send_email", "notify.send_sms", "pay.refund"]
    in_doubt = [f"{one} in doubt" for one in made if f"{one} in doubt" in steps]
    assert len(in_doubt) >= 2
    accepted = [f"{one} accepted" for one in made]
    # The payment that was begun twice, its id lost with the first process, is found by its reference.
    assert sorted(steps[7:]) == sorted([*in_doubt, *accepted, "pay.create found"])
    for one in in_doubt:
        assert steps.index(one.replace("in doubt", "accepted")) > steps.index(one)
    assert "payments: £145.00 declined, £145.00 succeeded\n" in there
    assert "messages: 1 email delivered, 1 sms delivered\n" in there
    assert "refunds:  £45.00 succeeded\n" in there
    assert "sam@example.com" not in printed
    assert "Sam" not in printed


def test_the_asyncio_twin_does_the_same_in_fewer_than_forty_lines() -> None:
    assert run("renew_a_licence_async.py") == "RENEW-8: medium confidence, £145.00 paid, £45.00 refunded\n"
    assert len((EXAMPLES / "renew_a_licence_async.py").read_text(encoding="utf-8").splitlines()) < 40
