"""The protocol of transports: each sends a `Request` and returns a `Response`, and is the only code that does I/O."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Callable

    from govcomponents.core.http.messages import Request, Response

T = TypeVar("T")


@runtime_checkable
class Transport(Protocol):
    """Sends one request and returns one answer; the only code that does I/O.

    `send` raises NotSent when the request certainly never arrived, and OutcomeUnknown when it may have. It follows
    no redirect, keeps no cookie and bounds the answer's size. A transport for blocking callers blocks inside
    `send` and `sleep` and never suspends; one for asyncio callers suspends. One that keeps connections may have a
    method `renew()` too: it is called after an answer that cannot be right, and none of the connections that are there
    then may carry another request. One that really waits has `total_timeout`, the most seconds that a call may take.
    One that has something to make ready for its first call may have an asyncio method `prepare()`: a service that
    starts may begin it, and need not wait for its end. One that stands in for providers, and for what is sent by HTTP
    alone, has `is_http_only`: an adapter that sends in another way sends nothing with it.
    """

    async def send(self, request: Request) -> Response:
        """Send a request with an absolute URL and return the answer, whatever its status."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait, in the transport's way: blocking, on the event loop, or on a sandbox's clock."""
        ...

    async def run_blocking(self, work: Callable[[], T]) -> T:
        """Run what a library can only do by blocking, and return its result or raise its error.

        Blocking callers run it on their own thread; for asyncio callers it runs on another, so that the event loop
        goes on. An adapter whose provider does not speak HTTP does all of its I/O in here.
        """
        ...

    async def aclose(self) -> None:
        """Close every connection. Closing twice does nothing."""
        ...
