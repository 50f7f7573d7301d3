"""The transport of the embedded sandbox: calls a handler in this process; no socket is opened."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from govcomponents.core.transports.failures import closed

if TYPE_CHECKING:
    from collections.abc import Callable

    from govcomponents.core.http.messages import Request, Response

T = TypeVar("T")


class InProcessTransport:
    """Hands each request to `handle`, and each wait to `wait` (a sandbox moves its clock). Never suspends.

    Blocking and asyncio callers may share one. Once closed it sends no more, as the transports over sockets do.
    """

    def __init__(self, handle: Callable[[Request], Response], wait: Callable[[float], None]) -> None:
        self._handle = handle
        self._wait = wait
        self._is_closed = False

    async def send(self, request: Request) -> Response:
        """Answer at once. Raises ConfigurationError after `aclose`."""
        if self._is_closed:
            raise closed(request)
        return self._handle(request)

    async def sleep(self, seconds: float) -> None:
        """Let the sandbox's clock pass."""
        self._wait(seconds)

    async def run_blocking(self, work: Callable[[], T]) -> T:
        """Run it here and now."""
        return work()

    async def aclose(self) -> None:
        """Send no more."""
        self._is_closed = True
