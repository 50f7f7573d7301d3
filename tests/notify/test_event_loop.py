"""What is large is rendered off the event loop: everybody else is served meanwhile."""

from __future__ import annotations

import asyncio
import itertools
import time

import pytest

from govcomponents import AsyncGovComponents, NotSent, Settings
from govcomponents.core.http.retry import RetryPolicy

LONGEST_SILENCE = 0.05  # seconds
SIZE = 100_000


@pytest.fixture
def settings(tmp_path):
    (tmp_path / "renewed.md").write_text("subject: Renewed\n\nDear ((name)),\n\nYours\n", encoding="utf-8")
    server = {"host": "127.0.0.1", "port": 9, "security": "none", "sender": "permits@example.gov.uk"}
    return Settings(notify={"adapter": "smtp", "templates_folder": str(tmp_path), **server})


async def longest_silence(settings, call):
    """Run a call beside a heartbeat; returns the longest time between two beats, and that of the call.

    The time is what this process used of its processors: what others do meanwhile makes nobody wait here.
    """
    clock = time.process_time
    beats = [clock()]

    async def heart():
        while True:
            await asyncio.sleep(0.002)
            beats.append(clock())

    async with AsyncGovComponents.from_settings(settings, retry=RetryPolicy.none()) as gov:
        await gov.notify.preview("renewed", {"name": "Sam"})  # what is imported once is imported before
        task = asyncio.create_task(heart())
        await asyncio.sleep(0.01)
        beats[:] = [clock()]
        start = clock()
        await call(gov)
        took = clock() - start
        beats.append(clock())
        task.cancel()
    return max(after - before for before, after in itertools.pairwise(beats)), took


async def preview(gov, value):
    await gov.notify.preview("renewed", {"name": value})


async def send(gov, value):
    try:
        await gov.notify.send_email("sam@example.com", "renewed", {"name": value}, "R-1")
    except NotSent:
        return  # nobody listens on that port; the email was made
    raise AssertionError("it was sent")


@pytest.mark.parametrize("act", [preview, send])
@pytest.mark.parametrize("evil", ["[a](", "[a](x '", "* a\n", "<a ", "&#1", "a@b.", "Sam ", "e\u0301"])
def test_the_loop_is_never_silent_while_something_large_is_rendered(settings, act, evil):
    value = (evil * SIZE)[:SIZE]
    seen = []
    for _ in range(5):  # the first may have to collect what is no longer used
        silence, took = asyncio.run(longest_silence(settings, lambda gov: act(gov, value)))
        seen.append((silence, took))
        if silence <= LONGEST_SILENCE:
            return
    pytest.fail(f"silent for {min(seen)}")
