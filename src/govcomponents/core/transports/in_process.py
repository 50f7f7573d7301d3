"""The transport of the embedded sandbox: calls a handler in this process; no socket is opened."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from govcomponents.core.http.messages import Request, Response

T = TypeVar("T")


class InProcessTransport:
    """Hands each request to `handle`, and each wait to `wait` (a sandbox moves its clock). Never suspends.

    Blocking and asyncio callers may share one.
    """

    def __init__(self, handle: Callable[[Request], Response], wait: Callable[[float], None]) -> None:
        self._handle = handle
        self._wait = wait

    async def send(self, request: Request) -> Response:
        """Answer at once."""
        return self._handle(request)

    async def sleep(self, seconds: float) -> None:
        """Let the sandbox's clock pass."""
        self._wait(seconds)

    async def run_blocking(self, work: Callable[[], T]) -> T:
        """Run it here and now."""
        return work()

    async def aclose(self) -> None:
        """Do nothing: there is no connection."""
