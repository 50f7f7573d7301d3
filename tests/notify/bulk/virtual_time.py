"""Virtual time: an event loop that jumps to its next timer, and several processes of one service on one sandbox.

`make bench` measures on it too.
"""

import asyncio
import random

from govcomponents.core.http.runtime import Runtime
from govcomponents.notify.adapters.govuk_notify.adapter import GovUkNotify
from govcomponents.notify.async_service import AsyncNotifyService
from govcomponents.sandbox.app import Sandbox
from govcomponents.settings import NotifySettings

KEY = "demo-test-5ab1ec0d-0000-4000-8000-000000000001-5ab1ec0d-5ec2-4000-8000-000000000001"
EMAIL = "5ab1ec0d-0000-4000-8000-000000000101"


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop that never waits: its time goes on to the next timer at once."""

    def __init__(self):
        super().__init__()
        self.now = 0.0
        self._ask = self._selector.select
        self._selector.select = self._jump

    def _jump(self, timeout=None):
        if timeout:
            self.now += timeout
        return self._ask(0)

    def time(self):
        return self.now


def run(main):
    """Run a coroutine function, which is given the loop, in virtual time."""
    loop = VirtualLoop()
    try:
        return loop.run_until_complete(main(loop))
    finally:
        loop.close()


class Network:
    """Takes requests to a provider, with a delay each way, in virtual time. `sent` is when each message was sent."""

    def __init__(self, answer, seed=0):
        self.sent = []
        self._answer = answer
        self._random = random.Random(seed)

    async def send(self, request):
        if request.method == "POST":
            self.sent.append(asyncio.get_running_loop().time())
        await asyncio.sleep(self._random.uniform(0.01, 0.05))
        answer = self._answer(request)
        await asyncio.sleep(self._random.uniform(0.01, 0.05))
        return answer

    async def sleep(self, seconds):
        await asyncio.sleep(seconds)

    async def run_blocking(self, work):
        return work()

    async def aclose(self):
        pass


class LimitedNotify:
    """The sandbox's Notify with a limit a minute. It counts the messages that it was asked for, and those refused."""

    def __init__(self, loop, per_minute):
        world = Sandbox().notify.world.model_dump(mode="json")
        world["services"][0]["rate_limit_per_minute"] = per_minute
        self._sandbox = Sandbox({"notify": world}, now="2026-03-02T09:00:00Z")
        self._begins = self._sandbox.clock.time()
        self._loop = loop
        self.asked = self.refused = self.accepted = 0

    def time(self):
        return self._begins + self._loop.now

    def __call__(self, request):
        self._sandbox.clock.advance(max(0.0, self.time() - self._sandbox.clock.time()))
        answer = self._sandbox.handle(request)
        self.asked += 1
        self.refused += answer.status == 429
        self.accepted += answer.status == 201
        return answer

    def process(self, number=0):
        """One process of the service: a client of its own, with the same key as all."""
        runtime = Runtime(Network(self, number), clock=self.time)
        return AsyncNotifyService(GovUkNotify.from_settings(NotifySettings(api_key=KEY), runtime), runtime)


def rows(count):
    """The rows of a bulk send."""
    for number in range(count):
        yield {
            "email address": f"person{number}@example.com",
            "name": "Sam",
            "reference": f"R-{number}",
            "amount": "£1",
            "refund": "no",
        }
