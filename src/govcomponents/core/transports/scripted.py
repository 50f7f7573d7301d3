"""The transport of tests: answers from a script, and keeps what was sent and how long was waited."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from typing import TypeAlias, TypeVar

from govcomponents.core.http.messages import Request, Response

T = TypeVar("T")
Step: TypeAlias = Response | Exception | Callable[[Request], Response]


class ScriptedTransport:
    """Plays one step of the script for each request: an answer, an error to raise, or a function of the request.

    `sent` holds the requests and `waits` the seconds slept, in order; it never really sleeps. Raises AssertionError
    when more is sent than the script holds.
    """

    def __init__(self, steps: Iterable[Step] = ()) -> None:
        self.steps = deque(steps)
        self.sent: list[Request] = []
        self.waits: list[float] = []

    async def send(self, request: Request) -> Response:
        """Play the next step."""
        self.sent.append(request)
        if not self.steps:
            raise AssertionError(f"the script has no answer left for {request.operation}")
        step = self.steps.popleft()
        if isinstance(step, Exception):
            raise step
        return step if isinstance(step, Response) else step(request)

    async def sleep(self, seconds: float) -> None:
        """Note the wait."""
        self.waits.append(seconds)

    async def run_blocking(self, work: Callable[[], T]) -> T:
        """Run it here and now; it is no step of the script."""
        return work()

    async def aclose(self) -> None:
        """Do nothing."""
